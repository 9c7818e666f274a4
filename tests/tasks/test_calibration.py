"""Calibration errors worked out by hand, and scikit-learn's bins."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve

from cnncli.tasks.classification.calibration import calibration

some = st.lists(st.tuples(st.floats(0, 1, width=32), st.booleans()), min_size=1, max_size=200)


def columns(rows):
    confidence, right = zip(*rows, strict=True)
    return np.array(confidence), np.array(right)


def test_errors_by_hand():
    # 15 bins: 0.95 and 0.97 in the last (above 14/15 = 0.933), 0.5 in (7/15, 8/15], 0.62 in (9/15, 10/15]
    found = calibration(np.array([0.95, 0.97, 0.5, 0.62]), np.array([True, False, True, False]))
    # last bin: accuracy 0.5, confidence 0.96; the others: |1 - 0.5| and |0 - 0.62|
    assert found.expected_calibration_error == pytest.approx(2 / 4 * 0.46 + 1 / 4 * 0.5 + 1 / 4 * 0.62)
    assert found.maximum_calibration_error == pytest.approx(0.62)
    last = found.bins[14]
    assert (last.count, last.accuracy) == (2, 0.5)
    assert last.confidence == pytest.approx(0.96)
    assert [each.count for each in found.bins] == [0] * 7 + [1, 0, 1, 0, 0, 0, 0, 2]


def test_a_bin_holds_its_upper_edge_and_the_first_holds_0():
    found = calibration(np.array([0.0, 0.2, 0.21, 1.0]), np.array([True] * 4), bin_count=5)
    assert [each.count for each in found.bins] == [2, 1, 0, 0, 1]  # (0, 0.2], (0.2, 0.4], …


def test_perfect_confidence_has_no_error():
    found = calibration(np.ones(7), np.ones(7, bool))
    assert (found.expected_calibration_error, found.maximum_calibration_error) == (0, 0)


def test_sure_and_always_wrong_is_the_largest_error():
    found = calibration(np.ones(7), np.zeros(7, bool))
    assert (found.expected_calibration_error, found.maximum_calibration_error) == (1, 1)


def test_json_has_every_bin_and_null_for_the_empty_ones():
    document = calibration(np.array([0.9]), np.array([True]), bin_count=2).to_json()
    assert document == {
        "expected_calibration_error": pytest.approx(0.1),
        "maximum_calibration_error": pytest.approx(0.1),
        "bins": [
            {"low": 0.0, "high": 0.5, "count": 0, "confidence": None, "accuracy": None},
            {"low": 0.5, "high": 1.0, "count": 1, "confidence": 0.9, "accuracy": 1.0},
        ],
    }


@settings(max_examples=60)
@given(some)
def test_bins_are_scikit_learns_and_the_errors_theirs(rows):
    confidence, right = columns(rows)
    found = calibration(confidence, right)
    accuracy, mean = calibration_curve(right, confidence, n_bins=15, pos_label=True)
    filled = [each for each in found.bins if each.count]
    np.testing.assert_allclose([each.accuracy for each in filled], accuracy)
    np.testing.assert_allclose([each.confidence for each in filled], mean, atol=1e-12)
    weights = np.array([each.count for each in filled]) / len(rows)
    assert found.expected_calibration_error == pytest.approx(float(np.sum(weights * np.abs(accuracy - mean))))
    assert found.maximum_calibration_error == pytest.approx(float(np.max(np.abs(accuracy - mean))))


@settings(max_examples=60)
@given(some)
def test_every_example_is_in_one_bin_and_errors_are_in_order(rows):
    confidence, right = columns(rows)
    found = calibration(confidence, right)
    assert sum(each.count for each in found.bins) == len(rows)
    assert all(each.low <= each.confidence <= each.high + 1e-9 for each in found.bins if each.count)
    assert all(each.accuracy is None for each in found.bins if not each.count)
    # The mean gap over all is at most the mean of the bins' gaps, that at most the largest.
    assert abs(confidence.mean() - right.mean()) <= found.expected_calibration_error + 1e-9
    assert found.expected_calibration_error <= found.maximum_calibration_error + 1e-9 <= 1 + 2e-9


@pytest.mark.parametrize(
    ("confidence", "right", "message"),
    [
        ([], [], r"at least one; received \(0,\)"),
        ([0.5], [True, False], r"received \(1,\) and \(2,\)"),
        ([1.5], [True], r"in \[0, 1\]; received 1.5 to 1.5"),
        ([math.nan], [True], r"in \[0, 1\]"),
    ],
)
def test_other_confidences_are_refused(confidence, right, message):
    with pytest.raises(ValueError, match=message):
        calibration(np.array(confidence), np.array(right, bool))
