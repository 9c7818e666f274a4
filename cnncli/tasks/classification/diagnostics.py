"""How far the scores of a classification can be trusted: every number beside them, from labels and outputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cnncli.tasks.classification.accuracy import Baseline, majority_baseline, top_k_accuracy
from cnncli.tasks.classification.calibration import Calibration, calibration
from cnncli.tasks.classification.intervals import Intervals, bootstrap_intervals
from cnncli.tasks.classification.mistakes import Confused, Wrong, most_confused, most_wrong
from cnncli.tasks.classification.probabilities import are_probabilities, of_the_positive, of_the_predicted
from cnncli.tasks.classification.roc import Curves, roc_and_precision_recall
from cnncli.tasks.classification.thresholds import Sweep, sweep_thresholds


@dataclass(frozen=True)
class Trust:
    """What belongs beside accuracy, precision and recall.

    Attributes:
        baseline: what always saying the most frequent class would reach.
        top_k: k -> how often the true class is among the k with the largest outputs.
        intervals: of accuracy and macro F1.
        calibration: None where the outputs are no probabilities.
        roc, precision_recall: of each class against the rest.
        sweep: of two classes only, and of probabilities.
        most_confused: pairs of classes, most frequent first.
        most_wrong: examples, surest first.
    """

    baseline: Baseline
    top_k: dict[int, float]
    intervals: Intervals
    calibration: Calibration | None
    roc: Curves
    precision_recall: Curves
    sweep: Sweep | None
    most_confused: tuple[Confused, ...]
    most_wrong: tuple[Wrong, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the form that `--json` prints; `thresholds` and `best_threshold` are there for two classes only."""
        of_two: dict[str, Any] = {}
        if self.sweep is not None:
            of_two = {"thresholds": self.sweep.to_json(), "best_threshold": self.sweep.best_to_json()}
        return {
            "baseline": self.baseline.to_json(),
            "top_k": {str(k): share for k, share in self.top_k.items()},
            "intervals": self.intervals.to_json(),
            "calibration": self.calibration.to_json() if self.calibration else None,
            "roc": self.roc.to_json(macro="macro_auc", area="auc", x="fpr", y="tpr"),
            "precision_recall": self.precision_recall.to_json(
                macro="macro_average_precision", area="average_precision", x="recall", y="precision"
            ),
            **of_two,
            "most_confused": [pair.to_json() for pair in self.most_confused],
            "most_wrong": [wrong.to_json() for wrong in self.most_wrong],
        }


def how_far_to_trust(
    labels: NDArray[np.integer[Any]],
    outputs: NDArray[np.floating[Any]],
    predicted: NDArray[np.integer[Any]],
    confusion: ArrayLike,
    class_names: Sequence[str],
    *,
    files: Sequence[str] | None = None,
) -> Trust:
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
    roc, precision_recall = roc_and_precision_recall(labels, outputs, class_names)
    return Trust(
        baseline=majority_baseline(labels, class_names),
        top_k=top_k_accuracy(labels, outputs, class_count=count),
        intervals=bootstrap_intervals(confusion),
        calibration=calibration(np.minimum(scores, 1), labels == predicted) if have_probabilities else None,
        roc=roc,
        precision_recall=precision_recall,
        sweep=sweep_thresholds(labels, of_the_positive(outputs)) if count == 2 and have_probabilities else None,
        most_confused=most_confused(confusion, class_names),
        most_wrong=most_wrong(
            labels, predicted, scores, class_names, files=files, are_probabilities=have_probabilities
        ),
    )
