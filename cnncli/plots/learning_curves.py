"""Learning curves as data: the panels, series, scales and ticks that pictures and reports draw; imports no matplotlib."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncli.messages import number_text

LEARNING_RATE = "learning_rate"
VALIDATION_PREFIX = "val_"

_NOT_METRICS = ("epoch", "phase", "seconds")
_LOG_FROM = 50.0  # largest over smallest value from which a scale is logarithmic
_NAMES = {"f1": "F1", "auc": "AUC", "mae": "MAE", "mse": "MSE", "val": "validation"}

History = Mapping[str, Sequence[float | None]]  # metric -> one value an epoch, from epoch 1
Phases = Sequence[tuple[int, str]]  # the first epoch and the name of each


@dataclass(frozen=True, eq=False)
class Series:
    """A line of a panel; `values` are float64 (epochs,), NaN where there is none."""

    label: str
    values: NDArray[np.float64]


@dataclass(frozen=True)
class Scale:
    """A vertical axis: its limits, and its ticks with their texts."""

    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]
    logarithmic: bool = False


@dataclass(frozen=True, eq=False)
class Panel:
    """What is drawn over one pair of axes.

    Attributes:
        name: of the metric, as Keras has it.
        title: the same in words.
    """

    name: str
    title: str
    series: tuple[Series, ...]
    scale: Scale

    @property
    def has_values(self) -> bool:
        return bool(self.scale.ticks)


@dataclass(frozen=True, eq=False)
class LearningCurves:
    """The curves of one run.

    Attributes:
        panels: the loss first; the learning rate last, and only where it changes or there is nothing else.
        best_epoch: from 1.
    """

    epochs: int
    panels: tuple[Panel, ...]
    best_epoch: int | None = None
    phases: tuple[tuple[int, str], ...] = ()


def learning_curves(history: History, *, best_epoch: int | None = None, phases: Phases = ()) -> LearningCurves:
    """Sort a history into panels: training and validation of a metric together.

    Args:
        history: as Keras' `History.history`; `val_<metric>` belongs to `<metric>`. NaN, infinity and None are holes. Lists may
            differ in length: each starts at epoch 1.
    """
    series = {name: as_floats(values) for name, values in history.items()}
    rate = series.pop(LEARNING_RATE, None)
    panels = []
    for name in metrics_of(series):
        keys = ((name, "train"), (VALIDATION_PREFIX + name, "validation"))
        panels.append(panel(name, [Series(label, series[key]) for key, label in keys if key in series]))
    if rate is not None and (not panels or np.unique(rate[np.isfinite(rate)]).size > 1):
        panels.append(panel(LEARNING_RATE, [Series("", rate)]))
    epochs = max((len(values) for values in history.values()), default=0)
    return LearningCurves(epochs, tuple(panels), best_epoch, tuple(phases))


def history_of(rows: Sequence[Mapping[str, Any]]) -> History:
    """The metrics of history.json, which has a row an epoch."""
    names = dict.fromkeys(name for row in rows for name in row if name not in _NOT_METRICS)
    return {name: [_number(row.get(name)) for row in rows] for name in names}


def phases_of(rows: Sequence[Mapping[str, Any]]) -> Phases:
    """The first epoch and the name of each phase in history.json."""
    first: dict[str, int] = {}
    for epoch, row in enumerate(rows, 1):
        first.setdefault(str(row.get("phase") or ""), epoch)
    return [(epoch, name) for name, epoch in first.items() if name]


def metrics_of(names: Iterable[str]) -> list[str]:
    """The metrics among the names of a history, each once; the loss, which is minimised, comes first."""
    metrics = dict.fromkeys(name.removeprefix(VALIDATION_PREFIX) for name in names if name != LEARNING_RATE)
    return sorted(metrics, key=lambda name: (name != "loss", not name.endswith("loss")))


def panel(name: str, series: Sequence[Series]) -> Panel:
    """A metric's panel, with a scale that holds all of its finite values.

    A loss or a learning rate that spans more than a factor of 50 has a logarithmic scale.
    """
    values = np.concatenate([each.values for each in series])
    finite = values[np.isfinite(values)]
    words = readable(name)
    return Panel(name, words[:1].upper() + words[1:], tuple(series), _scale(name, finite))


def _scale(name: str, finite: NDArray[np.float64]) -> Scale:
    if not finite.size:
        return Scale(*_linear_limits(0.0, 1.0, name), ())
    low, high = float(finite.min()), float(finite.max())
    may_be_logarithmic = name == LEARNING_RATE or "loss" in name
    logarithmic = may_be_logarithmic and low > 0 and high / low > _LOG_FROM
    limits = _log_limits(low, high) if logarithmic else _linear_limits(low, high, name)
    ticks = _log_ticks(*limits) if logarithmic else round_ticks(*limits, most=3 if name == LEARNING_RATE else 5)
    return Scale(*limits, tuple(zip(ticks, tick_texts(ticks), strict=True)), logarithmic)


def epoch_limits(epochs: int) -> tuple[float, float]:
    """Both ends of the horizontal axis, from epoch 1 to the last."""
    pad = max(0.15, 0.02 * (epochs - 1))
    return 1 - pad, epochs + pad


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


def round_ticks(low: float, high: float, *, most: int = 5) -> list[float]:
    """Evenly spaced round numbers between two, at least two of them and at most one more than `most`."""
    raw = (high - low) / most
    power = 10.0 ** math.floor(math.log10(raw))
    steps = [part * power for part in (0.5, 1, 2, 2.5, 5, 10)]
    place = next(place for place, step in enumerate(steps) if step >= raw * (1 - 1e-9))
    for step in (steps[place], steps[place - 1]):
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        if last > first:
            break
    return [number * step for number in range(first, last + 1)]


def _log_ticks(low: float, high: float) -> list[float]:
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    every = math.ceil(len(decades) / 7)
    mantissas = (1, 2, 5) if len(decades) <= 4 else (1,)
    ticks = [mantissa * 10.0**decade for decade in decades[::every] for mantissa in mantissas]
    return [tick for tick in ticks if low <= tick <= high]


def tick_texts(ticks: Sequence[float]) -> list[str]:
    """Write ticks with the same number of decimals where they are evenly spaced and neither tiny nor huge."""
    steps = np.diff(ticks)
    even = steps.size > 0 and np.allclose(steps, steps[0])
    if not even or steps[0] < 1e-4 or max(map(abs, ticks)) >= 1e5:
        return [number_text(tick, 6) for tick in ticks]
    decimals = next(
        count for count in range(8) if np.allclose(np.round(ticks, count), ticks, rtol=0, atol=steps[0] / 100)
    )
    return [f"{tick:.{decimals}f}".replace("-", "−") for tick in ticks]


def readable(name: str) -> str:
    """A name of Keras in words: `val_loss` is `validation loss`, `macro_f1` is `macro F1`."""
    return " ".join(_NAMES.get(word, word) for word in name.split("_"))


def as_floats(values: Sequence[float | None]) -> NDArray[np.float64]:
    """Return values as float64, NaN where there is no finite one."""
    floats = np.array([math.nan if value is None else float(value) for value in values], dtype=np.float64)
    floats[~np.isfinite(floats)] = math.nan
    return floats


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, Real) else None
