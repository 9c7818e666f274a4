"""Feature maps beside their image."""

import numpy as np
import pytest
from matplotlib.text import Text

from cnncli.figures.feature_maps import draw_feature_maps

VIRIDIS_DARK, VIRIDIS_BRIGHT = [68, 1, 84], [253, 231, 37]  # the ends of the colour map


def texts(figure):
    return [text.get_text() for text in figure.findobj(Text) if text.get_text()]


def picture(figure, index):
    return np.asarray(figure.axes[index].images[0].get_array())


def draw(image=None, maps=None, **options):
    image = np.zeros((4, 4, 1)) if image is None else image
    maps = np.random.default_rng(0).random((4, 4, 6)) if maps is None else maps
    return draw_feature_maps(image, maps, **{"layer_name": "conv", "title": "a seven", **options})


def test_maps_are_numbered_and_counted():
    figure = draw(maps=np.random.default_rng(0).random((4, 5, 100)), max_maps=16)
    assert [text.get_text() for text in figure.axes[1].texts] == [str(number) for number in range(16)]
    assert "conv: first 16 of 100 maps of 4 × 5 · numbers count from 0" in texts(figure)


def test_every_map_spans_the_whole_scale():
    maps = np.stack([[[0.0, 1.0]], [[5.0, 5.1]]], axis=-1)  # (1, 2, 2)
    sheet = picture(draw(maps=maps), 1)
    for colour in (VIRIDIS_DARK, VIRIDIS_BRIGHT):
        columns = np.flatnonzero((sheet == colour).all(axis=-1).any(axis=0))
        assert np.diff(columns).max() > 1  # in both maps, which stand apart


def test_a_map_that_is_the_same_everywhere_is_gray_and_counted():
    maps = np.random.default_rng(0).random((3, 3, 4))
    maps[..., 1] = 0
    figure = draw(maps=maps)
    assert (picture(figure, 1) == 204).all(axis=-1).any()
    assert "1 gray: the same everywhere" in texts(figure)


def test_what_is_not_finite_is_orange():
    maps = np.random.default_rng(0).random((50, 50, 2))
    maps[7, 7, 1] = np.nan
    figure = draw(maps=maps)
    assert (picture(figure, 1) == [0xD5, 0x5E, 0x00]).all(axis=-1).any()
    assert "orange: not finite" in texts(figure)


def test_maps_of_one_value_share_a_scale():
    figure = draw(maps=np.array([1.0, 3.0, 2.0]).reshape(1, 1, 3))
    sheet = picture(figure, 1)
    assert (sheet == VIRIDIS_DARK).all(axis=-1).any()
    assert (sheet == VIRIDIS_BRIGHT).all(axis=-1).any()
    assert "all maps on one scale" in texts(figure)


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
    shown = picture(draw(image=image), 0)
    assert shown[-100, -100].tolist() == [shade] * 3
    assert shown.shape == (392, 392, 3)  # 390 pixels and the frame


def test_large_images_and_maps_are_averaged():
    image = np.indices((2000, 3000)).sum(axis=0)[..., None] % 2 * 255  # a chessboard of single pixels
    shown = picture(draw(image=image.astype(np.uint8)), 0)
    assert shown.shape == (262, 392, 3)
    assert np.abs(shown[5:-5, 5:-5].astype(int) - 128).max() < 20  # gray, no moiré


def test_odd_text_is_drawn():
    figure = draw(layer_name="$x_1$ \x1b[31m", title="[red] \U0001f408")
    figure.canvas.draw()
    assert {"[red] \ufffd", "$x_1$ [31m: 6 maps of 4 × 4 · numbers count from 0"} <= set(texts(figure))


@pytest.mark.parametrize(
    ("image", "maps", "message"),
    [
        (np.zeros((4, 4)), None, "an image is .* received shape \\(4, 4\\)"),
        (np.zeros((4, 4, 2)), None, "an image is"),
        (None, np.zeros((1, 4, 4, 2)), "maps are .* received shape \\(1, 4, 4, 2\\)"),
        (None, np.zeros((4, 4, 0)), "maps are"),
    ],
)
def test_other_shapes_are_refused(image, maps, message):
    with pytest.raises(ValueError, match=message):
        draw(image=image, maps=maps)


def test_no_maps_at_all_are_refused():
    with pytest.raises(ValueError, match="max_maps is 1 or more; received 0"):
        draw(max_maps=0)
