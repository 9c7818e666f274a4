"""Bootstrap intervals: against scipy's, drawn example by example, and as often right as they say."""

import math
import tracemalloc

import numpy as np
import pytest
from executed_lines import executed_lines
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, bootstrap
from sklearn.metrics import f1_score

from cnncli.tasks.classification.intervals import bootstrap_intervals


def matrix_of(labels, predicted, classes):
    matrix = np.zeros((classes, classes), int)
    np.add.at(matrix, (labels, predicted), 1)
    return matrix


def guesses(count=400, classes=4, accuracy=0.8, seed=0):
    random = np.random.default_rng(seed)
    labels = random.integers(0, classes, count)
    return labels, np.where(random.random(count) < accuracy, labels, random.integers(0, classes, count))


def test_intervals_are_those_of_scipy():
    labels, predicted = guesses()
    found = bootstrap_intervals(matrix_of(labels, predicted, 4), samples=20_000)

    def macro_f1(labels, predicted):
        matrix = matrix_of(labels, predicted, 4)
        return np.mean(2 * matrix.diagonal() / (matrix.sum(axis=0) + matrix.sum(axis=1)))

    def accuracy(labels, predicted):
        return np.mean(labels == predicted)

    assert macro_f1(labels, predicted) == pytest.approx(f1_score(labels, predicted, average="macro"))
    for statistic, interval, draws in ((accuracy, found.accuracy, 20_000), (macro_f1, found.macro_f1, 1000)):
        expected = bootstrap(
            (labels, predicted), statistic, paired=True, vectorized=False, method="percentile", n_resamples=draws,
            rng=np.random.default_rng(1),
        ).confidence_interval  # fmt: skip
        # 400 examples: the bounds differ by chance of the draws, by less than a tenth of the interval's width.
        np.testing.assert_allclose(interval, expected, atol=0.1 * (expected.high - expected.low))


def test_accuracys_interval_is_the_binomials():
    # 90 of 100 right: drawn again, the number of right ones is Binomial(100, 0.9)
    found = bootstrap_intervals([[45, 5], [5, 45]], samples=50_000)
    expected = binom.ppf([0.025, 0.975], 100, 0.9) / 100
    np.testing.assert_allclose(found.accuracy, expected, atol=0.0101)


def test_interval_covers_the_true_accuracy_about_as_often_as_it_says():
    # 95% of 400 intervals of 300 examples each; the percentile bootstrap stays a little below.
    random = np.random.default_rng(5)
    truth, repeats = 0.8, 400
    covered = 0
    for right in random.binomial(300, truth, repeats):
        low, high = bootstrap_intervals([[right, 300 - right], [0, 0]], samples=400).accuracy
        covered += low <= truth <= high
    # 0.94, and three standard deviations of what 400 repeats may miss: sqrt(0.94 * 0.06 / 400) = 0.012
    assert covered / repeats == pytest.approx(0.94, abs=0.036)


def test_interval_covers_the_true_macro_f1():
    truth = np.array([[0.3, 0.05, 0.0], [0.02, 0.2, 0.08], [0.05, 0.0, 0.3]])  # shares of the population
    right, both = np.diagonal(truth), truth.sum(axis=0) + truth.sum(axis=1)
    expected = np.mean(2 * right / both)
    random = np.random.default_rng(6)
    covered = 0
    for drawn in random.multinomial(500, truth.ravel(), size=300):
        low, high = bootstrap_intervals(drawn.reshape(3, 3), samples=300).macro_f1
        covered += low <= expected <= high
    assert covered / 300 == pytest.approx(0.94, abs=0.042)  # three times sqrt(0.94 * 0.06 / 300)


def test_macro_f1_of_a_draw_leaves_out_classes_that_it_lacks():
    # Two examples, each right: whichever are drawn, the macro F1 of the classes in the draw is 1.
    assert bootstrap_intervals(np.eye(2, dtype=int)).macro_f1 == (1, 1)


def test_without_mistakes_there_is_no_width():
    found = bootstrap_intervals(10 * np.eye(3, dtype=int))
    assert (found.accuracy, found.macro_f1) == ((1, 1), (1, 1))


def test_same_seed_same_interval_and_json():
    matrix = [[8, 2], [3, 7]]
    document = bootstrap_intervals(matrix).to_json()
    assert document == bootstrap_intervals(matrix).to_json()
    assert list(document) == ["level", "method", "samples", "seed", "accuracy", "macro_f1", "accuracy_method"]
    assert (document["level"], document["samples"], document["seed"]) == (0.95, 1000, 0)
    assert document["method"] == "percentile bootstrap over examples"


@settings(max_examples=60)
@given(st.integers(1, 6), st.integers(0, 10**6), st.integers(1, 50))
def test_bounds_are_shares_in_order_around_the_score(classes, seed, largest):
    matrix = np.random.default_rng(seed).integers(0, largest + 1, (classes, classes))
    matrix[0, 0] += 1
    found = bootstrap_intervals(matrix, samples=200, seed=seed)
    accuracy = np.trace(matrix) / matrix.sum()
    assert 0 <= found.accuracy[0] <= accuracy + 1e-9
    assert accuracy - 1e-9 <= found.accuracy[1] <= 1
    assert 0 <= found.macro_f1[0] <= found.macro_f1[1] <= 1
    assert not any(map(math.isnan, found.macro_f1))


@settings(max_examples=20)
@given(st.permutations(range(4)))
def test_the_order_of_the_classes_does_not_matter(order):
    matrix = np.array([[50, 3, 0, 1], [2, 40, 5, 0], [0, 1, 30, 4], [6, 0, 0, 20]])
    moved = matrix[np.ix_(order, order)]
    one, other = (bootstrap_intervals(each, samples=4000) for each in (matrix, moved))
    np.testing.assert_allclose(one.accuracy, other.accuracy, atol=0.015)
    np.testing.assert_allclose(one.macro_f1, other.macro_f1, atol=0.02)


def test_more_examples_take_no_more_work_and_memory():
    def work(examples):
        matrix = matrix_of(*guesses(count=examples, classes=10), 10)
        tracemalloc.start()
        bootstrap_intervals(matrix)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return executed_lines(lambda: bootstrap_intervals(matrix)), most

    lines, memory = work(10_000)
    assert work(100_000) == (lines, pytest.approx(memory, rel=0.1))


@pytest.mark.parametrize("matrix", [np.zeros((2, 2), int), np.ones((2, 3), int), np.ones(3, int)])
def test_other_matrices_are_refused(matrix):
    with pytest.raises(ValueError, match="a square matrix with examples is needed"):
        bootstrap_intervals(matrix)
