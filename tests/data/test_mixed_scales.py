"""Examples of one array in two scales, and data in one scale that may look otherwise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from cnncli.data.mixed_scales import mixed_in
from cnncli.data.scales import extremes_of

Array = np.ndarray[Any, Any]
RANDOM = np.random.default_rng(0)


def photos(count: int = 200, channels: int = 1, dtype: Any = np.uint8) -> Array:
    """Smooth images from 0 to 255, some dark."""
    random = np.random.default_rng(1)
    found = random.integers(0, 256, (count, 12, 12, channels))
    found[::10] //= 12
    found[0, 0, 0, 0] = 255
    return found.astype(dtype)


def problem_of(inputs: Array) -> str:
    problem = mixed_in(inputs, extremes_of(inputs), "x")
    return str(problem) if problem else ""


def halves(one: Callable[[Array], Array], other: Callable[[Array], Array]) -> Array:
    images = photos().astype(np.float64)
    return np.concatenate([one(images[:100]), other(images[100:])]).astype(np.float32)


def raw(images: Array) -> Array:
    return images


def unit(images: Array) -> Array:
    return images / 255


def around(images: Array) -> Array:
    return images / 127.5 - 1


def standard(images: Array) -> Array:
    return (images - 127) / 73


def resized(images: Array) -> Array:
    """Fractions from 0 to 255, as averaging gives."""
    return np.clip(images * 0.9973 + 0.31, 0, 255)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (raw, unit),
        (raw, around),
        (raw, standard),
        (unit, raw),
        (resized, standard),
        (lambda images: images * 257, raw),
        (lambda images: np.maximum(images, 40) * 257, lambda images: np.maximum(images, 40) * 16),
        (lambda images: np.maximum(images, 90) / 255, lambda images: np.maximum(resized(images), 90)),
    ],
    ids=[
        "0-255 0-1",
        "0-255 -1-1",
        "0-255 standard",
        "0-1 0-255",
        "fractions",
        "16 and 8 bits",
        "16 and 12",
        "resized",
    ],
)
def test_two_scales_are_found(one: Callable[[Array], Array], other: Callable[[Array], Array]) -> None:
    found = problem_of(halves(one, other))

    assert "of 200 examples of x hold values from" in found
    assert "they are in two scales" in found


def test_zero_to_one_beside_minus_one_to_one_is_found() -> None:
    images = RANDOM.integers(0, 256, (60, 12, 12, 1)).astype(np.float32)

    found = problem_of(np.concatenate([images[:30] / 255, images[30:] / 127.5 - 1]))

    assert "30 of 60 examples of x hold values from -1 to 1, the others from 0 to 1" in found


def test_the_smaller_group_is_counted_and_its_first_named() -> None:
    images = photos(dtype=np.float32)
    images[[3, 50, 70, 71]] /= 255

    found = problem_of(images)

    assert found.startswith("4 of 200 examples of x hold values from 0 to 1, the others from 0 to 255")
    assert "x[3], x[50], x[70] and 1 more" in found


def test_one_example_is_enough_where_whole_numbers_tell_it() -> None:
    images = photos(dtype=np.float32) / np.float32(255)
    images[7] = photos()[7]

    assert problem_of(images).startswith("1 of 200 examples of x hold values from 1 to 254, the others from 0 to 1")


def test_masks_of_two_codings_are_found() -> None:
    masks = (RANDOM.random((100, 12, 12, 1)) < 0.4).astype(np.uint8)
    masks[:50] *= 255

    assert "50 of 100" in problem_of(masks)


def test_signals_of_whole_numbers_and_fractions_are_found() -> None:
    audio = RANDOM.integers(-20000, 20000, (40, 800, 1)).astype(np.float32)
    audio[:20] /= 32768

    assert "20 of 40" in problem_of(audio)


def sparse() -> Array:
    found = np.zeros((200, 12, 12, 1), np.float32)
    found[np.arange(200), 3, 4] = RANDOM.exponential(3, (200, 1))
    return found


def with_blank() -> Array:
    images = photos(dtype=np.float32)
    images[:40] = 0
    images[40:50] = 1
    return images


def nearly_blank() -> Array:
    """Some images show the noise of the camera alone."""
    images = photos()
    images[:15] = RANDOM.integers(0, 2, (15, 12, 12, 1))
    images[15:60] = RANDOM.integers(0, 5, (45, 12, 12, 1))
    return images


def resized_with_noise() -> Array:
    images = resized(photos().astype(np.float64)).astype(np.float32)
    images[:60] = RANDOM.random((60, 12, 12, 1)) * 5
    return images


LEGITIMATE: dict[str, Callable[[], Array]] = {
    "photos, some dark": photos,
    "photos as floats": lambda: photos(dtype=np.float32),
    "very dark photos": lambda: np.concatenate([photos(), photos() // 40]),
    "very dark photos as floats": lambda: np.concatenate([photos(dtype=np.float32), photos(dtype=np.float32) // 40]),
    "blank images": with_blank,
    "nearly blank images": nearly_blank,
    "nearly blank images, resized": resized_with_noise,
    "sparse images": sparse,
    "counts": lambda: RANDOM.poisson(RANDOM.exponential(20, (200, 1, 1, 1)), (200, 12, 12, 1)).astype(np.float32),
    "standardised": lambda: standard(photos().astype(np.float32)),
    "standardised one by one": lambda: RANDOM.normal(size=(200, 12, 12, 3)).astype(np.float32),
    "temperatures": lambda: (RANDOM.normal(size=(200, 12, 12, 1)) * 4 + RANDOM.uniform(-20, 30, (200, 1, 1, 1))).astype(
        np.float32
    ),
    "differences of bands": lambda: np.clip(
        RANDOM.normal(size=(200, 12, 12, 1)) * 0.2 + RANDOM.uniform(-0.5, 0.8, (200, 1, 1, 1)), -1, 1
    ).astype(np.float32),
    "loud and quiet audio": lambda: (
        RANDOM.normal(size=(200, 800, 1)) * 10.0 ** RANDOM.uniform(-3, 0, (200, 1, 1))
    ).astype(np.float32),
    "loud and quiet audio of 16 bits": lambda: (
        RANDOM.normal(size=(200, 800, 1)) * 10.0 ** RANDOM.uniform(0, 4, (200, 1, 1))
    ).astype(np.int16),
    "one-hot": lambda: np.eye(100, dtype=np.float32)[RANDOM.integers(0, 100, 200)],
    "powers": lambda: (RANDOM.random((200, 12, 12, 1)) * 10.0 ** RANDOM.uniform(-3, 3, (200, 1, 1, 1))).astype(
        np.float32
    ),
    "maps of classes": lambda: np.stack([RANDOM.integers(0, 2 + k % 20, (12, 12, 1)) for k in range(200)]).astype(
        np.uint8
    ),
    "two images": lambda: photos(2),
    "one image": lambda: photos(1),
    "rows of numbers": lambda: RANDOM.random((200, 4)).astype(np.float32) * np.array([1, 10, 255, 1e6], np.float32),
    "blank alone": lambda: np.zeros((20, 12, 12, 1), np.float32),
}


@pytest.mark.parametrize("name", LEGITIMATE)
def test_one_scale_is_left_in_peace(name: str) -> None:
    assert problem_of(LEGITIMATE[name]()) == ""
