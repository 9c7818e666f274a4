"""Scales and ticks of learning curves: epochs and metrics."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, MaxNLocator, NullLocator
from numpy.typing import NDArray

from cnncli.messages import number_text
from cnncli.plots import style
from cnncli.plots.text_fitting import plain_text

LEARNING_RATE = "learning_rate"
VALIDATION_PREFIX = "val_"

_LOG_FROM = 50.0  # largest over smallest value from which a scale is logarithmic
_NAMES = {"auc": "AUC", "mae": "MAE", "mse": "MSE", "lr": "Learning rate"}


def set_epochs(axes: Axes, epochs: int) -> None:
    """Let the horizontal axis go from epoch 1 to the last."""
    pad = max(0.15, 0.02 * (epochs - 1))
    axes.set_xlim(1 - pad, epochs + pad)
    axes.xaxis.set_major_locator(FixedLocator(epoch_ticks(epochs)))
    axes.set_xlabel("epoch", loc="right", labelpad=2)


def epoch_ticks(epochs: int, most: int = 9) -> list[int]:
    """Return whole epochs to write on an axis: 1, and then at most `most` round ones up to the last.

    Example:
        >>> epoch_ticks(30)
        [1, 5, 10, 15, 20, 25, 30]
    """
    if epochs <= most + 1:
        return list(range(1, epochs + 1))
    step = next(
        mantissa * 10**exponent
        for exponent in range(20)
        for mantissa in (1, 2, 5)
        if mantissa * 10**exponent >= 5 and epochs // (mantissa * 10**exponent) <= most
    )
    return [1, *range(step, epochs + 1, step)]


def set_scale(axes: Axes, name: str, finite: NDArray[np.float64], logarithmic: bool) -> None:
    """Let the vertical axis hold a metric's finite values, with round ticks."""
    if logarithmic:
        axes.set_yscale("log")
    axes.grid(axis="y")
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    limits = _log_limits(low, high) if logarithmic else _linear_limits(low, high, name)
    ticks = _log_ticks(*limits) if logarithmic else _linear_ticks(*limits, most=3 if name == LEARNING_RATE else 5)
    axes.set_ylim(limits)
    axes.yaxis.set_minor_locator(NullLocator())
    axes.set_yticks(ticks if finite.size else [], _tick_labels(ticks) if finite.size else [])


def _linear_limits(low: float, high: float, name: str) -> tuple[float, float]:
    pad = 0.07 * (high - low) or 0.05 * abs(high) or 0.5
    floor, ceiling = low - pad, high + pad
    if low >= 0:
        floor = max(0.0, floor)
        if high <= 1 and name != LEARNING_RATE and "loss" not in name:
            ceiling = min(1.0, ceiling)  # a share: nothing above 1 can happen
    return floor, ceiling


def _log_limits(low: float, high: float) -> tuple[float, float]:
    pad = (high / low) ** 0.07
    return low / pad, high * pad


def _linear_ticks(low: float, high: float, *, most: int) -> list[float]:
    ticks = MaxNLocator(nbins=most, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
    return [float(tick) for tick in ticks if low <= tick <= high]


def _log_ticks(low: float, high: float) -> list[float]:
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    every = math.ceil(len(decades) / 7)
    mantissas = (1, 2, 5) if len(decades) <= 4 else (1,)
    ticks = [mantissa * 10.0**decade for decade in decades[::every] for mantissa in mantissas]
    return [tick for tick in ticks if low <= tick <= high]


def _tick_labels(ticks: list[float]) -> list[str]:
    """Write ticks with the same number of decimals where they are evenly spaced and neither tiny nor huge."""
    steps = np.diff(ticks)
    even = steps.size > 0 and np.allclose(steps, steps[0])
    if not even or steps[0] < 1e-4 or max(map(abs, ticks)) >= 1e5:
        return [number_text(tick, 6) for tick in ticks]
    decimals = next(
        count for count in range(8) if np.allclose(np.round(ticks, count), ticks, rtol=0, atol=steps[0] / 100)
    )
    return [f"{tick:.{decimals}f}".replace("-", "−") for tick in ticks]


def is_logarithmic(name: str, finite: NDArray[np.float64]) -> bool:
    """Whether a loss or a learning rate, by its finite values, spans more than a factor of 50."""
    may_be = name == LEARNING_RATE or "loss" in name
    return may_be and finite.size > 0 and finite.min() > 0 and finite.max() / finite.min() > _LOG_FROM


def stand_alone(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which finite values have no finite neighbour: a line would not show them."""
    finite = np.concatenate([[False], np.isfinite(values), [False]])
    alone: NDArray[np.bool_] = finite[1:-1] & ~finite[:-2] & ~finite[2:]
    return alone


def readable(name: str) -> str:
    """Write a metric's name as a heading: `Top k accuracy`, `AUC`."""
    plain = plain_text(name)
    words = plain.replace("_", " ")
    return _NAMES.get(plain.lower(), words[:1].upper() + words[1:])


def as_floats(values: Sequence[float | None]) -> NDArray[np.float64]:
    """Return values as float64, NaN where there is no finite one."""
    floats = np.array([math.nan if value is None else float(value) for value in values], dtype=np.float64)
    floats[~np.isfinite(floats)] = math.nan
    return floats


def size_in_inches(axes: Axes) -> tuple[float, float]:
    """Return the width and height of a plot."""
    box = axes.get_window_extent()
    return box.width / style.DPI, box.height / style.DPI
