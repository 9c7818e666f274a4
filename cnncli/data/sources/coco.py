"""Load images with boxes or masks as COCO has them: a JSON file of annotations for all images of a part."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from cnncli.data.sources.base import ModelRequest, Request
from cnncli.data.sources.box_source import BoxSource
from cnncli.data.sources.boxed_images import (
    BoxedImage,
    BoxedImages,
    image_names_note,
    sorted_by_part,
)
from cnncli.data.sources.coco_file import CocoFile, CocoImage, parse_coco
from cnncli.data.sources.coco_folder import coco_settings
from cnncli.data.sources.coco_masks import OutlinedImage, OutlinedImages, read_outlined, read_outlined_for_model
from cnncli.data.sources.folder_tree import ClassFile
from cnncli.data.sources.loaded_data import PARTS, LoadedData, problems_at
from cnncli.data.sources.paths import existing_file, existing_folder
from cnncli.errors import CnncliError, DataError, Problem
from cnncli.messages import listed, printable
from cnncli.recipe.sources.boxes import Coco

_PATH = ("data", "source", "coco")


def read_coco(settings: Coco) -> BoxedImages:
    """Read the boxes of all parts.

    Raises:
        DataError: a file is no COCO JSON, the parts have other categories, or images are missing.
    """
    parts = _parts_of(settings)
    images = [_boxed(folder, part, each) for part, folder, own in parts for each in own.images]
    return BoxedImages(sorted_by_part(images), _categories_of(parts), _described(settings), _folders(parts))


def read_coco_outlines(settings: Coco) -> OutlinedImages:
    """Read the outlines of all parts. Raises: as `read_coco`."""
    parts = _parts_of(settings, with_outlines=True)
    images = [_outlined(folder, part, each) for part, folder, own in parts for each in own.images]
    images.sort(key=lambda each: PARTS.index(each.file.part))
    return OutlinedImages(images, _categories_of(parts), _described(settings), _folders(parts))


_Part = tuple[str, str, CocoFile]  # its name, the folder of its images, what its file says


def _parts_of(settings: Coco, *, with_outlines: bool = False) -> list[_Part]:
    parts: list[_Part] = []
    problems: list[Problem] = []
    for part, file, folder in settings.parts():
        try:
            parts.append((part, folder, _checked(file, folder, with_outlines=with_outlines)))
        except CnncliError as error:
            problems += error.problems
    if problems:
        raise DataError(problems)
    (_, _, first), *others = parts
    for _, _, other in others:
        if other.names != first.names:
            message = f"{printable(other.file)} has other categories than {printable(first.file)}"
            problems.append(Problem(message, f"{listed(first.names.values())}\n{listed(other.names.values())}"))
    if problems:
        raise DataError(problems)
    return parts


def _categories_of(parts: Sequence[_Part]) -> tuple[str, ...]:
    return tuple(parts[0][2].names.values())


def _described(settings: Coco) -> str:
    return f"COCO data set {printable(settings.annotations)}"


def _folders(parts: Sequence[_Part]) -> dict[str, str]:
    return {part: os.path.basename(own.file) for part, _, own in parts}


def _checked(file: str, folder: str, *, with_outlines: bool) -> CocoFile:
    existing_file(file)
    existing_folder(folder)
    found = parse_coco(file, with_outlines=with_outlines)
    missing = [each.name for each in found.images if not os.path.isfile(os.path.join(folder, each.name))]
    if missing:
        raise DataError(image_names_note(missing, len(found.images), folder))
    return found


def _boxed(folder: str, part: str, own: CocoImage) -> BoxedImage:
    boxes = np.array(own.boxes, np.float64).reshape(-1, 4)
    size = (own.height, own.width) if own.boxes else None
    return BoxedImage(_file(folder, part, own), boxes, own.classes, size, tuple(own.faults))


def _outlined(folder: str, part: str, own: CocoImage) -> OutlinedImage:
    return OutlinedImage(_file(folder, part, own), own.outlines, (own.height, own.width), tuple(own.faults))


def _file(folder: str, part: str, own: CocoImage) -> ClassFile:
    return ClassFile(os.path.join(folder, own.name), own.name, part, "")


class _Coco(BoxSource[Coco]):
    def labels(self, settings: Coco) -> BoxedImages:
        return read_coco(settings)

    def read(self, settings: Coco, request: Request) -> LoadedData:
        if not request.targets.HAS_PLACES:
            return super().read(settings, request)
        with problems_at(*_PATH):
            found = read_coco_outlines(settings)
        return read_outlined(found, settings, request, _PATH)

    def read_for_model(self, settings: Coco, request: ModelRequest) -> LoadedData:
        if not request.targets.HAS_PLACES:
            return super().read_for_model(settings, request)
        return read_outlined_for_model(read_coco_outlines(settings), settings, request, _PATH)

    def looks_like(self, path: Path) -> bool:
        return coco_settings(path) is not None

    def settings_at(self, path: str) -> dict[str, str]:
        found = coco_settings(Path(path))
        assert found is not None  # `looks_like`
        return found


SOURCE = _Coco()
