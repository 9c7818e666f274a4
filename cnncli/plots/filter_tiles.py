"""Scale the filters of a convolutional layer to [0, 1] and cut them into tiles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from cnncli.plots.filter_scale import Scale
from cnncli.plots.tiles import to_unit

Normalise = Literal["layer", "filter"]

MOST_TILES = 256  # filters of one tile each
MOST_STRIPS = 64  # filters of many tiles each
MOST_FILTERS = 1024  # whatever was asked for


@dataclass(frozen=True)
class Filters:
    """A kernel in [0, 1], cut into tiles; on a diverging scale 0.5 is the weight 0.

    Attributes:
        tiles: (filters, groups, slices, height, width, 1 or 3). A filter's tiles stand in one row: a group per input
            channel, a slice per depth.
        window: the kernel's size without channels and filters.
        total: how many filters the layer has.
        inputs: how many input channels a filter has, and how many of them are in `tiles`, in words.
        how: what stands where, in words.
        zero: for one channel over one dimension, which is drawn as a curve: (filters,), where the weight 0 lies.
        names: (filters,), what is written at each.
        scale: what the values become: a color from blue to red, a gray, or the red, green and blue of three channels.
        is_selection: they are not all of the layer's filters, or not each of them once; the title says which.
        together: every so many of them in turn stay in one row, or in one column.
    """

    tiles: NDArray[np.float64]
    window: tuple[int, ...]
    total: int
    inputs: str
    how: str
    zero: NDArray[np.float64] | None = None
    names: tuple[str, ...] = ()
    scale: Scale = "diverging"
    is_selection: bool = False
    together: int = 1

    @property
    def are_strips(self) -> bool:
        _, groups, slices, *_ = self.tiles.shape
        return bool(groups * slices > 1)


def cut(kernel: NDArray[np.float64], scale: Scale, normalise: Normalise, max_filters: int | None) -> Filters:
    """Scale a kernel (…, channels, filters) to [0, 1] and cut it into tiles."""
    *window, channels, total = kernel.shape
    axes = None if normalise == "layer" else tuple(range(kernel.ndim - 1))
    single = len(window) == 1 or channels == 1 or scale == "rgb"
    slices = window[0] if len(window) == 3 else 1
    shown = _channels_shown(window, channels, single, slices)
    most = min(max_filters or (MOST_TILES if single and slices == 1 else MOST_STRIPS), MOST_FILTERS)
    is_curve = len(window) == 1 and channels == 1
    scaled = _around_zero(kernel, axes) if scale == "diverging" and not is_curve else to_unit(kernel, axes=axes)
    unit = np.moveaxis(scaled, -1, 0)[:most, ..., :shown]  # (filters, …, channels)

    zero = None
    if is_curve:
        tiles = unit[:, None, None, None]  # (filters, 1, 1, 1, length, 1)
        zero = _zero_levels(kernel, axes, len(unit))
        how = "position across, weight up; gray line: weight 0"
    elif len(window) == 1:
        tiles = unit.transpose(0, 2, 1)[:, None, None, ..., None]  # (filters, 1, 1, channels, length, 1)
        how = "position across, input channels down"
    elif single:
        slabs = unit[:, None] if len(window) == 2 else unit  # (filters, depth, height, width, channels)
        tiles = slabs[:, None]  # (filters, 1, depth, height, width, 1 or 3)
        how = "; ".join(
            ["each row is a filter, its slices by depth from left to right"] * (slices > 1)
            + ["red, green and blue are the input channels 0, 1 and 2"] * (scale == "rgb")
        )
    else:
        slabs = unit[:, None] if len(window) == 2 else unit  # (filters, depth, height, width, channels)
        tiles = np.moveaxis(slabs, -1, 1)[..., None]  # (filters, channels, depth, height, width, 1)
        how = "each row is a filter, each " + (
            "column an input channel"
            if slices == 1
            else "group an input channel, its slices by depth from left to right"
        )
    inputs = counted_of(shown, channels, "input channel")
    return Filters(tiles, tuple(window), total, inputs, how, zero, scale=scale)


def _channels_shown(window: list[int], channels: int, single: bool, slices: int) -> int:
    """Return how many channels to show, so that every weight keeps a few pixels."""
    if len(window) == 1:
        return min(channels, 128)
    if single:
        return channels
    width = window[-1]
    return min(channels, max(1, (128 if width == 1 else min(32, max(8, 160 // width))) // slices))


def _zero_levels(kernel: NDArray[np.float64], axes: tuple[int, ...] | None, count: int) -> NDArray[np.float64]:
    """Return where the weight 0 lies in each filter's [0, 1]; outside of it where no weight has that sign."""
    low, high = weight_range(kernel, axes)
    span = np.where(high > low, high - low, 1)
    levels = np.where(high > low, -low / span, np.nan).reshape(-1)
    return np.broadcast_to(levels, (kernel.shape[-1],))[:count]


def _around_zero(kernel: NDArray[np.float64], axes: tuple[int, ...] | None) -> NDArray[np.float64]:
    """Scale to [0, 1], by the largest absolute weight over `axes`, so that 0 becomes 0.5; what is not finite becomes NaN."""
    finite = np.where(np.isfinite(kernel), kernel, np.nan)
    size = np.abs(np.where(np.isnan(finite), 0, finite)).max(axis=axes, keepdims=True)
    return 0.5 + finite / np.where(size > 0, 2 * size, 1)


def weight_range(kernel: NDArray[np.float64], axes: tuple[int, ...] | None = None) -> tuple[Any, Any]:
    """Return the smallest and the largest finite weight; infinities the wrong way round where there is none."""
    finite = np.isfinite(kernel)
    low = np.min(kernel, axis=axes, initial=np.inf, where=finite)
    high = np.max(kernel, axis=axes, initial=-np.inf, where=finite)
    return low, high


def counted_of(shown: int, total: int, word: str) -> str:
    """`first 64 of 512 filters`; `6 filters` where all are shown."""
    return f"{total} {word}{'s' * (total > 1)}" if shown == total else f"first {shown} of {total} {word}s"
