"""Draw precision over recall of an object detector, for each class and for all together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib.figure import Figure

from cnncli.messages import cell
from cnncli.plots import style
from cnncli.plots.text_fitting import Title, fit_text, plain_text
from cnncli.tasks.detection.average_precision import RECALLS
from cnncli.tasks.detection.scores import ClassAp, PrecisionCurve

_WIDTH, _HEIGHT = 4.6, 3.6
_LEFT, _BELOW = 0.6, 0.5
_LIST, _ROW = 2.4, 0.22
_MOST = 14  # classes that are listed
_LINES: tuple[tuple[str, Any], ...] = (
    (style.ORANGE, "-"),
    (style.GREEN, (0, (4, 1.5))),
    (style.BLUE, (0, (1, 1))),
)
_OTHERS = "#9FB4C4"


def draw_box_curves(curves: Sequence[PrecisionCurve], classes: Sequence[ClassAp], *, title: str | Title) -> Figure:
    """Draw the curves at an intersection over union of 0.5, and list AP50 of each class, the lowest first.

    The three lowest classes have colors, the others are gray; the mean is black.

    Args:
        curves: `all` first.
        classes: with their AP50.
        title: the heading, any text.
    """
    order = sorted((each for each in classes if each.ap50 is not None), key=lambda each: each.ap50 or 0.0)
    by_name = {curve.name: curve for curve in curves[1:]}
    with style.look():
        top = style.MARGIN + style.HEADER_HEIGHT
        subtitle = "a box counts as found from an intersection over union of 0.5"
        page = max(2 * style.MARGIN + _LEFT + _WIDTH + 0.3 + _LIST, style.header_width("", subtitle))
        figure = style.new_figure(page, top + _HEIGHT + _BELOW + style.MARGIN - 0.1)
        style.add_header(figure, title, subtitle)
        axes = style.add_axes(figure, style.MARGIN + _LEFT, top, _WIDTH, _HEIGHT)
        axes.grid(True)
        axes.tick_params(length=0)
        axes.set(xlim=(0, 1), ylim=(0, 1.02))
        axes.set_xlabel("recall", color=style.INK, fontsize=10)
        axes.set_ylabel("precision", color=style.INK, fontsize=10)
        left = style.MARGIN + _LEFT + _WIDTH + 0.3
        style.add_text(figure, left + 0.32, top, "class", color=style.MUTED)
        style.add_text(figure, left + _LIST, top, "AP50", color=style.MUTED, ha="right")
        for place, each in reversed(list(enumerate(order))):
            color, dashes = _LINES[place] if place < len(_LINES) else (_OTHERS, "-")
            if each.name in by_name:
                axes.plot(RECALLS, by_name[each.name].precision, color=color, linestyle=dashes, linewidth=1.6)
            if place < _MOST:
                _list(figure, left, top + _ROW * (place + 2), each.name, each.ap50, color, dashes)
        if curves:
            axes.plot(RECALLS, curves[0].precision, color=style.INK, linewidth=2.2)
            mean = [each.ap50 for each in order if each.ap50 is not None]
            _list(figure, left, top + _ROW, "all (mean)", sum(mean) / len(mean) if mean else None, style.INK, "-")
        if len(order) > _MOST:
            more = f"and {len(order) - _MOST:,} more, higher ones"
            style.add_text(figure, left + 0.32, top + _ROW * (_MOST + 2), more, color=style.MUTED)
    return figure


def _list(figure: Figure, left: float, top: float, name: str, value: float | None, color: str, dashes: Any) -> None:
    from matplotlib.lines import Line2D

    width, height = figure.get_size_inches()
    level = 1 - (top + 0.06) / height
    line = Line2D([left / width, (left + 0.24) / width], [level, level], color=color, linestyle=dashes, linewidth=2)
    figure.add_artist(line)
    room = _LIST - 0.32 - 0.6
    style.add_text(figure, left + 0.32, top, fit_text(plain_text(name), room, style.LABEL_SIZE))
    style.add_text(figure, left + _LIST, top, cell(value), ha="right")
