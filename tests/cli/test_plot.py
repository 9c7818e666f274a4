"""Curves drawn with characters."""

import math

from hypothesis import given
from hypothesis import strategies as st

from cnncli.cli.plot import plot


def lines(curves, **size):
    return plot(curves, **{"width": 12, "height": 3, "last": 3, **size}).plain.splitlines()


def test_curve_goes_from_its_first_epoch_at_the_left_to_the_last_at_the_right():
    title, *cells = lines({"loss": [1.0, 0.0]}, last=2)
    assert title.strip() == "loss"
    assert cells[0].startswith("1 ⠉")
    assert cells[-1].startswith("0 ")
    assert cells[-1][-1] != "⠀", "the last value stands at the right end, at the bottom"
    *_, below = lines({"loss": [1.0, 0.0]}, last=20)
    assert below[-1] == "⠀", "epochs to come leave room"


def test_constant_curve_has_one_label():
    _, first, last = lines({"a": [5.0, 5.0]})
    assert first.startswith("5 ⠉")
    assert last.startswith("  ")


def test_gap_is_left_where_a_value_is_missing():
    with_gap = lines({"a": [1.0, math.nan, 1.0]})[1]
    assert "⠀" in with_gap[2:]
    assert with_gap[2] != "⠀" != with_gap[-1]


def test_nothing_to_draw_is_empty():
    assert plot({"a": [math.nan]}, width=20, height=4, last=3).plain == ""


@given(st.lists(st.floats(), min_size=1, max_size=30), st.integers(1, 60), st.integers(1, 12), st.integers(0, 9))
def test_any_values_fit_the_frame(values, width, height, more):
    drawn = plot({"name": values, "other": values[::-1]}, width=width, height=height, last=len(values) + more)
    if drawn.plain:
        longest_label, least_cells = len("-1.23e+100"), 4
        assert len(drawn.plain.splitlines()) == max(height, 2)
        assert max(map(len, drawn.plain.splitlines())) <= max(width, longest_label + 1 + least_cells)


def test_numbers_without_a_difference_leave_gaps():
    assert lines({"a": [1e308, 1.0, -1e308]})[1].startswith("1 ")
