"""ROC, precision-recall, reliability and threshold charts as data for pictures and reports; imports no matplotlib."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cnncli.tasks.classification.calibration import Bin, Calibration
from cnncli.tasks.classification.roc import PrecisionRecall, Roc
from cnncli.tasks.classification.thresholds import ThresholdScore

CONFIDENCE = "probability of the predicted class"


@dataclass(frozen=True)
class Curve:
    """The curve of one class against the rest, its points where they are kept, and its area; None where there is none."""

    name: str
    area: float | None
    x: Sequence[float]
    y: Sequence[float]


@dataclass(frozen=True)
class AreaChart:
    """Curves whose areas are scores.

    Attributes:
        area, short: the name of the area, and its abbreviation.
        mean: of the areas of all classes.
        curves: in the order of the classes.
        is_roc: a good curve goes through the upper left corner and a guess along the diagonal; else through the upper right.
    """

    title: str
    area: str
    short: str
    x_label: str
    y_label: str
    mean: float | None
    curves: Sequence[Curve]
    is_roc: bool


def area_charts(roc: Roc, precision_recall: PrecisionRecall) -> tuple[AreaChart, AreaChart]:
    """Both charts of the same classes."""
    over_rate = [Curve(each.name, each.auc, each.fpr, each.tpr) for each in roc.per_class]
    over_recall = [
        Curve(each.name, each.average_precision, each.recall, each.precision) for each in precision_recall.per_class
    ]
    area, mean = "Area under the ROC curve", precision_recall.macro_average_precision
    return (
        AreaChart("ROC", area, "AUC", "false positive rate", "true positive rate", roc.macro_auc, over_rate, True),
        AreaChart("Precision over recall", "Average precision", "AP", "recall", "precision", mean, over_recall, False),
    )


def filled_bins(calibration: Calibration) -> list[tuple[Bin, float, float]]:
    """The bins of the reliability diagram that hold examples, with their mean confidence and their accuracy."""
    return [
        (each, each.confidence, each.accuracy)
        for each in calibration.bins
        if each.confidence is not None and each.accuracy is not None
    ]


def threshold_lines(rows: Sequence[ThresholdScore]) -> dict[str, list[float | None]]:
    """The scores over the threshold, by name."""
    names = {"precision": "precision", "recall": "recall", "F1": "f1", "accuracy": "accuracy"}
    return {name: [getattr(row, key) for row in rows] for name, key in names.items()}
