"""Measurements -> a table: medians, ratios to the first side, means and spreads of accuracies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median

_NOTHING = "–"


@dataclass(frozen=True)
class Measured:
    """One process.

    Attributes:
        side: its name.
        run: from 1.
        seed: its own.
        wall_seconds, processor_seconds: of the whole process.
        peak_bytes: of its memory.
        load: processes that wanted to run on the machine in the minute before it.
        fit_seconds, accuracy, precision: what it said itself.
    """

    side: str
    run: int
    seed: int
    wall_seconds: float
    processor_seconds: float
    peak_bytes: int
    load: float
    fit_seconds: float | None = None
    accuracy: float | None = None
    precision: str | None = None


def as_markdown(measured: Sequence[Measured], *, compared: bool) -> str:
    """A row a side, in the order in which they first ran.

    Args:
        measured: of one workload.
        compared: whether to divide by the first side's medians.

    Returns:
        A Markdown table. Seconds and memory are medians, with the least and the most wall seconds in brackets;
        accuracies are means ± half the distance between the least and the most.
    """
    sides: dict[str, list[Measured]] = {}
    for each in measured:
        sides.setdefault(each.side, []).append(each)
    first = next(iter(sides.values()))
    rows = [_row(side, each, first, compared=compared) for side, each in sides.items()]
    columns = [name for name in rows[0] if any(row[name] != _NOTHING for row in rows)]
    return as_table(columns, [[row[name] for name in columns] for row in rows])


def steps_as_markdown(measured: Mapping[str, Sequence[float]]) -> str:
    """A row a side, in the order of the mapping.

    Args:
        measured: side -> milliseconds a step, a value for each round; the first side is the one that others are compared with.

    Returns:
        A Markdown table: the median and the fastest round, and the median of the ratios to the first side, round by round.
    """
    first = next(iter(measured.values()))
    rows = []
    for side, milliseconds in measured.items():
        shown = f"{step_ratio(milliseconds, first):.2f}"
        rows.append([side, f"{median(milliseconds):.1f}", f"{min(milliseconds):.1f}", shown, str(len(milliseconds))])
    return as_table(["", "ms a step", "fastest", "× step", "rounds"], rows)


def step_ratio(milliseconds: Sequence[float], reference: Sequence[float]) -> float:
    """The median of the ratios, round by round: a round in which the machine was slow counts as any other.

    Example:
        >>> step_ratio([1.0, 10.0, 1.0], [2.0, 20.0, 4.0])
        0.5
    """
    return median(one / other for one, other in zip(milliseconds, reference, strict=True))


def _row(side: str, measured: Sequence[Measured], first: Sequence[Measured], *, compared: bool) -> dict[str, str]:
    walls = [each.wall_seconds for each in measured]
    fits, first_fits = _known(each.fit_seconds for each in measured), _known(each.fit_seconds for each in first)
    wall_ratio = ratio(walls, [each.wall_seconds for each in first]) if compared else None
    fit_ratio = ratio(fits, first_fits) if compared else None
    precisions = sorted({each.precision for each in measured if each.precision})
    return {
        "": side,
        "precision": ", ".join(precisions) or _NOTHING,
        "wall s": f"{_seconds(median(walls))} ({_seconds(min(walls))}–{_seconds(max(walls))})",
        "× wall": _NOTHING if wall_ratio is None else f"{wall_ratio:.2f}",
        "fit s": _seconds(median(fits)) if fits else _NOTHING,
        "× fit": _NOTHING if fit_ratio is None else f"{fit_ratio:.2f}",
        "processor s": _seconds(median(each.processor_seconds for each in measured)),
        "test accuracy": mean_and_spread(_known(each.accuracy for each in measured)),
        "peak memory": f"{median(each.peak_bytes for each in measured) / 2**20:,.0f} MiB",
        "runs": str(len(measured)),
    }


def ratio(values: Sequence[float], reference: Sequence[float]) -> float | None:
    """The median over the reference's median; None where either is missing.

    Example:
        >>> ratio([2.0, 9.0, 3.0], [2.0, 2.0, 2.0])
        1.5
    """
    return median(values) / median(reference) if values and reference else None


def mean_and_spread(values: Sequence[float]) -> str:
    """The mean ± half the distance between the least and the most.

    Example:
        >>> mean_and_spread([0.97, 0.98, 0.99])
        '0.980 ± 0.010'
    """
    return f"{fmean(values):.3f} ± {(max(values) - min(values)) / 2:.3f}" if values else _NOTHING


def machine_lines(machine: Mapping[str, str]) -> str:
    """What the machine is, as one paragraph."""
    return "; ".join(f"{name} {value}" for name, value in machine.items())


def _known(values: Iterable[float | None]) -> list[float]:
    return [value for value in values if value is not None]


def _seconds(value: float) -> str:
    return f"{value:,.1f}" if value >= 10 else f"{value:.2f}"


def as_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Markdown with cells of equal width."""
    widths = [max(map(len, column)) for column in zip(columns, *rows, strict=True)]
    lines = [columns, ["-" * width for width in widths], *rows]
    return "\n".join(
        f"| {' | '.join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))} |" for line in lines
    )
