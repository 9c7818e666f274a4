"""Draw a grid of examples: rows with a name at their left, columns with a name above."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from cnncli.data.input_values import InputValues
from cnncli.inputs import kind_of
from cnncli.plots import style
from cnncli.plots.example_tiles import example_tiles, side_by_side
from cnncli.plots.text_fitting import Title, fit_lines, fit_text, plain_text, text_width
from cnncli.plots.tiles import Pixels, Spacing, compose, show_sheet
from cnncli.recipe.named_inputs import by_name

SIDE = 112  # pixels of a tile
_GAP = 10
_LINE = 0.17  # inches of a line of text
_WIDEST_NAME = 2.6  # inches
_LEAST_WIDTH = 5.2
_MOST_LINES = 3  # above a column
Limits = Mapping[str, tuple[float, float]]


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """A row of the grid.

    Attributes:
        lines: at its left, any text; the first one is dark, the others are gray.
        examples: (count, *shape of one), of several inputs by name.
        limits: of each input the values that become black and white; None: bytes as they are.
    """

    lines: Sequence[str]
    examples: InputValues
    limits: Limits | None = None


def can_draw(examples: InputValues) -> bool:
    """Whether an input of these examples can be shown."""
    return bool(_shown(examples))


def draw_grid(
    rows: Sequence[Row], *, title: str | Title, subtitle: str, columns: Sequence[str] = (), side: int = SIDE
) -> Figure:
    """Draw the grid.

    Args:
        rows: at least one, of examples that `can_draw` takes; shorter ones end in white.
        title, subtitle: the heading, any text.
        columns: above each column, any text.
        side: pixels of a tile.
    """
    tiles = [_tiles(row, side) for row in rows]
    count = max(map(len, tiles))
    height, width = max(each.shape[1] for each in tiles), max(each.shape[2] for each in tiles)
    blocks = np.full((len(rows), count, height, width, 3), 255, np.uint8)
    for number, row in enumerate(tiles):
        blocks[number, : len(row), : row.shape[1], : row.shape[2]] = row
    with style.look():
        names = [[plain_text(line) for line in row.lines] for row in rows]
        widest = max((text_width(line, style.LABEL_SIZE) for lines in names for line in lines), default=0.0)
        margin = min(widest, _WIDEST_NAME) + 0.15 * bool(widest)
        sheet = compose(blocks.reshape(-1, height, width, 3), count, Spacing(right=_GAP, below=_GAP))
        room = (width + _GAP) / style.DPI - 0.05
        heads = [fit_lines(plain_text(text), room, style.LABEL_SIZE, _MOST_LINES) for text in columns[:count]]
        above = max(map(len, heads)) * _LINE + 0.03 if heads else 0.0
        top = style.MARGIN + style.HEADER_HEIGHT
        picture_width, picture_height = sheet.image.shape[1] / style.DPI, sheet.image.shape[0] / style.DPI
        page = max(_LEAST_WIDTH, 2 * style.MARGIN + margin + picture_width, style.header_width("", subtitle))
        figure = style.new_figure(page, top + above + picture_height + style.MARGIN)
        style.add_header(figure, title, subtitle)
        left = style.MARGIN + margin
        show_sheet(figure, left, top + above, sheet.image)
        for number, lines in enumerate(heads):
            first = top + above - 0.03 - len(lines) * _LINE  # the last line is next to the picture
            for line, text in enumerate(lines):
                style.add_text(figure, left + sheet.corners[number][0] / style.DPI, first + line * _LINE, text)
        for number, lines in enumerate(names):
            begin = top + above + sheet.corners[number * count][1] / style.DPI
            for line, text in enumerate(lines):
                shown = fit_text(text, margin - 0.1, style.LABEL_SIZE)
                colour = style.MUTED if line else style.INK
                style.add_text(figure, style.MARGIN, begin + line * _LINE, shown, color=colour)
    return figure


def _tiles(row: Row, side: int) -> Pixels:
    limits = row.limits or {}
    found = [
        example_tiles(values, side, limits=limits.get(name), is_square=True)
        for name, values in _shown(row.examples).items()
    ]
    return side_by_side(found)


def _shown(examples: InputValues) -> dict[str, NDArray[Any]]:
    return {
        name: values
        for name, values in by_name(examples).items()
        if values.dtype.kind in "biuf" and kind_of(values.shape[1:]).can_show(values.shape[1:])
    }
