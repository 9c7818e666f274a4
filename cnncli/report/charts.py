"""Line charts as data, in drawing units; the template writes them as SVG."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cnncli.plots.learning_curves import LearningCurves, Panel, epoch_limits, epoch_ticks, round_ticks
from cnncli.report.values import decimal

WIDTH, HEIGHT = 400, 240
LEFT, RIGHT, TOP, BOTTOM = 48, 380, 20, 202  # of the plot

_MOST_EPOCHS = 7  # that are written below the plot
_MOST_POINTS = 600  # of a line
_MOST_STOPS = 300
_LETTER = 6.2  # width of a letter of a mark


@dataclass(frozen=True)
class Tick:
    """A place on an axis with its number."""

    at: float
    text: str


@dataclass(frozen=True)
class Line:
    """One series.

    Attributes:
        name: for the legend.
        colour: number of the colour, from 0.
        path: of an SVG `path`; interrupted where a value is missing.
        dots: values that stand alone, and would be no line.
    """

    name: str
    colour: int
    path: str
    dots: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Mark:
    """A vertical line that something begins or happens at; the text may be empty."""

    at: float
    text: str
    kind: str


@dataclass(frozen=True)
class Stop:
    """A column of the plot, with the text that is shown when the pointer is over it."""

    left: float
    width: float
    at: float
    text: str


@dataclass(frozen=True)
class Bar:
    """A bar from the bottom up."""

    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True)
class Chart:
    """A chart.

    Attributes:
        about: what it shows, for who cannot see it.
        diagonal: a line from the lower left to the upper right corner is drawn.
    """

    title: str
    about: str
    x_label: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    lines: tuple[Line, ...] = ()
    marks: tuple[Mark, ...] = ()
    stops: tuple[Stop, ...] = ()
    bars: tuple[Bar, ...] = ()
    diagonal: bool = False
    note: str = ""


@dataclass(frozen=True)
class Axis:
    """Maps values from `low` to `high` to places from `start` to `end`."""

    low: float
    high: float
    start: float
    end: float
    logarithmic: bool = False

    def __call__(self, value: float) -> float:
        low, high = self.low, self.high
        if self.logarithmic:
            value, low, high = math.log10(value), math.log10(low), math.log10(high)
        share = (value - low) / (high - low)
        return round(self.start + share * (self.end - self.start), 1)


def over_epochs(panel: Panel, curves: LearningCurves, *, colours: Mapping[str, int] | None = None) -> Chart:
    """Draw a panel of learning curves.

    Args:
        colours: the number of the colour of each series; left out: as they come.
    """
    scale = panel.scale
    x = Axis(*epoch_limits(curves.epochs), LEFT, RIGHT)
    y = Axis(scale.low, scale.high, BOTTOM, TOP, scale.logarithmic)
    series = {each.label or panel.title.lower(): _known(each.values) for each in panel.series}
    lines = [
        _line(name, (colours or {}).get(name, number), [(x(epoch), value) for epoch, value in enumerate(values, 1)], y)
        for number, (name, values) in enumerate(series.items())
    ]
    best = curves.best_epoch
    return Chart(
        title=panel.title,
        about=_told(panel.title, curves, series),
        x_label="epoch",
        x_ticks=tuple(Tick(x(epoch), f"{epoch:,}") for epoch in epoch_ticks(curves.epochs, most=_MOST_EPOCHS)),
        y_ticks=tuple(Tick(y(tick), text) for tick, text in scale.ticks),
        lines=tuple(lines),
        marks=(*_phase_marks(curves, x), *([Mark(x(best), "best", "best")] if best is not None else [])),
        stops=tuple(_stops(curves.epochs, series, x)),
        note="logarithmic scale" if scale.logarithmic else "",
    )


def in_unit_square(
    title: str,
    curves: Sequence[tuple[str, Sequence[float | None], Sequence[float | None]]],
    *,
    about: str,
    x_label: str,
    diagonal: bool,
) -> Chart:
    """Draw curves whose both coordinates are shares, such as ROC curves.

    Args:
        curves: name, x and y of each.
    """
    x, y = Axis(0, 1, LEFT, RIGHT), Axis(0, 1, BOTTOM, TOP)
    lines = []
    for number, (name, across, up) in enumerate(curves):
        points = [
            (x(_clipped(left)), _clipped(right))
            for left, right in zip(across, up, strict=False)
            if left is not None and right is not None
        ]
        lines.append(_line(name, number, points, y))
    return Chart(title, about, x_label, _shares(x), _shares(y), tuple(lines), diagonal=diagonal)


def over_shares(
    title: str,
    bars: Sequence[tuple[float, float, float, str]],
    *,
    about: str,
    x_label: str,
    are_counts: bool = False,
) -> Chart:
    """Draw bars over parts of what lies between 0 and 1.

    Args:
        bars: from, to, the height, and its text.
        are_counts: the heights are counts; else they are shares, to be compared with the diagonal.
    """
    x = Axis(0, 1, LEFT, RIGHT)
    highest = max((height for _, _, height, _ in bars), default=1.0) * 1.05 if are_counts else 1.0
    y = Axis(0, highest, BOTTOM, TOP)
    drawn, stops = [], []
    for low, high, height, text in bars:
        left, right, top = x(_clipped(low)), x(_clipped(high)), y(min(max(height, 0.0), highest))
        drawn.append(Bar(round(left + 1, 1), top, round(max(right - left - 2, 1), 1), round(BOTTOM - top, 1)))
        stops.append(Stop(left, round(right - left, 1), round((left + right) / 2, 1), text))
    counts = round_ticks(0, highest)
    ticks = tuple(Tick(y(tick), f"{tick:,.12g}") for tick in counts) if are_counts else _shares(y)
    return Chart(
        title, about, x_label, _shares(x), ticks, bars=tuple(drawn), stops=tuple(stops), diagonal=not are_counts
    )


def _clipped(share: float) -> float:
    return min(max(share, 0.0), 1.0)


def _shares(axis: Axis) -> tuple[Tick, ...]:
    return tuple(Tick(axis(step / 4), f"{step / 4:.0%}") for step in range(5))


def _known(values: NDArray[np.float64]) -> list[float | None]:
    return [None if math.isnan(value) else value for value in values.tolist()]


def _line(name: str, colour: int, points: Sequence[tuple[float, float | None]], y: Axis) -> Line:
    every = max(1, math.ceil(len(points) / _MOST_POINTS))
    kept = [*points[:-1:every], points[-1]] if points else []
    pieces: list[list[tuple[float, float]]] = [[]]
    for at, value in kept:
        if value is None:
            pieces.append([])
        else:
            pieces[-1].append((at, y(value)))
    path = "".join("M" + "L".join(f"{at:g} {up:g}" for at, up in piece) for piece in pieces if len(piece) > 1)
    return Line(name, colour, path, tuple(piece[0] for piece in pieces if len(piece) == 1))


def _phase_marks(curves: LearningCurves, x: Axis) -> Iterable[Mark]:
    """A line where each phase begins; its name where there is room before the next one."""
    for number, (epoch, name) in enumerate(curves.phases):
        at = x(epoch - 0.5) if number else float(LEFT)
        following = curves.phases[number + 1][0] - 0.5 if number + 1 < len(curves.phases) else curves.epochs
        room = int((x(following) - at) / _LETTER) - 1
        text = name if len(name) <= room else f"{name[: room - 1]}…" if room > 3 else ""
        yield Mark(at, text, "phase" if number else "first phase")


def _stops(epochs: int, series: Mapping[str, Sequence[float | None]], x: Axis) -> Iterable[Stop]:
    places = range(0, epochs, max(1, math.ceil(epochs / _MOST_STOPS)))
    width = (RIGHT - LEFT) / len(places)
    for place in places:
        told = ", ".join(f"{name} {decimal(_at(line, place))}" for name, line in series.items())
        at = x(place + 1)
        yield Stop(round(at - width / 2, 1), round(width, 1), at, f"epoch {place + 1:,}: {told}")


def _told(title: str, curves: LearningCurves, series: Mapping[str, Sequence[float | None]]) -> str:
    """A chart in a sentence."""
    last = curves.epochs
    span = f"epochs 1 to {last:,}" if last > 1 else "epoch 1"
    parts = [f"{name} from {decimal(_at(line, 0))} to {decimal(_at(line, last - 1))}" for name, line in series.items()]
    marked = f"; the best is epoch {curves.best_epoch:,}" if curves.best_epoch else ""
    return f"{title} over {span}: {', '.join(parts)}{marked}"


def _at(values: Sequence[float | None], place: int) -> float | None:
    """One of the values; runs beside each other may have fewer epochs than the longest."""
    return values[place] if place < len(values) else None
