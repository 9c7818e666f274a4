"""The threshold sweep of two classes."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, f1_score, precision_score, recall_score

from cnncli.tasks.classification.thresholds import sweep_thresholds


def column(sweep, name):
    return np.array([getattr(row, name) for row in sweep.rows], np.float64)


def test_scores_by_hand():
    sweep = sweep_thresholds(np.array([1, 1, 0, 0]), np.array([0.9, 0.4, 0.6, 0.1]))
    assert column(sweep, "threshold")[[0, 50, 100]].tolist() == [0, 0.5, 1]
    assert len(sweep.rows) == 101
    # above 0.5: 0.9, which is right, and 0.6, which is not
    assert [getattr(sweep.rows[50], name) for name in ("precision", "recall", "f1", "accuracy")] == [0.5] * 4
    # above 0.39: both, and 0.6
    assert sweep.rows[39].precision == pytest.approx(2 / 3)
    assert sweep.rows[39].recall == 1
    assert sweep.rows[39].f1 == pytest.approx(2 * 2 / (2 + 3))


def test_positive_is_said_above_the_threshold_not_at_it():
    sweep = sweep_thresholds(np.array([1, 0]), np.array([0.5, 0.25]))
    assert [sweep.rows[index].recall for index in (49, 50)] == [1, 0]


def test_of_equally_good_thresholds_that_nearest_one_half_is_best():
    # perfect from 0.2 up to 0.7
    sweep = sweep_thresholds(np.array([1, 1, 0]), np.array([0.71, 0.9, 0.2]))
    assert sweep.best.to_json() == {"threshold": 0.5, "f1": 1.0}
    sweep = sweep_thresholds(np.array([1, 1, 0]), np.array([0.305, 0.9, 0.2]))
    assert sweep.best.to_json() == {"threshold": 0.3, "f1": 1.0}


def test_without_positive_examples_nothing_is_best():
    sweep = sweep_thresholds(np.array([0, 0]), np.array([0.3, 0.2]))
    assert sweep.best is None
    assert sweep.rows[0].to_json() == {"threshold": 0.0, "precision": 0.0, "recall": None, "f1": 0.0, "accuracy": 0.0}
    assert sweep.rows[100].to_json() == {
        "threshold": 1.0,
        "precision": None,
        "recall": None,
        "f1": None,
        "accuracy": 1.0,
    }


@settings(max_examples=60)
@given(st.lists(st.tuples(st.booleans(), st.floats(0, 1, width=32)), min_size=1, max_size=80), st.integers(0, 100))
def test_every_threshold_is_scored_as_scikit_learn_does(rows, step):
    labels = np.array([int(label) for label, _ in rows])
    probabilities = np.array([probability for _, probability in rows], np.float32)
    sweep = sweep_thresholds(labels, probabilities)
    json.dumps([row.to_json() for row in sweep.rows], allow_nan=False)
    said = (probabilities.astype(np.float64) > step / 100).astype(int)
    for name, score in (("precision", precision_score), ("recall", recall_score)):
        np.testing.assert_allclose(column(sweep, name)[step], score(labels, said, zero_division=np.nan))
    assert sweep.rows[step].accuracy == pytest.approx(accuracy_score(labels, said))
    if labels.any():
        assert sweep.rows[step].f1 == pytest.approx(f1_score(labels, said, zero_division=0))
        assert sweep.best.f1 == np.nanmax(column(sweep, "f1"))
    assert np.all(np.diff(column(sweep, "recall")) <= 0) or not labels.any()
