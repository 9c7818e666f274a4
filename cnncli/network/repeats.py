"""Fold runs of equal rows of an outline: blocks, or several rows in turn, that follow each other unchanged.

A run is folded where nothing is lost: all rounds have the same layers, shapes, weights and arguments, or arguments of one
name that differ by a number; each takes what the one before it gives; and what comes after the run takes the last round, or
every round alike, as the sum of all skips of a WaveNet does.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cnncli.network.multiply_adds import total
from cnncli.network.outline import Repeat, Row
from cnncli.network.summary import LayerSummary, Summary

MANY_ROWS = 40  # of an outline, from which short runs are folded too
_SHORT_RUN, _LONG_RUN = 3, 6  # rounds
_LONGEST_ROUND = 64  # rows


def folded(summary: Summary, rows: Sequence[Row], *, only_many: bool = False) -> tuple[Row, ...]:
    """Fold runs of equal rows into their first round.

    The rows of that round have the sums of all rounds, the receptive field of the last one, and a `Repeat`.

    Args:
        only_many: leave an outline of at most `MANY_ROWS` rows as it is; else runs of 6 rounds are folded in it too.
    """
    is_long = len(rows) > MANY_ROWS
    if only_many and not is_long:
        return tuple(rows)
    least = _SHORT_RUN if is_long else _LONG_RUN
    layers = {layer.name: layer for layer in summary.layers}
    known = _Outline(rows, layers)
    runs: list[_Run] = []
    waiting = [(0, len(rows))]
    while waiting:
        first, end = waiting.pop()
        run = known.longest(first, end, least)
        if run:
            runs.append(run)
            waiting += [(first, run.first), (run.end, end)]
    return _without(known, sorted(runs, key=lambda run: run.first))


@dataclass(frozen=True)
class _Run:
    """Rounds of so many rows each, one after the other.

    Attributes:
        name, values: of the argument that differs, and its value in each round; empty where nothing differs.
    """

    first: int
    period: int
    times: int
    name: str = ""
    values: tuple[Any, ...] = ()

    @property
    def end(self) -> int:
        return self.first + self.period * self.times

    def piece(self, start: int, end: int) -> _Run:
        """Only the rounds from one to another."""
        values = self.values[start:end]
        is_varied = len(set(values)) > 1
        first = self.first + start * self.period
        return _Run(first, self.period, end - start, self.name if is_varied else "", values if is_varied else ())


class _Outline:
    def __init__(self, rows: Sequence[Row], layers: Mapping[str, LayerSummary]) -> None:
        self.rows = rows
        self.forms = [_form(row, layers) for row in rows]
        self.arguments = [[pair for name in row.layers for pair in layers[name].arguments] for row in rows]
        self.takers: list[list[int]] = [[] for _ in rows]
        for index, row in enumerate(rows):
            for source in row.inputs:
                self.takers[source].append(index)

    def longest(self, first: int, end: int, least: int) -> _Run | None:
        """The run between two rows that folds the most; of several the one with the shortest round."""
        best: _Run | None = None
        for period in range(1, min(_LONGEST_ROUND, (end - first) // least) + 1):
            start = first
            while start + least * period <= end:
                if not self._may_begin(start, period):
                    start += 1
                    continue
                run = self._run(start, period, end)
                if run.times >= least and (best is None or _saved(run) > _saved(best)):
                    kept = self._that_stands_alone(run, least)
                    best = kept if kept and (best is None or _saved(kept) > _saved(best)) else best
                start += max(1, (run.times - 1) * period)
        return best

    def _may_begin(self, row: int, period: int) -> bool:
        """Whether rounds may begin at a row: at the start of an opened group, or wholly within one."""
        within, later = self.rows[row].within, self.rows[row + period].within
        return within == later or row == 0 or self.rows[row - 1].within[:1] != within[:1]

    def _run(self, first: int, period: int, end: int) -> _Run:
        """The rounds of so many rows that begin at a row."""
        name, values, times = "", [None], 1
        while first + (times + 1) * period <= end:
            start = first + times * period
            if not all(self._follows(first, row, row - period) for row in range(start, start + period)):
                break
            differs = self._difference(range(first, first + period), range(start, start + period))
            if differs is None:
                break
            of, base, value = differs
            if of and name and of != name:
                break
            if of and not name:
                name, values = of, [base] * times
            values.append((value if of else values[0]) if name else None)
            times += 1
        return _Run(first, period, times, name, tuple(values) if name else ())

    def _follows(self, first: int, row: int, before: int) -> bool:
        """Whether a row is as the one a round before it, and takes the same in its own round, or the same from outside."""
        one, other = self.rows[row].inputs, self.rows[before].inputs
        if self.forms[row] != self.forms[before] or len(one) != len(other):
            return False
        return all(a - b == row - before or (a == b and a < first) for a, b in zip(one, other, strict=True))

    def _difference(self, base: range, others: range) -> tuple[str, Any, Any] | None:
        """The argument in which two rounds differ, with both of its values; no name where none does, None where several do."""
        found: set[tuple[str, Any, Any]] = set()
        for one, other in zip(base, others, strict=True):
            if self.arguments[one] == self.arguments[other]:
                continue
            if len(self.arguments[one]) != len(self.arguments[other]):
                return None
            pairs = zip(self.arguments[one], self.arguments[other], strict=True)
            found |= {(mine[0], mine[1], its[1]) for mine, its in pairs if mine != its}
        if not found:
            return "", None, None
        [difference, *more] = found
        are_numbers = all(type(each) in (int, float) for each in difference[1:])
        return difference if are_numbers and not more else None

    def _that_stands_alone(self, run: _Run, least: int) -> _Run | None:
        """The longest piece of a run whose rounds in its middle nobody else takes; None where it is too short."""
        cuts = {0, run.times}
        takers = {taker for row in range(run.first, run.end) for taker in self.takers[row] if taker >= run.end}
        for taker in takers:
            taken = self.rows[taker].inputs
            for place in range(run.period):
                rounds = [number for number in range(run.times) if run.first + number * run.period + place in taken]
                cuts |= set() if len(rounds) == run.times else {number + 1 for number in rounds}
        ends = sorted(cuts)
        start, end = max(itertools.pairwise(ends), key=lambda piece: piece[1] - piece[0])
        return run.piece(start, end) if end - start >= least else None


def _saved(run: _Run) -> int:
    return run.period * (run.times - 1)


def _form(row: Row, layers: Mapping[str, LayerSummary]) -> Any:
    """What two rows must have in common to be equal up to their arguments."""
    place = {name: index for index, name in enumerate(row.layers)}
    inside = [
        (
            layer.kind, layer.output_shape, layer.params, layer.trainable_params, layer.multiply_adds, layer.activations,
            layer.shares,
            tuple(place.get(source, -1) for source in layer.inputs),
        )
        for layer in map(layers.__getitem__, row.layers)
    ]  # fmt: skip
    return row.kind, row.output_shape, len(row.within), tuple(inside)


def _without(outline: _Outline, runs: Sequence[_Run]) -> tuple[Row, ...]:
    """The rows with each run folded."""
    rows = outline.rows
    moved: dict[int, int] = {}
    kept: list[Row] = []
    by_first = {run.first: run for run in runs}
    index = 0
    while index < len(rows):
        run = by_first.get(index)
        for row in range(index, run.end if run else index + 1):
            moved[row] = len(kept) + (row - index) % (run.period if run else 1)
        kept += _folded_rows(outline, run) if run else [rows[index]]
        index = run.end if run else index + 1
    return tuple(replace(row, inputs=tuple(dict.fromkeys(moved[source] for source in row.inputs))) for row in kept)


def _folded_rows(outline: _Outline, run: _Run) -> list[Row]:
    """The first round of a run with the sums of all."""
    rows = outline.rows
    last = rows[run.end - run.period : run.end]
    varied = f"{run.name} {_listed(run.values)}" if run.name else ""
    found = []
    for place, end in enumerate(last):
        every = rows[run.first + place : run.end : run.period]
        groups = {one: other for one, other in zip(every[0].within, end.within, strict=True) if one != other}
        arguments = outline.arguments[run.first + place : run.end : run.period]
        differs = groups or any(each != arguments[0] for each in arguments)
        found.append(
            replace(
                every[0],
                params=sum(row.params for row in every),
                trainable_params=sum(row.trainable_params for row in every),
                multiply_adds=total(row.multiply_adds for row in every),
                activations=sum(row.activations for row in every),
                field=end.field,
                repeat=Repeat(run.times, run.period, rows[run.first].name, end.name, groups, varied if differs else ""),
            )
        )
    return found


def _listed(values: Sequence[Any]) -> str:
    """`1, 2, 4, …, 512`; `1, 2, 4, …, 512 (3 times)`; where the last time is cut short `1, 2, 4, …, 512, 1, …`."""
    rising: list[list[Any]] = [[]]
    for value in values:
        if rising[-1] and value < rising[-1][-1]:
            rising.append([])
        rising[-1].append(value)
    part, *more = rising
    if any(each != part[: len(each)] for each in more) or any(len(each) < len(part) for each in more[:-1]):
        return f"from {min(values):g} to {max(values):g}"
    if not more:
        return _shortened(part)
    return f"{_shortened(part)} ({len(rising)} times)" if more[-1] == part else f"{_shortened(part)}, {part[0]:g}, …"


def _shortened(values: Sequence[Any]) -> str:
    shown = [f"{value:.3g}" if isinstance(value, float) else str(value) for value in values]
    return ", ".join(shown if len(shown) <= 5 else [*shown[:3], "…", shown[-1]])
