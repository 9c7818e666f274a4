"""Load images with boxes as COCO has them: a JSON file of annotations for all images of a part."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from cnncli.data.sources.base import ModelRequest, Request, Source
from cnncli.data.sources.boxed_images import (
    BoxedImage,
    BoxedImages,
    image_names_note,
    read_boxed,
    read_boxed_for_model,
    read_text,
    sorted_by_part,
)
from cnncli.data.sources.folder_tree import ClassFile
from cnncli.data.sources.loaded_data import LoadedData, problems_at
from cnncli.data.sources.paths import existing_file, existing_folder
from cnncli.errors import CnncliError, DataError, Problem
from cnncli.messages import listed, printable, shortened
from cnncli.recipe.sources.boxes import Coco

_PATH = ("data", "source", "coco")
_EXPECTED = 'COCO\'s JSON is `{"images": […], "annotations": […], "categories": […]}`'


def read_coco(settings: Coco) -> BoxedImages:
    """Read the annotations of all parts; crowds (`iscrowd: 1`) are left out, as COCO's scores ignore them.

    Raises:
        DataError: a file is no COCO JSON, the parts have other categories, or images are missing.
    """
    parts: dict[str, _Part] = {}
    problems: list[Problem] = []
    for part, file, folder in settings.parts():
        try:
            parts[part] = _read_part(part, file, folder)
        except CnncliError as error:
            problems += error.problems
    if problems:
        raise DataError(problems)
    first, *others = parts.values()
    for other in others:
        if other.categories != first.categories:
            message = f"{printable(other.file)} has other categories than {printable(first.file)}"
            raise DataError(Problem(message, f"{listed(first.names)}\n{listed(other.names)}"))
    found = [image for part in parts.values() for image in part.images]
    folders = {part: os.path.basename(each.file) for part, each in parts.items()}
    described = f"COCO data set {printable(settings.annotations)}"
    return BoxedImages(sorted_by_part(found), tuple(first.names), described, folders)


@dataclass(frozen=True, slots=True)
class _Part:
    """The images of one file of annotations.

    Attributes:
        categories: id -> name, by id.
    """

    file: str
    categories: Mapping[int, str]
    images: Sequence[BoxedImage]

    @property
    def names(self) -> list[str]:
        return list(self.categories.values())


@dataclass(slots=True)
class _Labels:
    """What the annotations say of one image."""

    boxes: list[list[float]] = field(default_factory=list)
    classes: list[int] = field(default_factory=list)
    faults: list[Problem] = field(default_factory=list)


def _read_part(part: str, file: str, folder: str) -> _Part:
    existing_file(file)
    existing_folder(folder)
    content = _content(file)
    categories = _categories(content, file)
    number_of = {each: number for number, each in enumerate(categories)}
    images = _images(content, file)
    missing = [name for name, _, _ in images.values() if not os.path.isfile(os.path.join(folder, name))]
    if missing:
        raise DataError(image_names_note(missing, len(images), folder))
    labels = {each: _Labels() for each in images}
    for index, annotation in enumerate(content["annotations"]):
        if not isinstance(annotation, dict) or annotation.get("image_id") not in labels:
            said = annotation.get("image_id") if isinstance(annotation, dict) else annotation
            message = (
                f"{printable(file)}: annotation {index} is of the image {shortened(str(said))}, which is not listed"
            )
            raise DataError(message)
        if annotation.get("iscrowd"):
            continue
        own = labels[annotation["image_id"]]
        wrong = _fault(annotation, number_of)
        if wrong:
            name, identity = images[annotation["image_id"]][0], annotation.get("id", index)
            own.faults.append(Problem(f"{printable(name)}: annotation {shortened(str(identity))}: {wrong}"))
        else:
            left, top, width, height = map(float, annotation["bbox"])
            own.boxes.append([top, left, top + height, left + width])
            own.classes.append(number_of[annotation["category_id"]])
    return _Part(file, categories, [_boxed(folder, part, *images[each], own) for each, own in labels.items()])


def _boxed(folder: str, part: str, name: str, height: int, width: int, own: _Labels) -> BoxedImage:
    file = ClassFile(os.path.join(folder, name), name, part, "")
    boxes = np.array(own.boxes, np.float64).reshape(-1, 4)
    return BoxedImage(file, boxes, own.classes, (height, width) if own.boxes else None, tuple(own.faults))


def _content(file: str) -> dict[str, Any]:
    try:
        content = json.loads(read_text(file))
    except (ValueError, RecursionError) as error:
        raise DataError(Problem(f"{printable(file)} is no JSON: {shortened(str(error))}", _EXPECTED)) from error
    keys = ("images", "annotations", "categories")
    missing = [key for key in keys if not isinstance(content, dict) or not isinstance(content.get(key), list)]
    if missing:
        raise DataError(Problem(f"{printable(file)} has no list {listed(f'`{key}`' for key in missing)}", _EXPECTED))
    return dict(content)


def _categories(content: Mapping[str, Any], file: str) -> dict[int, str]:
    found: dict[int, str] = {}
    for each in content["categories"]:
        if not isinstance(each, dict) or type(each.get("id")) is not int or not isinstance(each.get("name"), str):
            raise DataError(Problem(f"{printable(file)}: a category has no `id` and `name`: {shortened(str(each))}"))
        found[each["id"]] = each["name"]
    if not found:
        raise DataError(f"{printable(file)} has no category")
    if len(set(found.values())) < len(found):
        raise DataError(f"{printable(file)}: two categories have the same name: {listed(found.values())}")
    return dict(sorted(found.items()))


def _images(content: Mapping[str, Any], file: str) -> dict[Any, tuple[str, int, int]]:
    """Id -> name, height and width of each image."""
    found: dict[Any, tuple[str, int, int]] = {}
    for each in content["images"]:
        try:
            name, height, width = str(each["file_name"]), int(each["height"]), int(each["width"])
        except (KeyError, TypeError, ValueError):
            message = f"{printable(file)}: an image has no `file_name`, `height` and `width`: {shortened(str(each))}"
            raise DataError(message) from None
        if not isinstance(each.get("id"), (int, str)):
            raise DataError(f"{printable(file)}: the image {shortened(name)} has no `id`")
        if each["id"] in found:
            raise DataError(f"{printable(file)}: two images have the id {shortened(str(each['id']))}")
        found[each["id"]] = name, height, width
    if not found:
        raise DataError(f"{printable(file)} lists no image")
    return found


def _fault(annotation: Mapping[str, Any], number_of: Mapping[int, int]) -> str:
    """What is wrong with an annotation; empty where nothing is."""
    category, box = annotation.get("category_id"), annotation.get("bbox")
    if not isinstance(category, int) or category not in number_of:
        return f"`category_id` is {shortened(str(category))}, and no category has this id"
    are_numbers = isinstance(box, list) and len(box) == 4 and all(type(each) in (int, float) for each in box)
    if not are_numbers or not all(map(math.isfinite, box or [])):
        return f"`bbox` is {shortened(str(box))}, expected [left, top, width, height]"
    assert box is not None
    if not (box[2] > 0 and box[3] > 0):
        return f"`bbox` is {box}: its {'width' if not box[2] > 0 else 'height'} is {min(box[2:]):g}"
    return ""


def images_beside(file: Path) -> str | None:
    """The folder with the images of a file of annotations: `images` beside it, `../images`, or its own folder."""
    name = _first_name(file)
    stem = file.stem.removeprefix("instances_")
    here = file.parent
    candidates = (here / "images", here.parent / "images", here, here / stem, here.parent / stem)
    return next((str(each) for each in candidates if name and (each / name).is_file()), None)


def _first_name(file: Path) -> str | None:
    try:
        images = _content(str(file))["images"]
    except DataError:
        return None
    return next(
        (each["file_name"] for each in images if isinstance(each, dict) and isinstance(each.get("file_name"), str)),
        None,
    )


class _Coco(Source[Coco]):
    def read(self, settings: Coco, request: Request) -> LoadedData:
        with problems_at(*_PATH):
            found = read_coco(settings)
        return read_boxed(found, settings, request, _PATH)

    def read_for_model(self, settings: Coco, request: ModelRequest) -> LoadedData:
        return read_boxed_for_model(read_coco(settings), settings, request, _PATH)

    def looks_like(self, path: Path) -> bool:
        return path.suffix == ".json" and images_beside(path) is not None


SOURCE = _Coco()
