"""Find COCO's annotations and their images in a folder, as COCO itself, Roboflow and CVAT lay them out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from cnncli.data.part_words import PART_OF
from cnncli.data.sources.coco_file import coco_content
from cnncli.errors import DataError

_FOLDERS = (".", "annotations", *PART_OF)  # where annotations lie
_WORDS = {"validation": r"val(id(ation)?)?", "test": "test", "train": "train(ing)?"}
_OTHERS = re.compile(r"captions|keypoints|panoptic|stuff", re.IGNORECASE)  # annotations of other tasks of COCO


def coco_settings(path: Path) -> dict[str, str] | None:
    """The settings of a source for a file of annotations, or for a folder with one or with one for each part.

    Returns:
        `annotations` and `images`, perhaps with `validation_…` and `test_…`; None where there are no annotations.
    """
    found: dict[str, tuple[str, str]] = {}
    files = [path] if path.suffix == ".json" else _files(path) if path.is_dir() else ()
    for file in files:
        images = _images_of(file)
        if images is not None:
            found.setdefault(_part_of(file) if path.is_dir() else "train", (str(file), images))
    if not found:
        return None
    if "train" not in found:
        first = next(iter(found))
        found["train"] = found.pop(first)
    settings: dict[str, str] = {}
    for part, prefix in _PREFIXES.items():
        if part in found:
            file_of_part, images_of_part = found[part]
            settings |= {f"{prefix}images": images_of_part, f"{prefix}annotations": file_of_part}
    return settings


_PREFIXES = {"train": "", "validation": "validation_", "test": "test_"}  # of the keys of each part


def _files(folder: Path) -> Iterator[Path]:
    for name in _FOLDERS:
        if (folder / name).is_dir():
            yield from sorted(file for file in (folder / name).glob("*.json") if not _OTHERS.search(file.name))


def _part_of(file: Path) -> str:
    """The part that the name of a file says, or that of its folder; else the one to train."""
    for name in (file.stem, file.parent.name):
        for part, word in _WORDS.items():
            if re.search(rf"(?i)(?:^|[^a-z]){word}(?:[^a-z]|$)", name):
                return part
    return "train"


def _images_of(file: Path) -> str | None:
    """The folder with the images of a file of annotations; None where it is none, or they are not near it."""
    try:
        images: Any = coco_content(str(file))["images"]
    except DataError:
        return None
    names = (each.get("file_name") for each in images if isinstance(each, Mapping))
    name = next((each for each in names if isinstance(each, str)), None)
    if name is None:
        return None
    stem, here = file.stem.removeprefix("instances_"), file.parent
    near = [here / "images", here.parent / "images", here, here / stem, here.parent / stem]
    near += [folder / stem for folder in (here / "images", here.parent / "images")]
    beside = sorted(each for each in here.iterdir() if each.is_dir())
    return next((str(each) for each in [*near, *beside, here.parent] if (each / name).is_file()), None)
