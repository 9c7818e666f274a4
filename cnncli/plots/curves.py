"""Draw learning curves: each metric by epoch."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from cnncli.messages import number_text
from cnncli.plots import style
from cnncli.plots.axis_scales import (
    LEARNING_RATE,
    VALIDATION_PREFIX,
    as_floats,
    is_logarithmic,
    readable,
    set_epochs,
    set_scale,
    size_in_inches,
    stand_alone,
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


@dataclass(frozen=True)
class _Series:
    label: str
    colour: str
    values: NDArray[np.float64]  # (epochs,), NaN where there is none


@dataclass(frozen=True)
class _Time:
    """What all panels share about the epochs."""

    epochs: int
    best_epoch: int | None
    phases: tuple[tuple[int, str], ...]


def draw_curves(
    history: Mapping[str, Sequence[float | None]],
    *,
    title: str,
    best_epoch: int | None = None,
    phases: Sequence[tuple[int, str]] = (),
) -> Figure:
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
    series = {name: as_floats(values) for name, values in history.items()}
    epochs = max((len(values) for values in series.values()), default=0)
    if epochs == 0:
        raise ValueError("a history with at least one epoch is needed; received one without")
    if best_epoch is not None and not 1 <= best_epoch <= epochs:
        raise ValueError(f"best_epoch is between 1 and {epochs}; received {best_epoch}")
    time = _Time(epochs, best_epoch, tuple((first, plain_text(name)) for first, name in phases))

    rate = series.pop(LEARNING_RATE, None)
    rate_changes = rate is not None and np.unique(rate[np.isfinite(rate)]).size > 1
    metrics = list(dict.fromkeys(name.removeprefix(VALIDATION_PREFIX) for name in series))
    metrics.sort(key=lambda name: name != "loss")  # Keras lists by alphabet; what is minimised comes first
    with style.look():
        return _draw_page(title, time, metrics, series, rate if rate_changes or not metrics else None)


def _draw_page(
    title: str,
    time: _Time,
    metrics: list[str],
    series: dict[str, NDArray[np.float64]],
    rate: NDArray[np.float64] | None,
) -> Figure:
    columns = min(_COLUMNS.get(len(metrics), 4), max(1, len(metrics)))
    rows = math.ceil(len(metrics) / columns)
    plot_width, plot_height = _PLOT_SIZES[columns]
    cell_width = _TICK_ROOM + plot_width + _LABEL_ROOM
    above = _HEADING_ROOM + (_PHASE_ROOM if time.phases else 0)
    cell_height = above + plot_height + _EPOCH_ROOM
    rate_height = above + _RATE_HEIGHT + _EPOCH_ROOM if rate is not None else 0
    width = columns * cell_width + 2 * style.MARGIN - 0.15  # the last label has some white of its own
    top = style.MARGIN + style.HEADER_HEIGHT
    figure = style.new_figure(width, top + rows * cell_height + rate_height + style.MARGIN - 0.1)
    style.add_header(figure, title, _subtitle(time))

    for index, name in enumerate(metrics):
        left = style.MARGIN + index % columns * cell_width + _TICK_ROOM
        row_top = top + index // columns * cell_height + above
        axes = style.add_axes(figure, left, row_top, plot_width, plot_height)
        _draw_panel(axes, name, _pair(name, series), time, plot_width + _LABEL_ROOM - 0.1)
    if rate is not None:
        rate_width = (columns - 1) * cell_width + plot_width
        axes = style.add_axes(
            figure, style.MARGIN + _TICK_ROOM, top + rows * cell_height + above, rate_width, _RATE_HEIGHT
        )
        _draw_panel(axes, LEARNING_RATE, [_Series("", style.GREEN, rate)], time, rate_width)
    return figure


def _pair(name: str, series: dict[str, NDArray[np.float64]]) -> list[_Series]:
    """Return what belongs into one panel, training first."""
    wanted = ((name, "train", style.BLUE), (VALIDATION_PREFIX + name, "validation", style.ORANGE))
    return [_Series(label, colour, series[key]) for key, label, colour in wanted if key in series]


def _draw_panel(axes: Axes, name: str, pair: list[_Series], time: _Time, heading_width: float) -> None:
    finite = np.concatenate([series.values[np.isfinite(series.values)] for series in pair])
    logarithmic = is_logarithmic(name, finite)
    set_epochs(axes, time.epochs)
    set_scale(axes, name, finite, logarithmic)
    for series in pair:
        _draw_series(axes, series, time)
    _draw_phases(axes, time)
    if time.best_epoch is not None:
        axes.axvline(time.best_epoch, color=style.MUTED, linewidth=0.9, linestyle=(0, (1, 2.5)), zorder=1)
    _label_series(axes, pair)
    _write_heading(axes, name, pair, time, heading_width, logarithmic)
    if finite.size == 0:
        axes.text(0.5, 0.5, "no finite value", transform=axes.transAxes, ha="center", va="center", color=style.MUTED)


def _draw_series(axes: Axes, series: _Series, time: _Time) -> None:
    x = np.arange(1, len(series.values) + 1)
    drawstyle = "default" if series.label else "steps-mid"  # a learning rate holds for its whole epoch
    axes.plot(x, series.values, color=series.colour, drawstyle=drawstyle, clip_on=False, zorder=3)
    alone = stand_alone(series.values) if time.epochs > 12 else np.isfinite(series.values)
    axes.plot(x[alone], series.values[alone], "o", color=series.colour, markersize=4.5, clip_on=False, zorder=3)
    best = time.best_epoch
    if best is not None and best <= len(series.values) and np.isfinite(series.values[best - 1]):
        ring: dict[str, Any] = {
            "markersize": 9,
            "markerfacecolor": style.PAPER,
            "markeredgecolor": series.colour,
            "markeredgewidth": 2,
        }
        axes.plot([best], [series.values[best - 1]], "o", clip_on=False, zorder=4, **ring)


def _draw_phases(axes: Axes, time: _Time) -> None:
    left, right = axes.get_xlim()
    inches = size_in_inches(axes)[0] / (right - left)
    starts = [max(left, first - 0.5) for first, _ in time.phases]
    ends = [*starts[1:], right]
    for (_, name), start, end in zip(time.phases, starts, ends, strict=False):
        if start > 1:
            axes.axvline(start, color=style.FRAME, linewidth=0.9, zorder=1)
        shown = fit_text(name, (end - start) * inches - 0.05, 8)
        axes.annotate(
            shown, (start, 1), xycoords=axes.get_xaxis_transform(), xytext=(2, 3), textcoords="offset points",
            fontsize=8, color=style.MUTED, annotation_clip=False,
        )  # fmt: skip


def _label_series(axes: Axes, pair: list[_Series]) -> None:
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
            textcoords="offset points", va="center", color=series.colour, fontsize=style.LABEL_SIZE,
            annotation_clip=False, zorder=5,
        )  # fmt: skip


def _write_heading(axes: Axes, name: str, pair: list[_Series], time: _Time, width: float, logarithmic: bool) -> None:
    """Write the metric's name and its values at the best epoch, or else at the last, above the panel."""
    epoch = time.best_epoch or time.epochs
    values = [
        f"{series.label} {number_text(series.values[epoch - 1])}".strip()
        for series in reversed(pair)
        if epoch <= len(series.values) and np.isfinite(series.values[epoch - 1])
    ]
    scale = ["log scale"] if logarithmic else []
    candidates = [[*values, *scale], [*values[:1], *scale], scale]
    bold = fit_text(readable(name), width, style.HEADING_SIZE, bold=True)
    used = text_width(bold, style.HEADING_SIZE, bold=True) + 0.12
    raised = 6 + (_PHASE_ROOM * 72 if time.phases else 0)
    place: dict[str, Any] = {"xycoords": "axes fraction", "textcoords": "offset points", "annotation_clip": False}
    axes.annotate(bold, (0, 1), xytext=(0, raised), fontsize=style.HEADING_SIZE, fontweight="bold", **place)
    lines = (" · ".join(parts) for parts in candidates)
    details = next((line for line in lines if text_width(line, style.LABEL_SIZE) <= width - used), "")
    axes.annotate(details, (0, 1), xytext=(used * 72, raised), fontsize=style.LABEL_SIZE, color=style.MUTED, **place)


def _subtitle(time: _Time) -> str:
    parts = [f"{time.epochs} epoch" + ("s" if time.epochs > 1 else "")]
    if time.best_epoch is not None:
        parts.append(f"values at the best, epoch {time.best_epoch} (ringed)")
    elif time.epochs > 1:
        parts.append("values at the last")
    lasts = [first - 1 for first, _ in time.phases[1:]] + [time.epochs]
    for (first, name), last in zip(time.phases, lasts, strict=False):
        parts.append(f"{name}: {first}–{last}" if last > first else f"{name}: {first}")
    return " · ".join(parts)
