"""A look at a folder of images: its classes, and the sizes and colours of some of its files."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from PIL import Image, UnidentifiedImageError

from cnncli.data.sources.class_folders import class_names_of, refuse_no_training
from cnncli.data.sources.classes_in_names import read_tree_of_names
from cnncli.data.sources.folder_tree import IMAGE_FILES, read_tree
from cnncli.data.sources.paths import existing_folder
from cnncli.data.targets import targets_of
from cnncli.inputs import IMAGE
from cnncli.messages import counted, listed
from cnncli.scaffold.data_summary import DataSummary, group_fact, group_in_names

_File = TypeVar("_File")

_LOOKED_AT = 200  # files that are opened
_ALMOST_GRAY = 4  # the largest difference between the channels of a gray pixel that JPEG has stored
_MANY_FOLDERS, _FEW_FILES = 30, 30
LARGE = 96  # pixels: images with such sides are photos, smaller ones are icons or digits


def look_at(path: str, word: str = "classes", *, pattern: str | None = None) -> DataSummary:
    """Look at class folders; for targets without labels at all images of a folder.

    Args:
        word: of `data.targets`.
        pattern: that finds the class in the name of a file; None: the class is its folder.

    Raises:
        DataError: the folder has no images in class folders.
    """
    root = os.path.abspath(existing_folder(path))
    info = targets_of(word)
    if pattern is None:
        tree = read_tree(root, IMAGE_FILES, has_classes=info.USES_LABELS)
    else:
        tree = read_tree_of_names(root, IMAGE_FILES, pattern)
    refuse_no_training(path, tree)  # these raise where training would
    if info.USES_LABELS:
        class_names_of(path, tree, must_be_trained=info.NEEDS_KNOWN_CLASSES)
    train = tree.files["train"]
    counts = Counter(file.class_name for file in train)
    heights, widths, is_gray = measured([file.path for file in some(train)])
    height, width = int(np.median(heights)), int(np.median(widths))
    sizes = {*zip(heights, widths, strict=True)}
    are_photos = not is_gray and (len(sizes) > 1 or min(height, width) >= LARGE)
    size = f"{height} x {width}" if len(sizes) == 1 else f"the median is {height} x {width} (height x width)"
    more = {part: len(files) for part, files in tree.files.items() if part != "train"}
    names = [file.relative for file in train]
    group = None if len(tree.files) > 1 else group_in_names(names)
    of_classes = f" of {counted(len(counts), info.GROUP or 'class', info.PLURAL)}: " + listed(
        f"{name} {count:,}" for name, count in counts.items()
    )
    facts = [
        counted(len(train), "image") + (of_classes if info.USES_LABELS else ", whose labels are not read"),
        *(f"{count:,} more in the {part} part" for part, count in more.items()),
        f"{'Gray images' if is_gray else 'Images in colour'}; "
        + (f"all are {size}" if len(sizes) == 1 else f"of many sizes, {size}"),
        *([group_fact(group, names)] if group else []),
        *(["The names of the files begin with their class"] if pattern else []),
    ]
    are_classes = info.USES_LABELS and not info.GROUP
    if are_classes and len(counts) >= _MANY_FOLDERS and int(np.median(list(counts.values()))) <= _FEW_FILES:
        facts.append(
            f"Many folders of few images: if they are people, of whom others come later: cnncli init {path} --task identities"
        )
    settings = {
        "path": path.replace("$", "$$"),
        **({"label": pattern.replace("$", "$$")} if pattern else {}),
        **resized(heights, widths),
        **({"color": "grayscale"} if is_gray else {}),
    }
    return DataSummary(
        source={"image_folder": settings},
        kind=IMAGE,
        shape=(height, width, 1 if is_gray else 3),
        targets=word,
        classes=counts if are_classes else {},
        examples=len(train),
        parts=tuple(tree.files),
        group=None if info.GROUP else group,
        facts=facts,
        are_photos=are_photos,
        has_image_files=True,
        has_one_size=len(sizes) == 1,
        are_pixels=True,
    )


def some(files: Sequence[_File]) -> list[_File]:
    """At most 200 of them, evenly taken."""
    places = np.unique(np.linspace(0, len(files) - 1, min(len(files), _LOOKED_AT)).astype(int))
    return [files[place] for place in places]


def measured(paths: Sequence[str]) -> tuple[list[int], list[int], bool]:
    """Heights, widths, and whether all are gray; training reports files that cannot be read."""
    heights, widths, is_gray = [], [], True
    for path in filter(os.path.isfile, paths):  # to open a named pipe would wait for ever
        try:
            with Image.open(path) as image:
                width, height = image.size
                is_gray = is_gray and _is_gray(image)
        except (OSError, UnidentifiedImageError, SyntaxError, ValueError):
            continue
        heights.append(height)
        widths.append(width)
    return heights or [224], widths or [224], is_gray and bool(heights)


def _is_gray(image: Image.Image) -> bool:
    if image.mode in ("1", "L", "LA", "I", "I;16", "F"):
        return True
    image.draft("RGB", (64, 64))
    channels = np.asarray(image.convert("RGB").resize((32, 32)), np.int16)  # (32, 32, 3)
    return bool(np.ptp(channels, axis=-1).max() <= _ALMOST_GRAY)


def resized(heights: Sequence[int], widths: Sequence[int]) -> dict[str, str]:
    """Images of one shape are stretched, which changes nothing; others keep their proportions."""
    ratios = np.array(heights) / np.array(widths)
    if np.ptp(ratios) < 0.02:
        return {}
    return {"resize": "crop" if np.percentile(ratios, 90) < 2 * np.percentile(ratios, 10) else "pad"}
