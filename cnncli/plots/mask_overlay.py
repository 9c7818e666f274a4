"""Lay a mask over its image, in colours that people with any colour vision tell apart."""

from __future__ import annotations

import colorsys
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncli.plots.tiles import Pixels

_DENSITY = 0.55  # of a mask over its image
# Okabe and Ito, "Color Universal Design" (2008), without black; the ones that stand out most come first.
_FIRST = ("#e69f00", "#56b4e9", "#f0e442", "#009e73", "#cc79a7", "#d55e00", "#0072b2")
_GOLDEN = (5**0.5 - 1) / 2  # of the circle of hues: neighbours of a class are far away
_SHADES = ((0.6, 1.0), (0.65, 0.85), (0.35, 0.95))  # saturation and value


def class_colours(count: int) -> NDArray[np.uint8]:
    """A colour for each class, uint8 (count, 3), the first black."""
    colours = [[0, 0, 0], *([int(text[place : place + 2], 16) for place in (1, 3, 5)] for text in _FIRST)]
    for number in range(count - len(colours)):
        parts = colorsys.hsv_to_rgb(0.05 + number * _GOLDEN % 1, *_SHADES[number % len(_SHADES)])
        colours.append([round(255 * part) for part in parts])
    return np.array(colours[:count], np.uint8)


def overlay(image: Pixels, mask: NDArray[np.uint8], count: int, *, ignored: int) -> Pixels:
    """An image with its mask laid over it.

    Args:
        image: uint8 (height, width, 3).
        mask: uint8 (height, width), class numbers.
        count: of classes.
        ignored: the number of pixels that do not count.
    """
    over: Pixels = np.rint(laid_over(image.astype(np.float32), mask, class_colours(count), ignored)).astype(np.uint8)
    return over


def laid_over(
    image: NDArray[Any], mask: NDArray[np.uint8], colours: NDArray[np.uint8], ignored: int
) -> NDArray[np.floating[Any]]:
    """A mask over its image, float (height, width, 3): class 0 has no colour, and pixels that do not count are white.

    Each region has a line of its full colour inside its border and a black one outside, so that it is seen on any image.
    """
    known = np.where(mask < len(colours), mask, 0)
    is_object = known > 0
    own = colours[known].astype(np.float64)
    found = np.where(is_object[..., None], (1 - _DENSITY) * image + _DENSITY * own, image)
    border = _beside_another(known)
    found = np.where((border & is_object)[..., None], own, found)
    found = np.where((border & ~is_object)[..., None], 0.0, found)
    return np.where((mask == ignored)[..., None], 255.0, found)


def _beside_another(mask: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Which pixels have a neighbour of another class above, below, left or right."""
    found = np.zeros(mask.shape, bool)
    for one, other in (((slice(1, None),), (slice(-1),)), ((slice(None), slice(1, None)), (slice(None), slice(-1)))):
        differ = mask[one] != mask[other]
        found[one] |= differ
        found[other] |= differ
    return found
