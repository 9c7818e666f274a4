"""Compare cross-validations by fold and over all examples together, and repetitions of two recipes by their scores."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cnncli import task_registry
from cnncli.errors import DataError, OutputError, Problem
from cnncli.messages import listed
from cnncli.recipe.differences import Difference, differences
from cnncli.runs.folds import FOLD, REPEAT, FoldSet, Kind
from cnncli.tasks.comparison import ANYWAY, corrected, difference_as_json, mismatch, refuse_mixed
from cnncli.tasks.fold_scores import FoldedScore, FoldScores, read_fold_scores
from cnncli.tasks.pairs import Pair, Side
from cnncli.tasks.statistics import LEVEL, T_INTERVAL


@dataclass(frozen=True, eq=False)
class FoldPair:
    """A set against the first one.

    Attributes:
        labels: of the first and the second set.
        by_fold: the differences of the main score, second minus first, of each fold or repetition.
        pooled: the test over the examples of all folds, each predicted by the network that did not see it; None of
            repetitions, which predict the same examples.
        kind: what the runs are.
    """

    labels: tuple[str, str]
    by_fold: FoldedScore
    pooled: Pair | None
    kind: Kind

    @property
    def sentence_by_fold(self) -> str:
        """`accuracy of B minus that of A, by fold: mean 0.0120, 95% interval -0.0040 to 0.0280 (…)`."""
        score, (first, second) = self.by_fold, self.labels
        what = f"{score.name} of {second} minus that of {first}, by {self.kind.word}"
        if score.mean is None:
            return f"{what}: no value"
        interval = ""
        if score.interval:
            low, high = score.interval
            interval = f", 95% interval {low:.4f} to {high:.4f} ({T_INTERVAL}, {len(score.values)} {self.kind.word}s)"
        return f"{what}: mean {score.mean:.4f}{interval}"

    def as_json(self) -> dict[str, Any]:
        word = self.kind.word
        by_fold = {"score": self.by_fold.name, **self.by_fold.as_json(word), "interval_method": T_INTERVAL}
        pooled = self.pooled.as_json() if self.pooled else {"first": self.labels[0], "second": self.labels[1]}
        return {**pooled, f"by_{word}": by_fold}


@dataclass(frozen=True, eq=False)
class FoldComparison:
    """Several sets beside each other.

    Attributes:
        labels: in the order in which they were named.
        scores: of each.
        mismatches: why they cannot be tested against each other; empty when they can.
        pairs: the others against the first; empty when there are mismatches.
        recipe_differences: of each of the others to the first.
    """

    labels: tuple[str, ...]
    scores: tuple[FoldScores, ...]
    mismatches: tuple[Problem, ...]
    pairs: tuple[FoldPair, ...]
    recipe_differences: tuple[tuple[Difference, ...], ...]

    def as_json(self) -> dict[str, Any]:
        return {
            "same_examples": not self.mismatches,
            "level": LEVEL,
            "sets": [{"set": label, **each.as_json()} for label, each in zip(self.labels, self.scores, strict=True)],
            "comparisons": [pair.as_json() for pair in self.pairs],
            "recipe_differences": [
                {"set": label, "differences": [difference_as_json(each) for each in found]}
                for label, found in zip(self.labels[1:], self.recipe_differences, strict=True)
            ],
            "notes": [problem.as_json() for problem in self.mismatches],
        }


def compare_folds(sets: Sequence[FoldSet], *, anyway: bool = False) -> FoldComparison:
    """Compare cross-validations that have the same folds, or repetitions that are tested on the same examples.

    Args:
        sets: two or more; the others are compared with the first.
        anyway: put them beside each other although their folds differ.

    Raises:
        OutputError: a fold is not finished, or its files are damaged.
        DataError: the folds are not the same, with all that differs; or some are of another task.
    """
    refuse_unfinished(sets)
    _refuse_mixed_kinds(sets)
    scores = [read_fold_scores({number: run.path for number, run in each.runs.items()}, each.kind) for each in sets]
    labels = [each.label for each in sets]
    if len(set(labels)) < len(labels):
        labels = [str(each.folder / each.name) for each in sets]
    refuse_mixed([each.sides[0].run for each in scores], labels)
    named = [_named(each, label) for each, label in zip(scores, labels, strict=True)]
    first, *others = named
    mismatches = tuple(
        problem
        for number, other in enumerate(others, 1)
        for problem in _mismatches(sets[0], sets[number], first, other, (labels[0], labels[number]))
    )
    if mismatches and not anyway:
        *most, last = mismatches
        raise DataError([*most, replace(last, hint="\n".join([*last.hint.splitlines(), ANYWAY]))])
    recipes = [each[0].run.recipe for each in named]
    return FoldComparison(
        labels=tuple(labels),
        scores=tuple(scores),
        mismatches=mismatches,
        pairs=() if mismatches else _pairs(labels, scores),
        recipe_differences=tuple(tuple(differences(recipes[0], recipe)) for recipe in recipes[1:]),
    )


def refuse_unfinished(sets: Sequence[FoldSet]) -> None:
    """Raise OutputError where folds of a set are not finished."""
    problems = []
    for each in sets:
        done = [number for number, run in each.runs.items() if run.status == "completed"]
        if len(done) < each.count:
            missing = listed(str(number) for number in range(1, each.count + 1) if number not in done)
            message = f"{each.label}: of {each.count} {each.kind.word}s not all are finished, without {missing}"
            hint = f"finish them with: {each.resume_command}"
            if diverged := [str(number) for number, run in each.runs.items() if run.status == "diverged"]:
                hint = f"{listed(diverged)} diverged, and would again: train a new set with another --run"
            problems.append(Problem(message, hint))
    if problems:
        raise OutputError(problems)


def _refuse_mixed_kinds(sets: Sequence[FoldSet]) -> None:
    """Raise DataError where some are folds and others repetitions."""
    kinds = {each.kind for each in sets}
    if len(kinds) > 1:
        told = "; ".join(f"{each.label} has {each.kind.word}s" for each in sets)
        raise DataError(Problem(f"folds and repetitions cannot be compared: {told}", "compare sets of one kind"))


def _named(scores: FoldScores, label: str) -> list[Side]:
    return [replace(side, label=f"{label}, {scores.kind.word} {number}") for number, side in enumerate(scores.sides, 1)]


def _mismatches(
    first: FoldSet, other: FoldSet, mine: Sequence[Side], theirs: Sequence[Side], labels: tuple[str, str]
) -> Iterator[Problem]:
    if first.count != other.count:
        word = first.kind.word
        message = f"{labels[1]} has {other.count} {word}s and {labels[0]} {first.count}"
        yield Problem(message, f"only sets with the same {word}s can be compared")
        return
    for one, another in zip(mine, theirs, strict=True):
        yield from mismatch(one, another)


def _pairs(labels: Sequence[str], scores: Sequence[FoldScores]) -> tuple[FoldPair, ...]:
    first, *others = scores
    names = [(labels[0], label) for label in labels[1:]]
    found = [_difference(first, other) for other in others]
    if first.kind is REPEAT:
        return tuple(FoldPair(*each, None, REPEAT) for each in zip(names, found, strict=True))
    task = task_registry.part(first.sides[0].run.result.task, "comparison")
    pooled = [task.side(_pooled(each), label) for each, label in zip(scores, labels, strict=True)]
    tested = corrected([task.pair(pooled[0], other) for other in pooled[1:]])
    return tuple(FoldPair(*each, FOLD) for each in zip(names, found, tested, strict=True))


def _pooled(scores: FoldScores) -> Any:
    """The predictions of all folds as one run: every example once."""
    runs = [side.run for side in scores.sides]
    true, predicted = (tuple(text for run in runs for text in getattr(run, name)) for name in ("true", "predicted"))
    return replace(runs[0], true=true, predicted=predicted)


def _difference(first: FoldScores, other: FoldScores) -> FoldedScore:
    """The differences of the main score, second minus first."""
    mine, theirs = first.scores[0], other.scores[0]
    values = [
        None if one is None or another is None else another - one
        for one, another in zip(mine.values, theirs.values, strict=True)
    ]
    return FoldedScore.of(mine.name, values)
