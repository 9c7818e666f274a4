"""Signals over the heat of a class."""

import numpy as np
from matplotlib.colors import to_hex
from matplotlib.text import Text

from cnncli.plots import style
from cnncli.plots.signals import draw_signal_heat


def drawn(channels, **options):
    signals = np.random.default_rng(0).normal(size=(1, 20, channels))
    return draw_signal_heat(
        signals, np.ones((1, 5)), [[("a", "black"), ("b", "gray")]], title="t", subtitle="s", **options
    )


def test_curves_over_orange_are_not_orange_and_differ():
    [axes] = drawn(6).axes
    colours = [to_hex(line.get_color()).upper() for line in axes.lines]

    assert len(set(colours[:5])) == 5
    assert style.ORANGE.upper() not in colours


def test_note_says_what_heat_means_and_what_rows_are():
    texts = [text.get_text() for text in drawn(30, meaning="moves the score").findobj(Text)]
    assert "Each row of gray is one of 30 channels. The more orange, the more a place moves the score." in texts
