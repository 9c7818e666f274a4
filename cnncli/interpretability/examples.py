"""Choose the examples that are shown: image files, or examples of a split."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np

from cnncli.data import images
from cnncli.data.dataset import Examples
from cnncli.data.shapes import Shape, written
from cnncli.errors import DataError, Problem
from cnncli.messages import printable
from cnncli.recipe.schema import BY_PREDICTION, Samples

MOST = 12  # of those that are chosen by a word
MOST_CLASSES = 24
_RANGE_EXAMPLES = 256


@dataclass(frozen=True)
class Chosen:
    """Examples to look at.

    Attributes:
        inputs: (count, *input shape), as the model takes them.
        names: what each is: a file's name, or its number in the split.
        labels: the true class of each, int (count,), or its numbers, float32 (count, k); None where it is not known.
        source: where they come from, in words.
        indices: of each in its split; None of image files.
        paths: of image files; empty of examples of a split.
        samples: how many examples of a split were asked for, or which.
        is_inverted: whether dark and light were exchanged.
    """

    inputs: np.ndarray
    names: tuple[str, ...]
    labels: np.ndarray | None
    source: str
    indices: np.ndarray | None = None
    paths: tuple[Path, ...] = ()
    samples: Samples = None
    is_inverted: bool = False

    @property
    def keys(self) -> tuple[str, ...]:
        """What to call each in a file's name: its number in the split, or its own file's name without the ending."""
        if self.indices is not None:
            return tuple(map(str, self.indices))
        return tuple(Path(name).stem for name in self.names)


def refuse_no_images(input_shape: Shape) -> None:
    """Raise DataError when a model takes something else than images (height, width, channels)."""
    if len(input_shape) != 3:
        hint = "leave --image out: examples of its own data are taken"
        raise DataError(f"the model takes {written(input_shape)}, which is no image", hint=hint)


def from_files(paths: Sequence[Path], *, form: images.Form) -> Chosen:
    """Read image files as training reads images.

    Args:
        form: what they become.

    Raises:
        DataError: a file cannot be read; every bad one is told.
    """
    pixels, problems = [], []
    for path in paths:
        try:
            pixels.append(images.decode(images.read(str(path)), form).pixels)
        except images.BadImage as error:
            problems.append(Problem(f"{printable(str(path))}: {error}"))
    if problems:
        raise DataError(problems)
    return Chosen(
        np.stack(pixels),
        tuple(path.name for path in paths),
        None,
        "image files",
        paths=tuple(paths),
        is_inverted=form.invert,
    )


def from_split(
    examples: Examples,
    split: str,
    samples: Samples,
    *,
    wrong: np.ndarray | None = None,
    predicted: np.ndarray | None = None,
) -> Chosen:
    """Some examples of a split.

    Args:
        split: its name, in words.
        samples: how many, or which.
        wrong, predicted: as of `choose` and `choose_by_number`; needed where `samples` is of `BY_PREDICTION`.

    Raises:
        DataError: those that the network gets wrong are wanted, and there is none; or they are wanted by class, and labels
            are numbers.
    """
    words = _WORDS
    if examples.labels.ndim > 1:
        words = {"most_wrong": " of the largest errors"}
        indices = choose_by_number(samples, examples.labels, wrong=wrong)
    else:
        indices = choose(samples, examples.labels, wrong=wrong, predicted=predicted)
    if len(indices) == 0:
        message = f"the network is right on all {len(examples):,} examples of the {split} split: there is none to show"
        raise DataError(message, hint="a number takes some of every class: --samples 12")
    return Chosen(
        read(examples, indices),
        tuple(f"example {index} of the {split} split" for index in indices),
        examples.labels[indices],
        f"examples of the {split} split{words.get(samples, '')}",
        indices,
        samples=samples,
    )


_WORDS: dict[Any, str] = {
    "most_confused": " that are confused most",
    "most_wrong": " that are most surely wrong",
    "one_per_class": ", one a class",
}


def choose(
    samples: Samples, labels: np.ndarray, *, wrong: np.ndarray | None = None, predicted: np.ndarray | None = None
) -> np.ndarray:
    """Which examples: their indices, at most 12 of the wrong ones and 24 classes.

    Args:
        samples: a number: the first of every class, in turn. `one_per_class`. `most_wrong`: those whose wrong class the network
            is surest of. `most_confused`: the surest of each pair of a true and a predicted class, the most frequent pair first.
        labels: int (count,), the true classes.
        wrong: int (any,), which examples are wrong, the surest first; needed for the last two.
        predicted: int (count,), the predicted classes; needed for the last one.
    """
    if isinstance(samples, int):
        return np.lexsort((labels, _rank(labels)))[:samples]
    if samples == "one_per_class":
        return np.unique(labels, return_index=True)[1][:MOST_CLASSES]
    assert samples in BY_PREDICTION
    assert wrong is not None
    if samples == "most_wrong":
        return wrong[:MOST]
    assert predicted is not None
    pairs = labels[wrong].astype(np.int64) * (predicted.max() + 1) + predicted[wrong]
    _, pair, counts = np.unique(pairs, return_inverse=True, return_counts=True)
    return wrong[np.lexsort((pair, -counts[pair], _rank(pair)))][:MOST]


def choose_by_number(samples: Samples, targets: np.ndarray, *, wrong: np.ndarray | None = None) -> np.ndarray:
    """Which examples of quantities: their indices.

    Args:
        samples: a number: from the smallest target to the largest, in even steps through their order. `most_wrong`: the 12
            of the largest errors.
        targets: float (count, k); of several numbers the first orders the examples.
        wrong: int (count,), the examples by the size of their errors, the largest first; needed for `most_wrong`.

    Raises:
        DataError: they are wanted by class.
    """
    if isinstance(samples, int):
        order = np.argsort(targets[:, 0], kind="stable")
        places = np.linspace(0, len(order) - 1, min(samples, len(order)))
        return cast(np.ndarray, order[np.round(places).astype(np.int64)])
    if samples != "most_wrong":
        hint = "a number takes some from the smallest target to the largest; most_wrong those of the largest errors"
        raise DataError(f"{samples} chooses by class, and the labels are numbers", hint=hint)
    assert wrong is not None
    return wrong[:MOST]


def _rank(groups: np.ndarray) -> np.ndarray:
    """Of each item how many of its group stand before it."""
    rank = np.zeros(len(groups), dtype=np.int64)
    for group in np.unique(groups):
        rank[groups == group] = np.arange(np.sum(groups == group))
    return rank


def read(examples: Examples, indices: np.ndarray) -> np.ndarray:
    """Some examples as an array, wherever they lie."""
    inputs = examples.take(indices).inputs
    return inputs if isinstance(inputs, np.ndarray) else inputs.read(np.arange(len(indices)))


def range_of(examples: Examples) -> tuple[float, float]:
    """The smallest and the largest number that examples can have: of bytes 0 and 255, else what the first of them have."""
    some = read(examples, np.arange(min(len(examples), _RANGE_EXAMPLES)))
    return (0.0, 255.0) if some.dtype == np.uint8 else (float(some.min()), float(some.max()))
