"""Draw signals as curves: alone, in tiles, and over a heat map."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from cnncli.inputs.base import enlarged
from cnncli.plots import style
from cnncli.plots.text_fitting import Title, fit_text, plain_text
from cnncli.plots.tiles import Sheet, Spacing, Strip, choose_grid, compose

MOST_CURVES = 6  # channels; more are drawn as rows of gray
_COLOURS = (style.BLUE, style.ORANGE, style.GREEN, "#CC79A7", "#56B4E9", style.INK)
_ON_HEAT = tuple(style.INK if colour == style.ORANGE else colour for colour in _COLOURS[:-1])  # which is orange
_TILE = (5, 3)  # width to height of a curve's tile
_ROW_WIDTH = 7.4  # inches
_ROW_HEIGHT = 1.05
_LINE = 0.18
_GUTTER = 0.55


def draw_signal_heat(
    signals: NDArray[Any],
    heat: NDArray[np.floating[Any]],
    captions: Sequence[Sequence[tuple[str, str]]],
    *,
    title: str | Title,
    subtitle: str,
    meaning: str = "supports the class",
    notes: Sequence[str] = (),
) -> Figure:
    """Draw each signal over its heat, which is orange.

    Args:
        signals: (count, length, channels).
        heat: float (count, any length) in [0, 1].
        captions: the lines above each signal, each with its colour.
        title, subtitle: the heading, any text.
        meaning: what a position with heat does.
        notes: more lines at the bottom.
    """
    columns = 1 if len(signals) in (1, 2, 3, 4, 5, 7) else 2
    rows = math.ceil(len(signals) / columns)
    above = _LINE * max(map(len, captions)) + 0.08
    row_height = above + _ROW_HEIGHT + 0.34
    with style.look():
        top = style.MARGIN + style.HEADER_HEIGHT
        width = 2 * style.MARGIN + columns * _ROW_WIDTH + (columns - 1) * _GUTTER
        below = top + rows * row_height
        figure = style.new_figure(width, below + 0.1 + len(notes) * _LINE + style.MARGIN)
        style.add_header(figure, title, subtitle)
        for number, (signal, one, caption) in enumerate(zip(signals, heat, captions, strict=True)):
            left = style.MARGIN + number % columns * (_ROW_WIDTH + _GUTTER)
            row_top = top + number // columns * row_height
            for line, (text, color) in enumerate(caption):
                shown = fit_text(plain_text(text), _ROW_WIDTH, style.LABEL_SIZE)
                style.add_text(figure, left, row_top + _LINE * line, shown, color=color)
            axes = style.add_axes(figure, left, row_top + above, _ROW_WIDTH, _ROW_HEIGHT)
            background = enlarged(one, (len(signal),))[None]
            plot_signal(axes, signal, background=background)
        note = f"The more orange, the more a place {meaning}."
        if signals.shape[-1] > MOST_CURVES:
            note = f"Each row of gray is one of {signals.shape[-1]} channels. {note}"
        for line, text in enumerate((note, *notes)):
            style.add_text(figure, style.MARGIN, below + line * _LINE, text, color=style.MUTED)
    return figure


def plot_signal(axes: Axes, signal: NDArray[Any], *, background: NDArray[np.float64] | None = None) -> None:
    """Draw a signal (length, channels): few channels as curves, many as rows of gray with the position across."""
    length, channels = signal.shape
    positions = np.arange(length)
    extent = (-0.5, length - 0.5)
    ticks = MaxNLocator(nbins=6, integer=True).tick_values(0, length - 1)
    axes.set_xticks([tick for tick in ticks if 0 <= tick < length])
    axes.set_yticks([])
    axes.tick_params(labelsize=8)
    if channels > MOST_CURVES:
        axes.imshow(signal.T, cmap="gray", aspect="auto", extent=(*extent, channels - 0.5, -0.5))
        if background is not None:
            strip = (*extent, channels * 1.18, channels * 1.03)
            axes.imshow(background, cmap="Oranges", vmin=0, vmax=1, aspect="auto", extent=strip)
            axes.set_ylim(channels * 1.18, -0.5)
        return
    low, high = float(np.min(signal)), float(np.max(signal))
    room = 0.06 * ((high - low) or 1.0)
    if background is not None:
        area = (*extent, low - room, high + room)
        axes.imshow(background, cmap="Oranges", vmin=0, vmax=1.6, aspect="auto", extent=area)
    colours = _COLOURS if background is None else _ON_HEAT
    for channel in range(channels):
        axes.plot(positions, signal[:, channel], color=colours[channel % len(colours)], linewidth=1.2)
    axes.set_xlim(*extent)
    axes.set_ylim(low - room, high + room)


def tile_sheet(count: int, page: tuple[int, int], *, above: int = 16, widest: int = 300) -> Sheet:
    """White tiles for curves, as large as they fit on a page of that many pixels, and no wider than `widest` pixels."""
    strip = Strip(1, 1, _TILE[1], _TILE[0])
    spacing = Spacing(above=above, right=10, below=9)
    grid = choose_grid(count, strip.size, spacing, page=page, scales=(16, widest // _TILE[0]), near_best=0.9)
    white = np.full((count, 1, 1, _TILE[1], _TILE[0], 3), 255, np.uint8)
    return compose(strip.draw(white, grid.scale), grid.columns, spacing)


def add_curves(axes: Axes, sheet: Sheet, values: NDArray[np.float64]) -> None:
    """Draw curves (tiles, length, channels) into the tiles of a sheet, each tile on a scale of its own, with its 0."""
    width, height = sheet.block
    corners = np.array(sheet.corners, np.float64)
    _, length, channels = values.shape
    low, high = values.min(axis=(1, 2), keepdims=True), values.max(axis=(1, 2), keepdims=True)
    is_flat = (high <= low)[:, 0, 0]
    unit = np.where(high > low, (values - low) / np.where(high > low, high - low, 1), 0.5)
    x = corners[:, :1] + np.linspace(0.05 * width, 0.95 * width, length)[None]  # (tiles, length)
    y = corners[:, 1, None, None] + (0.92 - 0.84 * unit) * height  # (tiles, length, channels)
    zero = np.where(high > low, -low / np.where(high > low, high - low, 1), np.nan)[:, 0, 0]
    lines = [
        [(left + 2, top + (0.92 - 0.84 * at) * height), (left + width - 2, top + (0.92 - 0.84 * at) * height)]
        for (left, top), at in zip(corners, zero, strict=True)
        if 0 <= at <= 1
    ]
    axes.add_collection(LineCollection(lines, colors=style.FRAME, linewidths=0.7), autolim=False)
    for channel in range(channels):
        colours = [style.FRAME if flat else _COLOURS[channel % len(_COLOURS)] for flat in is_flat]
        curves = list(np.stack([x, y[..., channel]], axis=-1))
        axes.add_collection(LineCollection(curves, colors=colours, linewidths=1.2), autolim=False)
