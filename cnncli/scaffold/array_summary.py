"""A look at arrays: NumPy archives, IDX folders, built-in data sets. They are read as training reads them."""

from __future__ import annotations

from typing import Any

import numpy as np

from cnncli.data.load import read_source
from cnncli.data.sources.loaded_data import LoadedData
from cnncli.errors import DataError
from cnncli.inputs import IMAGE, kind_of
from cnncli.messages import counted, listed
from cnncli.recipe.schema import Data
from cnncli.recipe.targets import of as targets_of
from cnncli.scaffold.data_summary import DataSummary, target_scale

_SHORTEST_SIDE = 8  # pixels, of an image
_GUESSED = ["classes", "multilabel", "numbers", "boxes"]  # targets, where nobody says them
_SHOWN = "numbers"  # whose error is shown where labels are none of these
_LONGEST_RATIO = 4  # of the sides of an image


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
            f"{counted(len(train), 'example')} of the shape {list(shape)}, values from {scale.low:g} to {scale.high:g}",
            f"Labels: {labels}" if uses_labels else "Labels are not read",
        ],
        are_photos=kind_of(shape) is IMAGE and shape[-1] == 3 and min(shape[:2]) >= 96,
        are_pixels=column.dtype == np.uint8 or scale.high == 255.0,
        is_scaled=scale.low >= -1 and scale.high <= 1,
        outputs=found.targets.count,
        target_scale=target_scale(np.asarray(train.labels)) if uses_labels and targets_of(word).NO_CLASSES else None,
    )


def _may_be_signals(shape: tuple[int, ...]) -> bool:
    """Whether arrays that were taken for gray images (height, width, 1) look like signals (length, channels)."""
    if kind_of(shape) is not IMAGE or shape[-1] != 1:
        return False
    short, long = sorted(shape[:-1])
    return short < _SHORTEST_SIDE or long > _LONGEST_RATIO * short


def _read(source: Any, targets: str | None, shape: tuple[int, ...] | None = None) -> tuple[LoadedData, str]:
    words = [targets] if targets else _GUESSED
    first: DataError | None = None  # what is wrong with the kind of labels that most archives have
    for word in words:
        data = Data.model_validate({"source": source, "targets": word})
        try:
            return read_source(data, input_shape=shape), word
        except DataError as error:
            first = error if first is None or word == _SHOWN else first
    assert first is not None
    raise first
