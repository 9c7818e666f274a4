"""Feature maps below their example."""

import numpy as np
import pytest
from matplotlib.text import Text

from cnncli.plots import style
from cnncli.plots.feature_maps import TALLEST, draw_feature_maps
from cnncli.plots.map_tiles import LayerMaps

VIRIDIS_DARK, VIRIDIS_BRIGHT = [68, 1, 84], [253, 231, 37]  # the ends of the colour map
random = np.random.default_rng(0)


def texts(figure):
    return [text.get_text() for text in figure.findobj(Text) if text.get_text()]


def pictures(figure):
    """The images of a sheet from top to bottom, without the colours' scale."""
    found = [axes for axes in figure.axes if axes.images and axes.images[0].get_array().ndim == 3]
    found.sort(key=lambda axes: -axes.get_position().y1)
    return [np.asarray(axes.images[0].get_array()) for axes in found]


def numbers(figure):
    return [[int(text.get_text()) for text in axes.texts] for axes in figure.axes if axes.texts]


def layer(*shape, name="conv", kind="Conv2D"):
    return LayerMaps(name, kind, np.random.default_rng(0).random(shape))


def draw(*layers, example=None, **options):
    example = np.zeros((4, 4, 1)) if example is None else example
    return draw_feature_maps(example, layers or [layer(4, 4, 6)], **{"title": "a seven", **options})


def test_layers_stand_below_the_example_in_their_order():
    [figure] = draw(layer(28, 28, 6, name="C1"), layer(10, 10, 16, name="C3"), layer(84, name="F6", kind="Dense"))

    tops = {text.get_text(): text.get_window_extent().y1 for text in figure.findobj(Text)}
    assert tops["image, 4 × 4, 1 channel"] > tops["C1"] > tops["C3"] > tops["F6"]
    assert {
        "Conv2D, 28 × 28 × 6 · all 6 maps",
        "Conv2D, 10 × 10 × 16 · all 16 maps",
        "Dense, 84 · all 84 units",
        "each map has its own scale",
        "the units of a layer share a scale",
    } <= set(texts(figure))
    assert numbers(figure) == [list(range(6)), list(range(16)), list(range(84))]


def test_of_many_maps_the_strongest_are_drawn_by_their_numbers():
    maps = np.zeros((4, 5, 100))
    strong = np.arange(64) + 30  # 64 of 100 answer, half of them below 0
    maps[1, 1, strong] = np.where(strong % 2, -3, 2)

    [figure] = draw(LayerMaps("conv", "Conv2D", maps))

    assert numbers(figure) == [strong.tolist()]
    assert "Conv2D, 4 × 5 × 100 · the strongest 64 of 100 maps" in texts(figure)


def test_of_many_layers_fewer_maps_are_drawn_so_that_they_share_a_sheet():
    thirteen = [layer(14, 14, 512, name=f"conv{number}") for number in range(13)]

    [figure] = draw(*thirteen)

    assert [len(shown) for shown in numbers(figure)] == [16] * 13
    assert figure.get_size_inches()[1] * style.DPI <= TALLEST


def test_layers_that_do_not_fit_go_on_in_further_sheets():
    figures = draw(*(layer(14, 14, 32, name=f"conv{number}") for number in range(30)))

    said = [texts(figure) for figure in figures]
    names = [[text for text in each if text.startswith("conv")] for each in said]
    assert [name for each in names for name in each] == [f"conv{number}" for number in range(30)]
    assert len(figures) == 3
    assert max(map(len, names)) - min(map(len, names)) <= 2  # about equally tall
    assert all(figure.get_size_inches()[1] * style.DPI <= TALLEST for figure in figures)
    assert [any(text.startswith("image, ") for text in each) for each in said] == [True, False, False]
    assert (
        "feature maps of 30 layers, in the order of the network · filters are numbered from 0 · sheet 2 of 3" in said[1]
    )


@pytest.mark.parametrize("shape", [(9, 900, 64), (900, 9, 64), (3, 900, 900, 2), (5000, 512), (4096,)])
def test_no_shape_makes_a_sheet_wider_or_taller_than_the_limit(shape):
    [figure] = draw(layer(*shape), layer(*shape))
    width, height = figure.get_size_inches() * style.DPI
    assert width <= 1600
    assert height <= TALLEST


def test_true_and_predicted_class_stand_beside_the_example():
    [figure] = draw(answer=[("true class: $bee$", style.INK), ("predicted: [ant], 93.2%", style.ORANGE)])
    drawn = {text.get_text(): text.get_color() for text in figure.findobj(Text)}
    assert drawn["true class: $bee$"] == style.INK
    assert drawn["predicted: [ant], 93.2%"] == style.ORANGE


def test_every_map_spans_the_whole_scale():
    maps = np.stack([[[0.0, 1.0]], [[5.0, 5.1]]], axis=-1)  # (1, 2, 2)
    [figure] = draw(LayerMaps("conv", "Conv2D", maps))
    for colour in (VIRIDIS_DARK, VIRIDIS_BRIGHT):
        columns = np.flatnonzero((pictures(figure)[1] == colour).all(axis=-1).any(axis=0))
        assert np.diff(columns).max() > 1  # in both maps, which stand apart


def test_a_map_that_is_the_same_everywhere_is_gray_and_counted():
    maps = random.random((3, 3, 4))
    maps[..., 1] = 0
    [figure] = draw(LayerMaps("conv", "Conv2D", maps))
    assert (pictures(figure)[1] == 204).all(axis=-1).any()
    assert "Conv2D, 3 × 3 × 4 · all 4 maps · 1 gray: the same everywhere" in texts(figure)


def test_what_is_not_finite_is_orange():
    maps = random.random((50, 50, 2))
    maps[7, 7, 1] = np.nan
    [figure] = draw(LayerMaps("conv", "Conv2D", maps))
    assert (pictures(figure)[1] == [0xD5, 0x5E, 0x00]).all(axis=-1).any()
    assert "Conv2D, 50 × 50 × 2 · all 2 maps · orange: not finite" in texts(figure)


def test_units_share_a_scale():
    [figure] = draw(LayerMaps("out", "Dense", np.array([1.0, 3.0, 2.0])))
    sheet = pictures(figure)[1]
    assert (sheet == VIRIDIS_DARK).all(axis=-1).any()
    assert (sheet == VIRIDIS_BRIGHT).all(axis=-1).any()
    assert "the units of a layer share a scale" in texts(figure)


def test_maps_of_a_signal_are_curves():
    [figure] = draw(layer(30, 5, kind="Conv1D"), example=random.random((32, 2)))
    assert len(figure.axes[0].lines) == 2  # a curve a channel
    _, curves = figure.axes[1].collections
    assert len(curves.get_segments()) == 5
    assert len(curves.get_segments()[0]) == 30
    assert {"signal, 32 long, 2 channels", "each curve has its own scale; gray line: 0"} <= set(texts(figure))


def test_maps_of_a_volume_are_slices():
    maps = np.zeros((4, 3, 3, 2))
    maps[1] = 1
    [figure] = draw(LayerMaps("conv", "Conv3D", maps), example=random.random((8, 8, 8, 1)))
    assert "Conv3D, 4 × 3 × 3 × 2 · all 2 maps, slices by depth" in texts(figure)
    tile = pictures(figure)[1][17:, 1:]  # below the numbers, within the frame
    # Four slices two by two, of which the second, on the right above, is bright.
    half = 130
    assert tile[half // 2, half // 2].tolist() == VIRIDIS_DARK
    assert tile[half // 2, half + half // 2].tolist() == VIRIDIS_BRIGHT
    assert tile[half + half // 2, half + half // 2].tolist() == VIRIDIS_DARK


def test_a_place_without_a_slice_does_not_change_the_scale():
    maps = np.zeros((8, 3, 3, 2))  # nine places for eight slices
    maps[..., 0] = -100
    maps[:4, ..., 1] = 1
    [figure] = draw(LayerMaps("conv", "Conv3D", maps), example=random.random((8, 8, 8, 1)))
    sheet = pictures(figure)[1]
    shades = {tuple(colour) for colour in sheet.reshape(-1, 3).tolist()}
    assert {tuple(VIRIDIS_DARK), tuple(VIRIDIS_BRIGHT), (204, 204, 204)} <= shades  # dark is the 0 of filter 1
    assert (sheet == VIRIDIS_DARK).all(axis=-1).sum() > (sheet == VIRIDIS_BRIGHT).all(axis=-1).sum()


@pytest.mark.parametrize(
    ("image", "shade"),
    [
        (np.full((2, 2, 1), 51, np.uint8), 51),  # uint8: as it is
        (np.full((2, 2, 1), 0.2), 51),  # [0, 1]: times 255
        (np.array([-1.0, 4.0, 1.0, 1.0]).reshape(2, 2, 1), 102),  # (1 + 1) / 5
        (np.full((2, 2, 3), 0.2, np.float32), 51),
    ],
)
def test_the_image_is_shown_in_its_own_range(image, shade):
    [figure] = draw(example=image)
    shown = pictures(figure)[0]
    assert shown[-100, -100].tolist() == [shade] * 3
    assert shown.shape == (300, 300, 3)


def test_large_images_and_maps_are_averaged():
    image = np.indices((2000, 3000)).sum(axis=0)[..., None] % 2 * 255  # a chessboard of single pixels
    [figure] = draw(example=image.astype(np.uint8))
    shown = pictures(figure)[0]
    assert shown.shape == (201, 300, 3)  # 298 pixels by 2/3, and the frame
    assert np.abs(shown[5:-5, 5:-5].astype(int) - 128).max() < 20  # gray, no moiré


def test_odd_text_is_drawn():
    [figure] = draw(layer(4, 4, 6, name="$x_1$ \x1b[31m"), title="[red] \U0001f408")
    figure.canvas.draw()
    assert {"[red] \ufffd", "$x_1$ [31m", "Conv2D, 4 × 4 × 6 · all 6 maps"} <= set(texts(figure))


@pytest.mark.parametrize("shape", [(), (4, 0), (1, 1, 1, 1, 1)])
def test_other_shapes_of_maps_are_refused(shape):
    with pytest.raises(ValueError, match=r"maps have 1 to 4 axes, none of them 0, .* received shape"):
        layer(*shape)


@pytest.mark.parametrize("shape", [(4,), (4, 0, 1), (1, 1, 1, 1, 1)])
def test_other_shapes_of_examples_are_refused(shape):
    with pytest.raises(ValueError, match=r"an example has 2 to 4 axes, .* received shape"):
        draw(example=np.zeros(shape))


def test_no_layers_at_all_are_refused():
    with pytest.raises(ValueError, match="of one layer or more; received none"):
        draw_feature_maps(np.zeros((4, 4, 1)), [], title="t")
