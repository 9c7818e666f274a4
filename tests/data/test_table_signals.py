"""Signals of different length in a table: empty cells at the end of a row, `length` pads and cuts."""

import numpy as np
import pytest

from cnncli.data.signal_length import Lengths
from cnncli.data.tables.cells import SignalCells, add_rows
from cnncli.data.tables.csv_table import Rows


def read(rows, *, length, channels=1):
    columns = [f"t{number}" for number in range(len(rows[0]))]
    reader, wrong = SignalCells(columns, length, channels), []
    add_rows(Rows(range(2, 2 + len(rows)), rows), columns, [reader], lambda *problem: wrong.append(problem))
    return reader, wrong


def test_empty_cells_at_the_end_are_padded_with_0_and_long_rows_cut():
    reader, wrong = read([["1", "2", "", ""], ["1", "2", "3", "4"], ["5", "6", "7", " "]], length=3)

    assert reader.values().tolist() == [[1, 2, 0], [1, 2, 3], [5, 6, 7]]
    assert reader.lengths == Lengths(count=3, padded=1, cut=1, shortest=2, longest=4)
    assert wrong == []


def test_a_length_above_the_number_of_columns_pads_every_row():
    reader, _ = read([["1", "2"], ["3", ""]], length=4)

    assert reader.values().tolist() == [[1, 2, 0, 0], [3, 0, 0, 0]]


def test_channels_of_a_position_stand_side_by_side():
    reader, wrong = read([["1", "2", "3", "4"], ["5", "6", "", ""]], length=1, channels=2)

    assert reader.values().tolist() == [[1, 2], [5, 6]]
    assert (reader.lengths.padded, reader.lengths.cut) == (0, 1)
    assert wrong == []


@pytest.mark.parametrize(
    ("row", "channels", "message"),
    [
        (["", ""], 1, "the signal has no numbers"),
        (["1", "", "3"], 1, "t1 is empty"),
        (["1", "x", ""], 1, "t1 is `x`, not a number"),
        (["1", "2", "3", ""], 2, "the signal has 3 numbers, and a position has 2 channels"),
    ],
    ids=["empty", "a hole", "no number", "half a position"],
)
def test_wrong_rows_are_reported_with_their_line(row, channels, message):
    _, wrong = read([row], length=2, channels=channels)

    assert wrong == [(2, message)]


def test_rows_are_counted_over_all_chunks():
    reader, _ = read([["1", ""]], length=2)
    add_rows(Rows([3], [["1", "2"]]), ["t0", "t1"], [reader], lambda *_: None)

    assert reader.lengths == Lengths(count=2, padded=1, cut=0, shortest=1, longest=2)
    assert np.asarray(reader.values()).shape == (2, 2)
