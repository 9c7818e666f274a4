"""Draw texts as lists of lines under headings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.figure import Figure

from cnncli.plots import style
from cnncli.plots.text_fitting import Title, fit_text, plain_text

_WIDTH = 9.0  # inches of a line
_LINE = 0.2
_BETWEEN = 0.14


@dataclass(frozen=True, slots=True)
class Block:
    """Lines under a heading.

    Attributes:
        heading: any text, in bold.
        beside: after it, in gray.
        lines: any texts, each shortened to the page.
    """

    heading: str
    beside: str
    lines: Sequence[str]


def draw_text_lists(blocks: Sequence[Block], *, title: str | Title, subtitle: str) -> Figure:
    """Draw blocks one below the other.

    Args:
        blocks: at least one.
        title, subtitle: the heading of the page, any text.
    """
    height = sum(_LINE * (1 + len(block.lines)) + _BETWEEN for block in blocks)
    with style.look():
        top = style.MARGIN + style.HEADER_HEIGHT
        figure = style.new_figure(_WIDTH + 2 * style.MARGIN, top + height + style.MARGIN)
        style.add_header(figure, title, subtitle)
        for block in blocks:
            heading = f"{plain_text(block.heading)}  {block.beside}" if block.beside else plain_text(block.heading)
            shown = fit_text(heading, _WIDTH, style.LABEL_SIZE, bold=True)
            style.add_text(figure, style.MARGIN, top, shown, fontweight="bold")
            for number, line in enumerate(block.lines, 1):
                fitted = fit_text(plain_text(line), _WIDTH, style.LABEL_SIZE)
                style.add_text(figure, style.MARGIN, top + number * _LINE, fitted)
            top += _LINE * (1 + len(block.lines)) + _BETWEEN
    return figure
