"""The picture of a learning-rate range test."""

import math
import warnings

import numpy as np
import pytest

from cnncli.plots.range_test import draw_range_test

RATES = np.geomspace(1e-6, 1, 100).tolist()
LOSSES = [*np.linspace(2.3, 0.3, 90), *np.geomspace(0.4, 1e20, 9), math.inf]


def drawn(rates=RATES, losses=LOSSES, smoothed=LOSSES, *, suggested=0.01, present=0.001):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = draw_range_test(rates, losses, smoothed, suggested=suggested, present=present, title="$x_1$ [red]")
        figure.canvas.draw()
    [axes] = figure.axes
    return figure, axes


def lines(axes):
    return {line.get_label(): line for line in axes.lines}


def test_both_rates_are_marked_on_a_logarithmic_axis():
    figure, axes = drawn()

    assert axes.get_xscale() == "log"
    assert list(lines(axes)) == ["loss of a batch", "smoothed", "suggested 0.01", "recipe 0.001"]
    assert list(lines(axes)["suggested 0.01"].get_xdata()) == [0.01, 0.01]
    assert "suggested learning rate 0.01 · the recipe has 0.001" in [text.get_text() for text in figure.texts]


def test_diverging_losses_do_not_hide_the_valley():
    _, axes = drawn()
    low, high = axes.get_ylim()

    assert low < 0.3
    assert 2.3 < high < 5


def test_rate_outside_of_the_test_is_not_marked():
    _, axes = drawn(present=50.0)

    assert list(lines(axes)) == ["loss of a batch", "smoothed", "suggested 0.01"]


def test_no_suggestion_is_said():
    figure, axes = drawn(suggested=None)

    assert list(lines(axes)) == ["loss of a batch", "smoothed", "recipe 0.001"]
    assert any(text.get_text().startswith("no clear suggestion") for text in figure.texts)


@pytest.mark.parametrize(
    "losses", [[math.nan], [2.3], [2.3, math.inf], [0.0] * 50, [-3.0, -4.0, -5.0], [1e30, 2e30], [2.0, 2.0 + 1e-9]]
)
def test_any_losses_can_be_drawn(losses):
    smoothed = [value if math.isfinite(value) else math.nan for value in losses]
    _, axes = drawn(RATES[: len(losses)], losses, smoothed, suggested=None)
    low, high = axes.get_ylim()

    assert low < high
    assert all(math.isfinite(limit) for limit in (low, high))
