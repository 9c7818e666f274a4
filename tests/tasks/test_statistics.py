"""Statistics of two classifiers, against textbooks and numbers worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnncli.tasks.statistics import difference_interval, holm, mcnemar

COUNTS = st.integers(0, 300)


def test_mcnemar_is_agrestis_on_the_approval_ratings():
    # Agresti, Categorical Data Analysis (1990), p. 350: of 1600 people 150 approve in the first survey alone, 86 in the
    # second alone; z^2 = (86 - 150)^2 / (86 + 150) = 17.3559, p = 3.099e-05.
    test = mcnemar(150, 86, corrected=False)

    assert test.method == "chi-square"
    assert test.statistic == pytest.approx(17.3559, abs=5e-5)
    assert test.p == pytest.approx(3.099e-05, rel=5e-4)


def test_edwards_correction_takes_one_from_the_distance():
    test = mcnemar(150, 86)

    assert test.method == "chi-square with Edwards' correction"
    assert test.statistic == pytest.approx(63**2 / 236)


def test_few_discordant_examples_are_tested_exactly():
    # b = 6, c = 16, the textbook example of the exact test: 2 * (C(22,0) + ... + C(22,6)) / 2^22 = 2 * 110056 / 4194304.
    test = mcnemar(6, 16)

    assert (test.method, test.statistic) == ("exact binomial", None)
    assert test.p == pytest.approx(2 * 110056 / 4194304)


@pytest.mark.parametrize(
    ("discordant", "method"), [(24, "exact binomial"), (25, "chi-square with Edwards' correction")]
)
def test_method_changes_at_25(discordant, method):
    assert mcnemar(10, discordant - 10).method == method


def test_runs_that_are_right_equally_often_have_p_1():
    assert mcnemar(0, 0).p == 1.0
    assert mcnemar(7, 7).p == 1.0
    assert mcnemar(40, 40).p == 1.0


@given(COUNTS, COUNTS)
def test_mcnemar_does_not_depend_on_which_is_first(first_only, second_only):
    assert mcnemar(first_only, second_only) == mcnemar(second_only, first_only)
    assert 0 <= mcnemar(first_only, second_only).p <= 1


@given(st.integers(25, 300), st.data())
def test_corrected_chi_square_is_near_the_exact_test(discordant, data):
    first_only = data.draw(st.integers(0, discordant))
    exact, approximate = (mcnemar(first_only, discordant - first_only, exact=exact).p for exact in (True, False))

    assert approximate == pytest.approx(exact, abs=0.02)


def test_interval_is_agrestis_normal_one_where_examples_are_many():
    # The same 1600 people: (86 - 150) / 1600 = -0.04, sqrt(236 - 64^2 / 1600) / 1600 = 0.00955; -0.04 +- 1.96 * 0.00955.
    low, high = difference_interval(150, 86, 1600)
    half = 1.96 * math.sqrt(236 - 64**2 / 1600) / 1600

    assert (low, high) == (pytest.approx(-0.04 - half, abs=1e-3), pytest.approx(-0.04 + half, abs=1e-3))


def test_interval_is_that_of_examples_drawn_again():
    right = np.array([[1, 1]] * 60 + [[1, 0]] * 8 + [[0, 1]] * 20 + [[0, 0]] * 12)
    drawn = right[np.random.default_rng(1).integers(0, 100, (4000, 100))]  # (draws, examples, 2)
    differences = (drawn[..., 1] - drawn[..., 0]).mean(axis=1)

    expected = np.percentile(differences, [2.5, 97.5])
    np.testing.assert_allclose(difference_interval(8, 20, 100), expected, atol=0.0101)  # one example is 0.01


def test_interval_of_no_difference_is_a_point():
    assert difference_interval(0, 0, 50) == (0.0, 0.0)


@given(st.integers(0, 50), st.integers(0, 50), st.integers(1, 100))
def test_interval_holds_the_difference_and_is_repeatable(first_only, second_only, others):
    count = first_only + second_only + others
    low, high = difference_interval(first_only, second_only, count)

    assert low <= (second_only - first_only) / count <= high
    assert (low, high) == difference_interval(first_only, second_only, count)


def test_holm_multiplies_the_smallest_by_their_number():
    # 0.01 * 4, 0.02 * 3, 0.03 * 2 (not below 0.06), 0.04 * 1 (not below 0.06)
    assert holm([0.04, 0.01, 0.03, 0.02]) == pytest.approx([0.06, 0.04, 0.06, 0.06])


def test_holm_stays_at_1_and_leaves_one_test_alone():
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([0.2]) == [0.2]
    assert holm([]) == []
