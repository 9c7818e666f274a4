"""Filters become pictures with exact shades, numbers and notes."""

from functools import partial

import matplotlib
import numpy as np
import pytest
from matplotlib.collections import LineCollection
from matplotlib.text import Text

from cnncli.plots.filters import draw_filters

gray = partial(draw_filters, scale="min-max")
ORANGE = [0xD5, 0x5E, 0x00]


def sheet(figure):
    """The composed picture of the filters: uint8 (height, width, 3)."""
    return np.asarray(figure.axes[0].images[0].get_array())


def texts(figure):
    return [text.get_text() for text in figure.findobj(Text) if text.get_text()]


def numbers(figure):
    return [text.get_text() for text in figure.axes[0].texts]


def first_tile(figure, height, width):
    """The shades of the first filter's weights, each read at the middle of its square, and the square's side."""
    image = sheet(figure)
    frame = np.argwhere((image == [0xAE, 0xB6, 0xBF]).all(axis=-1))
    top, left = frame.min(axis=0) + 1
    right = left + int(np.argmax((image[top, left:] == [0xAE, 0xB6, 0xBF]).all(axis=-1)))
    side = (right - left) // width
    rows, columns = (side // 2 + side * np.arange(count) for count in (height, width))
    return image[top + rows][:, left + columns], side


def two_filters():
    """Filter 0 from -1 to 1, filter 1 from 1 to 3: (2, 2, 1, 2)."""
    return np.stack([[[-1.0, 0.0], [0.5, 1.0]], [[1.0, 1.5], [2.0, 3.0]]], axis=-1)[:, :, None]


def test_shades_over_the_whole_layer():
    tile, side = first_tile(gray(two_filters(), layer_name="conv"), 2, 2)
    # (w + 1) / 4 * 255: 0, 63.75, 95.625, 127.5 (to the even 128)
    assert tile[..., 0].tolist() == [[0, 64], [96, 128]]
    assert side == 120  # 240 pixels at most


def test_shades_by_filter():
    tile, _ = first_tile(gray(two_filters(), layer_name="conv", normalise="filter"), 2, 2)
    # (w + 1) / 2 * 255: 0, 127.5, 191.25, 255
    assert tile[..., 0].tolist() == [[0, 128], [191, 255]]


def test_the_scale_counts_filters_that_are_not_shown():
    tile, _ = first_tile(gray(two_filters(), layer_name="conv", max_filters=1), 2, 2)
    assert tile[..., 0].tolist() == [[0, 64], [96, 128]]


def test_weights_are_squares_of_one_shade():
    figure = gray(two_filters(), layer_name="conv")
    _, side = first_tile(figure, 2, 2)
    image = sheet(figure)
    top, left = np.argwhere((image == [64, 64, 64]).all(axis=-1)).min(axis=0)
    assert (image[top : top + side, left : left + side] == 64).all()


def rgb_of(share):
    """A colour of the diverging scale: -1 and 1 are its ends, 0 its middle."""
    return np.rint(np.array(matplotlib.colormaps["RdBu_r"](0.5 + share / 2)[:3]) * 255).astype(int).tolist()


def test_diverging_scale_is_blue_for_negative_white_for_0_and_red_for_positive_weights():
    tile, _ = first_tile(draw_filters(two_filters(), layer_name="conv"), 2, 2)
    # The largest absolute weight of the layer is 3: -1/3, 0, 0.5/3, 1/3
    assert tile.tolist() == [[rgb_of(-1 / 3), rgb_of(0)], [rgb_of(1 / 6), rgb_of(1 / 3)]]
    assert tile[0, 0, 2] > tile[0, 0, 0] + 40  # blue
    assert tile[0, 1].min() > 240  # white
    assert tile[1, 1, 0] > tile[1, 1, 2] + 40  # red


def test_each_filter_can_have_its_own_diverging_scale():
    tile, _ = first_tile(draw_filters(two_filters(), layer_name="conv", normalise="filter"), 2, 2)
    # Filter 0 has weights from -1 to 1.
    assert tile.tolist() == [[rgb_of(-1), rgb_of(0)], [rgb_of(0.5), rgb_of(1)]]


def test_bar_of_the_diverging_scale_has_0_in_its_middle():
    figure = draw_filters(two_filters(), layer_name="conv")
    assert [label.get_text() for label in figure.axes[1].get_xticklabels()] == ["−3", "0", "3"]
    assert figure.axes[1].images[0].get_cmap().name == "RdBu_r"
    assert "blue: negative weights, red: positive ones; one scale for the whole layer" in texts(figure)
    own = draw_filters(two_filters(), layer_name="conv", normalise="filter")
    assert [label.get_text() for label in own.axes[1].get_xticklabels()] == ["−largest", "0", "largest"]


def test_filters_of_zeros_are_white():
    tile, _ = first_tile(draw_filters(np.zeros((2, 2, 1, 3)), layer_name="conv"), 2, 2)
    assert tile.min() > 240


def test_on_the_diverging_scale_weights_that_are_not_finite_are_green():
    kernel = two_filters()
    kernel[0, 0, 0, 0] = np.nan
    figure = draw_filters(kernel, layer_name="conv")
    assert first_tile(figure, 2, 2)[0][0, 0].tolist() == [0x00, 0x9E, 0x73]
    assert "1 of 8 weights are not finite (green)" in texts(figure)


def test_three_channels_are_a_row_of_three_tiles_unless_colours_are_asked_for():
    kernel = np.random.default_rng(0).random((3, 3, 3, 4))
    for scale in ("diverging", "min-max"):
        assert "each row is a filter, each column an input channel" in texts(
            draw_filters(kernel, layer_name="conv", scale=scale)
        )
    assert "red, green and blue are the input channels 0, 1 and 2" in texts(
        draw_filters(kernel, layer_name="conv", scale="rgb")
    )


@pytest.mark.parametrize(
    ("shape", "depthwise"), [((3, 3, 6, 2), False), ((3, 3, 1, 2), False), ((3, 3, 8), False), ((3, 3, 3, 1), True)]
)
def test_other_filters_have_no_colours(shape, depthwise):
    with pytest.raises(ValueError, match="colors need filters of images with 3 input channels"):
        draw_filters(np.zeros(shape), layer_name="conv", scale="rgb", depthwise=depthwise)


def test_three_channels_are_colours():
    kernel = np.zeros((1, 1, 3, 2))
    kernel[0, 0, :, 0] = [0, 0.2, 1]
    tile, _ = first_tile(draw_filters(kernel, layer_name="conv", scale="rgb"), 1, 1)
    assert tile.tolist() == [[[0, 51, 255]]]


def test_equal_weights_are_mid_gray_and_said():
    figure = gray(np.full((2, 2, 1, 3), 0.3), layer_name="conv")
    assert first_tile(figure, 2, 2)[0].tolist() == np.full((2, 2, 3), 128).tolist()
    assert "every weight is 0.3" in texts(figure)


def test_weights_that_are_not_finite_are_orange_and_counted():
    kernel = two_filters()
    kernel[0, 0, 0, 0], kernel[1, 1, 0, 1] = np.nan, np.inf
    figure = gray(kernel, layer_name="conv")
    tile, _ = first_tile(figure, 2, 2)
    assert tile[0, 0].tolist() == ORANGE
    assert tile[0, 1].tolist() == [0, 0, 0]  # now the smallest
    assert "2 of 8 weights are not finite (orange)" in texts(figure)


def test_the_scale_says_what_black_gray_and_white_are():
    ticks = [label.get_text() for label in gray(two_filters(), layer_name="conv").axes[1].get_xticklabels()]
    assert ticks == ["−1", "1", "3"]


def test_every_filter_is_numbered_from_0():
    figure = draw_filters(np.random.default_rng(0).random((3, 3, 1, 32)), layer_name="conv")
    assert numbers(figure) == [str(number) for number in range(32)]
    places = [text.get_position() for text in figure.axes[0].texts]
    assert places == sorted(places, key=lambda place: (place[1], place[0]))  # row by row
    assert len(set(places)) == 32


def test_many_channels_are_rows_of_tiles_numbered_both_ways():
    kernel = np.random.default_rng(0).random((3, 3, 5, 4))
    figure = draw_filters(kernel, layer_name="conv")
    rows = [text for text in figure.axes[0].texts if text.get_ha() == "right"]
    columns = [text for text in figure.axes[0].texts if text.get_ha() == "center"]
    assert [text.get_text() for text in rows] == ["0", "1", "2", "3"]
    assert [text.get_text() for text in columns][:5] == ["0", "1", "2", "3", "4"]
    assert "4 filters, 3 × 3, 5 input channels · numbered from 0" in texts(figure)


def test_rows_of_tiles_are_numbered_down_the_columns():
    figure = draw_filters(np.random.default_rng(0).random((3, 3, 32, 64)), layer_name="conv")
    places = [text.get_position() for text in figure.axes[0].texts if text.get_ha() == "right"]
    assert len(places) == len(set(places)) == 64
    assert places == sorted(places)  # by column, then by row
    assert len({x for x, _ in places}) == 2


def test_the_tiles_of_a_row_are_the_input_channels():
    kernel = np.zeros((1, 1, 2, 3))
    kernel[0, 0] = [[0.0, 0.2, 0.4], [0.6, 0.8, 1.0]]  # channel c, filter f: 0.6 c + 0.2 f
    figure = gray(kernel, layer_name="conv")
    image = sheet(figure)
    shades = {(channel, number): round(255 * (0.6 * channel + 0.2 * number)) for channel, number in np.ndindex(2, 2)}
    top = {place: np.argwhere((image == shade).all(axis=-1)).min(axis=0)[0] for place, shade in shades.items()}
    left = {place: np.argwhere((image == shade).all(axis=-1)).min(axis=0)[1] for place, shade in shades.items()}
    assert top[0, 0] == top[1, 0]
    assert top[0, 1] == top[1, 1]
    assert left[1, 0] - left[0, 0] == left[1, 1] - left[0, 1] > 0
    labels = [text.get_position() for text in figure.axes[0].texts if text.get_ha() == "right"]
    for number, (x, y) in enumerate(labels[:2]):
        assert 0 < left[0, number] - x < 15
        assert 0 < y - top[0, number] < 200


@pytest.mark.parametrize(
    ("shape", "subtitle"),
    [
        ((3, 3, 512, 512), "first 64 of 512 filters, 3 × 3, first 32 of 512 input channels"),
        ((3, 3, 1, 1000), "first 256 of 1000 filters, 3 × 3, 1 input channel"),
        ((1, 1, 300, 2), "2 filters, 1 × 1, first 128 of 300 input channels"),
        ((3, 100, 64), "64 filters, 3 long, 100 input channels"),
        ((5, 300, 4), "4 filters, 5 long, first 128 of 300 input channels"),
        ((3, 3, 3, 1, 8), "8 filters, 3 × 3 × 3, 1 input channel"),
        ((4, 3, 3, 20, 2), "2 filters, 4 × 3 × 3, first 8 of 20 input channels"),
    ],
)
def test_what_is_cut_is_said(shape, subtitle):
    figure = draw_filters(np.random.default_rng(0).random(shape, np.float32), layer_name="conv")
    assert f"{subtitle} · numbered from 0" in texts(figure)


def test_max_filters_draws_fewer_or_more():
    kernel = np.random.default_rng(0).random((3, 3, 1, 300))
    assert len(numbers(draw_filters(kernel, layer_name="conv", max_filters=5))) == 5
    assert len(numbers(draw_filters(kernel, layer_name="conv", max_filters=300))) == 300


def test_depthwise_has_a_tile_for_each_output_channel():
    kernel = np.arange(8.0).reshape(1, 1, 4, 2)  # channel c, multiplier m: 2 c + m
    figure = gray(kernel, layer_name="dw", depthwise=True)
    assert numbers(figure) == [str(number) for number in range(8)]
    assert "8 filters, 1 × 1, depthwise, 2 per input channel · numbered from 0" in texts(figure)
    image = sheet(figure)
    shades = [round(255 * number / 7) for number in range(7)]
    places = [tuple(np.argwhere((image == shade).all(axis=-1)).min(axis=0)) for shade in shades]
    assert places == sorted(places)


def test_one_dimension_is_position_across_and_channels_down():
    kernel = np.zeros((3, 2, 1))
    kernel[:, 0, 0], kernel[:, 1, 0] = [0.0, 0.2, 0.4], [0.6, 0.8, 1.0]
    tile, _ = first_tile(gray(kernel, layer_name="conv1d"), 2, 3)
    assert tile[..., 0].tolist() == [[0, 51, 102], [153, 204, 255]]


def test_one_channel_of_one_dimension_is_a_curve_with_its_zero():
    kernel = np.array([[-1.0, 1.0], [0.0, 2.0], [3.0, 1.5]])[:, None]  # (3, 1, 2)
    figure = draw_filters(kernel, layer_name="conv1d")
    zeros, curves = (c.get_segments() for c in figure.axes[0].collections if isinstance(c, LineCollection))
    assert len(zeros) == len(curves) == 2
    heights = curves[0][:, 1]
    assert heights[0] > heights[1] > heights[2]  # pixels count downwards
    assert (heights[0] - heights[1]) / (heights[0] - heights[2]) == pytest.approx(1 / 4)
    assert zeros[0][0, 1] == pytest.approx(heights[1])  # its second weight is 0
    assert numbers(figure) == ["0", "1"]
    assert "one scale for the whole layer, from −1 to 3" in texts(figure)


def test_a_filter_that_never_crosses_zero_has_no_zero_line():
    kernel = np.array([[1.0, -1.0], [2.0, 1.0]])[:, None]
    figure = draw_filters(kernel, layer_name="conv1d", normalise="filter")
    zeros, curves = (c.get_segments() for c in figure.axes[0].collections if isinstance(c, LineCollection))
    assert (len(zeros), len(curves)) == (1, 2)


def test_three_dimensions_are_slices_by_depth():
    kernel = np.array([0.0, 0.2, 0.4, 0.6]).reshape(4, 1, 1, 1, 1)
    image = sheet(gray(kernel, layer_name="conv3d"))
    lefts = [np.argwhere((image == shade).all(axis=-1)).min(axis=0)[1] for shade in (0, 85, 170)]
    assert lefts == sorted(lefts)
    assert len(set(lefts)) == 3


@pytest.mark.parametrize("shape", [(3, 3), (3, 3, 1, 0), (), (1,) * 6])
def test_other_shapes_are_refused(shape):
    with pytest.raises(ValueError, match="a kernel has 3, 4 or 5 axes"):
        draw_filters(np.zeros(shape), layer_name="conv", depthwise=True)


def test_other_options_are_refused():
    with pytest.raises(ValueError, match="max_filters is 1 or more; received 0"):
        draw_filters(two_filters(), layer_name="conv", max_filters=0)
    with pytest.raises(ValueError, match="received 'max'"):
        draw_filters(two_filters(), layer_name="conv", normalise="max")
    with pytest.raises(ValueError, match="scale is one of diverging, min-max, rgb; received 'gray'"):
        draw_filters(two_filters(), layer_name="conv", scale="gray")


@pytest.mark.parametrize(("channels", "count"), [(1, 5), (6, 5), (16, 9), (3, 15)])
def test_pairs_of_filters_stand_side_by_side_or_one_above_the_other(channels, count):
    names = [f"{number} {when}" for number in range(count) for when in ("start", "end")]
    kernel = np.random.default_rng(0).normal(size=(3, 3, channels, 2 * count))
    figure = draw_filters(kernel, layer_name="conv", names=names, together=2)
    places = {text.get_text(): text.get_position() for text in figure.axes[0].texts}
    for number in range(count):
        (left, top), (other_left, other_top) = places[f"{number} start"], places[f"{number} end"]
        assert left == other_left or top == other_top, number
