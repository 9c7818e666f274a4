"""Slices of a volume side by side."""

import numpy as np

from cnncli.inputs.base import enlarged
from cnncli.inputs.volume import slices_of


def test_line_stands_between_slices_and_not_around_them():
    volume = np.arange(4, dtype=np.uint8).reshape(4, 1, 1, 1) * np.ones((1, 2, 3, 1), np.uint8)

    assert slices_of(volume, line=9)[..., 0].tolist() == [
        [0, 0, 0, 9, 1, 1, 1],
        [0, 0, 0, 9, 1, 1, 1],
        [9, 9, 9, 9, 9, 9, 9],
        [2, 2, 2, 9, 3, 3, 3],
        [2, 2, 2, 9, 3, 3, 3],
    ]
    assert slices_of(volume).shape == (4, 6, 1)


def test_line_is_thicker_where_slices_are_large():
    assert slices_of(np.zeros((4, 100, 100, 1)), line=1).shape == (203, 203, 1)  # 100 / 40, rounded up


def test_slices_are_taken_evenly_and_laid_out_in_rows():
    volume = np.arange(8).reshape(8, 1, 1, 1) * np.ones((8, 2, 3, 1))

    # 4 of 8: the slices at 1, 3, 5 and 7, two by two.
    sheet = slices_of(volume, most=4)

    assert sheet.shape == (4, 6, 1)
    assert sheet[::2, ::3, 0].tolist() == [[1, 3], [5, 7]]


def test_enlarged_map_is_linear_between_the_centres_of_its_cells():
    assert enlarged(np.array([0.0, 4.0]), (4,)).tolist() == [0, 1, 3, 4]
    assert enlarged(np.eye(2), (2, 2)).tolist() == [[1, 0], [0, 1]]
