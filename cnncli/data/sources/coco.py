"""Load images with boxes as COCO has them: a JSON file of annotations for all images of a part."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from cnncli.data.sources.box_source import BoxSource
from cnncli.data.sources.boxed_images import (
    BoxedImage,
    BoxedImages,
    image_names_note,
    sorted_by_part,
)
from cnncli.data.sources.coco_file import CocoFile, CocoImage, parse_coco
from cnncli.data.sources.coco_folder import coco_settings
from cnncli.data.sources.folder_tree import ClassFile
from cnncli.data.sources.paths import existing_file, existing_folder
from cnncli.errors import CnncliError, DataError, Problem
from cnncli.messages import listed, printable
from cnncli.recipe.sources.boxes import Coco


def read_coco(settings: Coco) -> BoxedImages:
    """Read the annotations of all parts.

    Raises:
        DataError: a file is no COCO JSON, the parts have other categories, or images are missing.
    """
    parts: dict[str, CocoFile] = {}
    images: list[BoxedImage] = []
    problems: list[Problem] = []
    for part, file, folder in settings.parts():
        try:
            parts[part] = _checked(file, folder)
            images += [_boxed(folder, part, each) for each in parts[part].images]
        except CnncliError as error:
            problems += error.problems
    if problems:
        raise DataError(problems)
    first, *others = parts.values()
    for other in others:
        if other.names != first.names:
            message = f"{printable(other.file)} has other categories than {printable(first.file)}"
            problems.append(Problem(message, f"{listed(first.names.values())}\n{listed(other.names.values())}"))
    if problems:
        raise DataError(problems)
    folders = {part: os.path.basename(each.file) for part, each in parts.items()}
    described = f"COCO data set {printable(settings.annotations)}"
    return BoxedImages(sorted_by_part(images), tuple(first.names.values()), described, folders)


def _checked(file: str, folder: str) -> CocoFile:
    existing_file(file)
    existing_folder(folder)
    found = parse_coco(file)
    missing = [each.name for each in found.images if not os.path.isfile(os.path.join(folder, each.name))]
    if missing:
        raise DataError(image_names_note(missing, len(found.images), folder))
    return found


def _boxed(folder: str, part: str, own: CocoImage) -> BoxedImage:
    file = ClassFile(os.path.join(folder, own.name), own.name, part, "")
    boxes = np.array(own.boxes, np.float64).reshape(-1, 4)
    return BoxedImage(file, boxes, own.classes, (own.height, own.width) if own.boxes else None, tuple(own.faults))


class _Coco(BoxSource[Coco]):
    def labels(self, settings: Coco) -> BoxedImages:
        return read_coco(settings)

    def looks_like(self, path: Path) -> bool:
        return coco_settings(path) is not None

    def settings_at(self, path: str) -> dict[str, str]:
        found = coco_settings(Path(path))
        assert found is not None  # `looks_like`
        return found


SOURCE = _Coco()
