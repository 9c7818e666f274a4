"""Draw the learning curves of several runs in one picture."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from cnncli.plots import style
from cnncli.plots.axis_scales import set_epochs, set_scale, stand_alone
from cnncli.plots.learning_curves import VALIDATION_PREFIX, Series, as_floats, history_of, metrics_of, panel
from cnncli.plots.text_fitting import fit_text, plain_text, text_width

# Okabe and Ito's, without the yellow, which is hardly seen on white; from the eighth run on the lines are dashed.
_COLOURS = (style.BLUE, style.ORANGE, style.GREEN, "#CC79A7", "#E69F00", "#56B4E9", style.INK)
_WIDTHS = (3.4, 1.4)  # points of the first and the last run's line: of equal curves every one is seen
_DASHES = ("-", (0, (5, 2)), (0, (1.5, 1.5)), (0, (5, 2, 1, 2)))
_COLUMNS = {1: 1, 2: 2, 3: 3, 4: 2}  # metrics -> panels in a row; 3 from 5 on
_PLOT_SIZES = {1: (6.6, 3.4), 2: (4.4, 2.9), 3: (3.5, 2.5)}  # panels in a row -> inches of each plot
_TICK_ROOM = 0.62  # inches left of a plot: numbers
_RIGHT_ROOM = 0.3
_HEADING_ROOM = 0.3
_EPOCH_ROOM = 0.5  # inches below a plot: numbers, the word "epoch"
_LEGEND_HEIGHT = 0.21  # inches of a run's line
_SWATCH = 0.35


@dataclass(frozen=True, slots=True, eq=False)
class RunCurves:
    """What one run did.

    Attributes:
        label: its name.
        detail: what is said of it behind its name.
        rows: of its history, one an epoch.
        best_epoch: from 1; marked by a circle.
    """

    label: str
    detail: str
    rows: Sequence[Mapping[str, Any]]
    best_epoch: int | None = None


def draw_compared_curves(runs: Sequence[RunCurves], *, title: str) -> Figure:
    """Draw one panel per metric, with the validation curve of every run, and a legend that says what each reached.

    The training curves are there too, thin and dotted. Later runs have thinner lines, so that each of equal curves is seen.
    A metric without validation is drawn by its training curves alone.

    Args:
        runs: at least one with an epoch; a run without any is in the legend alone.

    Raises:
        ValueError: no run has an epoch with a metric.
    """
    series = [{name: as_floats(values) for name, values in history_of(run.rows).items()} for run in runs]
    epochs = max((len(run.rows) for run in runs), default=0)
    metrics = metrics_of(name for found in series for name in found)
    if not metrics or not epochs:
        raise ValueError("a run with at least one epoch is needed; received none")
    with style.look():
        return _draw_page(title, runs, series, metrics, epochs)


def _draw_page(
    title: str,
    runs: Sequence[RunCurves],
    series: Sequence[Mapping[str, NDArray[np.float64]]],
    metrics: Sequence[str],
    epochs: int,
) -> Figure:
    columns = _COLUMNS.get(len(metrics), 3)
    rows = math.ceil(len(metrics) / columns)
    plot_width, plot_height = _PLOT_SIZES[columns]
    cell_width = _TICK_ROOM + plot_width + _RIGHT_ROOM
    cell_height = _HEADING_ROOM + plot_height + _EPOCH_ROOM
    width = columns * cell_width + 2 * style.MARGIN
    top = style.MARGIN + style.HEADER_HEIGHT
    legend_height = len(runs) * _LEGEND_HEIGHT + 0.15
    figure = style.new_figure(width, top + legend_height + rows * cell_height + style.MARGIN - 0.1)
    has_validation = any(name.startswith(VALIDATION_PREFIX) for found in series for name in found)
    kinds = ["solid: validation", "dotted: training"] if has_validation else ["training"]
    kinds += ["circle: best epoch"] if any(run.best_epoch for run in runs) else []
    style.add_header(figure, title, "; ".join(kinds))
    for number, run in enumerate(runs):
        _draw_legend(figure, _look(number, len(runs)), run, top + number * _LEGEND_HEIGHT, width - 2 * style.MARGIN)
    for index, name in enumerate(metrics):
        left = style.MARGIN + index % columns * cell_width + _TICK_ROOM
        row_top = top + legend_height + index // columns * cell_height + _HEADING_ROOM
        axes = style.add_axes(figure, left, row_top, plot_width, plot_height)
        _draw_panel(axes, name, runs, series, epochs, plot_width)
    return figure


def _look(number: int, count: int) -> dict[str, Any]:
    """How the line of one of so many runs is drawn."""
    return {
        "linewidth": float(np.linspace(*_WIDTHS, count)[number]),
        "color": _COLOURS[number % len(_COLOURS)],
        "linestyle": _DASHES[number // len(_COLOURS) % len(_DASHES)],
    }


def _draw_legend(figure: Figure, look: Mapping[str, Any], run: RunCurves, top: float, width: float) -> None:
    """Write a run's line: its colour, its name, and what is said of it where there is room."""
    page_width, page_height = figure.get_size_inches()
    middle = 1 - (top + _LEGEND_HEIGHT / 2) / page_height
    ends = [style.MARGIN / page_width, (style.MARGIN + _SWATCH) / page_width]
    figure.add_artist(Line2D(ends, [middle, middle], solid_capstyle="butt", **look))
    left, room = style.MARGIN + _SWATCH + 0.1, width - _SWATCH - 0.1
    label = fit_text(plain_text(run.label), room, style.LABEL_SIZE, bold=True)
    figure.text(left / page_width, middle, label, va="center", fontsize=style.LABEL_SIZE, fontweight="bold")
    used = text_width(label, style.LABEL_SIZE, bold=True) + 0.15
    detail = fit_text(plain_text(run.detail), room - used, style.LABEL_SIZE) if run.detail else ""
    place = (left + used) / page_width
    figure.text(place, middle, detail, va="center", fontsize=style.LABEL_SIZE, color=style.MUTED)


def _draw_panel(
    axes: Axes,
    name: str,
    runs: Sequence[RunCurves],
    series: Sequence[Mapping[str, NDArray[np.float64]]],
    epochs: int,
    heading_width: float,
) -> None:
    keys = (name, VALIDATION_PREFIX + name)
    drawn = panel(name, [Series(key, found[key]) for found in series for key in keys if key in found])
    set_epochs(axes, epochs)
    set_scale(axes, drawn.scale)
    for number, (run, found) in enumerate(zip(runs, series, strict=True)):
        look = _look(number, len(runs))
        main = found.get(VALIDATION_PREFIX + name)
        if main is None:
            main = found.get(name)
        elif name in found:
            x = np.arange(1, len(found[name]) + 1)
            dots = (4.2 * number / len(runs), (1.2, 3))  # of equal curves the dots lie beside each other
            axes.plot(
                x, found[name], color=look["color"], linestyle=dots, linewidth=0.9, dash_capstyle="butt", zorder=2
            )
        if main is not None:
            _draw_line(axes, look, main, run.best_epoch)
    bold = fit_text(plain_text(drawn.title), heading_width, style.HEADING_SIZE, bold=True)
    place: dict[str, Any] = {"xycoords": "axes fraction", "textcoords": "offset points", "annotation_clip": False}
    axes.annotate(bold, (0, 1), xytext=(0, 6), fontsize=style.HEADING_SIZE, fontweight="bold", **place)
    if drawn.scale.logarithmic:
        moved = (text_width(bold, style.HEADING_SIZE, bold=True) + 0.12) * 72
        axes.annotate("log scale", (0, 1), xytext=(moved, 6), fontsize=style.LABEL_SIZE, color=style.MUTED, **place)


def _draw_line(axes: Axes, look: Mapping[str, Any], values: NDArray[np.float64], best_epoch: int | None) -> None:
    x = np.arange(1, len(values) + 1)
    axes.plot(x, values, clip_on=False, zorder=3, **look)
    alone = stand_alone(values)
    axes.plot(
        x[alone], values[alone], "o", color=look["color"], markersize=3 + look["linewidth"], clip_on=False, zorder=3
    )
    if best_epoch is not None and 1 <= best_epoch <= len(values) and np.isfinite(values[best_epoch - 1]):
        axes.plot(
            [best_epoch], [values[best_epoch - 1]], "o", clip_on=False, zorder=4, markersize=5.5 + 1.5 * look["linewidth"],
            markerfacecolor=style.PAPER, markeredgecolor=look["color"], markeredgewidth=1.8,
        )  # fmt: skip
