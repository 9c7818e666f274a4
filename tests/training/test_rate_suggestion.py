"""The learning rate that the losses of a range test suggest, for curves whose answer is known."""

import itertools
import math

import numpy as np
import pytest

from cnncli.training.range_test import STEPS, rate_at
from cnncli.training.rate_suggestion import suggest

RATES = [rate_at(step) for step in range(STEPS)]


def curve(*, start=2.3, least=0.3, fall=(-3.5, -2.0), rise=-0.5, noise=0.02, seed=0):
    """A loss that falls linearly between two powers of ten, stays, and rises steeply from a third."""
    power = np.log10(RATES)
    share = np.clip((power - fall[0]) / (fall[1] - fall[0]), 0, 1)
    losses = start - (start - least) * share + np.where(power > rise, 20 * (power - rise), 0)
    return losses + np.random.default_rng(seed).normal(0, noise * abs(start), STEPS)


def near(rate, expected, factor=1.6):
    return rate is not None and expected / factor <= rate <= expected * factor


def test_rates_rise_by_one_factor_from_the_smallest_to_the_largest():
    ratios = [later / before for before, later in itertools.pairwise(RATES)]

    assert (RATES[0], RATES[-1]) == (pytest.approx(1e-6), pytest.approx(10))
    assert ratios == pytest.approx([ratios[0]] * (STEPS - 1))


@pytest.mark.parametrize("seed", range(5))
def test_suggestion_is_a_third_of_the_rate_at_which_the_valley_begins(seed):
    assert near(suggest(RATES, curve(seed=seed)).rate, 0.01 / 3)
    assert near(suggest(RATES, curve(seed=seed, fall=(-2.5, -1.0), rise=0)).rate, 0.1 / 3)


def test_unit_of_the_loss_does_not_matter():
    losses = curve()

    assert suggest(RATES, 1000 * losses).rate == suggest(RATES, losses).rate


def test_loss_may_be_negative():
    assert near(suggest(RATES, curve() - 5).rate, 0.01 / 3)


def test_huge_last_loss_changes_nothing():
    losses = curve()[:115]

    assert suggest(RATES, [*losses, 1e30]).rate == suggest(RATES, [*losses, 50.0]).rate


def test_loss_that_is_not_finite_ends_the_curve():
    losses = [*curve()[:115], math.nan]
    found = suggest(RATES, losses)

    assert near(found.rate, 0.01 / 3)
    assert [math.isfinite(loss) for loss in found.smoothed] == [True] * 115 + [False]


def test_what_comes_after_a_divergence_is_chance():
    losses = curve()
    losses[125:] = 0.0

    assert near(suggest(RATES, losses).rate, 0.01 / 3)


@pytest.mark.parametrize("seed", range(10))
def test_loss_that_is_noise_alone_suggests_nothing(seed):
    found = suggest(RATES, curve(least=2.3, rise=2, noise=0.2, seed=seed))

    assert (found.rate, found.reason) == (None, "The loss does not clearly fall at any learning rate.")


def test_loss_that_only_rises_suggests_nothing():
    assert suggest(RATES, curve(least=2.3, rise=-4)).rate is None


def test_fall_of_a_few_percent_is_no_clear_one():
    assert suggest(RATES, curve(least=2.25, rise=2, noise=0.0)).rate is None


@pytest.mark.parametrize(
    ("losses", "reason"),
    [
        ([2.3] * 5 + [math.nan], "The loss is not finite already at a learning rate of 1.8e-06."),
        ([math.inf], "The loss is not finite already at a learning rate of 1e-06."),
        ([2.3] * 30, "The loss diverges already at a learning rate of 2.9e-05."),
    ],
)
def test_test_that_ends_early_says_where(losses, reason):
    found = suggest(RATES, losses)

    assert (found.rate, found.reason) == (None, reason)
    assert len(found.smoothed) == len(losses)
