"""Metrics that have no value are not 0."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from cnncli.tasks.undefined_metrics import without_value

pytestmark = pytest.mark.usefixtures("without_graphs")


def undefined(metric, true, said):
    """Whether a metric has no value for labels and outputs (examples, k)."""
    true, said = np.array(true, np.float32), np.array(said, np.float32)
    model = keras.Sequential([keras.Input((true.shape[1],)), keras.layers.Activation("linear")])
    model.compile(loss="mse", metrics=[metric])
    model.evaluate(said, true, verbose=0)
    return bool(without_value(model))


NO, YES, HALF = [[0], [0], [0]], [[1], [1], [1]], [[0], [1], [1]]
LOW, HIGH, MIXED = [[0.1], [0.2], [0.3]], [[0.8], [0.9], [0.7]], [[0.1], [0.9], [0.2]]


@pytest.mark.parametrize(
    ("metric", "true", "said", "wanted"),
    [
        ("auc", NO, MIXED, True),
        ("auc", YES, MIXED, True),
        ("auc", HALF, LOW, False),
        (keras.metrics.AUC(curve="PR", multi_label=True), [[1, 0], [0, 0]], [[0.9, 0.1], [0.2, 0.3]], True),
        (keras.metrics.AUC(multi_label=True), [[1, 0], [0, 1]], [[0.9, 0.1], [0.2, 0.3]], False),
        ("precision", HALF, LOW, True),
        ("precision", NO, HIGH, False),
        ("recall", NO, HIGH, True),
        ("recall", HALF, LOW, False),
        (keras.metrics.SensitivityAtSpecificity(0.5), NO, HIGH, True),
        (keras.metrics.SensitivityAtSpecificity(0.5), HALF, HIGH, False),
        (keras.metrics.F1Score(average="macro"), [[1, 0, 0], [0, 1, 0]], [[0.9, 0.1, 0], [0.2, 0.3, 0]], True),
        (keras.metrics.F1Score(average="macro"), [[1, 0], [0, 1]], [[0.9, 0.1], [0.8, 0.3]], False),
        (keras.metrics.R2Score(), [[7.1], [7.1], [7.1]], MIXED, True),
        (keras.metrics.R2Score(), HALF, MIXED, False),
        ("accuracy", NO, HIGH, False),
        ("mae", NO, HIGH, False),
    ],
)
def test_metric_without_a_value(metric, true, said, wanted):
    assert undefined(metric, true, said) is wanted
