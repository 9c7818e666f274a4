"""Choose the examples that are shown: image files, or examples of a split."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from cnncli import task_registry
from cnncli.data import images
from cnncli.data.columns import Indexes
from cnncli.data.dataset import INPUT, Examples, ImageFiles
from cnncli.data.input_values import InputValues, rows
from cnncli.data.shapes import Shape, written
from cnncli.data.text_column import fault_of
from cnncli.errors import DataError, Problem
from cnncli.inputs import kind_of
from cnncli.messages import printable, shortened
from cnncli.recipe.schema_pictures import Samples

MOST = 12  # of those that are chosen by a word
_RANGE_EXAMPLES = 256


@dataclass(frozen=True)
class Chosen:
    """Examples to look at.

    Attributes:
        inputs: (count, *input shape), as the model takes them; of several inputs by name.
        names: what each is: a file's name, or its number in the split.
        labels: the targets of each, (count, …); None where they are not known.
        source: where they come from, in words.
        indices: of each in its split; None of image files.
        paths: of image files; empty of examples of a split.
        samples: how many examples of a split were asked for, or which.
        is_inverted: whether dark and light were exchanged.
        originals: the image files of the examples; None where they are none.
        texts: of the command line; empty of any other examples.
    """

    inputs: InputValues
    names: tuple[str, ...]
    labels: np.ndarray | None
    source: str
    indices: np.ndarray | None = None
    paths: tuple[Path, ...] = ()
    samples: Samples = None
    is_inverted: bool = False
    originals: ImageFiles | None = None
    texts: tuple[str, ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        """What to call each in a file's name: its number in the split, or its own file's name without the ending."""
        if self.indices is not None:
            return tuple(map(str, self.indices))
        return tuple(Path(name).stem for name in self.names)

    def first(self, count: int) -> Chosen:
        """Only so many of them."""
        return replace(
            self,
            inputs=rows(self.inputs, slice(count)),
            names=self.names[:count],
            labels=None if self.labels is None else self.labels[:count],
            indices=None if self.indices is None else self.indices[:count],
            paths=self.paths[:count],
            texts=self.texts[:count],
            originals=self.originals and self.originals.take(range(len(self.names))[:count]),
        )


def refuse_no_images(input_shape: Shape) -> None:
    """Raise DataError when a model takes something else than images (height, width, channels)."""
    if not kind_of(input_shape).FROM_IMAGE_FILES:
        hint = "leave --image out: examples of its own data are taken"
        raise DataError(f"the model takes {written(input_shape)}, which is no image", hint=hint)


def from_files(paths: Sequence[Path], *, form: images.Form) -> Chosen:
    """Read image files as training reads images.

    Args:
        form: what they become.

    Raises:
        DataError: a file cannot be read; all bad files are listed.
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
        originals=ImageFiles(tuple(map(str, paths)), form),
    )


def from_texts(texts: Sequence[str]) -> Chosen:
    """Texts of the command line.

    Raises:
        DataError: a file is empty or no text; all bad files are listed.
    """
    problems = [
        Problem(f"--text {printable(text)!r}: {fault}")
        for text in texts
        if (fault := fault_of(text) or ("" if text.strip() else "holds no text"))
    ]
    if problems:
        raise DataError(problems)
    names = tuple(shortened(" ".join(text.split())) for text in texts)
    return Chosen(np.array(texts, object), names, None, "texts of the command line", texts=tuple(texts))


def from_split(
    examples: Examples,
    split: str,
    samples: Samples,
    *,
    task: str,
    wrong: np.ndarray | None = None,
    predicted: np.ndarray | None = None,
) -> Chosen:
    """Some examples of a split.

    Args:
        split: its name, in words.
        samples: how many, or which.
        wrong, predicted: as `Subject.mistakes` gives them; needed where `samples` is of `BY_PREDICTION`.

    Raises:
        DataError: those that the network gets wrong are wanted, and there is none; or the task has no such choice.
    """
    subject = task_registry.part(task, "subject")
    indices = subject.choose(samples, examples.labels, wrong, predicted)
    if len(indices) == 0:
        message = f"the network is right on all {len(examples):,} examples of the {split} split: there is none to show"
        raise DataError(message, hint="a number takes some of every class: --samples 12")
    return Chosen(
        read(examples, indices),
        tuple(f"example {index} of the {split} split" for index in indices),
        examples.labels[indices],
        f"examples of the {split} split{subject.WORDS.get(samples, '')}",
        indices,
        samples=samples,
        originals=examples.originals and examples.originals.take(indices),
    )


def read(examples: Examples, indices: Indexes) -> InputValues:
    """Some examples as an array, wherever they lie; of several inputs by name."""
    return examples.read(indices)


def range_of(examples: Examples, about: str = INPUT) -> tuple[float, float]:
    """The smallest and the largest number that examples can have: of bytes 0 and 255, else what the first of them have.

    Args:
        about: the input that is meant, where there are several.
    """
    found = read(examples, np.arange(min(len(examples), _RANGE_EXAMPLES)))
    some = found[about] if isinstance(found, dict) else found
    return (0.0, 255.0) if some.dtype == np.uint8 else (float(some.min()), float(some.max()))
