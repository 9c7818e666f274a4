"""Compare runs that were scored on the same examples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cnncli import task_registry
from cnncli.errors import CnncliError, DataError, Problem
from cnncli.messages import shortened
from cnncli.recipe.differences import ABSENT, Difference, differences
from cnncli.tasks.pairs import Pair, Side
from cnncli.tasks.recorded_run import Recorded, read_run
from cnncli.tasks.statistics import LEVEL, holm

ANYWAY = "`--anyway` shows the runs side by side, without a significance test"


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """Several runs beside each other.

    Attributes:
        sides: in the order in which they were named.
        mismatches: why they cannot be tested against each other; empty when they can.
        pairs: the others against the first; empty when there are mismatches.
        recipe_differences: of each of the others to the first.
    """

    sides: tuple[Side, ...]
    mismatches: tuple[Problem, ...]
    pairs: tuple[Pair, ...]
    recipe_differences: tuple[tuple[Difference, ...], ...]

    def as_json(self) -> dict[str, Any]:
        first = self.sides[0].run
        return {
            "same_examples": not self.mismatches,
            "split": first.result.split if not self.mismatches else None,
            "count": len(first.true) if not self.mismatches else None,
            "level": LEVEL,
            "runs": [_side_as_json(side) for side in self.sides],
            "comparisons": [pair.as_json() for pair in self.pairs],
            "recipe_differences": [
                {"run": str(side.run.listed.summary.path), "differences": [difference_as_json(each) for each in found]}
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
    refuse_mixed(runs, labels)
    task = task_registry.part(runs[0].result.task, "comparison")
    sides: tuple[Side, ...] = tuple(map(task.side, runs, labels))
    first, *others = sides
    mismatches = tuple(problem for other in others for problem in mismatch(first, other))
    if mismatches and not anyway:
        *most, last = mismatches
        raise DataError([*most, replace(last, hint="\n".join([*last.hint.splitlines(), ANYWAY]))])
    return Comparison(
        sides=sides,
        mismatches=mismatches,
        pairs=() if mismatches else corrected([task.pair(first, other) for other in others]),
        recipe_differences=tuple(tuple(differences(first.run.recipe, other.run.recipe)) for other in others),
    )


def corrected(pairs: Sequence[Any]) -> tuple[Pair, ...]:
    """The pairs with their p-values after Holm's correction."""
    adjusted = holm([pair.p for pair in pairs])
    return tuple(replace(pair, adjusted_p=p, comparisons=len(pairs)) for pair, p in zip(pairs, adjusted, strict=True))


def refuse_mixed(runs: Sequence[Recorded], labels: Sequence[str]) -> None:
    """Raise DataError where the runs are not all of one task."""
    first = runs[0].result.task
    for run, label in zip(runs, labels, strict=True):
        if run.result.task != first:
            raise DataError(f"{label} is a {run.result.task} and {labels[0]} a {first}: no score measures both")


def _side_as_json(side: Side) -> dict[str, Any]:
    listed = side.run.listed
    return {
        "run": str(listed.summary.path),
        "status": listed.summary.status,
        **side.as_json(),
        "loss": side.run.result.loss,
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


def mismatch(first: Side, other: Side) -> Iterator[Problem]:
    """Why two runs were not scored on the same examples, if they were not."""
    reasons = list(_reasons(first.run, other.run))
    if reasons:
        yield Problem(f"{other.label} was not scored on the examples of {first.label}", "\n".join(reasons))


def _reasons(first: Recorded, other: Recorded) -> Iterator[str]:
    mine, theirs = first.result, other.result
    if mine.examples_sha256 and mine.examples_sha256 == theirs.examples_sha256 and first.true == other.true:
        return
    if mine.split != theirs.split:
        yield f"split: {mine.split} there, {theirs.split} here"
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
            what = task_registry.part(first.result.task, "comparison").TARGET
            yield f"true {what} of example {row}: `{shortened(mine)}` there, `{shortened(theirs)}` here"
            return


def _other_settings(first: Recorded, other: Recorded) -> Iterator[str]:
    """What differs in `data.split`, by which examples are set aside."""
    mine, theirs = (_mapping(_mapping(run.recipe.get("data")).get("split")) for run in (first, other))
    for name in ("group", "column", "folds", "fold", "validation", "test", "stratify", "seed"):
        if mine.get(name) != theirs.get(name):
            yield f"data.split.{name}: {mine.get(name)} there, {theirs.get(name)} here"


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _data(run: Recorded) -> str:
    return shortened(run.listed.source or "unknown", 80)


def _short(run: Recorded) -> str:
    return run.result.examples_sha256[:12] if run.result.examples_sha256 else "not recorded"


def difference_as_json(difference: Difference) -> dict[str, Any]:
    """A difference of two recipes as plain data. A side that says nothing is not there: null may be what it says."""
    sides = {"first": difference.first, "second": difference.second}
    return {
        "key": difference.key,
        "layer": difference.layer or None,
        **{name: value for name, value in sides.items() if value is not ABSENT},
    }
