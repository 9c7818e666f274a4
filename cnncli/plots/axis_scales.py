"""Axes of learning curves: epochs to the right, a metric upwards."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, NullLocator
from numpy.typing import NDArray

from cnncli.plots import style
from cnncli.plots.learning_curves import Scale, epoch_limits, epoch_ticks


def set_epochs(axes: Axes, epochs: int) -> None:
    """Let the horizontal axis go from epoch 1 to the last."""
    axes.set_xlim(epoch_limits(epochs))
    axes.xaxis.set_major_locator(FixedLocator(epoch_ticks(epochs)))
    axes.set_xlabel("epoch", loc="right", labelpad=2)


def set_scale(axes: Axes, scale: Scale) -> None:
    """Give the vertical axis its limits and ticks."""
    if scale.logarithmic:
        axes.set_yscale("log")
    axes.grid(axis="y")
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.set_ylim(scale.low, scale.high)
    axes.yaxis.set_minor_locator(NullLocator())
    axes.set_yticks([tick for tick, _ in scale.ticks], [text for _, text in scale.ticks])
    if not scale.ticks:
        axes.text(0.5, 0.5, "no finite value", transform=axes.transAxes, ha="center", va="center", color=style.MUTED)


def stand_alone(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which finite values have no finite neighbour: a line would not show them."""
    finite = np.concatenate([[False], np.isfinite(values), [False]])
    alone: NDArray[np.bool_] = finite[1:-1] & ~finite[:-2] & ~finite[2:]
    return alone


def size_in_inches(axes: Axes) -> tuple[float, float]:
    """Return the width and height of a plot."""
    box = axes.get_window_extent()
    return box.width / style.DPI, box.height / style.DPI
