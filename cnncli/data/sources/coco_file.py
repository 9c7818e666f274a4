"""Parse a JSON file of COCO: its images, categories, and boxes or outlines, with every fault."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cnncli.data.sources.boxed_images import fault, read_text
from cnncli.data.sources.coco_outlines import Outline, encoded_outline
from cnncli.errors import DataError, Problem
from cnncli.messages import listed, printable, shortened

_EXPECTED = 'COCO\'s JSON is `{"images": […], "annotations": […], "categories": […]}`'


@dataclass(slots=True)
class CocoImage:
    """An image of the file.

    Attributes:
        boxes: [top, left, bottom, right] of each object, in pixels.
        classes: the number of the category of each, in the order of their ids.
        outlines: of each object, where outlines are wanted; the boxes are empty then.
        faults: what is wrong with its annotations.
    """

    name: str
    height: int
    width: int
    boxes: list[list[float]] = field(default_factory=list)
    classes: list[int] = field(default_factory=list)
    outlines: list[Outline] = field(default_factory=list)
    faults: list[Problem] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class CocoFile:
    """What a file says.

    Attributes:
        names: of the categories by id, sorted by it.
    """

    file: str
    names: Mapping[int, str]
    images: Sequence[CocoImage]


def parse_coco(file: str, *, with_outlines: bool = False) -> CocoFile:
    """Parse a file; crowds (`iscrowd: 1`) have no box, as COCO's scores ignore them.

    Args:
        with_outlines: read `segmentation`, also of crowds, and not `bbox`.

    Raises:
        DataError: it is no COCO JSON, or its lists do not fit together; every fault is reported at once.
    """
    content = coco_content(file)
    problems: list[Problem] = []
    names = _categories(content["categories"], file, problems)
    images = _images(content["images"], file, problems)
    number_of = {each: number for number, each in enumerate(names)}
    for index, annotation in enumerate(content["annotations"]):
        if not isinstance(annotation, dict):
            problems.append(fault(file, 0, f"annotation {index} is {shortened(str(annotation))}, no object of JSON"))
            continue
        image_id = annotation.get("image_id")
        own = images.get(image_id) if isinstance(image_id, (int, str)) else None
        about = f"annotation {shortened(str(annotation.get('id', index)))}"
        if own is None:
            said = "has no `image_id`" if image_id is None else f"is of the image {shortened(str(image_id))}"
            problems.append(fault(file, 0, f"{about} {said}{', which is not listed' if image_id is not None else ''}"))
        elif with_outlines or not annotation.get("iscrowd"):
            add = _add_outline if with_outlines else _add_box
            if wrong := _category_fault(annotation, number_of) or add(annotation, own, number_of):
                own.faults.append(fault(file, 0, f"{about}, of {printable(own.name)}: {wrong}"))
    if problems:
        raise DataError(problems)
    return CocoFile(file, names, list(images.values()))


def coco_content(file: str) -> dict[str, Any]:
    """The three lists of a file.

    Raises:
        DataError: it has none.
    """
    try:
        content = json.loads(read_text(file))
    except (ValueError, RecursionError) as error:
        raise DataError(Problem(f"{printable(file)} is no JSON: {shortened(str(error))}", _EXPECTED)) from error
    keys = ("images", "annotations", "categories")
    missing = [key for key in keys if not isinstance(content, dict) or not isinstance(content.get(key), list)]
    if missing:
        raise DataError(Problem(f"{printable(file)} has no list {listed(f'`{key}`' for key in missing)}", _EXPECTED))
    return dict(content)


def _categories(given: Sequence[Any], file: str, problems: list[Problem]) -> dict[int, str]:
    found: dict[int, str] = {}
    for each in given:
        if not isinstance(each, dict) or type(each.get("id")) is not int or not isinstance(each.get("name"), str):
            problems.append(fault(file, 0, f"a category has no `id` and `name`: {shortened(str(each))}"))
        elif each["id"] in found:
            problems.append(fault(file, 0, f"two categories have the id {each['id']}"))
        else:
            found[each["id"]] = each["name"]
    if not given:
        problems.append(fault(file, 0, "there is no category"))
    if len(set(found.values())) < len(found):
        problems.append(fault(file, 0, f"two categories have the same name: {listed(found.values())}"))
    return dict(sorted(found.items()))


def _images(given: Sequence[Any], file: str, problems: list[Problem]) -> dict[int | str, CocoImage]:
    found: dict[int | str, CocoImage] = {}
    for each in given:
        try:
            own = CocoImage(str(each["file_name"]), int(each["height"]), int(each["width"]))
        except (KeyError, TypeError, ValueError, OverflowError):
            message = f"an image has no `file_name`, `height` and `width`: {shortened(str(each))}"
            problems.append(fault(file, 0, message))
            continue
        identity = each.get("id")
        if not isinstance(identity, (int, str)):
            problems.append(fault(file, 0, f"the image {shortened(own.name)} has no `id`"))
        elif identity in found:
            problems.append(fault(file, 0, f"two images have the id {shortened(str(identity))}"))
        else:
            found[identity] = own
    if not given:
        problems.append(fault(file, 0, "there is no image"))
    return found


def _category_fault(annotation: Mapping[str, Any], number_of: Mapping[int, int]) -> str:
    category = annotation.get("category_id")
    if isinstance(category, int) and category in number_of:
        return ""
    return f"`category_id` is {shortened(str(category))}, and no category has this id"


def _add_outline(annotation: Mapping[str, Any], own: CocoImage, number_of: Mapping[int, int]) -> str:
    """Add the outline of an annotation; returns what is wrong with it, empty where nothing is."""
    try:
        encoded = encoded_outline(annotation.get("segmentation"), own.height, own.width)
    except ValueError as error:
        return str(error)
    number = None if annotation.get("iscrowd") else number_of[annotation["category_id"]]
    own.outlines.append(Outline(number, encoded))
    return ""


def _add_box(annotation: Mapping[str, Any], own: CocoImage, number_of: Mapping[int, int]) -> str:
    """Add the box of an annotation; returns what is wrong with it, empty where nothing is."""
    box = annotation.get("bbox")
    are_numbers = isinstance(box, list) and len(box) == 4 and all(type(each) in (int, float) for each in box)
    if not are_numbers or not all(map(math.isfinite, box or [])):
        return f"`bbox` is {shortened(str(box))}, expected [left, top, width, height]"
    assert box is not None
    if not (box[2] > 0 and box[3] > 0):
        return f"`bbox` is {box}: its {'width' if not box[2] > 0 else 'height'} is {min(box[2:]):g}"
    left, top, width, height = map(float, box)
    own.boxes.append([top, left, top + height, left + width])
    own.classes.append(number_of[annotation["category_id"]])
    return ""
