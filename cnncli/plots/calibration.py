"""Draw the reliability diagram: confidence and accuracy."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from cnncli.plots import style
from cnncli.plots.score_charts import CONFIDENCE, filled_bins
from cnncli.plots.text_fitting import Title
from cnncli.tasks.classification.calibration import Calibration

_WIDTH, _HEIGHT = 5.2, 3.9  # inches of the diagram
_COUNTS = 1.0  # inches of the counts below it
_LEFT, _BETWEEN, _BELOW = 0.65, 0.3, 0.5
_LOG_FROM = 50  # largest over smallest count from which their scale is logarithmic


def draw_calibration(calibration: Calibration, *, title: str | Title) -> Figure:
    """Draw accuracy over confidence in bins, and how many examples each bin holds.

    A blue bar is the accuracy of the examples in its bin. The hatched orange one between it and their mean confidence,
    drawn as a line across the bar, is what is missing to a perfect calibration, or too much.

    Args:
        title: the heading, any text.
    """
    bins, *shares = zip(*filled_bins(calibration), strict=True)
    confidence, accuracy = map(np.array, shares)
    left = np.array([each.low for each in bins])
    width = np.array([each.high - each.low for each in bins])
    counts = np.array([each.count for each in bins])
    subtitle = _subtitle(calibration, float(np.average(confidence - accuracy, weights=counts)))
    with style.look():
        top = style.MARGIN + style.HEADER_HEIGHT + 0.28
        page = max(2 * style.MARGIN + _LEFT + _WIDTH + 0.1, style.header_width("", subtitle))
        figure = style.new_figure(page, top + _HEIGHT + _BETWEEN + _COUNTS + _BELOW + style.MARGIN - 0.1)
        style.add_header(figure, title, subtitle)
        axes = style.add_axes(figure, style.MARGIN + _LEFT, top, _WIDTH, _HEIGHT)
        _prepare(axes)
        axes.set(xlim=(0, 1), ylim=(0, 1))
        axes.plot([0, 1], [0, 1], color=style.MUTED, linewidth=1, linestyle=(0, (1, 2)), zorder=4)
        axes.bar(left, accuracy, width, align="edge", color="#7FB8DA", edgecolor=style.PAPER, label="accuracy")
        axes.bar(
            left, confidence - accuracy, width, bottom=accuracy, align="edge", facecolor="none", edgecolor=style.ORANGE,
            hatch="////", linewidth=0, label="gap to the confidence",
        )  # fmt: skip
        axes.hlines(confidence, left, left + width, color=style.ORANGE, linewidth=2, label="mean confidence")
        axes.set_ylabel("accuracy", color=style.INK, fontsize=10)
        axes.tick_params(labelbottom=False)
        axes.legend(
            loc="lower left", bbox_to_anchor=(-0.01, 1.0), ncols=3, frameon=False, handlelength=1.4, borderaxespad=0.2,
            columnspacing=1.4, borderpad=0.1, fontsize=style.LABEL_SIZE,
        )  # fmt: skip
        below = style.add_axes(figure, style.MARGIN + _LEFT, top + _HEIGHT + _BETWEEN, _WIDTH, _COUNTS)
        _draw_counts(below, left, width, counts)
    return figure


def _draw_counts(axes: Axes, left: np.ndarray, width: np.ndarray, counts: np.ndarray) -> None:
    logarithmic = counts.max() / counts.min() > _LOG_FROM
    axes.bar(left, counts, width, align="edge", color="#C4CBD3", edgecolor=style.PAPER)
    if logarithmic:
        axes.set_yscale("log")
        axes.yaxis.set_minor_locator(NullLocator())
        axes.set_ylim(0.6, counts.max() ** 1.35)
    else:
        axes.set_ylim(0, counts.max() * 1.3)
    _prepare(axes)
    axes.set_xlim(0, 1)
    axes.set_yticks([])
    axes.set_xlabel(f"confidence: {CONFIDENCE}", color=style.INK, fontsize=10)
    axes.set_ylabel("examples" + ("\n(log scale)" if logarithmic else ""), color=style.INK, fontsize=10, labelpad=12)
    for x, count in zip(left + width / 2, counts, strict=True):
        axes.annotate(
            _short(int(count)), (x, count), xytext=(0, 2), textcoords="offset points", ha="center", fontsize=7.5,
            color=style.MUTED,
        )  # fmt: skip


def _prepare(axes: Axes) -> None:
    axes.grid(axis="y")
    axes.tick_params(length=0)


def _short(count: int) -> str:
    return str(count) if count < 10_000 else f"{count / 1000:.0f}k" if count < 1_000_000 else f"{count / 1e6:.0f}M"


def _subtitle(calibration: Calibration, gap: float) -> str:
    said = f"confidence {abs(gap) * 100:.1f} points too {'high' if gap > 0 else 'low'} on average"
    if abs(gap) < 0.0005:
        said = "confidence right on average"
    expected, largest = calibration.expected_calibration_error, calibration.maximum_calibration_error
    errors = f"expected calibration error {expected:.4f}, largest {largest:.4f}"
    return f"{errors} · {said}"
