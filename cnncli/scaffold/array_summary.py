"""A look at arrays: NumPy archives, IDX folders, built-in data sets. They are read as training reads them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from cnncli.data.dataset import Examples
from cnncli.data.load import read_source
from cnncli.data.sources.loaded_data import LoadedData
from cnncli.errors import DataError
from cnncli.inputs import IMAGE, TEXT, kind_of
from cnncli.inputs.base import InputKind
from cnncli.messages import counted, listed
from cnncli.recipe.schema_data import Data
from cnncli.recipe.targets import of as targets_of
from cnncli.scaffold.data_summary import DataSummary, target_scale

_SHORTEST_SIDE = 8  # pixels, of an image
_GUESSED = ["classes", "multilabel", "numbers", "boxes"]  # targets, where nobody says them
_LONGEST_RATIO = 4  # of the sides of an image
_MOST_CLASSES = 200
_TEXTS = 2_000  # that are looked at


def look_at(source: Any, targets: str | None = None) -> DataSummary:
    """Look at a source that is read as a whole.

    Args:
        source: as a recipe writes it.
        targets: the word of `data.targets`; None: the first that the labels can be.

    Raises:
        DataError: it cannot be read.
    """
    found, word = _read(source, targets)
    [column] = found.parts["train"].inputs.values()
    shape = tuple(column.shape[1:])
    is_given = _may_be_signals(shape)
    if is_given:
        shape = shape[:-1]
        found, word = _read(source, targets, shape)
    train = found.parts["train"]
    [column] = train.inputs.values()
    names = found.targets.class_names
    counts = found.targets.counts(train.labels)
    classes = dict(zip(names, counts, strict=True)) if len(counts) == len(names) else {}
    scale = train.scale
    labels = listed(f"{name} {count:,}" for name, count in classes.items()) if classes else found.targets.size
    uses_labels = found.targets.USES_LABELS
    return DataSummary(
        source=source,
        kind=kind_of(shape),
        shape=shape,
        has_to_say_shape=is_given,
        targets=word,
        classes=classes,
        examples=len(train),
        parts=tuple(found.parts),
        facts=[
            _examples_fact(train, kind_of(shape), shape),
            f"Labels: {labels}" if uses_labels else "Labels are not read",
        ],
        are_photos=kind_of(shape) is IMAGE and shape[-1] == 3 and min(shape[:2]) >= 96,
        are_pixels=column.dtype == np.uint8 or scale.high == 255.0,
        length=_words_of(column) if kind_of(shape) is TEXT else 0,
        is_scaled=scale.low >= -1 and scale.high <= 1,
        outputs=found.targets.count,
        target_scale=target_scale(np.asarray(train.labels)) if uses_labels and targets_of(word).NO_CLASSES else None,
    )


def _examples_fact(train: Examples, kind: InputKind, shape: tuple[int, ...]) -> str:
    if kind is TEXT:
        [column] = train.inputs.values()
        return f"{counted(len(train), 'text')}, 95% of at most {counted(_words_of(column), 'word')}"
    scale = train.scale
    return f"{counted(len(train), 'example')} of the shape {list(shape)}, values from {scale.low:g} to {scale.high:g}"


def _words_of(texts: Any) -> int:
    """The number of words that nearly all texts have at most."""
    rows = np.unique(np.linspace(0, len(texts) - 1, min(len(texts), _TEXTS)).astype(int))
    return int(np.percentile([len(text.split()) for text in texts.encoded(rows)], 95))


def _may_be_signals(shape: tuple[int, ...]) -> bool:
    """Whether arrays that were taken for gray images (height, width, 1) look like signals (length, channels)."""
    if kind_of(shape) is not IMAGE or shape[-1] != 1:
        return False
    short, long = sorted(shape[:-1])
    return short < _SHORTEST_SIDE or long > _LONGEST_RATIO * short


def _read(source: Any, targets: str | None, shape: tuple[int, ...] | None = None) -> tuple[LoadedData, str]:
    """Read a source, as the first word of `data.targets` that its labels can be.

    Raises:
        DataError: it cannot be read; or its labels are classes that are not numbered as training needs it.
    """
    first: DataError | None = None  # what is wrong with the kind of labels that most archives have
    for word in [targets] if targets else _GUESSED:
        data = Data.model_validate({"source": source, "targets": word})
        try:
            found = read_source(data, input_shape=shape)
        except DataError as error:
            first = first or error
            continue
        if first is not None and _are_classes(found):
            *others, last = first.problems
            hint = "\n".join([*last.hint.splitlines(), f"if they are no classes: `--task {word}`"])
            raise DataError([*others, replace(last, hint=hint)]) from first
        return found, word
    assert first is not None
    raise first


def _are_classes(found: LoadedData) -> bool:
    """Whether numbers look like classes: one-hot rows, or few different whole numbers."""
    labels = np.asarray(found.parts["train"].labels)
    if found.targets.count > 1:
        return bool(np.isin(labels, (0, 1)).all() and (labels.sum(axis=-1) == 1).all())
    different = np.unique(labels)
    return bool((different == np.round(different)).all()) and len(different) <= min(_MOST_CLASSES, len(labels) // 3)
