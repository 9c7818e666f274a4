"""Kinds of input."""

import pytest

from cnncli.inputs import kind_of


@pytest.mark.parametrize(
    ("shape", "ending"),
    [
        ((7,), ".csv"),
        ((128, 2), ".npy"),
        ((28, 28, 1), ".png"),
        ((64, 64, 3), ".png"),
        ((64, 64, 5), ".npy"),
        ((8, 8, 8, 1), ".npy"),
    ],
)
def test_file_that_can_hold_an_example(shape, ending):
    assert kind_of(shape).file_ending(shape) == ending
