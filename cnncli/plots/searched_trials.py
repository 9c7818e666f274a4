"""The trials of a hyperparameter search as its pictures take them: values, positions on axes, scales, ticks."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

from cnncli.messages import number_text
from cnncli.plots.text_fitting import plain_text, shorten

_LOG_FROM = 50.0  # largest over smallest value of the metric from which its scale is logarithmic
_LONGEST_TICK = 16  # letters
_MOST_TICKS = 12  # of a choice
_LETTERS = 34  # that have room beside each other below a panel


@dataclass(frozen=True)
class Searched:
    """A parameter of a search.

    Attributes:
        name: short, for titles.
        choices: the texts of a choice in their order; None for a range.
        low, high: ends of a range.
        log: a logarithmic range.
    """

    name: str
    choices: tuple[str, ...] | None
    low: float
    high: float
    log: bool

    @property
    def title(self) -> str:
        """The name, as it can be drawn."""
        return plain_text(self.name)

    def position(self, value: Any) -> float:
        """Where a value lies on an axis: a choice by its number from 0."""
        return float(self.choices.index(value)) if self.choices is not None else float(value)

    def share(self, value: Any) -> float:
        """Where a value lies between the ends: 0 to 1."""
        position, (low, high) = self.position(value), self.limits
        if high <= low:
            return 0.5
        if self.log:
            return (math.log(position) - math.log(low)) / (math.log(high) - math.log(low))
        return (position - low) / (high - low)

    @property
    def limits(self) -> tuple[float, float]:
        return (0.0, len(self.choices) - 1.0) if self.choices is not None else (self.low, self.high)

    def ticks(self) -> list[tuple[float, str]]:
        """Some positions with their texts: every choice, of many some; the ends of a range."""
        if self.choices is None:
            ends = [self.low] if self.low == self.high else [self.low, self.high]
            return [(end, number_text(end)) for end in ends]
        step = math.ceil(len(self.choices) / _MOST_TICKS)
        shown = list(enumerate(self.choices))[::step]
        return [(float(index), shorten(plain_text(text), _LONGEST_TICK)) for index, text in shown]


@dataclass(frozen=True)
class SearchedTrial:
    """A trial that has ended.

    Attributes:
        state: `complete`, `pruned` or `failed`.
        params: by the key of the parameter; of a choice the text.
        value: of the metric; of a pruned trial the last one; None of a failed one.
    """

    number: int
    state: str
    params: Mapping[str, Any]
    value: float | None


@dataclass(frozen=True)
class Searching:
    """A search with its trials.

    Attributes:
        name: of the recipe.
        metric, direction: what is compared: `val_loss`, `minimize`.
        parameters: by key.
        trials: by number.
        importances: shares of the variation of the metric by key, the largest first; empty where they are not known.
    """

    name: str
    metric: str
    direction: str
    parameters: Mapping[str, Searched]
    trials: Sequence[SearchedTrial]
    importances: Mapping[str, float]

    @property
    def complete(self) -> list[SearchedTrial]:
        return [trial for trial in self.trials if trial.state == "complete"]

    @property
    def best(self) -> SearchedTrial | None:
        """The first of the best complete trials."""
        sign = 1 if self.direction == "minimize" else -1
        return min(self.complete, key=lambda trial: (sign * (trial.value or 0.0), trial.number), default=None)

    @property
    def is_log(self) -> bool:
        """Whether the metric is shown on a logarithmic scale."""
        values = [trial.value for trial in self.complete if trial.value is not None]
        return bool(values) and min(values) > 0 and max(values) / min(values) >= _LOG_FROM

    @property
    def counts(self) -> str:
        """`20 trials: 12 complete, 6 pruned, 2 failed`."""
        states = [trial.state for trial in self.trials]
        told = [f"{states.count(state)} {state}" for state in ("complete", "pruned", "failed") if state in states]
        return f"{len(states)} {'trial' if len(states) == 1 else 'trials'}: {', '.join(told)}"


def set_metric_scale(axes: Axes, searching: Searching) -> None:
    """Let the vertical axis show the metric."""
    if searching.is_log:
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(numticks=8))
        axes.yaxis.set_minor_locator(NullLocator())
    else:
        axes.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: number_text(value)))
    axes.grid(axis="y")
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(*_limits(searching))


def _limits(searching: Searching) -> tuple[float, float]:
    """The ends of the axis of the metric: those of complete trials; pruned ones may be far from them."""
    complete = [trial.value for trial in searching.complete if trial.value is not None]
    values = complete or [trial.value for trial in searching.trials if trial.value is not None] or [0.0, 1.0]
    low, high = min(values), max(values)
    if searching.is_log:
        room = max((high / low) ** 0.06, 1.05)
        return low / room, high * room
    room = (high - low) * 0.08 or abs(high) * 0.05 or 1.0
    return low - room, high + room


def within_scale(axes: Axes, value: float) -> float:
    """A value of the metric as it is drawn: what lies outside of the scale lies on its edge."""
    low, high = axes.get_ylim()
    return min(max(value, low), high)


def set_parameter_scale(axes: Axes, searched: Searched) -> None:
    """Let the horizontal axis show a parameter."""
    low, high = searched.limits
    if searched.log and high > low:
        axes.set_xscale("log")
        room = (high / low) ** 0.04
        axes.set_xlim(low / room, high * room)
        axes.xaxis.set_major_locator(LogLocator(numticks=6))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: number_text(value)))
        return
    room = (high - low) * 0.05 if searched.choices is None else 0.5
    axes.set_xlim(low - (room or 0.5), high + (room or 0.5))
    if searched.choices is not None:
        ticks = searched.ticks()
        axes.set_xticks([place for place, _ in ticks], [text for _, text in ticks])
        if len(ticks) * (max(len(text) for _, text in ticks) + 2) > _LETTERS:
            axes.tick_params(axis="x", rotation=30)
            for label in axes.get_xticklabels():
                label.set_horizontalalignment("right")
    else:
        axes.xaxis.set_major_locator(
            MaxNLocator(5, steps=[1, 2, 5, 10], integer=float(low).is_integer() and float(high).is_integer())
        )
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: number_text(value)))
