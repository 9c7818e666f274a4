"""Metrics of Keras that have no value on the examples seen, where Keras gives 0."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray


def without_value(model: keras.Model) -> set[str]:
    """Name the metrics of a compiled model that are not defined for the examples since their last reset.

    The names are those of Keras' logs: of several outputs each begins with the output's name.

    - AUC, and sensitivity, specificity, precision or recall at a value of another: a class has no positive or no
      negative examples.
    - Precision: the class was never predicted. Recall: it has no examples.
    - F1 and F-beta: a class has neither examples nor predictions, where each class counts the same.
    - R2: the targets have no variance.
    """
    return {name for name, metric in _metrics(model) if _is_undefined(metric)}


def _metrics(model: keras.Model) -> Iterator[tuple[str, Any]]:
    for metric in model.metrics:
        inner = getattr(metric, "metrics", None)  # of what holds the metrics that were compiled
        yield from zip(metric.result(), inner, strict=True) if inner else [(metric.name, metric)]


def _is_undefined(metric: Any) -> bool:
    if isinstance(metric, keras.metrics.Precision):
        return _has_zero(metric.true_positives + metric.false_positives)
    if isinstance(metric, keras.metrics.Recall):
        return _has_zero(metric.true_positives + metric.false_negatives)
    if isinstance(metric, keras.metrics.FBetaScore):  # F1Score is one
        if metric.average == "weighted":
            return False
        found = metric.true_positives + metric.false_positives + metric.false_negatives
        return _has_zero(found)
    if isinstance(metric, keras.metrics.R2Score):
        count = float(_array(metric.num_samples))
        squares, sums = _array(metric.squared_sum), _array(metric.sum)
        return bool(count and (squares - sums**2 / count <= 1e-7 * squares).any())
    counts = ("true_positives", "true_negatives", "false_positives", "false_negatives")
    if all(hasattr(metric, name) for name in counts):  # AUC, and one rate at a value of another
        positives = metric.true_positives + metric.false_negatives
        negatives = metric.true_negatives + metric.false_positives
        return _has_zero(positives) or _has_zero(negatives)
    return False


def _has_zero(counts: Any) -> bool:
    return bool((_array(counts) == 0).any())


def _array(tensor: Any) -> NDArray[np.float64]:
    return np.asarray(keras.ops.convert_to_numpy(tensor), np.float64)
