"""Draw the filters of a convolutional layer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, get_args

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from numpy.typing import NDArray

from cnncli.messages import number_text
from cnncli.plots import style
from cnncli.plots.filter_scale import Scale, has_colours
from cnncli.plots.filter_tiles import Filters, Normalise, counted_of, cut, weight_range
from cnncli.plots.text_fitting import plain_text, text_width
from cnncli.plots.tiles import Pixels, Sheet, Spacing, Strip, choose_grid, compose, show_sheet, to_pixels

DIVERGING = "RdBu_r"  # blue is negative, white 0, red positive

_PAGE = (1830, 840)  # pixels for the tiles: with header and footer a slide of 16:9
_STRIP_PAGE = (1950, 1020)
_LARGEST_TILE = 240  # pixels
_LONGEST_TILE = 600  # pixels of the longer side of one that is not square
_SMALLEST_TILE = 14  # pixels: room for the filter's number above
_SMALLEST_STRIP = 9  # pixels: room for the number beside
_STRIP_HEADER = 28  # pixels above strips: the channels' numbers
_CURVE_HEIGHT = 0.6  # of a curve's tile, in its widths
_SCALE_WIDTH = 2.2  # inches
_SCALE_HEIGHT = 0.42  # inches, with its three numbers
_NOTE_HEIGHT = 0.19


def draw_filters(
    kernel: NDArray[np.floating[Any]],
    *,
    layer_name: str,
    scale: Scale = "diverging",
    normalise: Normalise = "layer",
    max_filters: int | None = None,
    depthwise: bool = False,
    names: Sequence[str] | None = None,
    together: int = 1,
    title: str | None = None,
    order: str = "",
) -> Figure:
    """Draw the filters of one layer, each with its number from 0 (filter n is `kernel[..., n]`).

    With one input channel a filter is a tile, with more a row of tiles, one per input channel. Conv1D: position across,
    input channels down; with one channel, a curve. Conv3D: the depth slices side by side. Too many filters or channels
    are cut, and the picture says so.

    Args:
        kernel: float, shaped as Keras shapes it. Conv1D (length, channels, filters), Conv2D (height, width, channels,
            filters), Conv3D (depth, height, width, channels, filters); depthwise (length, channels, multiplier) or
            (height, width, channels, multiplier). For a transposed convolution swap the last two axes first.
        layer_name: part of the title, any text.
        scale: "diverging": blue weights are negative, white ones 0, red ones positive, and both ends are as far from 0.
            "min-max": black is the smallest weight and white the largest, (f - min) / (max - min); equal weights are mid
            gray. "rgb": the same for filters of images with three input channels, which are drawn as colors, a tile a
            filter. A weight that is not finite is orange, on a diverging scale green.
        normalise: the ends of the scale are those of the whole "layer", or of each "filter".
        max_filters: how many filters to draw at most; by default 256 tiles or 64 rows of tiles.
        depthwise: the last axis is a multiplier: every channel has that many filters of its own, numbered in the order
            of the layer's output channels.
        names: what to write at each filter instead of its number, where the kernel holds a selection.
        together: every so many filters in turn stay side by side or one above the other, such as pairs; the number of
            filters is a multiple of it.
        title: the heading, any text; left out: `Filters of` the layer.
        order: what the filters are for, in the order of their numbers; a line below them.

    Raises:
        ValueError: the kernel's shape is none of these, has an empty axis or not the channels for `rgb`, `scale` or
            `normalise` is none of these, `max_filters` is below 1, or the names are not as many as the filters.
    """
    kernel = np.asarray(kernel)
    multiplier = kernel.shape[-1] if depthwise and kernel.ndim else 0
    if kernel.ndim not in (3, 4, 5) or 0 in kernel.shape:
        raise ValueError(f"a kernel has 3, 4 or 5 axes, none of them empty; received shape {kernel.shape}")
    if scale not in get_args(Scale):
        raise ValueError(f"scale is one of {', '.join(get_args(Scale))}; received {scale!r}")
    if scale == "rgb" and not has_colours(kernel, depthwise):
        raise ValueError(f"colors need filters of images with 3 input channels; received shape {kernel.shape}")
    if normalise not in ("layer", "filter"):
        raise ValueError(f'normalise is "layer" or "filter"; received {normalise!r}')
    if max_filters is not None and max_filters < 1:
        raise ValueError(f"max_filters is 1 or more; received {max_filters}")
    if depthwise:
        kernel = kernel.reshape(*kernel.shape[:-2], 1, -1)  # (…, 1, channels * multiplier)
    if names is not None and len(names) != kernel.shape[-1]:
        raise ValueError(f"a name for each of {kernel.shape[-1]} filters; received {len(names)}")
    weights = kernel.astype(np.float64)
    filters = cut(weights, scale, normalise, max_filters)
    shown = tuple(names or map(str, range(len(filters.tiles))))[: len(filters.tiles)]
    filters = replace(filters, names=shown, is_selection=names is not None, together=together)
    if order:
        filters = replace(filters, how="; ".join(filter(None, (filters.how, order))))
    if multiplier:
        filters = replace(filters, inputs=f"depthwise, {multiplier} per input channel")
    with style.look():
        return _draw_page(filters, weights, title or f"Filters of {plain_text(layer_name)}", normalise)


def _draw_page(filters: Filters, kernel: NDArray[np.float64], title: str, normalise: Normalise) -> Figure:
    sheet, strip, scale = _compose(filters)
    ticks = [] if filters.zero is not None else _scale_ticks(kernel, filters.scale, normalise)
    notes = _notes(filters, kernel, normalise)
    subtitle = _subtitle(filters)
    sheet_height, sheet_width = (pixels / style.DPI for pixels in sheet.image.shape[:2])
    notes_width = max((text_width(note, style.LABEL_SIZE) for note in notes), default=0.0)
    least = max(min(7.5, style.header_width(title, subtitle)), notes_width + 2 * style.MARGIN, 3.0)
    width = max(sheet_width + 2 * style.MARGIN, least)
    beside = bool(ticks) and width >= 2 * style.MARGIN + _SCALE_WIDTH + 0.25 + notes_width
    heights = [_SCALE_HEIGHT if ticks else 0.0, len(notes) * _NOTE_HEIGHT]
    top = style.MARGIN + style.HEADER_HEIGHT
    footer_top = top + sheet_height + 0.22
    figure = style.new_figure(width, footer_top + (max(heights) if beside else sum(heights)) + style.MARGIN - 0.05)
    style.add_header(figure, title, subtitle)

    axes = show_sheet(figure, style.MARGIN, top, sheet.image)
    if filters.zero is not None:
        _draw_curves(axes, filters, sheet)
    _write_numbers(axes, filters, sheet)
    if filters.are_strips:
        _write_columns(axes, sheet, strip, scale)
    if ticks:
        _draw_scale(figure, footer_top, ticks, filters.scale)
    left = style.MARGIN + (_SCALE_WIDTH + 0.25 if beside else 0)
    notes_top = footer_top + (0 if beside or not ticks else _SCALE_HEIGHT + 0.03)
    for line, note in enumerate(notes):
        style.add_text(figure, left, notes_top + line * _NOTE_HEIGHT, note, color=style.MUTED)
    return figure


def _compose(filters: Filters) -> tuple[Sheet, Strip, int]:
    """Compose the tiles; return the sheet, the shape of a filter in it, and the pixels that a weight got."""
    count, groups, slices, height, width, _ = filters.tiles.shape
    pixels = _colours(filters.tiles, filters.scale)
    if filters.zero is not None:  # an empty tile: the curve is drawn into it later
        height, width = math.ceil(20 * _CURVE_HEIGHT), 20
        pixels = np.full((count, 1, 1, height, width, 3), 255, np.uint8)
    gap = 6 if count * groups * slices <= 300 else 3 if height * width > 1 else 1
    strip = Strip(groups, slices, height, width, gap, gap if slices == 1 else 3 * gap)
    page, spacing = _PAGE, Spacing(above=_band(count), right=10, below=9)
    if filters.are_strips:
        longest = max((text_width(name, 8.0) for name in filters.names), default=0.0)
        left = max(46, math.ceil(longest * style.DPI) + 14)
        page, spacing = _STRIP_PAGE, Spacing(left=left, right=28, below=2 * gap + 1)
    smallest_tile = _SMALLEST_STRIP if filters.are_strips else _SMALLEST_TILE
    scales = _scales(height, width, smallest_tile)
    grid = choose_grid(
        count, strip.size, spacing, page=page, scales=scales, down=filters.are_strips, together=filters.together
    )
    header = _STRIP_HEADER if filters.are_strips else 0
    blocks = strip.draw(pixels, grid.scale)
    sheet = compose(blocks, grid.columns, spacing, header=header, down=filters.are_strips)
    return sheet, strip, grid.scale


def _colours(unit: NDArray[np.float64], scale: Scale) -> Pixels:
    """Values in [0, 1] (…, 1 or 3) as uint8 (…, 3)."""
    if scale != "diverging":
        return to_pixels(unit)
    colours = matplotlib.colormaps[DIVERGING](np.nan_to_num(unit[..., 0], nan=0.5))[..., :3]
    return to_pixels(np.where(np.isnan(unit), np.nan, colours), missing=style.GREEN)


def _scales(height: int, width: int, smallest_tile: int) -> tuple[int, int]:
    """Return the fewest and the most pixels for a weight in tiles of that many weights."""
    short, long = sorted((height, width))
    largest = max(1, _LARGEST_TILE // long, min(_LONGEST_TILE // long, _LARGEST_TILE // short))
    return min(largest, max(math.ceil(smallest_tile / short), 3 if long < 30 else 1)), largest


def _band(count: int) -> int:
    """Return the pixels above a tile for its number."""
    return math.ceil(_number_size(count) * style.DPI / 72 * 1.35)


def _number_size(count: int) -> float:
    return 9.0 if count <= 32 else 7.5 if count <= 128 else 6.0


def _write_numbers(axes: Axes, filters: Filters, sheet: Sheet) -> None:
    width, height = (pixels / style.DPI for pixels in sheet.block)
    count = len(sheet.corners)
    size = _number_size(count)
    if filters.are_strips:
        size = min(8.0, (height + 0.03) * 72 * 0.8)
    else:
        longest = max(text_width(name, size) for name in filters.names)
        size = max(style.SMALLEST_SIZE - 0.5, size * min(1.0, (width + 0.06) / longest))
    for name, (left, top) in zip(filters.names, sheet.corners, strict=True):
        if filters.are_strips:
            x, y, ha, va = left - 8, top + sheet.block[1] / 2, "right", "center_baseline"
        else:
            x, y, ha, va = left, top - 4, "left", "baseline"
        axes.text(x, y, name, fontsize=size, color=style.MUTED, ha=ha, va=va)


def _write_columns(axes: Axes, sheet: Sheet, strip: Strip, scale: int) -> None:
    """Number the channels, or the slices of the only one, above the first filter of each column of filters."""
    by_channel = strip.groups > 1
    count = strip.groups if by_channel else strip.slices
    lefts = [strip.tile_left(*((number, 0) if by_channel else (0, number)), scale) for number in range(count)]
    last_tile = strip.tile_left(0, strip.slices - 1 if by_channel else 0, scale)
    middle = (last_tile + strip.width * scale + 2) / 2
    size = 6.5 if lefts[1] < 40 else 8.0
    room = (text_width(str(count - 1), size) + 0.04) * style.DPI
    step = next(step for step in (1, 2, 4, 8, 16, 32, 64, 128) if step * lefts[1] >= room)
    first_row = min(top for _, top in sheet.corners)
    for left, top in sheet.corners:
        for number in range(0, count, step) if top == first_row else ():
            x = left + lefts[number] + middle
            axes.text(x, top - 6, str(number), fontsize=size, color=style.MUTED, ha="center", va="baseline")


def _draw_curves(axes: Axes, filters: Filters, sheet: Sheet) -> None:
    """Draw each filter of shape (length,) as a curve in its tile."""
    width, height = sheet.block
    length = filters.tiles.shape[-2]
    inset = 0.08 * width
    across = np.linspace(inset, width - inset, length) if length > 1 else np.array([width / 2])
    corners = np.array(sheet.corners, dtype=np.float64)  # (filters, 2)
    values = filters.tiles.reshape(-1, length)  # (filters, length)
    x = corners[:, :1] + across
    y = corners[:, 1:] + height * (0.92 - 0.84 * values)
    assert filters.zero is not None
    zero = corners[:, 1] + height * (0.92 - 0.84 * filters.zero)
    inside = (filters.zero >= 0) & (filters.zero <= 1)
    lines = [
        [(left + 1, level), (left + width - 1, level)]
        for left, level in zip(corners[inside, 0], zero[inside], strict=True)
    ]
    axes.add_collection(LineCollection(lines, colors=style.FRAME, linewidths=0.7), autolim=False)
    axes.add_collection(
        LineCollection(list(np.stack([x, y], axis=-1)), colors=style.BLUE, linewidths=1.4), autolim=False
    )
    if length <= 25:
        axes.plot(
            x.ravel(), y.ravel(), "o", color=style.BLUE, markersize=min(4.0, width / 40), scalex=False, scaley=False
        )


def _scale_ticks(kernel: NDArray[np.float64], scale: Scale, normalise: Normalise) -> list[str]:
    """Return what both ends and the middle of the scale stand for; nothing where the layer has no range."""
    low, high = weight_range(kernel)
    if not low < high:
        return []
    if scale == "diverging":
        size = number_text(float(max(-low, high)), 3)
        return [f"−{size}", "0", size] if normalise == "layer" else ["−largest", "0", "largest"]
    if normalise == "filter":
        return ["smallest", "middle", "largest"]
    return [number_text(float(value), 3) for value in (low, (low + high) / 2, high)]


def _draw_scale(figure: Figure, top: float, ticks: list[str], scale: Scale) -> None:
    axes = style.add_axes(figure, style.MARGIN + 0.25, top, _SCALE_WIDTH - 0.5, 0.15)
    colours = DIVERGING if scale == "diverging" else "gray"
    axes.imshow(np.linspace(0, 1, 256)[None], cmap=colours, vmin=0, vmax=1, aspect="auto", extent=(0, 1, 0, 1))
    axes.set_xticks([0, 0.5, 1], ticks, fontsize=8)
    axes.set_yticks([])
    axes.spines[["right", "top"]].set_visible(True)


def _notes(filters: Filters, kernel: NDArray[np.float64], normalise: Normalise) -> list[str]:
    low, high = (float(value) for value in weight_range(kernel))
    broken = int(np.count_nonzero(~np.isfinite(kernel)))
    notes = [filters.how] if filters.how else []
    if low == high:
        notes.append(f"every weight is {number_text(low)}")
    elif low < high and filters.zero is not None:
        ends = f"from {number_text(low, 3)} to {number_text(high, 3)}"
        notes.append(
            f"one scale for the whole layer, {ends}" if normalise == "layer" else "each filter has its own scale"
        )
    elif low < high:
        signs = "blue: negative weights, red: positive ones; " if filters.scale == "diverging" else "weights; "
        notes.append(
            signs + ("one scale for the whole layer" if normalise == "layer" else "each filter has its own scale")
        )
    if broken:
        colour = "green" if filters.scale == "diverging" and filters.zero is None else "orange"
        notes.append(f"{broken:,} of {kernel.size:,} weights are not finite ({colour})")
    return notes


def _subtitle(filters: Filters) -> str:
    count = "" if filters.is_selection else counted_of(len(filters.tiles), filters.total, "filter") + ", "
    size = " × ".join(map(str, filters.window)) + (" long" if len(filters.window) == 1 else "")
    return f"{count}{size}, {filters.inputs} · numbered from 0"
