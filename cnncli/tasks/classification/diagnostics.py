"""Diagnostics of a classification: baseline, intervals, calibration, curves, thresholds, mistakes."""

from __future__ import annotations

from cnncli.tasks.classification.accuracy import Baseline
from cnncli.tasks.classification.calibration import Calibration
from cnncli.tasks.classification.intervals import ClassificationIntervals
from cnncli.tasks.classification.mistakes import Confused, Wrong
from cnncli.tasks.classification.roc import PrecisionRecall, Roc
from cnncli.tasks.classification.thresholds import BestThreshold, ThresholdScore
from cnncli.tasks.result import Part


class Diagnostics(Part):
    """What belongs beside accuracy, precision and recall.

    Attributes:
        baseline: what always predicting the most frequent class would reach.
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
