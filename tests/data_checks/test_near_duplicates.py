"""Near duplicates: copies are found, and distinct examples are not."""

import io

import numpy as np
import pytest
from PIL import Image

from cnncli.data.dataset import Examples, Part
from cnncli.data.sources.builtin import read_builtin
from cnncli.data_checks.measurements import measure
from cnncli.data_checks.near_duplicates import find_near, sample_of


def measured(images):
    images = np.asarray(images)
    examples = Examples({"input": images}, np.zeros(len(images), np.int32))
    return measure([Part("train", examples)])["input"]


def near(images):
    own = measured(images)
    return [(pair.first, pair.second) for pair in find_near(own.coarse, own.fine)]


@pytest.fixture(scope="module")
def digits():
    return read_builtin("mnist-sample").parts["train"].input[:2000]


@pytest.fixture(scope="module")
def photos():
    """Smooth random pictures in color, no two alike: (30, 48, 64, 3)."""
    random = np.random.default_rng(0)
    small = random.integers(0, 256, (30, 6, 8, 3), dtype=np.uint8)
    return np.stack([np.asarray(Image.fromarray(each).resize((64, 48), Image.Resampling.BICUBIC)) for each in small])


def jpeg(image, quality):
    file = io.BytesIO()
    Image.fromarray(image).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file))


def resized(image, factor):
    height, width = image.shape[:2]
    small = Image.fromarray(image).resize((int(width * factor), int(height * factor)), Image.Resampling.BILINEAR)
    return np.asarray(small.resize((width, height), Image.Resampling.BILINEAR))


def brighter(image, factor):
    return np.clip(image * factor, 0, 255).astype(np.uint8)


COPIES = {
    "JPEG 75": lambda image: jpeg(image, 75),
    "JPEG 50": lambda image: jpeg(image, 50),
    "half size": lambda image: resized(image, 0.5),
    "10% brighter": lambda image: brighter(image, 1.1),
    "20% darker": lambda image: brighter(image, 0.8),
    "smaller, then JPEG": lambda image: jpeg(resized(image, 0.7), 70),
}


@pytest.mark.parametrize("change", COPIES.values(), ids=COPIES.keys())
def test_a_changed_copy_of_a_photo_is_found(photos, change):
    assert near([*photos, change(photos[7])]) == [(7, len(photos))]


@pytest.mark.parametrize("change", [COPIES["JPEG 75"], COPIES["10% brighter"]], ids=["JPEG 75", "10% brighter"])
def test_a_changed_copy_of_a_digit_is_found_among_digits(digits, change):
    copy = change(digits[7, ..., 0])[..., None]

    assert near([*digits, copy]) == [(7, len(digits))]


def test_distinct_digits_are_no_near_duplicates(digits):
    assert near(digits) == []


def test_several_copies_of_one_example_are_all_found(photos):
    copies = [jpeg(photos[3], quality) for quality in (90, 80, 70)]

    assert {number for pair in near([*photos, *copies]) for number in pair} == {3, 30, 31, 32}


def test_pictures_that_differ_in_color_alone_are_distinct():
    colors = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0), (0, 255, 255), (255, 0, 255)]
    squares = np.zeros((6, 16, 16, 3), np.uint8)
    for square, color in zip(squares, colors, strict=True):
        square[4:12, 4:12] = color

    assert near(squares) == []
    assert len(np.unique(measured(squares).coarse.round(3), axis=0)) == 6  # else all would be compared in full


def test_examples_of_one_value_are_not_compared():
    assert near(np.full((10, 8, 8, 1), 7, np.uint8)) == []


def test_a_quieter_copy_of_a_signal_is_found():
    signals = np.random.default_rng(0).normal(size=(40, 200, 2)).astype(np.float32)

    assert near([*signals, signals[5] * 0.7]) == [(5, 40)]


def test_of_many_examples_each_part_gives_its_share():
    chosen = sample_of([700, 200, 100], most=100)

    assert [np.sum((chosen >= low) & (chosen < high)) for low, high in ((0, 700), (700, 900), (900, 1000))] == [
        70,
        20,
        10,
    ]
