"""The bootstrap: draws that depend on seed, count and number alone, intervals and p-values."""

import numpy as np
import pytest

from cnncli.tasks.resampling import drawn_counts, drawn_rows, interval_and_p, percentiles


def test_draws_do_not_depend_on_how_many_are_held_at_once():
    whole = np.concatenate(list(drawn_rows(7, 20, seed=3)))
    parts = list(drawn_rows(7, 20, seed=3, most=15))
    assert [len(each) for each in parts] == [2] * 10
    np.testing.assert_array_equal(np.concatenate(parts), whole)
    counts = np.stack(list(drawn_counts(7, 20, seed=3)))
    np.testing.assert_array_equal(counts, [np.bincount(row, minlength=7) for row in whole])
    assert (counts.sum(axis=1) == 7).all()


def test_draws_are_those_of_the_generator_of_the_seed():
    random = np.random.default_rng(0)
    np.testing.assert_array_equal(next(drawn_rows(5, 3)), random.integers(5, size=(3, 5)))


def test_intervals_hold_95_percent_in_the_middle():
    low, high = percentiles(np.arange(1001.0))
    assert (low, high) == (pytest.approx(25), pytest.approx(975))


def test_p_is_twice_the_share_beyond_zero_and_counts_the_data_itself():
    differences = np.array([-1.0, *np.ones(99)])  # 1 of 100 draws below 0
    assert interval_and_p(differences)[1] == pytest.approx(2 * 2 / 101)
    assert interval_and_p(differences, draws=199)[1] == pytest.approx(2 * 2 / 200)
    assert interval_and_p(np.ones(9))[1] == pytest.approx(2 * 1 / 10)
