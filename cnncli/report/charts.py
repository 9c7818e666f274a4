"""Line charts as data, in drawing units; the template writes them as SVG."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cnncli.report.values import decimal

WIDTH, HEIGHT = 400, 240
LEFT, RIGHT, TOP, BOTTOM = 48, 380, 20, 202  # of the plot

_LOG_FROM = 50.0  # largest over smallest value from which a scale is logarithmic, as in curves.png
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
    """A column of the plot, with the text that is told when one points at it."""

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
class Scale:
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


def over_epochs(
    title: str,
    epochs: Sequence[int],
    series: Mapping[str, Sequence[float | None]],
    *,
    best: int | None = None,
    phases: Sequence[tuple[int, str]] = (),
    may_be_logarithmic: bool = False,
) -> Chart:
    """Draw series over the epochs.

    Args:
        epochs: rising.
        series: name -> a value an epoch; None where it is not finite.
        best: the epoch to mark.
        phases: the first epoch and the name of each.
    """
    known = [value for line in series.values() for value in line if value is not None]
    logarithmic = bool(may_be_logarithmic and known and min(known) > 0 and max(known) / min(known) > _LOG_FROM)
    x = Scale(*_padded(epochs[0], epochs[-1], 0.03), LEFT, RIGHT)
    y, y_ticks = _upwards(known, logarithmic)
    lines = [
        _line(name, number, [(x(epoch), value) for epoch, value in zip(epochs, line, strict=True)], y)
        for number, (name, line) in enumerate(series.items())
    ]
    return Chart(
        title=title,
        about=_told(title, epochs, series, best),
        x_label="epoch",
        x_ticks=tuple(Tick(x(epoch), f"{epoch:,}") for epoch in _whole_ticks(epochs[0], epochs[-1])),
        y_ticks=y_ticks,
        lines=tuple(lines),
        marks=tuple(_phase_marks(phases, x, epochs))
        + ((Mark(x(best), "best", "best"),) if best is not None and best in epochs else ()),
        stops=tuple(_stops(epochs, series, x)),
        note="logarithmic scale" if logarithmic else "",
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
    x, y = Scale(0, 1, LEFT, RIGHT), Scale(0, 1, BOTTOM, TOP)
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
        bars: from, to, the height, and what is told of it.
        are_counts: the heights are counts; else they are shares, to be compared with the diagonal.
    """
    x = Scale(0, 1, LEFT, RIGHT)
    highest = max((height for _, _, height, _ in bars), default=1.0) * 1.05 if are_counts else 1.0
    y = Scale(0, highest, BOTTOM, TOP)
    drawn, stops = [], []
    for low, high, height, text in bars:
        left, right, top = x(_clipped(low)), x(_clipped(high)), y(min(max(height, 0.0), highest))
        drawn.append(Bar(round(left + 1, 1), top, round(max(right - left - 2, 1), 1), round(BOTTOM - top, 1)))
        stops.append(Stop(left, round(right - left, 1), round((left + right) / 2, 1), text))
    ticks = tuple(Tick(y(tick), said) for tick, said in _round_ticks(0, highest)) if are_counts else _shares(y)
    return Chart(
        title, about, x_label, _shares(x), ticks, bars=tuple(drawn), stops=tuple(stops), diagonal=not are_counts
    )


def _clipped(share: float) -> float:
    return min(max(share, 0.0), 1.0)


def _shares(scale: Scale) -> tuple[Tick, ...]:
    return tuple(Tick(scale(step / 4), f"{step / 4:.0%}") for step in range(5))


def _padded(low: float, high: float, share: float) -> tuple[float, float]:
    pad = (high - low) * share or 0.5
    return low - pad, high + pad


def _upwards(known: Sequence[float], logarithmic: bool) -> tuple[Scale, tuple[Tick, ...]]:
    if not known:
        return Scale(0, 1, BOTTOM, TOP), ()
    low, high = min(known), max(known)
    if logarithmic:
        scale = Scale(low / 1.15, high * 1.15, BOTTOM, TOP, True)
        ticks = [10.0**power for power in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)]
        if sum(scale.low <= tick <= scale.high for tick in ticks) < 3:
            ticks = [part * tick for tick in ticks for part in (1, 2, 5)]
        ticks = ticks[:: max(1, len(ticks) // 8)]
        return scale, tuple(
            Tick(scale(tick), f"{tick:g}" if 1e-3 <= tick < 1e5 else _powered(tick))
            for tick in ticks
            if scale.low <= tick <= scale.high
        )
    pad = (high - low) * 0.06 or abs(high) * 0.05 or 0.5
    scale = Scale(low - pad, high + pad, BOTTOM, TOP)
    return scale, tuple(Tick(scale(tick), text) for tick, text in _round_ticks(scale.low, scale.high))


def _round_ticks(low: float, high: float, most: int = 5) -> list[tuple[float, str]]:
    """Evenly spaced round numbers between two, with as many decimals as they need."""
    raw = (high - low) / most
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(part * power for part in (1, 2, 2.5, 5, 10) if part * power >= raw * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    decimals = max(0, -math.floor(math.log10(step)) + (1 if step / power == 2.5 else 0))
    plain = decimals <= 4 and max(abs(low), abs(high)) < 100_000
    ticks = [number * step for number in range(first, last + 1)]
    return [(tick, f"{tick:,.{decimals}f}" if plain else _powered(tick)) for tick in ticks]


def _powered(value: float) -> str:
    """A number that would be long: `7.5e-4`."""
    if value == 0:
        return "0"
    digits, _, power = f"{value:.2e}".partition("e")
    return f"{digits.rstrip('0').rstrip('.')}e{int(power)}"


def _whole_ticks(first: int, last: int, most: int = 7) -> list[int]:
    if last - first < most:
        return list(range(first, last + 1))
    raw = (last - first) / most
    power = 10 ** math.floor(math.log10(raw))
    step = next(int(part * power) for part in (1, 2, 5, 10) if part * power >= raw)
    rounded = [tick for tick in range(0, last + 1, max(step, 1)) if tick > first + step // 2]
    return [first, *rounded]


def _line(name: str, colour: int, points: Sequence[tuple[float, float | None]], y: Scale) -> Line:
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


def _phase_marks(phases: Sequence[tuple[int, str]], x: Scale, epochs: Sequence[int]) -> Iterable[Mark]:
    """A line where each phase begins; its name where there is room before the next one."""
    for number, (epoch, name) in enumerate(phases):
        at = x(epoch - 0.5) if number else float(LEFT)
        following = phases[number + 1][0] - 0.5 if number + 1 < len(phases) else epochs[-1]
        room = int((x(following) - at) / _LETTER) - 1
        text = name if len(name) <= room else f"{name[: room - 1]}…" if room > 3 else ""
        yield Mark(at, text, "phase" if number else "first phase")


def _stops(epochs: Sequence[int], series: Mapping[str, Sequence[float | None]], x: Scale) -> Iterable[Stop]:
    every = max(1, math.ceil(len(epochs) / _MOST_STOPS))
    places = range(0, len(epochs), every)
    width = (RIGHT - LEFT) / max(len(places), 1)
    for place in places:
        told = ", ".join(f"{name} {decimal(line[place])}" for name, line in series.items())
        at = x(epochs[place])
        yield Stop(round(at - width / 2, 1), round(width, 1), at, f"epoch {epochs[place]:,}: {told}")


def _told(title: str, epochs: Sequence[int], series: Mapping[str, Sequence[float | None]], best: int | None) -> str:
    """A chart in a sentence."""
    span = f"epochs {epochs[0]:,} to {epochs[-1]:,}" if len(epochs) > 1 else f"epoch {epochs[0]:,}"
    parts = [f"{name} from {decimal(line[0])} to {decimal(line[-1])}" for name, line in series.items()]
    marked = f"; the best is epoch {best:,}" if best in epochs else ""
    return f"{title} over {span}: {', '.join(parts)}{marked}"
