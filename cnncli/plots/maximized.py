"""Draw the results of activation maximization in one sheet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from cnncli.inputs import kind_of
from cnncli.plots import style
from cnncli.plots.signals import MOST_CURVES, add_curves, tile_sheet
from cnncli.plots.text_fitting import Title, fit_text, plain_text, text_width
from cnncli.plots.tiles import Sheet, Spacing, Strip, choose_grid, compose, resize, show_sheet, to_pixels, to_unit

_PAGE = (1500, 780)  # pixels
_ABOVE = 44  # pixels above a tile, for its two lines
_TILES = (96, 330)  # pixels of a tile's longer side
_LARGEST = 660  # of few, which fill the width that the heading needs
_GAP = 12
_NOTE_HEIGHT = 0.19
_NAME_SIZE, _NUMBER_SIZE = 8.5, 7.0


def draw_maximized(
    inputs: NDArray[np.floating[Any]],
    captions: Sequence[tuple[str, str]],
    *,
    title: str | Title,
    subtitle: str,
    note: str = "",
) -> Figure:
    """Draw the input that maximizes each target.

    Images are stretched to their own range, signals are curves (of many channels rows of gray), volumes their slices.

    Args:
        inputs: float (targets, height, width, channels), (targets, length, channels) or (targets, depth, height, width,
            channels); of channels other than 1 and 3 the mean is shown.
        captions: two lines above each, such as its number and what it reaches.
        title, subtitle: the heading, any text.
        note: a line at the bottom.
    """
    with style.look():
        kind = kind_of(inputs.shape[1:])
        header = min(9.0, style.header_width(title, subtitle))
        room = (
            round((header - 2 * style.MARGIN) * style.DPI / len(inputs)) - _GAP
        )  # pixels for each beneath the heading
        largest = min(_LARGEST, max(_TILES[1], room))
        if are_curves := kind.ARE_CURVES and inputs.shape[-1] <= MOST_CURVES:
            sheet = tile_sheet(len(inputs), _PAGE, above=_ABOVE, widest=largest)
        else:
            sheet = _picture_sheet(to_unit(kind.pictures(inputs, lines=True), axes=(1, 2, 3)), largest)
        height, width = (pixels / style.DPI for pixels in sheet.image.shape[:2])
        top = style.MARGIN + style.HEADER_HEIGHT
        layout = "" if are_curves else ", ".join(filter(None, (kind.LAYOUT, kind.ORDER)))
        notes = [each for each in (note, layout) if each]
        longest = max((text_width(each, style.LABEL_SIZE) for each in notes), default=0.0)
        page = max(width + 2 * style.MARGIN, header, longest + 2 * style.MARGIN)
        figure = style.new_figure(page, top + height + style.MARGIN + len(notes) * _NOTE_HEIGHT + 0.06)
        style.add_header(figure, title, subtitle)
        for line, text in enumerate(notes):
            down = top + height + 0.1 + line * _NOTE_HEIGHT
            style.add_text(figure, style.MARGIN, down, text, color=style.MUTED)
        axes = show_sheet(figure, style.MARGIN, top, sheet.image)
        if are_curves:
            add_curves(axes, sheet, np.asarray(inputs, np.float64))
        _write_captions(axes, sheet, captions)
    return figure


def _picture_sheet(pictures: NDArray[np.float64], largest: int) -> Sheet:
    """Tiles of (targets, height, width, 1 or 3), each in [0, 1], whose longer side has so many pixels at most."""
    count, height, width, _ = pictures.shape
    longer = max(height, width)

    def sides(pixels: int) -> tuple[int, int]:
        return max(8, round(width * pixels / longer)), max(8, round(height * pixels / longer))

    def block(pixels: int) -> tuple[int, int]:
        across, down = sides(pixels)
        return across + 2, down + 2

    spacing = Spacing(above=_ABOVE, right=_GAP, below=10)
    grid = choose_grid(count, block, spacing, page=_PAGE, scales=(_TILES[0], largest))
    across, down = sides(grid.scale)
    resized = np.moveaxis(resize(np.moveaxis(pictures, -1, 1), down, across), 1, -1)
    tiles = to_pixels(np.clip(resized, 0, 1))[:, None, None]
    return compose(Strip(1, 1, down, across).draw(tiles, 1), grid.columns, spacing)


def _write_captions(axes: Axes, sheet: Sheet, captions: Sequence[tuple[str, str]]) -> None:
    room = sheet.block[0] / style.DPI + 0.05
    for (name, number), (left, top) in zip(captions, sheet.corners, strict=True):
        shown = fit_text(plain_text(name), room, _NAME_SIZE)
        axes.text(left, top - 21, shown, fontsize=_NAME_SIZE, color=style.INK, va="baseline")
        shown = fit_text(plain_text(number), room, _NUMBER_SIZE)
        axes.text(left, top - 5, shown, fontsize=_NUMBER_SIZE, color=style.MUTED, va="baseline")
