"""Draw ROC and precision-recall curves."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from cnncli.plots import style
from cnncli.plots.score_charts import AreaChart, area_charts
from cnncli.plots.text_fitting import Title, fit_text, plain_text, text_width
from cnncli.tasks.classification.roc import MOST_CURVES, PrecisionRecall, Roc

MOST_LISTED = 20  # classes

_SIDE = 3.5  # inches of each plot
_LEFT, _BETWEEN, _BELOW = 0.6, 0.85, 0.55
_HEADING = 0.3
_LONGEST_NAME = 1.7
_NUMBER = 0.62  # inches of a column of the list
_ROW = 0.19
_MARKED = 3  # curves, the worst, that get a colour; more could not be told apart
_ZOOM_FROM = 0.98  # mean area from which the corner, into which the curves crowd, is shown larger
_ZOOM = 0.1  # of each axis
_LINES: tuple[tuple[str, Any], ...] = ((style.ORANGE, "-"), (style.GREEN, (0, (4, 1.5))), (style.BLUE, (0, (1, 1))))
_OTHERS = "#9FB4C4"


def draw_roc(roc: Roc, precision_recall: PrecisionRecall, *, title: str | Title) -> Figure:
    """Draw both curves of every class, and list the classes, the worst first.

    The three classes of the lowest average precision have colours, the others are gray. Where the curves crowd into a
    corner, it is shown larger within the plot. Of more than 20 classes, for which no curves are kept, the areas are drawn
    in order, and the lowest are listed.

    Args:
        roc, precision_recall: of the same classes.
        title: the heading, any text.
    """
    charts = area_charts(roc, precision_recall)
    order = _worst_first(*charts)
    with style.look():
        rows = min(len(order), MOST_LISTED)
        listed = 0.28 + rows * _ROW + (_ROW if len(order) > rows else 0)
        names = [
            fit_text(plain_text(charts[0].curves[index].name), _LONGEST_NAME, style.LABEL_SIZE)
            for index in order[:rows]
        ]
        name_width = max(
            [text_width("class", style.LABEL_SIZE), *(text_width(name, style.LABEL_SIZE) for name in names)]
        )
        top = style.MARGIN + style.HEADER_HEIGHT
        list_left = style.MARGIN + _LEFT + 2 * _SIDE + _BETWEEN + 0.4
        width = list_left + 0.3 + name_width + 2 * _NUMBER + 0.1 + style.MARGIN
        height = top + max(_HEADING + _SIDE + _BELOW, listed) + style.MARGIN - 0.1
        figure = style.new_figure(width, height)
        style.add_header(figure, title, _subtitle(*charts))
        for number, panel in enumerate(charts):
            left = style.MARGIN + _LEFT + number * (_SIDE + _BETWEEN)
            axes = style.add_axes(figure, left, top + _HEADING, _SIDE, _SIDE)
            heading = panel.title if _has_points(panel) else panel.area
            axes.set_title(heading, loc="left", fontsize=style.HEADING_SIZE, fontweight="bold", pad=7)
            if _has_points(panel):
                _draw_curves(axes, panel, order)
            else:
                _draw_areas(axes, panel)
        _list_classes(figure, list_left, top, names, name_width, order, charts)
    return figure


def _has_points(chart: AreaChart) -> bool:
    return len(chart.curves) <= MOST_CURVES


def _worst_first(roc: AreaChart, precision_recall: AreaChart) -> list[int]:
    """Return the classes by average precision, the lowest first, those without one last."""

    def key(index: int) -> list[float]:
        areas = [chart.curves[index].area for chart in (precision_recall, roc)]
        return [math.inf if area is None else area for area in areas]

    return sorted(range(len(roc.curves)), key=key)


def _draw_curves(axes: Axes, panel: AreaChart, order: list[int]) -> None:
    axes.set(xlim=(0, 1), ylim=(0, 1))
    _prepare(axes, panel.x_label, panel.y_label)
    _draw_lines(axes, panel, order)
    if panel.mean is not None and panel.mean >= _ZOOM_FROM:
        _enlarge_corner(axes, panel, order)
    elif panel.is_roc:
        axes.plot([0, 1], [0, 1], color=style.FRAME, linewidth=1, linestyle=(0, (1, 2)), zorder=1)
        axes.text(0.63, 0.6, "guessing", fontsize=8, color=style.MUTED, ha="center", va="top", rotation=45)


def _enlarge_corner(axes: Axes, panel: AreaChart, order: list[int]) -> None:
    low = 0.0 if panel.is_roc else 1 - _ZOOM
    # In the middle below, where a curve of such an area does not come.
    inset = axes.inset_axes((0.38 if panel.is_roc else 0.25, 0.14, 0.52, 0.52))
    inset.set(xlim=(low, low + _ZOOM), ylim=(1 - _ZOOM, 1.0))
    inset.grid(True)
    inset.spines[["right", "top"]].set_visible(True)
    inset.set_xticks([low, low + _ZOOM / 2, low + _ZOOM])
    inset.set_yticks([1 - _ZOOM, 1 - _ZOOM / 2, 1.0])
    inset.tick_params(labelsize=8, length=0)
    _draw_lines(inset, panel, order)
    inset.set_title("the corner, enlarged", loc="left", fontsize=8, color=style.MUTED, pad=3)
    frame: dict[str, Any] = {"fill": False, "edgecolor": style.FRAME, "linewidth": 0.9, "clip_on": False}
    axes.add_patch(Rectangle((low, 1 - _ZOOM), _ZOOM, _ZOOM, **frame))


def _prepare(axes: Axes, x: str, y: str) -> None:
    axes.set_xlabel(x, color=style.INK, fontsize=10)
    axes.set_ylabel(y, color=style.INK, fontsize=10)
    axes.grid(True)
    axes.tick_params(length=0)


def _draw_lines(axes: Axes, panel: AreaChart, order: list[int]) -> None:
    alone = len(order) == 1
    for place, index in reversed(list(enumerate(order))):  # the worst on top
        curve = panel.curves[index]
        colour, dashes = _line(place, alone=alone)
        # Precision holds until the next step of recall is taken; a straight line would promise more.
        steps = "default" if panel.is_roc else "steps-pre"
        axes.plot(
            curve.x, curve.y, color=colour, linestyle=dashes, drawstyle=steps, zorder=3,
            linewidth=2 if place < _MARKED else 1.1,
        )  # fmt: skip
    if not any(len(curve.x) for curve in panel.curves):
        axes.text(
            0.5,
            0.4,
            "no examples of this class,\nor no others",
            transform=axes.transAxes,
            ha="center",
            color=style.MUTED,
        )


def _line(place: int, *, alone: bool) -> tuple[str, Any]:
    if alone:
        return style.BLUE, "-"
    return _LINES[place] if place < _MARKED else (_OTHERS, "-")


def _draw_areas(axes: Axes, panel: AreaChart) -> None:
    """The area of each class, lowest first."""
    areas = np.sort([curve.area for curve in panel.curves if curve.area is not None])
    low = float(areas.min()) if areas.size else 0.0
    axes.plot(np.arange(1, len(areas) + 1), areas, color=style.BLUE, clip_on=False)
    axes.set(xlim=(1, max(2, len(areas))), ylim=(max(0.0, low - 0.1 * (1 - low) - 0.001), 1))
    _prepare(axes, "classes, the lowest first", panel.area[:1].lower() + panel.area[1:])


def _list_classes(
    figure: Figure,
    left: float,
    top: float,
    names: list[str],
    name_width: float,
    order: list[int],
    charts: tuple[AreaChart, AreaChart],
) -> None:
    text = left + 0.3
    first, second = text + name_width + _NUMBER, text + name_width + 2 * _NUMBER
    style.add_text(figure, text, top + 0.02, "class", color=style.MUTED)
    style.add_text(figure, first, top + 0.02, "AUC", color=style.MUTED, ha="right")
    style.add_text(figure, second, top + 0.02, "AP", color=style.MUTED, ha="right")
    width, height = figure.get_size_inches()
    for row, name in enumerate(names):
        y = top + 0.28 + row * _ROW
        index = order[row]
        if _has_points(charts[0]):
            colour, dashes = _line(row, alone=len(order) == 1)
            line: dict[str, Any] = {"color": colour, "linestyle": dashes, "linewidth": 2 if row < _MARKED else 1.1}
            ends = np.array([left, left + 0.22]) / width
            figure.add_artist(Line2D(ends, [1 - (y + 0.06) / height] * 2, solid_capstyle="butt", **line))
        style.add_text(figure, text, y, name)
        for x, panel in zip((first, second), charts, strict=True):
            style.add_text(figure, x, y, _area_text(panel.curves[index].area), ha="right")
    left_out = len(order) - len(names)
    if left_out:
        y = top + 0.28 + len(names) * _ROW
        style.add_text(figure, text, y, f"and {left_out:,} more, higher ones", color=style.MUTED)


def _area_text(area: float | None) -> str:
    """Never rounded up to 1."""
    if area is None:
        return "none"
    return ">0.9999" if 0.99995 <= area < 1 else f"{area:.4f}"


def _subtitle(roc: AreaChart, precision_recall: AreaChart) -> str:
    if roc.mean is None or precision_recall.mean is None:
        return "no class has both positive and negative examples"
    if len(roc.curves) == 1:
        name = plain_text(roc.curves[0].name)
        return f"{name}: area under the ROC curve {roc.mean:.4f} · average precision {precision_recall.mean:.4f}"
    return (
        f"each class against the rest · mean area under the ROC curve {roc.mean:.4f} · "
        f"mean average precision {precision_recall.mean:.4f}"
    )
