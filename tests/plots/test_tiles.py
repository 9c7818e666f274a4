"""Small images are scaled, enlarged and composed exactly."""

import numpy as np
import pytest

from cnncli.plots.tiles import Grid, Spacing, Strip, choose_columns, choose_grid, compose, resize, to_pixels, to_unit

NAN = float("nan")
FRAME = [0xAE, 0xB6, 0xBF]
ORANGE = [0xD5, 0x5E, 0x00]


def test_to_unit_over_everything():
    # (value + 2) / 8
    assert to_unit(np.array([[-2.0, 0.0], [2.0, 6.0]])).tolist() == [[0, 0.25], [0.5, 1]]


def test_to_unit_by_row():
    assert to_unit(np.array([[-2.0, 0.0, -1.0], [2.0, 6.0, 3.0]]), axes=(1,)).tolist() == [[0, 1, 0.5], [0, 1, 0.25]]


def test_equal_values_become_one_half():
    assert to_unit(np.full((2, 2), 0.3)).tolist() == [[0.5, 0.5], [0.5, 0.5]]


def test_what_is_not_finite_does_not_count():
    values = to_unit(np.array([0.0, NAN, 1.0, np.inf, 4.0, -np.inf]))
    np.testing.assert_array_equal(values, [0, NAN, 0.25, NAN, 1, NAN])
    assert np.isnan(to_unit(np.array([NAN, np.inf]))).all()


def test_pixels_of_gray_colour_and_not_a_number():
    # 0.5 * 255 = 127.5, rounded to the even 128
    assert to_pixels(np.array([[0.0], [0.5], [1.0], [NAN]])).tolist() == [[0] * 3, [128] * 3, [255] * 3, ORANGE]
    assert to_pixels(np.array([[0.2, 0.4, 1.0], [0.2, NAN, 1.0]])).tolist() == [[51, 102, 255], ORANGE]


def test_a_strip_is_framed_tiles_with_gaps():
    tiles = np.array([[10, 20], [30, 40]], np.uint8)  # two tiles of 1 x 2
    tiles = np.repeat(tiles[None, :, None, None, :, None], 3, axis=-1)  # (1, 2 groups, 1, 1, 2, 3)
    strip = Strip(groups=2, slices=1, height=1, width=2, group_gap=3)
    image = strip.draw(tiles, 2)[0]
    # each tile: frame, 2 + 2 pixels of values, frame; between them 3 of white: 6 + 3 + 6
    assert image.shape == (4, 15, 3)
    assert strip.size(2) == (15, 4)
    assert image[1, :, 0].tolist() == [0xAE, 10, 10, 20, 20, 0xAE, 255, 255, 255, 0xAE, 30, 30, 40, 40, 0xAE]
    assert image[0, 2].tolist() == FRAME
    assert image[3, 2].tolist() == FRAME


def test_slices_stand_nearer_than_groups():
    strip = Strip(groups=2, slices=2, height=1, width=1, gap=1, group_gap=4)
    # tiles of 3 + 2 pixels: 0, 5 + 1, then 11 + 4, 20 + 1
    lefts = [strip.tile_left(group, index, 3) for group in range(2) for index in range(2)]
    assert lefts == [0, 6, 15, 21]
    assert strip.size(3) == (26, 5)


def test_blocks_are_composed_by_rows_or_down_the_columns():
    blocks = np.arange(3, dtype=np.uint8)[:, None, None, None] * np.ones((1, 2, 4, 3), np.uint8)
    spacing = Spacing(above=3, left=1, right=5, below=7)
    by_rows = compose(blocks, 2, spacing)
    # cells of 10 x 12; the white right of the last column and below the last row is cut
    assert by_rows.image.shape == (2 * 12 - 7, 2 * 10 - 5, 3)
    assert by_rows.corners == ((1, 3), (11, 3), (1, 15))
    assert by_rows.image[15:17, 1:5].tolist() == np.full((2, 4, 3), 2).tolist()
    assert by_rows.image[3, 0].tolist() == [255] * 3
    down = compose(blocks, 2, spacing, header=10, down=True)
    assert down.corners == ((1, 13), (1, 25), (11, 13))


def square(scale):
    return 3 * scale, 3 * scale


def test_the_grid_is_as_large_as_fits():
    # one column of 4: 300 / 4 = 75 high, scale 25; two by two: 150 wide and high, scale 50
    assert choose_grid(4, square, Spacing(right=0, below=0), page=(300, 300), scales=(1, 99)) == Grid(2, 50)


def test_a_grid_without_holes_is_preferred():
    # 3 x 2 at scale 33 has a hole; 5 x 1 at 20 is below 0.75 * 33, above 0.5 * 33
    page, spacing = (300, 200), Spacing(right=0, below=0)
    assert choose_grid(5, square, spacing, page=page, scales=(1, 99)) == Grid(3, 33)
    assert choose_grid(5, square, spacing, page=page, scales=(1, 99), near_best=0.5) == Grid(5, 20)


@pytest.mark.parametrize("page", [(1500, 840), (2250, 2550), (1830, 840)])
@pytest.mark.parametrize("block", [square, lambda scale: (6 * scale, 2 * scale)])
def test_no_grid_has_a_last_row_that_is_half_empty(page, block):
    for count in range(1, 70):
        grid = choose_grid(count, block, Spacing(), page=page, scales=(5, 80))
        assert (count - 1) % grid.columns + 1 > grid.columns / 2, (count, grid)


def test_no_grid_that_is_numbered_downwards_has_a_last_column_that_is_half_empty():
    for count in range(1, 70):
        grid = choose_grid(count, square, Spacing(), page=(1950, 1020), scales=(5, 80), down=True)
        rows = -(-count // grid.columns)
        assert rows * (grid.columns - 1) < count  # none is empty
        assert (count - 1) % rows + 1 > rows / 2, (count, grid)


@pytest.mark.parametrize("down", [False, True])
def test_pairs_are_not_torn_apart(down):
    def strip(scale):
        return 5 * scale, scale

    for pairs in range(1, 80):
        count = 2 * pairs
        grid = choose_grid(count, strip, Spacing(left=40), page=(1950, 1020), scales=(9, 80), down=down, together=2)
        in_line = -(-count // grid.columns) if down else grid.columns
        assert in_line % 2 == 0, (count, grid)


@pytest.mark.parametrize(("count", "columns"), [(16, 8), (9, 5), (10, 5), (6, 6)])
def test_of_grids_that_are_nearly_as_large_the_one_that_fills_the_width_is_preferred(count, columns):
    def block(scale):
        return scale, scale

    assert choose_grid(count, block, Spacing(), page=(1500, 840), scales=(24, 260)).columns == columns


@pytest.mark.parametrize(("count", "columns"), [(6, 6), (7, 4), (10, 5), (21, 7), (25, 5), (37, 5)])
def test_first_columns_whose_last_row_is_more_than_half_full(count, columns):
    assert choose_columns(count, (5, 4, 6, 7)) == columns


def test_the_page_grows_when_nothing_fits():
    grid = choose_grid(1000, square, Spacing(), page=(300, 200), scales=(5, 9))
    assert grid.scale >= 5
    assert 1000 / grid.columns < 2 * grid.columns


def test_resizing_repeats_averages_and_keeps_the_mean():
    values = np.array([[0.0, 1.0, 2.0]])
    np.testing.assert_allclose(resize(values, 2, 6), [[0, 0, 1, 1, 2, 2]] * 2)
    assert resize(values, 1, 1) == pytest.approx(1)
    # halves of three cells: (0 + 0.5 * 1) / 1.5 and (0.5 * 1 + 2) / 1.5
    np.testing.assert_allclose(resize(values, 1, 2), [[1 / 3, 5 / 3]])
    noise = np.random.default_rng(0).random((2, 7, 11))
    np.testing.assert_allclose(resize(noise, 5, 23).mean(axis=(1, 2)), noise.mean(axis=(1, 2)))
