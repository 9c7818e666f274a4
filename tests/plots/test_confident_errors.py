"""The sheet of the most confident wrong predictions."""

import numpy as np
import pytest
from matplotlib.text import Text

from cnncli.inputs import kind_of
from cnncli.plots.confident_errors import draw_confident_errors
from cnncli.tasks.classification.mistakes import Wrong


def texts(figure):
    return [text.get_text() for text in figure.findobj(Text) if text.get_text()]


def mistakes(count, **more):
    values = {"file": None, "true": "cat", "predicted": "dog", "probability": 0.9, **more}
    return [Wrong(index=10 + number, **values) for number in range(count)]


def sheet(figure):
    return np.asarray(figure.axes[0].images[0].get_array())


def draw(examples, wrong, **more):
    numbers = {"count": 2000, "wrong_count": len(wrong), **more}
    return draw_confident_errors(examples, wrong, title="mnist: test split", **numbers)


def test_each_example_says_what_it_was_taken_for_how_surely_and_what_it_is():
    written = texts(draw(np.zeros((2, 8, 8, 1), np.uint8), mistakes(2)))
    assert written.count("predicted dog (90.0%)") == written.count("true cat") == 2
    assert {
        "example 10",
        "example 11",
        "2 of 2,000 predictions are wrong: the most confident first",
    } <= set(written)


def test_sheet_says_when_it_does_not_show_all():
    assert any("30 of" in text and "the 25 most confident ones" in text for text in texts(
        draw(np.zeros((25, 4, 4, 1), np.uint8), mistakes(25), wrong_count=30)
    ))  # fmt: skip


def test_pixels_of_an_image_are_enlarged_by_a_whole_factor():
    image = np.arange(100, dtype=np.uint8).reshape(1, 10, 10, 1)
    shown = sheet(draw(image, mistakes(1)))
    # 280 // 10 = 28
    np.testing.assert_array_equal(shown[:280:28, :280:28, 0], image[0, :, :, 0])
    np.testing.assert_array_equal(shown[27:280:28, 27:280:28, 2], image[0, :, :, 0])


def test_colours_are_kept_and_floats_stretched():
    colour = np.zeros((1, 4, 4, 3), np.uint8)
    colour[..., 2] = 200
    assert sheet(draw(colour, mistakes(1)))[100, 100].tolist() == [0, 0, 200]
    floats = np.linspace(-3, 5, 16, dtype=np.float32).reshape(1, 4, 4, 1)
    shown = sheet(draw(floats, mistakes(1)))
    assert (shown[0, 0].tolist(), shown[279, 279].tolist()) == ([0] * 3, [255] * 3)


def test_large_images_are_made_smaller_and_keep_their_shape():
    shown = sheet(draw(np.full((1, 300, 600, 3), 7, np.uint8), mistakes(1)))
    assert shown.shape[:2] == (140, 280)


def test_of_a_volume_the_middle_slice_is_shown():
    volume = np.zeros((1, 5, 4, 4, 1), np.uint8)
    volume[0, 2] = 99
    figure = draw(volume, mistakes(1))
    assert sheet(figure)[0, 0].tolist() == [99] * 3
    assert any("the middle slice of each" in text for text in texts(figure))


@pytest.mark.parametrize("shape", [(64,), (64, 1), (64, 5), (5000, 2), (1, 1)])
def test_signals_are_drawn_as_curves(shape):
    signal = np.random.default_rng(0).normal(size=(1, *shape)).astype(np.float32)
    shown = sheet(draw(signal, mistakes(1)))
    assert shown.shape == (280, 280, 3)
    if shape != (1, 1):
        blue = (shown[..., 2].astype(int) - shown[..., 0]) > 100
        assert blue.any(axis=0).mean() > 0.8  # from the left to the right


def test_channels_that_are_left_out_are_counted():
    written = texts(draw(np.zeros((1, 64, 100), np.float32), mistakes(1)))
    assert any(text.endswith("· the first 3 of 100 channels") for text in written)
    assert not any("channels" in text for text in texts(draw(np.zeros((1, 64, 3), np.float32), mistakes(1))))


@pytest.mark.parametrize(("count", "columns"), [(3, 3), (5, 5), (7, 4), (16, 4), (17, 6), (25, 5)])
def test_the_sheet_has_few_holes(count, columns):
    shown = sheet(draw(np.zeros((count, 280, 280, 1), np.uint8), mistakes(count)))
    assert shown.shape[1] == columns * 280 + (columns - 1) * 18


def test_what_is_not_finite_is_left_out_of_a_curve():
    signal = np.full((1, 20, 1), np.nan, np.float32)
    draw(signal, mistakes(1)).canvas.draw()


def test_a_wrong_prediction_is_never_shown_as_certain():
    assert "predicted dog (>99.9%)" in texts(draw(np.zeros((1, 4, 4, 1)), mistakes(1, probability=0.99999)))


def test_without_probability_or_with_a_file_the_caption_says_what_there_is():
    written = texts(draw(np.zeros((1, 4, 4, 1)), mistakes(1, probability=None, file="photos/cats/1.jpg")))
    assert {"predicted dog", "1.jpg"} <= set(written)


def test_names_are_shortened_and_the_share_is_not():
    long = "a very long name of a class"
    written = texts(draw(np.zeros((1, 4, 4, 1)), mistakes(1, predicted=long, true="$x$ \x1b" + long)))
    assert any("…" in text and text.endswith(" (90.0%)") for text in written)
    assert not any("\x1b" in text for text in written)


def test_names_of_files_are_not_wider_than_their_examples():
    figure = draw(np.zeros((2, 8, 8, 1)), mistakes(2, file="photos/2756397428_1d82a08807.jpg"))
    names = [text for text in figure.findobj(Text) if text.get_text().endswith(".jpg")]
    assert [text.get_text().partition("…")[0][:6] for text in names] == ["275639"] * 2
    assert all(text.get_window_extent().width <= 281 for text in names)  # letters are drawn on whole pixels


def test_without_mistakes_the_page_says_so():
    figure = draw(np.zeros((0, 4, 4, 1)), [])
    assert "all 2,000 predictions are correct" in texts(figure)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((28, 28, 1), True),
        ((28, 28, 3), True),
        ((28, 28, 4), False),
        ((16, 28, 28, 1), True),
        ((128, 6), True),
        ((128,), True),
        ((2, 2, 2, 2, 2), False),
        ((), True),
    ],
)
def test_what_can_be_shown(shape, expected):
    assert kind_of(shape).can_show(shape) is expected
    if not expected:
        with pytest.raises(ValueError, match="images or curves are needed"):
            draw(np.zeros((1, *shape)), mistakes(1))
