"""The scores of a set of runs, folds of a cross-validation or repetitions: each one's, their mean, spread and interval."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cnncli import task_registry
from cnncli.runs.folds import FOLD, Kind
from cnncli.tasks.pairs import Side
from cnncli.tasks.recorded_run import read_run
from cnncli.tasks.statistics import LEVEL, T_INTERVAL, t_interval


@dataclass(frozen=True, slots=True)
class FoldedScore:
    """One score over all folds; None where a fold's examples define no value.

    Attributes:
        name: in words.
        values: by fold, of those that have ended.
        mean: over the folds that have a value; None where none has.
        deviation: the standard deviation of these (n - 1); None of less than two.
        interval: the 95% t interval of the mean over the folds, within the bounds of the score; None of less than two.
    """

    name: str
    values: tuple[float | None, ...]
    mean: float | None
    deviation: float | None
    interval: tuple[float, float] | None

    @classmethod
    def of(
        cls, name: str, values: Sequence[float | None], bounds: tuple[float, float] = (-math.inf, math.inf)
    ) -> FoldedScore:
        known = [value for value in values if value is not None]
        mean = float(np.mean(known)) if known else None
        if len(known) < 2:
            return cls(name, tuple(values), mean, None, None)
        low, high = (min(max(end, bounds[0]), bounds[1]) for end in t_interval(known))
        return cls(name, tuple(values), mean, float(np.std(known, ddof=1)), (low, high))

    def as_json(self, word: str = "fold") -> dict[str, Any]:
        return {
            f"{word}s": list(self.values),
            "mean": self.mean,
            "standard_deviation": self.deviation,
            "interval": list(self.interval) if self.interval else None,
        }


@dataclass(frozen=True, slots=True, eq=False)
class FoldScores:
    """The scores of all folds that have ended.

    Attributes:
        numbers: of the folds, from 1.
        sides: what the run of each says.
        scores: the main one first, the loss last.
        kind: whether these are folds or repetitions.
    """

    numbers: tuple[int, ...]
    sides: tuple[Side, ...]
    scores: tuple[FoldedScore, ...]
    kind: Kind = FOLD

    @property
    def example_count(self) -> int:
        """How many examples are tested: those of all folds, or those that every repetition is tested on."""
        counts = [side.run.result.count for side in self.sides]
        return sum(counts) if self.kind is FOLD else counts[0]

    def as_json(self) -> dict[str, Any]:
        """The form of `train --fold all --json` and of the file."""
        first, word = self.sides[0].run.result, self.kind.word
        return {
            "task": first.task,
            "split": first.split,
            f"{word}s": len(self.sides),
            "examples": self.example_count,
            "runs": [
                {
                    word: number,
                    "run": str(side.run.listed.summary.path),
                    "examples": side.run.result.count,
                    "loss": side.run.result.loss,
                    "metrics": dict(side.run.result.metrics),
                }
                for number, side in zip(self.numbers, self.sides, strict=True)
            ],
            "scores": {score.name.replace(" ", "_").lower(): score.as_json(word) for score in self.scores},
            "level": LEVEL,
            "interval_method": T_INTERVAL,
        }


def read_fold_scores(paths: Mapping[int, Path], kind: Kind = FOLD) -> FoldScores:
    """Read the scores of runs.

    Args:
        paths: of the runs, by the number of the fold.

    Raises:
        OutputError: a run is not finished, or its files are damaged.
    """
    numbers = tuple(sorted(paths))
    runs = [read_run(paths[number]) for number in numbers]
    task = task_registry.part(runs[0].result.task, "comparison")
    sides: tuple[Side, ...] = tuple(task.side(run, run.listed.label) for run in runs)
    columns = zip(*(side.measures for side in sides), strict=True)
    bounds = sides[0].BOUNDS
    scores = [FoldedScore.of(column[0][0], [value for _, value, _ in column], bounds) for column in columns]
    scores.append(FoldedScore.of("loss", [run.result.loss for run in runs]))
    return FoldScores(numbers, sides, tuple(scores), kind)
