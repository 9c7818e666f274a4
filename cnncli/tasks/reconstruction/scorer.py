"""Score a reconstruction batch by batch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncli.data.dataset import Examples
from cnncli.tasks.diverged_outputs import refuse_diverged
from cnncli.tasks.reconstruction.predictions import to_csv
from cnncli.tasks.reconstruction.quality import squared_errors, ssim_of
from cnncli.tasks.reconstruction.result import ReconstructionResult
from cnncli.tasks.reconstruction.scores import reconstruction_scores
from cnncli.tasks.reconstruction.targets import InputTargets

SHOWN = 8  # examples of a sheet


@dataclass(frozen=True, eq=False)
class Shown:
    """An example with what the network made of it: float32 (*shape of one) each.

    Attributes:
        index: which example of the split, from 0.
        error: its mean squared error.
        target: what was to come out.
        given: what went into the network.
        output: what came out.
    """

    index: int
    error: float
    target: NDArray[np.float32]
    given: NDArray[np.float32]
    output: NDArray[np.float32]


@dataclass(frozen=True)
class PerExample:
    """The quality of each example: float64 (count,) each; SSIM and what is of the inputs are None where there is none."""

    errors: NDArray[np.float64]
    ssim: NDArray[np.float64] | None
    input_errors: NDArray[np.float64] | None
    input_ssim: NDArray[np.float64] | None


@dataclass(frozen=True)
class Scored:
    """Examples that a model has scored.

    Attributes:
        values: of each example.
        first: the first examples of the split.
        worst: those of the largest errors, the largest first.
        wrong: int64 (count,), the examples by their errors, the largest first.
        outputs, predicted: None: outputs are as large as the examples, and there are no classes.
    """

    result: ReconstructionResult
    values: PerExample
    first: Sequence[Shown]
    worst: Sequence[Shown]
    wrong: NDArray[np.int64]
    outputs: None = None
    predicted: None = None

    def csv_lines(self, examples: Examples, targets: InputTargets) -> Iterator[str]:
        """predictions.csv: a line for each example."""
        values = self.values
        return to_csv(
            values.errors, values.ssim, values.input_errors, data_range=targets.data_range, files=examples.files
        )


class ReconstructionScorer:
    """Scores of batches; see `Scorer`. It keeps 16 examples and 32 bytes for each example.

    Args:
        targets: with the range of their values.
        files: one an example, when the examples came from files.
    """

    def __init__(self, targets: InputTargets, *, files: Sequence[str] | None = None) -> None:
        self._targets, self._files = targets, files
        self._columns: dict[str, list[NDArray[Any]]] = {}
        self._first: list[Shown] = []
        self._worst: list[Shown] = []
        self._count = 0

    def update(self, targets: tuple[NDArray[Any], NDArray[Any]], outputs: NDArray[np.floating[Any]]) -> None:
        """Take a batch.

        Args:
            targets: what was to come out, and what went into the network, behind `prepare`: float (batch, *shape) each.
            outputs: float (batch, *shape), at least one example.

        Raises:
            ValueError: other or different shapes, or no examples.
        """
        true, given = targets
        if true.ndim < 2 or not true.shape == given.shape == outputs.shape or not true.size:
            raise ValueError(
                f"examples of one shape, at least one; received {true.shape}, {given.shape}, {outputs.shape}"
            )
        errors = squared_errors(true, outputs)
        self._add("errors", errors)
        self._add("ssim", ssim_of(true, outputs, self._targets.data_range))
        if self._targets.corruption:
            self._add("input_errors", squared_errors(true, given))
            self._add("input_ssim", ssim_of(true, given, self._targets.data_range))
        self._keep(errors, true, given, outputs)
        self._count += len(errors)

    def _add(self, name: str, values: NDArray[Any] | None) -> None:
        if values is not None:
            self._columns.setdefault(name, []).append(values)

    def _keep(self, errors: NDArray[Any], *values: NDArray[Any]) -> None:
        known = self._worst[-1].error if len(self._worst) == SHOWN else -1.0
        large = [place for place in np.argsort(-errors, kind="stable")[:SHOWN].tolist() if errors[place] > known]
        shown = {
            place: Shown(
                self._count + place,
                float(errors[place]),
                *(np.array(each[place], np.float32) for each in values),  # a copy: not the whole batch stays
            )
            for place in {*large, *range(SHOWN - len(self._first))}
            if place < len(errors)
        }
        self._first += [shown[place] for place in range(min(SHOWN - len(self._first), len(errors)))]
        found = [*self._worst, *(shown[place] for place in large)]
        self._worst = sorted(found, key=lambda each: (-each.error, each.index))[:SHOWN]

    def result(self, **common: Any) -> Scored:
        """Score all batches.

        Args:
            common: the fields that every `Result` has.

        Raises:
            DivergedError: an output is not a finite number.
        """
        columns = {name: np.concatenate(values) for name, values in self._columns.items()}
        values = PerExample(*(columns.get(name) for name in ("errors", "ssim", "input_errors", "input_ssim")))  # type: ignore[arg-type]
        refuse_diverged(~np.isfinite(values.errors), "no finite number")
        targets = self._targets
        scores, order = reconstruction_scores(
            values.errors,
            values.ssim,
            None if values.input_errors is None else (values.input_errors, values.input_ssim),
            low=targets.low,
            high=targets.high,
            corruption=targets.corruption_text,
            files=self._files,
        )
        result = ReconstructionResult(**common, **dict(scores))
        return Scored(result, values, self._first, self._worst, order)


SCORER = ReconstructionScorer
