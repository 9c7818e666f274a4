"""Slices of a volume side by side."""

import numpy as np

from cnncli.plots.volumes import slices_of


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
