"""Draw learning curves: each metric by epoch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cnncli.messages import number_text
from cnncli.plots import style
from cnncli.plots.axis_scales import set_epochs, set_scale, size_in_inches, stand_alone
from cnncli.plots.learning_curves import (
    LEARNING_RATE,
    History,
    LearningCurves,
    Panel,
    Phases,
    Series,
    learning_curves,
)
from cnncli.plots.text_fitting import fit_text, plain_text, text_width

_COLUMNS = {1: 1, 2: 2, 3: 3, 4: 2, 5: 3, 6: 3, 7: 4, 8: 4, 9: 3}  # metrics -> panels in a row; 4 from 10 on
_PLOT_SIZES = {1: (6.6, 3.4), 2: (4.4, 2.9), 3: (3.5, 2.5), 4: (2.7, 1.9)}  # panels in a row -> inches of each plot
_TICK_ROOM = 0.62  # inches left of a plot: numbers
_LABEL_ROOM = 0.85  # inches right of a plot: "validation"
_HEADING_ROOM = 0.3
_PHASE_ROOM = 0.19
_EPOCH_ROOM = 0.5  # inches below a plot: numbers, the word "epoch"
_RATE_HEIGHT = 0.8
_LABEL_HEIGHT = 0.17


_COLOURS = {"train": style.BLUE, "validation": style.ORANGE, "": style.GREEN}  # "": the learning rate


def draw_curves(history: History, *, title: str, best_epoch: int | None = None, phases: Phases = ()) -> Figure:
    """Draw one panel per metric, training and validation together, over epochs from 1.

    The learning rate is a low panel of its own below the others, and only when it changes. A loss (or a learning rate)
    that spans more than a factor of 50 gets a logarithmic scale, and says so.

    Args:
        history: metric -> one value an epoch, as Keras' `History.history`; `val_<metric>` belongs to `<metric>`.
            NaN, infinity and None are holes. Lists may differ in length: each starts at epoch 1.
        title: the heading, any text.
        best_epoch: from 1; marked in every panel and named with its values.
        phases: (first epoch from 1, name) of each phase of the training, in order.

    Raises:
        ValueError: there is no epoch at all, or `best_epoch` is none of the epochs.
    """
    named = [(first, plain_text(name)) for first, name in phases]
    curves = learning_curves(history, best_epoch=best_epoch, phases=named)
    if curves.epochs == 0:
        raise ValueError("a history with at least one epoch is needed; received one without")
    if best_epoch is not None and not 1 <= best_epoch <= curves.epochs:
        raise ValueError(f"best_epoch is between 1 and {curves.epochs}; received {best_epoch}")
    with style.look():
        return _draw_page(title, curves)


def _draw_page(title: str, curves: LearningCurves) -> Figure:
    metrics = [panel for panel in curves.panels if panel.name != LEARNING_RATE]
    rates = curves.panels[len(metrics) :]
    columns = min(_COLUMNS.get(len(metrics), 4), max(1, len(metrics)))
    rows = math.ceil(len(metrics) / columns)
    plot_width, plot_height = _PLOT_SIZES[columns]
    cell_width = _TICK_ROOM + plot_width + _LABEL_ROOM
    above = _HEADING_ROOM + (_PHASE_ROOM if curves.phases else 0)
    cell_height = above + plot_height + _EPOCH_ROOM
    rate_height = above + _RATE_HEIGHT + _EPOCH_ROOM if rates else 0
    width = columns * cell_width + 2 * style.MARGIN - 0.15  # the last label has some white of its own
    top = style.MARGIN + style.HEADER_HEIGHT
    figure = style.new_figure(width, top + rows * cell_height + rate_height + style.MARGIN - 0.1)
    style.add_header(figure, title, _subtitle(curves))

    for index, panel in enumerate(metrics):
        left = style.MARGIN + index % columns * cell_width + _TICK_ROOM
        row_top = top + index // columns * cell_height + above
        axes = style.add_axes(figure, left, row_top, plot_width, plot_height)
        _draw_panel(axes, panel, curves, plot_width + _LABEL_ROOM - 0.1)
    for panel in rates:
        rate_width = (columns - 1) * cell_width + plot_width
        axes = style.add_axes(
            figure, style.MARGIN + _TICK_ROOM, top + rows * cell_height + above, rate_width, _RATE_HEIGHT
        )
        _draw_panel(axes, panel, curves, rate_width)
    return figure


def _draw_panel(axes: Axes, panel: Panel, curves: LearningCurves, heading_width: float) -> None:
    set_epochs(axes, curves.epochs)
    set_scale(axes, panel.scale)
    for series in panel.series:
        _draw_series(axes, series, curves)
    _draw_phases(axes, curves)
    if curves.best_epoch is not None:
        axes.axvline(curves.best_epoch, color=style.MUTED, linewidth=0.9, linestyle=(0, (1, 2.5)), zorder=1)
    _label_series(axes, panel.series)
    _write_heading(axes, panel, curves, heading_width)


def _draw_series(axes: Axes, series: Series, curves: LearningCurves) -> None:
    x = np.arange(1, len(series.values) + 1)
    drawstyle = "default" if series.label else "steps-mid"  # a learning rate holds for its whole epoch
    axes.plot(x, series.values, color=_COLOURS[series.label], drawstyle=drawstyle, clip_on=False, zorder=3)
    alone = stand_alone(series.values) if curves.epochs > 12 else np.isfinite(series.values)
    axes.plot(
        x[alone], series.values[alone], "o", color=_COLOURS[series.label], markersize=4.5, clip_on=False, zorder=3
    )
    best = curves.best_epoch
    if best is not None and best <= len(series.values) and np.isfinite(series.values[best - 1]):
        ring: dict[str, Any] = {
            "markersize": 9,
            "markerfacecolor": style.PAPER,
            "markeredgecolor": _COLOURS[series.label],
            "markeredgewidth": 2,
        }
        axes.plot([best], [series.values[best - 1]], "o", clip_on=False, zorder=4, **ring)


def _draw_phases(axes: Axes, curves: LearningCurves) -> None:
    left, right = axes.get_xlim()
    inches = size_in_inches(axes)[0] / (right - left)
    starts = [max(left, first - 0.5) for first, _ in curves.phases]
    ends = [*starts[1:], right]
    for (_, name), start, end in zip(curves.phases, starts, ends, strict=False):
        if start > 1:
            axes.axvline(start, color=style.FRAME, linewidth=0.9, zorder=1)
        shown = fit_text(name, (end - start) * inches - 0.05, 8)
        axes.annotate(
            shown, (start, 1), xycoords=axes.get_xaxis_transform(), xytext=(2, 3), textcoords="offset points",
            fontsize=8, color=style.MUTED, annotation_clip=False,
        )  # fmt: skip


def _label_series(axes: Axes, pair: Sequence[Series]) -> None:
    """Write each curve's name at its end, moved apart where the ends are near each other."""
    height = size_in_inches(axes)[1]
    ends = []  # (inches above the axis, epoch, series)
    for series in pair:
        where = np.flatnonzero(np.isfinite(series.values))
        if series.label and where.size:
            point = axes.transData.transform((where[-1] + 1, series.values[where[-1]]))
            above = axes.transAxes.inverted().transform(point)[1] * height
            ends.append((float(above), int(where[-1]) + 1, series))
    ends.sort(key=lambda end: end[0])
    heights = [above for above, _, _ in ends]
    if len(heights) == 2 and heights[1] - heights[0] < _LABEL_HEIGHT:
        middle = min(max(sum(heights) / 2, _LABEL_HEIGHT / 2), height - _LABEL_HEIGHT / 2)
        heights = [middle - _LABEL_HEIGHT / 2, middle + _LABEL_HEIGHT / 2]
    for above, (_, epoch, series) in zip(heights, ends, strict=True):
        axes.annotate(
            series.label, (epoch, above / height), xycoords=axes.get_xaxis_transform(), xytext=(9, 0),
            textcoords="offset points", va="center", color=_COLOURS[series.label], fontsize=style.LABEL_SIZE,
            annotation_clip=False, zorder=5,
        )  # fmt: skip


def _write_heading(axes: Axes, panel: Panel, curves: LearningCurves, width: float) -> None:
    """Write the metric's name and its values at the best epoch, or else at the last, above the panel."""
    epoch = curves.best_epoch or curves.epochs
    values = [
        f"{series.label} {number_text(series.values[epoch - 1])}".strip()
        for series in reversed(panel.series)
        if epoch <= len(series.values) and np.isfinite(series.values[epoch - 1])
    ]
    scale = ["log scale"] if panel.scale.logarithmic else []
    candidates = [[*values, *scale], [*values[:1], *scale], scale]
    bold = fit_text(plain_text(panel.title), width, style.HEADING_SIZE, bold=True)
    used = text_width(bold, style.HEADING_SIZE, bold=True) + 0.12
    raised = 6 + (_PHASE_ROOM * 72 if curves.phases else 0)
    place: dict[str, Any] = {"xycoords": "axes fraction", "textcoords": "offset points", "annotation_clip": False}
    axes.annotate(bold, (0, 1), xytext=(0, raised), fontsize=style.HEADING_SIZE, fontweight="bold", **place)
    lines = (" · ".join(parts) for parts in candidates)
    details = next((line for line in lines if text_width(line, style.LABEL_SIZE) <= width - used), "")
    axes.annotate(details, (0, 1), xytext=(used * 72, raised), fontsize=style.LABEL_SIZE, color=style.MUTED, **place)


def _subtitle(curves: LearningCurves) -> str:
    parts = [f"{curves.epochs} epoch" + ("s" if curves.epochs > 1 else "")]
    if curves.best_epoch is not None:
        parts.append(f"values at the best, epoch {curves.best_epoch} (ringed)")
    elif curves.epochs > 1:
        parts.append("values at the last")
    lasts = [first - 1 for first, _ in curves.phases[1:]] + [curves.epochs]
    for (first, name), last in zip(curves.phases, lasts, strict=False):
        parts.append(f"{name}: {first}–{last}" if last > first else f"{name}: {first}")
    return " · ".join(parts)
