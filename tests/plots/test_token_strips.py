"""Strips of tokens: numbers in cells, heat by token."""

import numpy as np
import pytest
from matplotlib.text import Text

from cnncli.inputs import TOKENS
from cnncli.plots.feature_maps import draw_feature_maps
from cnncli.plots.map_tiles import LayerMaps
from cnncli.plots.token_strips import draw_token_heat


def texts(figure):
    return [text.get_text() for text in figure.findobj(Text)]


def heats(figure):
    """The heat of each strip, as it is drawn."""
    return [np.asarray(axes.images[1].get_array())[0] for axes in figure.axes if len(axes.images) > 1]


def draw(sequences, heat):
    captions = [[("predicted x", "#000000")] for _ in sequences]
    return draw_token_heat(np.asarray(sequences), np.asarray(heat, float), captions, title="t", subtitle="s")


def test_each_token_has_its_number_where_there_is_room():
    short = texts(draw([[712, 5, 0]], [[0, 1, 0]]))
    long = texts(draw([[712] * 300], [[0] * 300]))

    assert {"712", "5", "0"} <= set(short)
    assert not {"712", "(blank)"} & set(long)
    assert not any("most heat" in text for text in [*short, *long])
    assert "The more orange, the more a position supports the class." in long


@pytest.mark.parametrize(
    ("heat", "by_token"),
    [
        ([0, 0, 1, 0.5], [0, 0, 1, 1, 1, 0.5]),  # windows of 3 without padding: place 2 sees the tokens 2, 3 and 4
        ([0, 0, 1, 0, 0, 0.5], [0, 0, 1, 0, 0, 0.5]),
        ([0, 1], [0, 0, 1 / 3, 2 / 3, 1, 1]),  # places that are wider than a token: enlarged
    ],
)
def test_heat_lies_on_the_tokens_that_a_place_sees(heat, by_token):
    [drawn] = heats(draw([[1, 2, 3, 4, 5, 6]], [heat]))

    np.testing.assert_allclose(drawn, by_token, atol=1e-6)


def test_maps_of_a_sequence_are_strips_below_it():
    maps = LayerMaps("conv", "Conv1D", np.random.default_rng(0).random((5, 3)), TOKENS, "")

    [sheet] = draw_feature_maps(np.array([4, 9, 2, 0, 0, 0]), [maps], title="t", kind=TOKENS)

    assert {"sequence of 6 tokens", "4", "9", "2", "each map has its own scale"} <= set(texts(sheet))
    assert "Conv1D, 5 × 3 · all 3 maps, position across" in texts(sheet)


def test_long_sequence_names_the_tokens_with_the_most_heat():
    tokens, heat = np.full((2, 200), 1234), np.zeros((2, 200))
    tokens[0, 150:153] = 7, 3, 19
    heat[0, 149:153] = 0.4, 0.6, 1, 0.5
    heat[1, 9] = 1

    assert {"most heat at 150 to 152: 7 3 19", "most heat at 9: 1234"} <= set(texts(draw(tokens, heat)))
