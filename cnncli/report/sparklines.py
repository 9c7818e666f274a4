"""Sparklines: the course of each metric of a run, small enough for a line of a table."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from cnncli.messages import counted
from cnncli.plots.learning_curves import VALIDATION_PREFIX, history_of, metrics_of, readable
from cnncli.report.charts import Axis
from cnncli.report.values import decimal
from cnncli.runs.record import Row

WIDTH, HEIGHT = 100, 28
_MARGIN = 2
_MARGIN_OF_DOTS = 8  # above and below the dots of a single epoch
_DOT = "m-1 0a1 1 0 1 0 2 0a1 1 0 1 0-2 0"  # a circle that its own line fills
_MOST_POINTS = 40  # of a line
_MOST_METRICS = 8

Values = Sequence[float | None]


@dataclass(frozen=True)
class Sparkline:
    """The course of a metric.

    Attributes:
        name: of the metric, in words.
        about: what it shows, in a sentence.
        paths: of SVG, in a box of `WIDTH` and `HEIGHT`: training and validation; empty where there are no values.
    """

    name: str
    about: str
    paths: tuple[str, str]


def sparklines(rows: Sequence[Row]) -> list[Sparkline]:
    """Draw every metric of a history, the loss first; metrics without a value are left out."""
    history = history_of(rows)
    found = []
    for metric in metrics_of(history):
        series = [_finite(history.get(name, ())) for name in (metric, VALIDATION_PREFIX + metric)]
        known = [value for values in series for value in values if value is not None]
        if known:
            found.append(_sparkline(metric, series, min(known), max(known), len(rows)))
    return found[:_MOST_METRICS]


def _finite(values: Values) -> Values:
    return [value if value is not None and math.isfinite(value) else None for value in values]


def _sparkline(metric: str, series: Sequence[Values], low: float, high: float, epochs: int) -> Sparkline:
    margin = (high - low) / 2 or abs(high) or 1.0
    edge = _MARGIN if epochs > 1 else _MARGIN_OF_DOTS
    y = Axis(low, high, HEIGHT - edge, edge) if high > low else Axis(low - margin, low + margin, HEIGHT, 0)
    x = Axis(1, max(epochs, 2), _MARGIN, WIDTH - _MARGIN)
    parts = [
        f"{split} {_course(values)}" for split, values in zip(("training", "validation"), series, strict=True) if values
    ]
    name = readable(metric)
    training, validation = (_path(values, x, y) for values in series)
    return Sparkline(name, f"{name} over {counted(epochs, 'epoch')}: {', '.join(parts)}", (training, validation))


def _course(values: Values) -> str:
    """The first and the last value: `0.91 to 0.12`."""
    return f"{decimal(values[0])} to {decimal(values[-1])}" if len(values) > 1 else decimal(values[0])


def _path(values: Values, x: Axis, y: Axis) -> str:
    """Lines between the values; one that stands alone is a dot."""
    every = max(1, math.ceil(len(values) / _MOST_POINTS))
    places = sorted({*range(0, len(values), every), len(values) - 1}) if values else []
    pieces: list[list[str]] = [[]]
    for place in places:
        value = values[place]
        if value is None:
            pieces.append([])
        else:
            pieces[-1].append(f"{x(place + 1):g} {y(value):g}")
    return "".join(f"M{'L'.join(piece)}{_DOT if len(piece) == 1 else ''}" for piece in pieces if piece)
