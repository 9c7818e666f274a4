"""When two sets of examples are in two scales, and when they are not."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from cnncli.data.scales import OF_IMAGES, Scale, different_parts, scale_of, unlike_training

Array = np.ndarray[Any, Any]
MEAN, STD = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])


def photos(count: int, seed: int = 0, channels: int = 3) -> Array:
    """Images with some dark ones."""
    random = np.random.default_rng(seed)
    found = random.integers(0, 256, (count, 12, 12, channels))
    found[::9] //= 4
    return found.astype(np.float64)


SCALED: dict[str, Callable[[Array], Array]] = {
    "bytes": lambda x: x.astype(np.uint8),
    "0 to 255 as floats": lambda x: x,
    "16 bits": lambda x: x * 257,
    "12 bits": lambda x: x * 4095 / 255,
    "0 to 1": lambda x: x / 255,
    "-1 to 1": lambda x: x / 127.5 - 1,
    "minus 128": lambda x: x - 128,
    "ImageNet's": lambda x: (x / 255 - MEAN) / STD,
}


def of(name: str, images: Array) -> Scale:
    scaled = SCALED[name](images)
    return scale_of(scaled if scaled.dtype == np.uint8 else scaled.astype(np.float32))


@pytest.mark.parametrize("trained", SCALED)
@pytest.mark.parametrize("given", SCALED)
def test_every_usual_scale_is_reported_from_every_other(trained: str, given: str) -> None:
    are_equal = {trained, given} <= {"bytes", "0 to 255 as floats"} or trained == given

    problem = unlike_training(of(trained, photos(200)), of(given, photos(60, seed=1)), "given.npz")

    assert (problem is None) == are_equal, str(problem)


@pytest.mark.parametrize("name", SCALED)
def test_an_outlier_neither_hides_nor_makes_another_scale(name: str) -> None:
    trained, same, other = photos(200), photos(60, 1), photos(60, 2) / 255
    for images in (trained, same, other):
        images[3, 5, 5, 0] = 100_000.0
        images[4, 5, 5, 0] = -100_000.0

    clean = scale_of(photos(200).astype(np.float32))
    assert unlike_training(clean, scale_of(same.astype(np.float32)), "given") is None
    assert unlike_training(scale_of(trained.astype(np.float32)), scale_of(same.astype(np.float32)), "given") is None
    assert unlike_training(scale_of(trained.astype(np.float32)), scale_of(other.astype(np.float32)), "given")
    assert unlike_training(clean, scale_of(other.astype(np.float32)), "given")


def test_one_image_of_another_scale_is_enough() -> None:
    trained = of("0 to 1", photos(200))

    for name in ("bytes", "-1 to 1", "ImageNet's", "16 bits"):
        assert unlike_training(trained, of(name, photos(2, 1)[1:]), "photo.npy"), name


def test_a_channel_of_its_own_scale_is_named() -> None:
    trained, given = photos(200, channels=4), photos(60, 1, channels=4)
    trained[..., 3] *= 40  # millimetres
    given[..., 3] /= 25  # metres

    problem = unlike_training(scale_of(trained.astype(np.float32)), scale_of(given.astype(np.float32)), "given.npz")

    assert str(problem).startswith(
        "given.npz holds values from 0 to 10.2 in channel 3, and the network was trained on values from 0 to 1.02e+04 in "
        "channel 3"
    )


LIKE: dict[str, Callable[[], tuple[Array, Array]]] = {
    "dark photos": lambda: (photos(200) / 255, photos(60, 1) / 255 / 8),
    "dark bytes": lambda: (photos(200).astype(np.uint8), (photos(60, 1) // 40).astype(np.uint8)),
    "bright photos after dark ones": lambda: (photos(200) / 255 / 2.3, photos(60, 1) / 255),
    "blank images": lambda: (photos(200), np.zeros((20, 12, 12, 3))),
    "white images": lambda: (photos(200), np.full((20, 12, 12, 3), 255.0)),
    "one white image after standardised ones": lambda: ((photos(200) - 127) / 73, np.full((1, 12, 12, 3), 1.75)),
    "grey squares": lambda: (
        np.tile(np.eye(12)[None, :, :, None], (60, 1, 1, 3)),
        np.tile(np.eye(12)[None, :, :, None], (60, 1, 1, 3)) * 0.6,
    ),
    "quiet audio": lambda: (
        np.random.default_rng(0).normal(size=(50, 400, 1)) * 0.3,
        np.random.default_rng(1).normal(size=(5, 400, 1)) * 0.003,
    ),
    "sparse images": lambda: (
        (np.random.default_rng(0).random((200, 12, 12, 1)) < 0.01) * 1.0,
        (np.random.default_rng(1).random((10, 12, 12, 1)) < 0.002) * 1.0,
    ),
    "other subjects, standardised one by one": lambda: (
        np.random.default_rng(0).normal(size=(200, 12, 12, 3)),
        np.random.default_rng(1).normal(size=(7, 12, 12, 3)),
    ),
}


@pytest.mark.parametrize("name", LIKE)
def test_data_of_one_scale_gets_no_warning(name: str) -> None:
    trained, given = (x if x.dtype == np.uint8 else x.astype(np.float32) for x in LIKE[name]())

    assert unlike_training(scale_of(trained), scale_of(given), "given") is None


def test_masks_of_zero_and_one_are_no_images_of_bytes() -> None:
    masks = (np.random.default_rng(0).random((50, 12, 12, 1)) < 0.4).astype(np.uint8)

    assert unlike_training(scale_of(masks * np.uint8(255)), scale_of(masks), "masks.npz")
    assert unlike_training(scale_of(masks), OF_IMAGES, "an image file")
    assert unlike_training(scale_of(masks), scale_of(masks[:3]), "masks.npz") is None


def test_a_scale_comes_back_from_the_record() -> None:
    scale = of("ImageNet's", photos(30))

    assert Scale.from_json(json.loads(json.dumps(scale.as_json()))) == scale
    assert len(scale.channels) == 3


def test_a_record_of_an_earlier_version_is_still_compared() -> None:
    old = {"low": 0.0, "high": 255.0, "typical": 120.0, "negative": 0.0, "count": 600, "ground": None}

    scale = Scale.from_json({**old, "are_images": True, "is_whole": True})

    assert scale is not None
    assert unlike_training(scale, of("0 to 1", photos(60)), "given.npz")
    assert unlike_training(scale, of("bytes", photos(60)), "given.npz") is None


def test_images_in_two_scales_are_an_error_and_signals_a_note() -> None:
    volumes = photos(20)[:, None]
    signals = np.random.default_rng(0).normal(size=(50, 400, 1)).astype(np.float32)

    errors, notes = different_parts({"x_train": scale_of(volumes), "x_test": scale_of(volumes / 255)})
    assert (len(errors), len(notes)) == (1, 0)
    errors, notes = different_parts({"x_train": scale_of(signals), "x_test": scale_of(signals / 32768)})
    assert (len(errors), len(notes)) == (0, 1)


def test_a_column_in_other_units_is_named() -> None:
    units = np.array([1, 10, 1000, 0.1])
    trained = np.random.default_rng(0).normal(size=(200, 4)) * units
    given = np.random.default_rng(1).normal(size=(50, 4)) * units * np.array([1, 1, 0.001, 1])

    problem = unlike_training(scale_of(trained.astype(np.float32)), scale_of(given.astype(np.float32)), "given.npz")

    assert problem is not None
    assert "in column 2, and the network was trained" in problem.message
    few = scale_of(given[:5].astype(np.float32))
    assert unlike_training(scale_of(trained.astype(np.float32)), few, "given.npz") is None
