"""A look at a folder of images with masks: its pairs, sizes, and what the masks hold."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cnncli.data.image_header import BadImage
from cnncli.data.sources.mask_files import values_in
from cnncli.data.sources.mask_pairs import find_pairs
from cnncli.errors import DataError, Problem
from cnncli.inputs import IMAGE
from cnncli.messages import counted, listed
from cnncli.recipe.sources.mask_folder import MOST_CLASSES, MaskFolder, Value
from cnncli.scaffold.data_summary import DataSummary, group_fact, group_in_names
from cnncli.scaffold.image_summary import LARGE, measured, resized, some

_IGNORED = 255
_MOST_COLORS = 50  # more come from smoothed edges


def look_at(settings: MaskFolder) -> DataSummary:
    """Look at all pairs, and at some of the files.

    Raises:
        DataError: a folder is missing, or images lack masks.
    """
    pairs = find_pairs(settings)
    if pairs.faults:
        raise DataError(pairs.faults[:20])
    train = [pair for pair in pairs.pairs if pair.image.part == "train"]
    if not train:
        raise DataError(f"{settings.images} has no images that train")
    heights, widths, is_gray = measured([pair.image.path for pair in some(train)])
    height, width = int(np.median(heights)), int(np.median(widths))
    sizes = {*zip(heights, widths, strict=True)}
    held = _held([pair.mask for pair in some(pairs.pairs)])
    parts = Counter(pair.image.part for pair in pairs.pairs)
    names = [pair.image.relative for pair in train]
    group = None if len(parts) > 1 else group_in_names(names)
    size = f"{height} x {width}" if len(sizes) == 1 else f"the median is {height} x {width} (height x width)"
    return DataSummary(
        source={
            "mask_folder": {
                **{key: value.replace("$", "$$") for key, value in settings.paths().items()},
                **held.settings,
                **resized(heights, widths),
                **({"color": "grayscale"} if is_gray else {}),
            }
        },
        kind=IMAGE,
        shape=(height, width, 1 if is_gray else 3),
        targets="masks",
        examples=len(train),
        parts=tuple(parts),
        group=group,
        facts=[
            f"{counted(len(train), 'image')} with masks that train"
            + "".join(f", {count:,} in the {part} part" for part, count in parts.items() if part != "train"),
            f"{'Gray images' if is_gray else 'Images in colour'}; "
            + (f"all are {size}" if len(sizes) == 1 else f"of many sizes, {size}"),
            held.fact,
            *([group_fact(group, names)] if group else []),
        ],
        are_photos=not is_gray and (len(sizes) > 1 or min(height, width) >= LARGE),
        has_image_files=True,
        has_one_size=len(sizes) == 1,
        are_pixels=True,
    )


@dataclass(frozen=True)
class _Held:
    """What masks hold.

    Attributes:
        settings: of the source, that say what it means.
        fact: a sentence.
    """

    settings: dict[str, Any]
    fact: str


def _held(paths: Sequence[str]) -> _Held:
    numbers: Counter[int] = Counter()
    colors: Counter[tuple[int, ...]] = Counter()
    for path in paths:
        try:
            found, are_colors = values_in(path)
        except BadImage:
            continue  # training reports it
        if are_colors:
            colors.update(found)
        else:
            numbers.update({value[0]: count for value, count in found.items()})
    if not numbers and not colors:
        raise DataError(f"no mask can be read: {os.path.basename(paths[0])}")
    return _of_colors(colors) if colors else _of_numbers(numbers)


def _of_colors(colors: Counter[tuple[int, ...]]) -> _Held:
    if len(colors) > _MOST_COLORS:
        message = f"the masks hold {len(colors):,} colors, as many as smoothed edges make"
        raise DataError(Problem(message, "save masks as PNG, without antialiasing, with one color for each class"))
    ordered = [list(color) for color, _ in colors.most_common()]
    classes: dict[str, Value] = {f"class_{number}": color for number, color in enumerate(ordered)}
    return _Held({"classes": classes}, f"Masks have {len(ordered)} colors: rename their classes below")


def _of_numbers(numbers: Counter[int]) -> _Held:
    values = sorted(numbers)
    shown = f"Masks hold the numbers {listed(map(str, values), 12)}"
    ignore = {"ignore": _IGNORED} if _IGNORED in values and len(values) > 2 else {}
    classes = [value for value in values if not (ignore and value == _IGNORED)]
    said = f"{shown}; {_IGNORED} is taken for pixels that do not count" if ignore else shown
    if classes[-1] < MOST_CLASSES and 2 * len(classes) > classes[-1] + 1 and (len(classes) > 2 or classes == [0, 1]):
        return _Held(dict(ignore), said)
    names: dict[str, Value] = {"background" if value == 0 else f"class_{value}": value for value in classes}
    if len(classes) == 2 and classes[0] == 0:
        names = {"background": 0, "object": classes[1]}
    return _Held({"classes": names, **ignore}, f"{said}: rename their classes below")
