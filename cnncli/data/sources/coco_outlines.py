"""Outlines of objects as COCO has them, polygons and run lengths, and the masks that they become."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncli.data.images import MOST_PIXELS
from cnncli.errors import ResourceError
from cnncli.messages import counted, shortened

_EXPECTED = "expected polygons, [[x, y, x, y, x, y], …], or run lengths, {size: [height, width], counts: …}"
_LEAST_NUMBERS = 6  # of a polygon: three points
_RLE = ("size", "counts")


@dataclass(frozen=True, slots=True)
class Outline:
    """The pixels of an object.

    Attributes:
        number: of its category; None for a crowd.
        encoded: compressed run lengths, as faster-coco-eval takes them.
    """

    number: int | None
    encoded: Mapping[str, Any]


def encoded_outline(given: Any, height: int, width: int) -> Mapping[str, Any]:
    """The value of `segmentation` as compressed run lengths.

    Args:
        given: polygons, or run lengths, compressed or not.
        height, width: of the image.

    Raises:
        ValueError: it is no outline, or it does not fit the image; with a message for people.
        ResourceError: faster-coco-eval is not installed.
    """
    if not 0 < height * width <= MOST_PIXELS:
        raise ValueError(f"its image has {width}x{height} pixels, as the file says")
    library = _library()
    if isinstance(given, dict):
        _check_run_lengths(given, height, width)
        encoded = library.frPyObjects(given, height, width) if isinstance(given["counts"], list) else given
        try:
            library.decode(encoded)
        except (ValueError, RuntimeError) as error:
            raise ValueError(f"`counts` are no run lengths of {width}x{height} pixels") from error
        return dict(encoded)
    for polygon in _polygons(given):
        _check_polygon(polygon, height, width)
    return dict(library.merge(library.frPyObjects(given, height, width)))


def mask_of(
    outlines: Sequence[Outline], height: int, width: int, numbers: Sequence[int], *, background: int, ignored: int
) -> NDArray[np.uint8]:
    """The class of each pixel of an image, uint8 (height, width).

    Where objects overlap, the smaller one wins, of two with as many pixels the later one. Pixels of crowds where no object
    is do not count.

    Args:
        numbers: the class of each category, by its number.
        background: the class where no object is.
        ignored: of pixels that do not count.
    """
    library = _library()
    found = np.full((height, width), background, np.uint8)
    areas = [-math.inf if each.number is None else -int(library.area(each.encoded)) for each in outlines]
    for place in sorted(range(len(outlines)), key=areas.__getitem__):
        each = outlines[place]
        found[library.decode(each.encoded).astype(bool)] = ignored if each.number is None else numbers[each.number]
    return found


def _library() -> Any:
    try:
        from faster_coco_eval.core import mask
    except ImportError as error:
        message = "the outlines of COCO are read by faster-coco-eval, which is not installed"
        raise ResourceError(message, hint='pip install "cnncli[detection]"') from error
    return mask


def _check_run_lengths(given: Mapping[str, Any], height: int, width: int) -> None:
    if any(key not in given for key in _RLE):
        raise ValueError(f"`segmentation` has no `size` and `counts`: {_EXPECTED}")
    if given["size"] != [height, width]:
        raise ValueError(
            f"`size` of `segmentation` is {shortened(str(given['size']))}, and its image is {[height, width]}"
        )
    counts = given["counts"]
    if isinstance(counts, list):
        if not all(type(each) is int and each >= 0 for each in counts):
            raise ValueError(f"`counts` are {shortened(str(counts))}, expected integers from 0")
        if sum(counts) != height * width:
            raise ValueError(f"`counts` are of {sum(counts):,} pixels, and its image has {height * width:,}")
    elif not isinstance(counts, str) or not counts.isascii():
        raise ValueError(f"`counts` are {shortened(str(counts))}, expected a list of integers or a text")


def _polygons(given: Any) -> list[Any]:
    if not isinstance(given, list):
        raise ValueError(f"`segmentation` is {'missing' if given is None else shortened(str(given))}: {_EXPECTED}")
    if not given:
        raise ValueError(f"`segmentation` is empty: {_EXPECTED}")
    return given


def _check_polygon(polygon: Any, height: int, width: int) -> None:
    if not isinstance(polygon, list) or not all(type(each) in (int, float) and math.isfinite(each) for each in polygon):
        raise ValueError(f"a polygon is {shortened(str(polygon))}: {_EXPECTED}")
    if len(polygon) < _LEAST_NUMBERS or len(polygon) % 2:
        points = counted(len(polygon) // 2, "point") if len(polygon) % 2 == 0 else counted(len(polygon), "number")
        raise ValueError(f"a polygon has {points}: {_EXPECTED}")
    for axis, size in enumerate((width, height)):
        places = polygon[axis::2]
        if min(places) < -size or max(places) > 2 * size:
            wrong = min(places) if min(places) < -size else max(places)
            raise ValueError(f"a polygon has the {'xy'[axis]} {wrong:g}, and its image has {width}x{height} pixels")
