"""The baseline and the first few guesses, with numbers worked out by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import top_k_accuracy_score

from cnncli.tasks.classification.accuracy import majority_baseline, top_k_counts
from cnncli.tasks.classification.scores import predicted_classes


def test_baseline_is_the_most_frequent_class():
    baseline = majority_baseline(np.array([2, 0, 2, 1]), ["cat", "dog", "=bird"])
    assert baseline.to_json() == {"class": "=bird", "accuracy": 0.5}


def test_of_equally_frequent_classes_the_first_is_the_baseline():
    assert majority_baseline(np.array([1, 0, 1, 0]), ["a", "b", "c"]).name == "a"


def test_top_k_by_hand():
    outputs = np.array([[0.4, 0.3, 0.2, 0.1], [0.1, 0.2, 0.3, 0.4]])
    # the true class is the largest of the first example, the smallest, which is fourth, of the second
    assert top_k_counts(np.array([0, 0]), outputs, class_count=4) == {3: 1}


def test_of_equal_outputs_the_first_counts_as_larger():
    outputs = np.full((4, 4), 0.25)
    assert top_k_counts(np.arange(4), outputs, class_count=4) == {3: 3}


@pytest.mark.parametrize(("classes", "expected"), [(2, []), (3, []), (4, [3]), (5, [3]), (6, [3, 5]), (1000, [3, 5])])
def test_only_k_below_the_number_of_classes(classes, expected):
    assert list(top_k_counts(np.zeros(1, int), np.ones((1, classes)), class_count=classes)) == expected


@settings(max_examples=40)
@given(st.integers(6, 12), st.integers(1, 60), st.integers(0, 10**6))
def test_top_k_is_scikit_learns_and_goes_on_from_the_accuracy(classes, count, seed):
    random = np.random.default_rng(seed)
    outputs = random.permuted(np.tile(np.arange(classes, dtype=np.float32), (count, 1)), axis=1)  # no two equal
    labels = random.integers(0, classes, count)
    found = {k: right / count for k, right in top_k_counts(labels, outputs, class_count=classes).items()}
    for k in (3, 5):
        assert found[k] == pytest.approx(top_k_accuracy_score(labels, outputs, k=k, labels=range(classes)))
    assert np.mean(predicted_classes(outputs) == labels) <= found[3] <= found[5] <= 1
