"""Score a classifier batch by batch: scores, baseline, intervals, calibration, curves, thresholds, mistakes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncli.data.dataset import Examples
from cnncli.tasks.classification.accuracy import majority_baseline, top_k_counts
from cnncli.tasks.classification.calibration import calibration
from cnncli.tasks.classification.intervals import intervals
from cnncli.tasks.classification.mistakes import most_confused, most_wrong, wrong_examples
from cnncli.tasks.classification.predictions import to_csv
from cnncli.tasks.classification.probabilities import are_probabilities, of_the_predicted
from cnncli.tasks.classification.result import ClassificationResult
from cnncli.tasks.classification.roc import roc_and_precision_recall
from cnncli.tasks.classification.scores import classification_scores, largest
from cnncli.tasks.classification.targets import ClassTargets
from cnncli.tasks.classification.thresholds import Sweep, sweep_thresholds
from cnncli.tasks.diverged_outputs import refuse_diverged
from cnncli.tasks.spooled_rows import SpooledRows


@dataclass(frozen=True)
class Scored:
    """Examples that a classifier has scored.

    Attributes:
        outputs: float32 (count, outputs), probabilities; logits have become such.
        predicted: int64 (count,), the class of each.
        confidence: float64 (count,), the probability of that class; None where the outputs are no probabilities.
        wrong: int64 (any,), which examples are wrong, those with the largest output first.
    """

    result: ClassificationResult
    outputs: SpooledRows
    predicted: NDArray[np.int64]
    confidence: NDArray[np.float64] | None
    wrong: NDArray[np.int64]

    def csv_lines(self, examples: Examples, targets: ClassTargets) -> Iterator[str]:
        """predictions.csv: a line for each example."""
        said = self.predicted, self.confidence, self.outputs
        return to_csv(examples.labels, *said, targets.class_names, files=examples.files)


class ClassificationScorer:
    """Scores of batches; see `Scorer`. Beside the spooled outputs it keeps about 20 bytes for each example.

    Args:
        targets: with the names of the classes.
        files: one an example, when the examples came from files.
    """

    def __init__(self, targets: ClassTargets, *, files: Sequence[str] | None = None) -> None:
        self._class_names, self._files = targets.class_names, files
        self._outputs = SpooledRows()
        self._examples: list[
            tuple[NDArray[Any], ...]
        ] = []  # of each batch: labels, predicted, their outputs, whether NaN
        self._top_k = Counter[int]()
        self._are_probabilities = True

    def update(self, targets: NDArray[np.integer[Any]], outputs: NDArray[np.floating[Any]]) -> None:
        """Take a batch.

        Args:
            targets: int (batch,), index into the class names.
            outputs: float (batch, classes), or (batch, 1), the probability of class 1.

        Raises:
            ValueError: outputs of another shape.
        """
        predicted = largest(outputs)
        scores = of_the_predicted(outputs, predicted)
        self._examples.append((targets, predicted, scores, np.isnan(outputs).any(axis=1)))
        self._top_k.update(top_k_counts(targets, outputs, class_count=len(self._class_names)))
        self._are_probabilities &= are_probabilities(outputs)
        self._outputs.append(outputs)

    def result(self, **common: Any) -> Scored:
        """Score all batches.

        Args:
            common: the fields that every `Result` has.

        Raises:
            DivergedError: an output is not a number.
        """
        labels, predicted, scores, is_diverged = (np.concatenate(each) for each in zip(*self._examples, strict=True))
        refuse_diverged(is_diverged, "not a number")
        names, confidence = self._class_names, scores if self._are_probabilities else None
        found = classification_scores(labels, predicted, names)
        columns = (column for block in self._outputs.column_blocks() for column in block.T)
        roc, precision_recall = roc_and_precision_recall(labels, columns, names)
        sweep = Sweep((), None)
        if len(names) == 2 and confidence is not None:
            width = self._outputs.shape[1]
            sweep = sweep_thresholds(labels, self._outputs.columns(width - 1, width)[:, 0])
        wrong = wrong_examples(labels, predicted, scores)
        result = ClassificationResult(
            **common,
            **dict(found),
            baseline=majority_baseline(labels, names),
            top_k={k: count / len(labels) for k, count in self._top_k.items()},
            intervals=intervals(found.confusion),
            calibration=None if confidence is None else calibration(np.minimum(confidence, 1), labels == predicted),
            roc=roc,
            precision_recall=precision_recall,
            thresholds=sweep.rows,
            best_threshold=sweep.best,
            most_confused=most_confused(found.confusion, names),
            most_wrong=most_wrong(wrong, labels, predicted, confidence, names, files=self._files),
        )
        return Scored(result, self._outputs, predicted, confidence, wrong)


SCORER = ClassificationScorer
