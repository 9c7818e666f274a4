"""Draw volumes as slices, and resize maps."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST_SLICES = 9
_LINES = 40  # a line between slices is so many times thinner than a slice is large


def slices_of(volume: NDArray[Any], *, most: int = MOST_SLICES, line: float | None = None) -> NDArray[Any]:
    """Lay out slices of a volume, evenly taken by depth, from left to right and from top to bottom.

    Args:
        volume: (depth, height, width, channels).
        line: what stands between the slices, a thin line of this value; None for no line.

    Returns:
        (rows * height, columns * width, channels), and the lines; places for which there is no slice hold the smallest value.
    """
    depth, height, width, channels = volume.shape
    count = min(depth, most)
    taken = volume[((np.arange(count) + 0.5) * depth / count).astype(int)]
    columns = math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    sheet = np.full((rows * columns, height, width, channels), volume.min(), volume.dtype)
    sheet[:count] = taken
    gap = 0
    if line is not None:
        gap = math.ceil(max(height, width) / _LINES)
        sheet = np.pad(sheet, ((0, 0), (0, gap), (0, gap), (0, 0)), constant_values=volume.dtype.type(line))
    tiled = sheet.reshape(rows, columns, height + gap, width + gap, channels).transpose(0, 2, 1, 3, 4)
    laid = tiled.reshape(rows * (height + gap), columns * (width + gap), channels)
    return laid[: laid.shape[0] - gap, : laid.shape[1] - gap]


def enlarged(values: NDArray[np.floating[Any]], shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Resize an array to another shape of as many axes, linearly between the centres of its cells."""
    result = np.asarray(values, np.float64)
    for axis, new in enumerate(shape):
        old = result.shape[axis]
        at = np.clip((np.arange(new) + 0.5) * old / new - 0.5, 0, old - 1)
        low = at.astype(int)
        high = np.minimum(low + 1, old - 1)
        share = (at - low).reshape([-1 if other == axis else 1 for other in range(result.ndim)])
        result = result.take(low, axis) * (1 - share) + result.take(high, axis) * share
    return result


def gray_or_colour(image: NDArray[Any]) -> NDArray[Any]:
    """An image (…, channels) as (…, 1 or 3): of any other count of channels their mean."""
    return image if image.shape[-1] in (1, 3) else image.astype(np.float32).mean(axis=-1, keepdims=True)
