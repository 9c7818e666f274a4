"""ROC and precision-recall curves of each class against the rest, and their areas."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from cnncli.tasks.result import Part, Score

MOST_CURVES = 20  # classes; of more only the areas are kept
MOST_POINTS = 101  # of a curve
_DECIMALS = 6


class RocCurve(Part):
    """The ROC curve of one class against the rest.

    Attributes:
        name: the class.
        auc: the area under all its points; None where every example or none is of this class.
        fpr, tpr: at most 101 of its points, ascending in `fpr`; empty where no curve is kept.
    """

    name: str = Field(alias="class")
    auc: Score
    fpr: tuple[float, ...] = ()
    tpr: tuple[float, ...] = ()


class Roc(Part):
    """The ROC curves of the classes one by one, and the mean of their areas.

    Attributes:
        macro_auc: the mean of the areas that are known; None where none is.
        per_class: one a class; of two classes only the second, the positive one.
    """

    macro_auc: Score
    per_class: tuple[RocCurve, ...]


class PrecisionRecallCurve(Part):
    """Precision over recall of one class against the rest.

    Attributes:
        name: the class.
        average_precision: of all its points; None where every example or none is of this class.
        recall, precision: at most 101 of its points, ascending in `recall`; empty where no curve is kept.
    """

    name: str = Field(alias="class")
    average_precision: Score
    recall: tuple[float, ...] = ()
    precision: tuple[float, ...] = ()


class PrecisionRecall(Part):
    """The precision-recall curves of the classes one by one, and the mean of their areas; see `Roc`."""

    macro_average_precision: Score
    per_class: tuple[PrecisionRecallCurve, ...]


def roc_and_precision_recall(
    labels: NDArray[np.integer[Any]], columns: Iterable[NDArray[np.floating[Any]]], class_names: Sequence[str]
) -> tuple[Roc, PrecisionRecall]:
    """Compute both curves of each class against the rest.

    The area under the ROC curve (false positive rate -> true positive rate) is the probability that an example of the
    class gets a larger output than another. That of precision over recall is the average precision, the sum of each
    precision times the step in recall, without interpolation. Both are scikit-learn's.

    Args:
        labels: int (examples,), index into `class_names`.
        columns: float (examples,), the outputs for each class, any numbers that rank; of two classes the last one counts.
        class_names: one a class.
    """
    classes: Sequence[int] = range(len(class_names))
    if len(classes) == 2:
        *_, positive = columns
        classes, columns = [1], [positive]
    measure = _curves if len(classes) <= MOST_CURVES else _areas
    measured = []
    for index, column in zip(classes, columns, strict=True):
        positive = labels == index
        # No number larger than the largest: scikit-learn takes none, and the order stays.
        score = np.nan_to_num(np.ascontiguousarray(column))
        known = 0 < positive.sum() < len(positive)
        measured.append(measure(class_names[index], positive, score) if known else _unknown(class_names[index]))
    roc, precision_recall = zip(*measured, strict=True)
    return (
        Roc(macro_auc=_mean([curve.auc for curve in roc]), per_class=roc),
        PrecisionRecall(
            macro_average_precision=_mean([curve.average_precision for curve in precision_recall]),
            per_class=precision_recall,
        ),
    )


def _curves(name: str, positive: NDArray[np.bool_], scores: NDArray[Any]) -> tuple[RocCurve, PrecisionRecallCurve]:
    from sklearn.metrics import auc, average_precision_score, precision_recall_curve, roc_curve  # 1.4 s to import

    false_positive_rate, true_positive_rate, _ = roc_curve(positive, scores)
    precision, recall, _ = precision_recall_curve(positive, scores, drop_intermediate=True)
    fpr, tpr = _thin(false_positive_rate, true_positive_rate)
    area = float(auc(false_positive_rate, true_positive_rate))
    recall, precision = _thin(recall[::-1], precision[::-1])
    average_precision = float(average_precision_score(positive, scores))
    return (
        RocCurve(name=name, auc=area, fpr=fpr, tpr=tpr),
        PrecisionRecallCurve(name=name, average_precision=average_precision, recall=recall, precision=precision),
    )


def _areas(name: str, positive: NDArray[np.bool_], scores: NDArray[Any]) -> tuple[RocCurve, PrecisionRecallCurve]:
    """The areas alone, without the curves: of 1,000 classes and 100,000 examples in seconds rather than a minute."""
    in_order, own = np.sort(scores), np.sort(scores[positive])
    # Of each example of the class: how many score less, and how many as much; of all, and of its own class.
    below, own_below = np.searchsorted(in_order, own), np.searchsorted(own, own)
    up_to, own_up_to = np.searchsorted(in_order, own, side="right"), np.searchsorted(own, own, side="right")
    others_below, others_equal = below - own_below, (up_to - below) - (own_up_to - own_below)
    pairs = len(own) * (len(scores) - len(own))
    area = float((others_below + others_equal / 2).sum() / pairs)
    average_precision = float(np.mean((len(own) - own_below) / (len(scores) - below)))
    return RocCurve(name=name, auc=area), PrecisionRecallCurve(name=name, average_precision=average_precision)


def _unknown(name: str) -> tuple[RocCurve, PrecisionRecallCurve]:
    return RocCurve(name=name, auc=None), PrecisionRecallCurve(name=name, average_precision=None)


def _thin(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Keep at most 101 points of a curve, both ends among them, evenly along its way; round to six decimals."""
    if len(x) > MOST_POINTS:
        way = np.concatenate([[0], np.cumsum(np.abs(np.diff(x)) + np.abs(np.diff(y)))])
        kept = np.unique(np.searchsorted(way, np.linspace(0, way[-1], MOST_POINTS)))
        kept[-1] = len(x) - 1
        x, y = x[kept], y[kept]
    return tuple(x.round(_DECIMALS).tolist()), tuple(y.round(_DECIMALS).tolist())


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return math.fsum(known) / len(known) if known else None
