"""Volumes, (depth, height, width, channels), shown as slices."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncli.inputs.base import InputKind, Shape, enlarged, gray_or_colour

MOST_SLICES = 9
_LINES = 40  # a line between slices is so many times thinner than a slice is large


class Volume(InputKind):
    WORD = "volume"
    PLURAL = "volumes"
    AXES = ("depth", "height", "width", "channels")
    ARE_PIXELS = True
    SMALL = (4, 8)
    LAYOUT = "slices by depth"
    ORDER = "from left to right and from top to bottom"

    def caption(self, shape: Sequence[int]) -> str:
        return f"{super().caption(shape)}, slices"

    def can_show(self, shape: Shape) -> bool:
        return shape[-1] in (1, 3)

    def for_tile(self, examples: NDArray[Any]) -> tuple[NDArray[Any], str]:
        return examples[:, examples.shape[1] // 2], "the middle slice of each"

    def pictures(self, examples: NDArray[Any], *, lines: bool = False) -> NDArray[Any]:
        volumes = map(gray_or_colour, examples)
        return np.stack([slices_of(volume, line=volume.max() if lines else None) for volume in volumes])

    def heat_pictures(self, heat: NDArray[np.floating[Any]], shape: Sequence[int]) -> NDArray[np.floating[Any]]:
        return np.stack([slices_of(enlarged(one, shape[:-1])[..., None], line=0)[..., 0] for one in heat])


VOLUME = Volume()


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
