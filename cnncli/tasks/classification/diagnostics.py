"""Diagnostics of a classification: baseline, intervals, calibration, curves, thresholds, mistakes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cnncli.tasks.classification.accuracy import Baseline, majority_baseline, top_k_accuracy
from cnncli.tasks.classification.calibration import Calibration, calibration
from cnncli.tasks.classification.intervals import ClassificationIntervals, intervals
from cnncli.tasks.classification.mistakes import Confused, Wrong, most_confused, most_wrong
from cnncli.tasks.classification.probabilities import are_probabilities, of_the_positive, of_the_predicted
from cnncli.tasks.classification.roc import PrecisionRecall, Roc, roc_and_precision_recall
from cnncli.tasks.classification.thresholds import BestThreshold, Sweep, ThresholdScore, sweep_thresholds
from cnncli.tasks.result import Part


class Diagnostics(Part):
    """What belongs beside accuracy, precision and recall.

    Attributes:
        baseline: what always saying the most frequent class would reach.
        top_k: k -> how often the true class is among the k with the largest outputs.
        intervals: of accuracy and macro F1.
        calibration: None where the outputs are no probabilities.
        roc, precision_recall: of each class against the rest.
        thresholds, best_threshold: of two classes only, and of probabilities.
        most_confused: pairs of classes, most frequent first.
        most_wrong: examples, surest first.
    """

    baseline: Baseline
    top_k: dict[int, float]
    intervals: ClassificationIntervals
    calibration: Calibration | None
    roc: Roc
    precision_recall: PrecisionRecall
    thresholds: tuple[ThresholdScore, ...] = ()
    best_threshold: BestThreshold | None = None
    most_confused: tuple[Confused, ...]
    most_wrong: tuple[Wrong, ...]


def diagnose(
    labels: NDArray[np.integer[Any]],
    outputs: NDArray[np.floating[Any]],
    predicted: NDArray[np.integer[Any]],
    confusion: ArrayLike,
    class_names: Sequence[str],
    *,
    files: Sequence[str] | None = None,
) -> Diagnostics:
    """Compute every number.

    Args:
        labels: int (examples,), index into `class_names`; at least one.
        outputs: float (examples, classes), or (examples, 1), the probability of class 1; without NaN.
        predicted: int (examples,), the class of each.
        confusion: int (classes, classes), row = true class, column = predicted class.
        class_names: one a class.
        files: one an example, when the examples came from files.
    """
    count = len(class_names)
    have_probabilities = are_probabilities(outputs)
    scores = of_the_predicted(outputs, predicted)
    has_thresholds = count == 2 and have_probabilities
    sweep = sweep_thresholds(labels, of_the_positive(outputs)) if has_thresholds else Sweep((), None)
    roc, precision_recall = roc_and_precision_recall(labels, outputs, class_names)
    return Diagnostics(
        baseline=majority_baseline(labels, class_names),
        top_k=top_k_accuracy(labels, outputs, class_count=count),
        intervals=intervals(confusion),
        calibration=calibration(np.minimum(scores, 1), labels == predicted) if have_probabilities else None,
        roc=roc,
        precision_recall=precision_recall,
        thresholds=sweep.rows,
        best_threshold=sweep.best,
        most_confused=most_confused(confusion, class_names),
        most_wrong=most_wrong(
            labels, predicted, scores, class_names, files=files, are_probabilities=have_probabilities
        ),
    )
