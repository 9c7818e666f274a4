"""Learning curves as data: ticks worked out by hand."""

import pytest

from cnncli.plots.learning_curves import round_ticks, tick_texts


@pytest.mark.parametrize(
    ("low", "high", "texts"),
    [
        (0.0, 1.0, ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
        (0.87, 0.99, ["0.875", "0.900", "0.925", "0.950", "0.975"]),
        (-3.0, 7.0, ["−2", "0", "2", "4", "6"]),
        (0.0, 1100.0, ["0", "250", "500", "750", "1000"]),
        (0.0, 0.001, ["0.0000", "0.0002", "0.0004", "0.0006", "0.0008", "0.0010"]),
        (0.0, 0.0001, ["0", "2e−5", "4e−5", "6e−5", "8e−5", "0.0001"]),
    ],
)
def test_axis_has_round_numbers(low, high, texts):
    assert tick_texts(round_ticks(low, high)) == texts
