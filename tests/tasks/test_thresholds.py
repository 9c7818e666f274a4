"""The threshold sweep of two classes."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, f1_score, precision_score, recall_score

from cnncli.tasks.classification.thresholds import sweep_thresholds


def test_scores_by_hand():
    sweep = sweep_thresholds(np.array([1, 1, 0, 0]), np.array([0.9, 0.4, 0.6, 0.1]))
    assert sweep.thresholds[[0, 50, 100]].tolist() == [0, 0.5, 1]
    assert len(sweep.thresholds) == 101
    # above 0.5: 0.9, which is right, and 0.6, which is not
    assert [getattr(sweep, name)[50] for name in ("precision", "recall", "f1", "accuracy")] == [0.5] * 4
    # above 0.39: both, and 0.6
    assert sweep.precision[39] == pytest.approx(2 / 3)
    assert sweep.recall[39] == 1
    assert sweep.f1[39] == pytest.approx(2 * 2 / (2 + 3))


def test_positive_is_said_above_the_threshold_not_at_it():
    sweep = sweep_thresholds(np.array([1, 0]), np.array([0.5, 0.25]))
    assert sweep.recall[[49, 50]].tolist() == [1, 0]


def test_of_equally_good_thresholds_that_nearest_one_half_is_best():
    # perfect from 0.2 up to 0.7
    sweep = sweep_thresholds(np.array([1, 1, 0]), np.array([0.71, 0.9, 0.2]))
    assert sweep.best_to_json() == {"threshold": 0.5, "f1": 1.0}
    sweep = sweep_thresholds(np.array([1, 1, 0]), np.array([0.305, 0.9, 0.2]))
    assert sweep.best_to_json() == {"threshold": 0.3, "f1": 1.0}


def test_without_positive_examples_nothing_is_best():
    sweep = sweep_thresholds(np.array([0, 0]), np.array([0.3, 0.2]))
    assert sweep.best_to_json() is None
    assert sweep.to_json()[0] == {"threshold": 0.0, "precision": 0.0, "recall": None, "f1": 0.0, "accuracy": 0.0}
    assert sweep.to_json()[100] == {"threshold": 1.0, "precision": None, "recall": None, "f1": None, "accuracy": 1.0}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.floats(0, 1, width=32)), min_size=1, max_size=80), st.integers(0, 100))
def test_every_threshold_is_scored_as_scikit_learn_does(rows, step):
    labels = np.array([int(label) for label, _ in rows])
    probabilities = np.array([probability for _, probability in rows], np.float32)
    sweep = sweep_thresholds(labels, probabilities)
    json.dumps(sweep.to_json(), allow_nan=False)
    said = (probabilities.astype(np.float64) > step / 100).astype(int)
    for name, score in (("precision", precision_score), ("recall", recall_score)):
        np.testing.assert_allclose(getattr(sweep, name)[step], score(labels, said, zero_division=np.nan))
    assert sweep.accuracy[step] == pytest.approx(accuracy_score(labels, said))
    if labels.any():
        assert sweep.f1[step] == pytest.approx(f1_score(labels, said, zero_division=0))
        assert sweep.f1[sweep.best] == np.nanmax(sweep.f1)
    assert np.all(np.diff(sweep.recall) <= 0) or not labels.any()
