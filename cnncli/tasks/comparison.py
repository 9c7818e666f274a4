"""Several runs on the same test data -> which of them is better, and whether that is more than chance."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncli.errors import CnncliError, DataError, Problem
from cnncli.messages import shortened
from cnncli.recipe.differences import ABSENT, Difference, differences
from cnncli.runs.record import is_number
from cnncli.tasks import statistics
from cnncli.tasks.classification.intervals import bootstrap_intervals
from cnncli.tasks.recorded_run import Recorded, as_interval, read_run
from cnncli.tasks.regression import comparison
from cnncli.tasks.regression.comparison import NumberPair, NumberSide
from cnncli.tasks.statistics import LEVEL, McNemar, p_text

_ANYWAY = "`--anyway` shows the runs beside each other, without a test of their difference"


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """One run of a comparison.

    Attributes:
        run: what its folder says.
        label: by which it is told from the others: `mnist/first`, or its path where two have one name.
        accuracy: of its predictions.
        accuracy_interval, macro_f1_interval: 95%, as its evaluation has them, or else from its predictions now.
    """

    run: Recorded
    label: str
    accuracy: float
    accuracy_interval: tuple[float, float]
    macro_f1_interval: tuple[float, float]

    @property
    def macro_f1(self) -> float | None:
        value = self.run.scores.get("macro_f1")
        return value if is_number(value) else None

    @property
    def measures(self) -> list[tuple[str, float | None, tuple[float, float] | None]]:
        """What is compared: its name, its value and its interval; the first is the main one."""
        return [
            ("accuracy", self.accuracy, self.accuracy_interval),
            ("macro F1", self.macro_f1, self.macro_f1_interval),
        ]

    def as_json(self) -> dict[str, Any]:
        return {
            "accuracy": self.accuracy,
            "accuracy_interval": self.accuracy_interval,
            "macro_f1": self.macro_f1,
            "macro_f1_interval": self.macro_f1_interval,
        }


@dataclass(frozen=True, slots=True)
class Pair:
    """A run against the first one.

    Attributes:
        first, second: their labels.
        count: examples that both were scored on.
        first_only, second_only: how many of them only one of the two gets right.
        both_right: how many both get right.
        interval: 95% bootstrap of `difference`.
        test: McNemar's.
        adjusted_p: its p after Holm's correction for all comparisons.
        comparisons: how many there are.
    """

    first: str
    second: str
    count: int
    first_only: int
    second_only: int
    both_right: int
    interval: tuple[float, float]
    test: McNemar
    adjusted_p: float
    comparisons: int = 1

    @property
    def difference(self) -> float:
        """Accuracy of the second minus that of the first."""
        return (self.second_only - self.first_only) / self.count

    @property
    def is_shown(self) -> bool:
        """Whether the difference is more than chance explains, at the 5% level over all comparisons."""
        return self.adjusted_p < 1 - LEVEL

    @property
    def sentence(self) -> str:
        """`B is better than A by 0.4 points, 95% interval -0.1 to 0.9: not shown (alone right 9 to 5 times; …)`."""
        digits = max(1, math.ceil(math.log10(self.count / 100)))  # one example more or less is seen
        low, high = (100 * bound for bound in self.interval)
        better, worse = self.second, self.first
        if self.difference < 0:
            better, worse, low, high = worse, better, -high, -low
        interval = f"95% interval {_plain(low, digits)} to {_plain(high, digits)}"
        if self.difference == 0:
            agree = "" if self.first_only else ", and right on the same examples"
            return f"{better} and {worse} are equally accurate{agree}; {interval} points"
        points = f"{100 * abs(self.difference):.{digits}f} points"
        verdict = "shown" if self.is_shown else "not shown"
        return f"{better} is better than {worse} by {points}, {interval}: {verdict} ({self._test_text()})"

    def _test_text(self) -> str:
        alone = sorted((self.first_only, self.second_only), reverse=True)
        text = f"alone right {alone[0]:,} to {alone[1]:,} times; McNemar's test, {p_text(self.test.p)}"
        if self.comparisons > 1:
            text += f"; {p_text(self.adjusted_p)} after Holm's correction for {self.comparisons} comparisons"
        return text

    def as_json(self) -> dict[str, Any]:
        return {
            "first": self.first,
            "second": self.second,
            "difference": self.difference,
            "interval": self.interval,
            "both_right": self.both_right,
            "only_first_right": self.first_only,
            "only_second_right": self.second_only,
            "both_wrong": self.count - self.both_right - self.first_only - self.second_only,
            "test": self.test.method,
            "statistic": self.test.statistic,
            "p": self.test.p,
            "p_holm": self.adjusted_p,
            "shown": self.is_shown,
            "sentence": self.sentence,
        }


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """Several runs beside each other.

    Attributes:
        sides: in the order in which they were named.
        mismatches: why they cannot be tested against each other; empty when they can.
        pairs: the others against the first; empty when there are mismatches.
        recipe_differences: of each of the others to the first.
    """

    sides: tuple[Side | NumberSide, ...]
    mismatches: tuple[Problem, ...]
    pairs: tuple[Pair | NumberPair, ...]
    recipe_differences: tuple[tuple[Difference, ...], ...]

    def as_json(self) -> dict[str, Any]:
        first = self.sides[0].run
        return {
            "same_examples": not self.mismatches,
            "split": first.split if not self.mismatches else None,
            "count": len(first.true) if not self.mismatches else None,
            "level": LEVEL,
            "runs": [_side_as_json(side) for side in self.sides],
            "comparisons": [pair.as_json() for pair in self.pairs],
            "recipe_differences": [
                {"run": str(side.run.listed.summary.path), "differences": [_as_json(each) for each in found]}
                for side, found in zip(self.sides[1:], self.recipe_differences, strict=True)
            ],
            "notes": [problem.as_json() for problem in self.mismatches],
        }


def compare(paths: Sequence[Path], *, anyway: bool = False) -> Comparison:
    """Compare runs that were scored on the same examples.

    Args:
        paths: two or more runs' folders; the others are compared with the first.
        anyway: put them beside each other although they were scored on different examples.

    Raises:
        OutputError: a run was not finished, or its files are damaged; all of them at once.
        DataError: they were scored on different examples, with all that differs; or some give numbers and others classes.
    """
    runs = _read_all(paths)
    labels = _labels(runs)
    _refuse_mixed(runs, labels)
    side, pairs = (comparison.side, comparison.pairs) if runs[0].has_numbers else (_side, _pairs)
    sides: tuple[Any, ...] = tuple(map(side, runs, labels))
    first, *others = sides
    mismatches = tuple(problem for other in others for problem in _mismatch(first, other))
    if mismatches and not anyway:
        *most, last = mismatches
        raise DataError([*most, replace(last, hint="\n".join([*last.hint.splitlines(), _ANYWAY]))])
    return Comparison(
        sides=sides,
        mismatches=mismatches,
        pairs=() if mismatches else pairs(first, others),
        recipe_differences=tuple(tuple(differences(first.run.recipe, other.run.recipe)) for other in others),
    )


def _refuse_mixed(runs: Sequence[Recorded], labels: Sequence[str]) -> None:
    what = {True: "numbers", False: "classes"}
    for run, label in zip(runs, labels, strict=True):
        if run.has_numbers != runs[0].has_numbers:
            gives, first = what[run.has_numbers], what[runs[0].has_numbers]
            raise DataError(f"{label} gives {gives}, and {labels[0]} {first}: no score measures both")


def _side_as_json(side: Side | NumberSide) -> dict[str, Any]:
    listed = side.run.listed
    return {
        "run": str(listed.summary.path),
        "status": listed.summary.status,
        **side.as_json(),
        "loss": side.run.scores.get("loss"),
        "params": listed.params,
        "epochs": listed.epochs,
        "best_epoch": side.run.best_epoch,
        "total_seconds": listed.total_seconds,
        "precision": side.run.precision,
        "device": side.run.device,
    }


def _read_all(paths: Sequence[Path]) -> list[Recorded]:
    runs: list[Recorded] = []
    errors: list[CnncliError] = []
    for path in paths:
        try:
            runs.append(read_run(path))
        except CnncliError as error:
            errors.append(error)
    if errors:
        raise type(errors[0])([problem for error in errors for problem in error.problems])
    return runs


def _labels(runs: Sequence[Recorded]) -> list[str]:
    labels = [run.listed.label for run in runs]
    return labels if len(set(labels)) == len(labels) else [str(run.listed.summary.path) for run in runs]


def _mismatch(first: Side | NumberSide, other: Side | NumberSide) -> Iterator[Problem]:
    """Why two runs were not scored on the same examples, if they were not."""
    reasons = list(_reasons(first.run, other.run))
    if reasons:
        yield Problem(f"{other.label} was not scored on the examples of {first.label}", "\n".join(reasons))


def _reasons(first: Recorded, other: Recorded) -> Iterator[str]:
    if first.fingerprint is not None and first.fingerprint == other.fingerprint and first.true == other.true:
        return
    if first.split != other.split:
        yield f"split: {first.split} there, {other.split} here"
    if first.listed.source != other.listed.source:
        yield f"data: {_data(first)} there, {_data(other)} here"
    yield from _other_rows(first, other)
    yield f"fingerprint of the examples: {_short(first)} there, {_short(other)} here"
    yield from _other_settings(first, other)


def _other_rows(first: Recorded, other: Recorded) -> Iterator[str]:
    if len(first.true) != len(other.true):
        yield f"examples: {len(first.true):,} there, {len(other.true):,} here"
        return
    rows = enumerate(zip(first.true, other.true, strict=True))
    for row, (mine, theirs) in rows:
        if mine != theirs:
            what = "number" if first.has_numbers else "class"
            yield f"true {what} of example {row}: `{shortened(mine)}` there, `{shortened(theirs)}` here"
            return


def _other_settings(first: Recorded, other: Recorded) -> Iterator[str]:
    """What differs in `data.split`, by which examples are set aside."""
    mine, theirs = (_mapping(_mapping(run.recipe.get("data")).get("split")) for run in (first, other))
    for name in ("validation", "test", "stratify", "seed"):
        if mine.get(name) != theirs.get(name):
            yield f"data.split.{name}: {mine.get(name)} there, {theirs.get(name)} here"


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _data(run: Recorded) -> str:
    return shortened(run.listed.source or "unknown", 80)


def _short(run: Recorded) -> str:
    return run.fingerprint[:12] if run.fingerprint else "not recorded"


def _side(run: Recorded, label: str) -> Side:
    known = _mapping(run.scores.get("intervals"))
    accuracy, macro_f1 = (as_interval(known.get(name)) for name in ("accuracy", "macro_f1"))
    if accuracy is None or macro_f1 is None or known.get("level") != LEVEL:
        drawn = bootstrap_intervals(_confusion(run), level=LEVEL)
        accuracy, macro_f1 = drawn.accuracy, drawn.macro_f1
    return Side(run, label, sum(run.right) / len(run.true), accuracy, macro_f1)


def _confusion(run: Recorded) -> NDArray[np.int64]:
    """Examples by [true class][predicted class], of the classes that occur."""
    numbers = {name: number for number, name in enumerate(dict.fromkeys((*run.true, *run.predicted)))}
    confusion = np.zeros((len(numbers), len(numbers)), np.int64)
    for pair in zip(run.true, run.predicted, strict=True):
        confusion[numbers[pair[0]], numbers[pair[1]]] += 1
    return confusion


def _pairs(first: Side, others: Sequence[Side]) -> tuple[Pair, ...]:
    pairs = [_pair(first, other) for other in others]
    adjusted = statistics.holm([pair.test.p for pair in pairs])
    return tuple(replace(pair, adjusted_p=p, comparisons=len(pairs)) for pair, p in zip(pairs, adjusted, strict=True))


def _pair(first: Side, second: Side) -> Pair:
    answers = list(zip(first.run.right, second.run.right, strict=True))
    first_only, second_only = answers.count((True, False)), answers.count((False, True))
    test = statistics.mcnemar(first_only, second_only)
    return Pair(
        first=first.label,
        second=second.label,
        count=len(answers),
        first_only=first_only,
        second_only=second_only,
        both_right=answers.count((True, True)),
        interval=statistics.difference_interval(first_only, second_only, len(answers)),
        test=test,
        adjusted_p=test.p,
    )


def _plain(value: float, digits: int) -> str:
    """A number without the sign of a zero that was rounded down."""
    return f"{round(value, digits) + 0.0:.{digits}f}"


def _as_json(difference: Difference) -> dict[str, Any]:
    """A side that says nothing is not there: null may be what it says."""
    sides = {"first": difference.first, "second": difference.second}
    return {
        "key": difference.key,
        "layer": difference.layer or None,
        **{name: value for name, value in sides.items() if value is not ABSENT},
    }
