"""Scores of a classification: accuracy, precision, recall, F1, confusion matrix."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from cnncli.tasks.diverged_outputs import refuse_diverged
from cnncli.tasks.result import Part, Score


class ClassScore(Part):
    """How well one class is recognised.

    Attributes:
        name: the class.
        precision: share of the predictions of this class that are right; None when it was never predicted.
        recall: share of the examples of this class that were found; None when there are none.
        f1: 2 * right / (examples + predictions), the harmonic mean of both; 0 when it was never predicted though there
            are examples, or predicted though there are none; None when it occurs neither way.
        support: how many examples there are.
    """

    name: str = Field(alias="class")
    precision: Score
    recall: Score
    f1: Score
    support: int


class Scores(Part):
    """How well all classes are recognised.

    The `macro_…` values are means over the classes in which the score is defined, each class counting the same; so a
    class without examples does not lower `macro_recall`, which is what others call balanced accuracy.

    Attributes:
        count: examples.
        accuracy: share of the examples that were predicted right.
        per_class: one a class, in the order of the class names.
        confusion: examples by [true class][predicted class].
    """

    count: int
    accuracy: float
    macro_precision: Score
    macro_recall: Score
    macro_f1: Score
    per_class: tuple[ClassScore, ...]
    confusion: list[list[int]]


def classification_scores(
    labels: NDArray[np.integer], predicted: NDArray[np.integer], class_names: Sequence[str]
) -> Scores:
    """Score predicted classes against the true ones; classes that do not occur are fine.

    Args:
        labels: int (examples,), index into `class_names`.
        predicted: int (examples,), likewise.
        class_names: one a class.

    Raises:
        ValueError: no examples, arrays of other or different shapes, or an index outside of `class_names`.
    """
    labels, predicted = np.asarray(labels), np.asarray(predicted)
    if labels.ndim != 1 or labels.shape != predicted.shape or labels.size == 0:
        raise ValueError(
            f"labels and predictions are (examples,), at least one; received {labels.shape} and {predicted.shape}"
        )
    classes = np.arange(len(class_names))
    for what, values in (("labels", labels), ("predictions", predicted)):
        if not np.issubdtype(values.dtype, np.integer):
            raise ValueError(f"{what} are integers; received {values.dtype}")
        if values.min() < 0 or values.max() >= len(class_names):
            raise ValueError(
                f"{what} are between 0 and {len(class_names) - 1}; received {values.min()} to {values.max()}"
            )

    from sklearn.metrics import confusion_matrix, precision_recall_fscore_support  # 1.4 s to import

    scores = precision_recall_fscore_support(labels, predicted, labels=classes, zero_division=np.nan)
    precision, recall, f1, support = (column.tolist() for column in scores)
    return Scores(
        count=int(labels.size),
        accuracy=float(np.mean(labels == predicted)),
        macro_precision=_mean(precision),
        macro_recall=_mean(recall),
        macro_f1=_mean(f1),
        per_class=tuple(
            ClassScore(name=name, precision=p, recall=r, f1=f, support=int(count))
            for name, p, r, f, count in zip(class_names, precision, recall, f1, support, strict=True)
        ),
        confusion=confusion_matrix(labels, predicted, labels=classes).tolist(),
    )


def predicted_classes(outputs: NDArray[np.floating[Any]]) -> NDArray[np.int64]:
    """Turn a network's output into classes.

    Args:
        outputs: float (examples, classes): the class with the largest value, the first of equal ones. Or (examples, 1),
            the probability of class 1: class 1 above 0.5, as Keras' binary accuracy counts.

    Returns:
        int64 (examples,).

    Raises:
        ValueError: another shape.
        DivergedError: an output is not a number, so that there is no largest.
    """
    outputs = np.asarray(outputs)
    classes = largest(outputs)
    refuse_diverged(np.isnan(outputs).any(axis=1), "not a number")
    return classes


def largest(outputs: NDArray[np.floating[Any]]) -> NDArray[np.int64]:
    """The same, where what is not a number counts as the largest."""
    if outputs.ndim != 2 or outputs.shape[1] == 0:
        raise ValueError(f"outputs are (examples, classes); received shape {outputs.shape}")
    classes = outputs[:, 0] > 0.5 if outputs.shape[1] == 1 else outputs.argmax(axis=1)
    return classes.astype(np.int64)


def _mean(values: list[float]) -> float:
    """Return the mean of what is not NaN; NaN where nothing is left."""
    known = [value for value in values if not math.isnan(value)]
    return math.fsum(known) / len(known) if known else math.nan
