"""Heat over images: its colours, and the size in which images are shown."""

import numpy as np
import pytest

from cnncli.plots import style
from cnncli.plots.heat_maps import Heated, draw_heat, overlay

WHITE, BLACK = (np.full((4, 256, 3), shade, np.uint8) for shade in (255, 0))
RAMP = np.broadcast_to(np.linspace(0, 1, 256), (4, 256))


def sheets(figure):
    """The pictures of a page: an image and its heat for each example, and the bar."""
    return [np.asarray(image.get_array()) for axes in figure.axes for image in axes.images]


def page(*examples):
    return draw_heat(examples, title="t", subtitle="s")


def example(image, heat=0.0):
    return Heated(image, np.full((3, 3), heat), [("predicted a (98.2%)", "black")])


def test_places_without_heat_stay_as_they_were():
    noise = np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)
    np.testing.assert_array_equal(overlay(noise, np.zeros((20, 30))), noise)


def test_light_ground_stays_light_under_little_heat():
    assert overlay(WHITE, np.full((4, 256), 0.1)).min() >= 230
    assert overlay(WHITE, RAMP).astype(int).sum(axis=-1).min() > 400  # of 765: no heat makes white dark


def test_more_heat_is_further_from_the_image():
    for ground in (WHITE, BLACK):
        distance = np.abs(overlay(ground, RAMP).astype(int) - ground).sum(axis=-1)[0]
        assert distance[255] > 150
        assert distance[:255:32].tolist() == sorted(distance[:255:32])


def test_bar_has_the_colours_of_heat_over_white_and_over_black():
    *_, bar = sheets(page(example(WHITE)))
    height, width = bar.shape[0] // 2, bar.shape[1]
    for half, ground in ((bar[:height], 255), (bar[height:], 0)):
        for share in (0, 0.25, 0.5, 1):
            column = round(share * (width - 1))
            one = overlay(np.full((1, 1, 3), ground, np.uint8), np.full((1, 1), column / (width - 1)))
            assert half[0, column].tolist() == one[0, 0].tolist()


def test_one_heat_looks_alike_on_the_image_and_on_the_bar():
    _, hot, bar = sheets(page(example(WHITE, heat=0.5)))
    middle = bar[0, round(0.5 * (bar.shape[1] - 1))]
    assert np.abs(hot[2, 100].astype(int) - middle).max() <= 3


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        ((333, 500), (333, 500)),  # its own resolution
        ((28, 28), (420, 420)),  # fifteen times
        ((700, 1000), (700, 1000)),
        ((20, 1), (420, 21)),
    ],
)
def test_one_image_is_shown_in_its_own_resolution_and_a_small_one_enlarged_by_a_whole_factor(size, shown):
    image, hot, _ = sheets(page(example(np.zeros((*size, 3), np.uint8))))
    assert image.shape[:2] == hot.shape[:2] == shown


def test_images_of_different_sizes_keep_their_own_resolution():
    small, _, large, _, _ = sheets(page(*(example(np.zeros((*size, 3), np.uint8)) for size in ((28, 28), (333, 500)))))
    assert (small.shape[:2], large.shape[:2]) == ((280, 280), (333, 500))


@pytest.mark.parametrize("size", [(28, 28), (333, 500), (500, 375)])
def test_sheet_of_one_image_is_no_wider_than_it_needs(size):
    figure = page(example(np.zeros((*size, 3), np.uint8)))
    _, right = figure.axes[:2]
    free = figure.bbox.width - right.get_window_extent().x1
    assert free == pytest.approx(style.MARGIN * style.DPI, abs=2)


@pytest.mark.parametrize("count", [1, 2, 3, 5, 7, 10, 11, 13])
def test_no_row_of_a_sheet_is_half_empty(count):
    figure = page(*[example(np.zeros((333, 500, 3), np.uint8))] * count)
    places = [axes.get_position() for axes in figure.axes[:-1:2]]
    rows = [round(place.y0, 4) for place in places]
    columns = max(rows.count(row) for row in rows)
    assert rows.count(rows[-1]) > columns / 2


def test_what_the_network_gets_is_framed_where_it_is_a_part():
    framed = Heated(np.zeros((50, 100, 3), np.uint8), np.zeros((3, 3)), [("a", "black")], (0.25, 0, 0.75, 1))
    image, hot, _ = page(framed).axes
    extra = hot.patches[len(image.patches) :]
    assert {(patch.get_x(), patch.get_width()) for patch in extra} == {(101.0, 198.0)}  # of 400 pixels, one inside


def test_images_of_other_inputs_stand_right_of_the_heat_in_the_same_height():
    seen = Heated(np.zeros((28, 28, 3), np.uint8), np.zeros((3, 3)), [("a", "black")], beside=(np.zeros((14, 7, 1)),))
    image, hot, other = page(seen).axes[:3]

    assert sheets(page(seen))[2].shape[:2] == (420, 210)
    assert image.get_position().x1 < hot.get_position().x1 < other.get_position().x0
    assert hot.get_position().y0 == other.get_position().y0
