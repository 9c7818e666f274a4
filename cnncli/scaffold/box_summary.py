"""A look at images with boxes: their sizes, and the objects of each class."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from cnncli.data.sources.boxed_images import BoxedImages
from cnncli.errors import DataError
from cnncli.inputs import IMAGE
from cnncli.messages import counted, listed
from cnncli.recipe.sources.boxes import BoxSettings
from cnncli.scaffold.data_summary import DataSummary, group_fact, group_in_names
from cnncli.scaffold.image_summary import LARGE, measured, some

_MOST_FAULTS = 20


def look_at(word: str, settings: BoxSettings, labels: BoxedImages) -> DataSummary:
    """Look at all labels, and at some of the images.

    Args:
        word: of the source.
        labels: as the source reads them.

    Raises:
        DataError: labels are wrong, or nothing can be trained.
    """
    if faults := [fault for each in labels.images for fault in each.faults]:
        raise DataError(faults[:_MOST_FAULTS])
    train = [each for each in labels.images if each.file.part == "train"]
    objects = Counter(labels.class_names[number] for each in train for number in each.classes)
    if not objects:
        raise DataError(f"{labels.described} has no box that trains")
    heights, widths, is_gray = measured([each.file.path for each in some(train)])
    height, width = int(np.median(heights)), int(np.median(widths))
    sizes = {*zip(heights, widths, strict=True)}
    parts = Counter(each.file.part for each in labels.images)
    names = [each.file.relative for each in train]
    group = None if len(parts) > 1 else group_in_names(names)
    size = f"{height} x {width}" if len(sizes) == 1 else f"the median is {height} x {width} (height x width)"
    empty = sum(not len(each.classes) for each in train)
    written: dict[str, Any] = {key: value.replace("$", "$$") for key, value in settings.paths().items()}
    if len({h / w for h, w in sizes}) > 1 or height != width:
        written["resize"] = "pad"  # keeps the proportions of objects, and all of them
    if is_gray:
        written["color"] = "grayscale"
    return DataSummary(
        source={word: written},
        kind=IMAGE,
        shape=(height, width, 1 if is_gray else 3),
        targets="boxes",
        examples=len(train),
        parts=tuple(parts),
        group=group,
        facts=[
            f"{counted(len(train), 'image')} with {counted(objects.total(), 'box', 'boxes')} that train: "
            + listed(f"{name} {count:,}" for name, count in objects.most_common()),
            *(f"{count:,} more images in the {part} part" for part, count in parts.items() if part != "train"),
            *([f"{counted(empty, 'image has', 'images have')} no box: they say what is no object"] if empty else []),
            f"{'Gray images' if is_gray else 'Images in colour'}; "
            + (f"all are {size}" if len(sizes) == 1 else f"of many sizes, {size}"),
            *([group_fact(group, names)] if group else []),
        ],
        are_photos=not is_gray and (len(sizes) > 1 or min(height, width) >= LARGE),
        has_image_files=True,
        has_one_size=len(sizes) == 1,
        are_pixels=True,
    )
