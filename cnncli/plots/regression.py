"""Draw predicted over true values, and residuals."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from cnncli.messages import number_text
from cnncli.plots import style
from cnncli.plots.text_fitting import Title
from cnncli.tasks.regression.scores import RegressionScores

MOST_SHOWN = 6  # of the numbers that an example has
_MOST_POINTS = 5000
_COLUMNS = 3
_SIDE = 3.9  # inches of a plot; of several
_SMALL_SIDE = 2.7
_LEFT, _BETWEEN, _BELOW = 0.65, 0.75, 0.55
_HEADING = 0.3
_HISTOGRAM = 1.1  # inches of its width
_BINS = 40


def draw_predicted(
    targets: NDArray[np.float32], predicted: NDArray[np.float32], scores: RegressionScores, *, title: str | Title
) -> Figure:
    """Draw the predicted number over the true one, a point an example; on the diagonal a prediction is right.

    The gray line is what always predicting the mean of the training targets would draw.

    Args:
        targets, predicted: (examples, k), or the first `MOST_SHOWN` of the k numbers.
        scores: of all k.
        title: the heading, any text.
    """
    shown = min(len(scores.per_target), MOST_SHOWN)
    side = _SIDE if shown == 1 else _SMALL_SIDE
    columns = min(shown, _COLUMNS)
    rows = math.ceil(shown / columns)
    heading = _HEADING if shown > 1 else 0.1
    subtitle = _subtitle(scores) + _left_out(scores)
    with style.look():
        top = style.MARGIN + style.HEADER_HEIGHT
        width = 2 * style.MARGIN + columns * (_LEFT + side) + (columns - 1) * (_BETWEEN - _LEFT) + 0.15
        height = top + rows * (heading + side + _BELOW) + style.MARGIN - 0.1
        figure = style.new_figure(max(width, style.header_width("", subtitle)), height)
        style.add_header(figure, title, subtitle)
        for number in range(shown):
            row, column = divmod(number, columns)
            left = style.MARGIN + _LEFT + column * (side + _BETWEEN)
            axes = style.add_axes(figure, left, top + row * (heading + side + _BELOW) + heading, side, side)
            if shown > 1:
                _head(axes, number, scores)
            _draw_points(axes, targets[:, number], predicted[:, number], scores.baseline.says[number])
            axes.set_xlabel("true value", color=style.INK, fontsize=10)
            if column == 0:
                axes.set_ylabel("predicted value", color=style.INK, fontsize=10)
    return figure


def draw_residuals(
    targets: NDArray[np.float32], predicted: NDArray[np.float32], scores: RegressionScores, *, title: str | Title
) -> Figure:
    """Draw the error of each prediction over the true number, and beside it how often which error occurs.

    Args, as of `draw_predicted`.
    """
    shown = min(len(scores.per_target), MOST_SHOWN)
    wide, high = 5.2, 3.2 if shown == 1 else 1.9
    heading = _HEADING if shown > 1 else 0.1
    subtitle = f"predicted minus true: {_signed(scores.mean_error)} on average" + _left_out(scores)
    if shown > 1:
        subtitle = "predicted minus true" + _left_out(scores)
    with style.look():
        top = style.MARGIN + style.HEADER_HEIGHT
        width = 2 * style.MARGIN + _LEFT + wide + 0.12 + _HISTOGRAM
        height = top + shown * (heading + high + _BELOW) + style.MARGIN - 0.1
        figure = style.new_figure(max(width, style.header_width("", subtitle)), height)
        style.add_header(figure, title, subtitle)
        for number in range(shown):
            above = top + number * (heading + high + _BELOW) + heading
            axes = style.add_axes(figure, style.MARGIN + _LEFT, above, wide, high)
            if shown > 1:
                _head(axes, number, scores)
            true, errors = targets[:, number], predicted[:, number] - targets[:, number]
            largest = 1.06 * float(np.abs(errors).max()) or 1.0
            axes.axhline(0, color=style.MUTED, linewidth=1, zorder=1)
            _scatter(axes, true, errors)
            _prepare(axes)
            axes.set_ylim(-largest, largest)
            axes.set_xlabel("true value", color=style.INK, fontsize=10)
            axes.set_ylabel("error: predicted minus true", color=style.INK, fontsize=10)
            counts = style.add_axes(figure, style.MARGIN + _LEFT + wide + 0.12, above, _HISTOGRAM, high)
            counts.hist(
                errors, bins=_BINS, range=(-largest, largest), orientation="horizontal", color=style.BLUE, alpha=0.7
            )
            counts.axhline(0, color=style.MUTED, linewidth=1)
            counts.set_ylim(-largest, largest)
            counts.set_yticks([])
            counts.spines[["left", "bottom"]].set_visible(False)
            counts.set_xticks([])
    return figure


def _draw_points(axes: Axes, true: NDArray[np.float32], said: NDArray[np.float32], mean: float) -> None:
    low, high = float(min(true.min(), said.min())), float(max(true.max(), said.max()))
    room = 0.04 * (high - low) or 1.0
    axes.set(xlim=(low - room, high + room), ylim=(low - room, high + room))
    axes.axhline(mean, color=style.FRAME, linewidth=1, linestyle=(0, (1, 2)), zorder=1)
    axes.plot(axes.get_xlim(), axes.get_xlim(), color=style.MUTED, linewidth=1, zorder=1)
    _scatter(axes, true, said)
    _prepare(axes)


def _scatter(axes: Axes, x: NDArray[np.float32], y: NDArray[np.float32]) -> None:
    every = max(1, math.ceil(len(x) / _MOST_POINTS))
    x, y = x[::every], y[::every]
    visible = min(0.8, max(0.15, 200 / len(x)))
    axes.scatter(x, y, s=14 if len(x) < 1000 else 7, color=style.BLUE, alpha=visible, linewidths=0, zorder=2)


def _prepare(axes: Axes) -> None:
    axes.grid(True)
    axes.tick_params(length=0)
    axes.locator_params(nbins=6)


def _head(axes: Axes, number: int, scores: RegressionScores) -> None:
    score = scores.per_target[number]
    text = f"number {number}" + ("" if score.r2 is None else f": R² {number_text(score.r2)}")
    axes.set_title(text, loc="left", fontsize=style.HEADING_SIZE, fontweight="bold", pad=7)


def _subtitle(scores: RegressionScores) -> str:
    mean, text = scores, number_text
    r2 = "" if mean.r2 is None else f"R² {text(mean.r2)} · "
    error = f"mean absolute error {text(mean.mean_absolute_error, 3)}"
    baseline = text(scores.baseline.mean_absolute_error, 3)
    said = (
        f"always predicting {text(scores.baseline.says[0], 3)}" if len(scores.per_target) == 1 else "the training means"
    )
    return f"{r2}{error} ({said}: {baseline})"


def _left_out(scores: RegressionScores) -> str:
    count, width = scores.count, len(scores.per_target)
    every = max(1, math.ceil(count / _MOST_POINTS))
    points = f" · {math.ceil(count / every):,} of {count:,} points" if every > 1 else ""
    return points + (f" · the first {MOST_SHOWN} of {width} numbers" if width > MOST_SHOWN else "")


def _signed(value: float) -> str:
    return ("+" if value > 0 else "") + number_text(value, 3)
