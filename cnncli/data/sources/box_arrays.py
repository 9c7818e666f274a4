"""Bounding boxes in arrays: `boxes_train` and `classes_train` of a NumPy archive -> boxes in shares of their images."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncli.errors import DataError, Problem
from cnncli.inputs import IMAGE, kind_of
from cnncli.messages import counted
from cnncli.recipe.sources.arrays import BoxFormat

BOXES, CLASSES, COUNTS, CLASS_NAMES = "boxes", "classes", "box_counts", "class_names"
_NOTHING = -1  # the class of a row that fills up an image with fewer boxes
_MOST_LISTED = 20
_BEYOND = 0.01  # of the image: a box that reaches further beyond it is worth a note
_SHAPES = f"{BOXES} (count, boxes, 4) and {CLASSES} (count, boxes), where rows of the class {_NOTHING} are no box"
_RAGGED = (
    f"boxes of all images one after the other: {BOXES} (boxes, 4), {CLASSES} (boxes,) and {COUNTS} (count,), how many "
    "each image has"
)


@dataclass(frozen=True, slots=True, eq=False)
class BoxArrays:
    """The arrays of one part, with their names for messages.

    Attributes:
        images: (height, width) of the images, and their number.
        counts: how many boxes each image has; None: the boxes are filled up with rows of the class -1.
        class_count: None where the archive does not name the classes.
    """

    boxes_name: str
    boxes: NDArray[Any]
    classes_name: str
    classes: NDArray[Any]
    counts_name: str
    counts: NDArray[Any] | None
    images: tuple[int, int, int]
    class_count: int | None = None


def read_boxes(arrays: BoxArrays, form: BoxFormat) -> tuple[NDArray[np.float32], list[Problem]]:
    """Bring the boxes of a part into one form.

    Returns:
        float32 (count, boxes, 5): top, left, bottom, right in [0, 1] of the image, and the class; rows of -1 where there is
        no box. And notes on boxes that reach beyond their image, which are cut at its sides.

    Raises:
        DataError: shapes that do not fit each other, or values that are no box: the first 20.
    """
    _check_shapes(arrays)
    boxes, classes = _padded(arrays)
    is_box = classes != _NOTHING
    _, height, width = arrays.images
    corners = _corners(np.where(is_box[..., None], boxes, 0.0), form)  # (count, boxes, 4): top, left, bottom, right
    shares = corners if form.startswith("rel_") else corners / np.array([height, width] * 2)
    inside = np.clip(shares, 0, 1)
    if problems := list(_faults(arrays, form, boxes, classes, shares, inside)):
        raise DataError(problems)
    found = np.full((*classes.shape, 5), -1.0)
    found[is_box] = np.concatenate([inside, classes[..., None]], axis=-1)[is_box]
    beyond = (np.abs(inside - shares) > _BEYOND).any(axis=-1) & is_box
    notes = []
    if beyond.any():
        message = f"{counted(int(beyond.sum()), 'box', 'boxes')} of {arrays.boxes_name} reach beyond the image"
        notes.append(Problem(message, "they are cut at its sides", kind="cut"))
    return found.astype(np.float32), notes


def _check_shapes(arrays: BoxArrays) -> None:
    boxes, classes, counts = arrays.boxes, arrays.classes, arrays.counts
    wrong = [
        Problem(f"{name} holds the type {array.dtype}; expected numbers")
        for name, array in ((arrays.boxes_name, boxes), (arrays.classes_name, classes), (arrays.counts_name, counts))
        if array is not None and array.dtype.kind not in "iuf"
    ]
    if wrong:
        raise DataError(wrong)
    axes = 3 if counts is None else 2
    fits = boxes.ndim == axes and boxes.shape[-1] == 4 and classes.shape == boxes.shape[:-1]
    if not fits:
        message = f"{arrays.boxes_name} has the shape {boxes.shape} and {arrays.classes_name} {classes.shape}"
        raise DataError(Problem(message, f"expected {_SHAPES};\nor the {_RAGGED}"))
    count = arrays.images[0]
    if counts is None:
        if len(boxes) != count:
            message = f"{arrays.boxes_name} has boxes of {counted(len(boxes), 'image')}, and there are {count:,}"
            raise DataError(Problem(message, "one row for each image, in the same order"))
        return
    if counts.shape != (count,) or not bool(((counts >= 0) & (counts % 1 == 0)).all()):
        message = f"{arrays.counts_name} has the shape {counts.shape}, and there are {counted(count, 'image')}"
        raise DataError(Problem(message, "expected the number of boxes of each image, 0 or more"))
    if counts.sum() != len(boxes):
        message = f"{arrays.counts_name} counts {int(counts.sum()):,} boxes, and {arrays.boxes_name} has {len(boxes):,}"
        raise DataError(Problem(message, f"expected the {_RAGGED}"))


def _padded(arrays: BoxArrays) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Boxes (count, boxes, 4) and classes (count, boxes), filled up with rows of -1."""
    if arrays.counts is None:
        return arrays.boxes.astype(np.float64), arrays.classes.astype(np.float64)
    counts = arrays.counts.astype(np.int64)
    images = np.repeat(np.arange(len(counts)), counts)
    places = np.arange(len(images)) - np.repeat(np.cumsum(counts) - counts, counts)
    shape = len(counts), max(1, int(counts.max(initial=0)))
    boxes, classes = np.full((*shape, 4), -1.0), np.full(shape, float(_NOTHING))
    boxes[images, places], classes[images, places] = arrays.boxes, arrays.classes
    return boxes, classes


def _corners(boxes: NDArray[np.float64], form: BoxFormat) -> NDArray[np.float64]:
    """Top, left, bottom, right of boxes in a format of Keras."""
    first, second, third, fourth = np.moveaxis(boxes, -1, 0)
    match form.removeprefix("rel_"):
        case "xyxy":
            sides = second, first, fourth, third
        case "yxyx":
            sides = first, second, third, fourth
        case "xywh":
            sides = second, first, second + fourth, first + third
        case _:  # center_xywh
            sides = second - fourth / 2, first - third / 2, second + fourth / 2, first + third / 2
    return np.stack(sides, axis=-1)


def _faults(
    arrays: BoxArrays,
    form: BoxFormat,
    boxes: NDArray[np.float64],
    classes: NDArray[np.float64],
    shares: NDArray[np.float64],
    inside: NDArray[np.float64],
) -> Iterator[Problem]:
    """What is wrong with boxes, by their places in the arrays."""
    is_box = classes != _NOTHING
    most = np.inf if arrays.class_count is None else arrays.class_count
    bad_class: NDArray[np.bool_] = ~((classes >= 0) & (classes % 1 == 0) & (classes < most)) & is_box
    is_finite = np.asarray(np.isfinite(boxes).all(axis=-1))
    has_area = np.asarray((shares[..., 2] > shares[..., 0]) & (shares[..., 3] > shares[..., 1]))
    is_seen = (inside[..., 2] > inside[..., 0]) & (inside[..., 3] > inside[..., 1])
    bad_box = is_box & ~(is_finite & has_area & is_seen)
    whole = is_box & is_finite
    if form.startswith("rel_") and whole.any() and np.median(boxes[whole].max(axis=-1)) > 2:
        yield _other_format(arrays, form, "are not between 0 and 1: pixels?", form.removeprefix("rel_"))
        return
    if not form.startswith("rel_") and whole.any() and np.abs(boxes[whole]).max() <= 1:
        yield _other_format(arrays, form, "lie within one pixel: shares of the image?", f"rel_{form}")
        return
    wrong = np.argwhere(bad_class | bad_box).tolist()
    for image, number in wrong[:_MOST_LISTED]:
        place = _place(arrays, image, number)
        if bad_class[image, number]:
            value = f"{arrays.classes_name}[{place}] is {classes[image, number]:g}"
            if arrays.class_count is not None and classes[image, number] >= most:
                last = arrays.class_count - 1
                yield Problem(
                    f"{value}, and {CLASS_NAMES} has {arrays.class_count} (0 to {last})", "classes count from 0"
                )
            else:
                yield Problem(f"{value}; classes are integers from 0", f"{_NOTHING} where there is no box")
            continue
        said = ", ".join(f"{value:g}" for value in boxes[image, number])
        height, width = arrays.images[1:]
        if not is_finite[image, number]:
            what, hint = "is not finite", f"give rows without a box the class {_NOTHING}"
        elif not has_area[image, number]:
            what = f"has no area as {form}"
            hint = f"give rows without a box the class {_NOTHING}; `box_format` names the order of the numbers"
        else:
            what, hint = (
                f"lies outside its image of {width}x{height} pixels",
                "`box_format` names the order of the numbers",
            )
        yield Problem(f"{arrays.boxes_name}[{place}], {said}, {what}", hint)
    if len(wrong) > _MOST_LISTED:
        yield Problem(f"and {len(wrong) - _MOST_LISTED:,} more of {int(is_box.sum()):,} boxes")


def _other_format(arrays: BoxArrays, form: str, what: str, other: str) -> Problem:
    return Problem(f"boxes of {arrays.boxes_name} {what}", f"`box_format` is {form}; `box_format: {other}` reads them")


def _place(arrays: BoxArrays, image: int, number: int) -> str:
    """Where a box is in the arrays as they were given."""
    if arrays.counts is None:
        return f"{image}, {number}"
    return str(int(arrays.counts[:image].sum()) + number)


def class_names_of(array: NDArray[Any]) -> tuple[str, ...]:
    """The names of classes by number.

    Raises:
        DataError: they are no texts, or two are equal.
    """
    if array.dtype.kind != "U" or array.shape != (array.size,) or not array.size:
        message = (
            f"{CLASS_NAMES} has the type {array.dtype} and the shape {array.shape}; expected a text for each class"
        )
        raise DataError(Problem(message, f"np.array(['cat', 'dog']) are the classes 0 and 1 of {CLASSES}"))
    names = tuple(map(str, array.tolist()))
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise DataError(Problem(f"{CLASS_NAMES} holds {twice!r} twice", "one name for each class"))
    return names


def of_archive(arrays: Mapping[str, NDArray[Any]], ending: str, inputs: str, names: Sequence[str] | None) -> BoxArrays:
    """The arrays of a part.

    Args:
        ending: of their names: `_train`.
        inputs: the name of the images.
        names: of the classes.

    Raises:
        DataError: the inputs are no images.
    """
    shape = arrays[inputs].shape
    if IMAGE not in (kind_of(shape[1:]), kind_of((*shape[1:], 1))) or not all(shape[:3]):
        raise DataError(Problem(f"{inputs} has the shape {shape}; boxes need images (count, height, width, channels)"))
    boxes, classes, counts = (f"{word}{ending}" for word in (BOXES, CLASSES, COUNTS))
    class_count = None if names is None else len(names)
    return BoxArrays(
        boxes, arrays[boxes], classes, arrays[classes], counts, arrays.get(counts), shape[:3], class_count
    )  # fmt: skip
