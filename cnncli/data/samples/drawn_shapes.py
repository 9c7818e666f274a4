"""Pictures of discs and rectangles with their masks, drawn from a seed: the same on every platform and with every NumPy."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

CLASSES = ("ground", "disc", "rectangle")
SIDE = 64  # pixels
COUNTS = {"train": 400, "test": 100}
_SEEDS = {"train": 1, "test": 2}
_MOST_OBJECTS = 3
_LEAST_CONTRAST = 0.25  # between an object and the ground, of the whole range of brightness
_NOISE = 0.06  # standard deviation


def part(name: str) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The pictures of `train` or `test` and their masks; arguments and shapes as of `draw`."""
    return draw(COUNTS[name], seed=_SEEDS[name])


def draw(count: int, *, seed: int, side: int = SIDE) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Draw pictures of one to three objects on a ground, each brighter or darker than it, with a gradient and noise.

    Args:
        count: of pictures.
        seed: the same seed, the same pictures.
        side: height and width in pixels.

    Returns:
        Pictures uint8 (count, side, side, 3) and masks uint8 (count, side, side): 0 ground, 1 disc, 2 rectangle.
    """
    stream = np.random.PCG64([seed, side])
    rows, columns = np.mgrid[0:side, 0:side] / side  # 0 to 1
    pictures = np.empty((count, side, side, 3), np.uint8)
    masks = np.zeros((count, side, side), np.uint8)
    for picture, mask in zip(pictures, masks, strict=True):
        ground, slope, turn, objects, *tint = _uniform(stream, 7).tolist()
        level = 0.15 + 0.7 * ground
        angle = 2 * np.pi * turn
        light = level + 0.2 * (slope - 0.5) * (np.cos(angle) * columns + np.sin(angle) * rows)
        for _ in range(1 + int(objects * _MOST_OBJECTS)):
            kind, y, x, height, width, change = _uniform(stream, 6).tolist()
            y, x = 0.15 + 0.7 * y, 0.15 + 0.7 * x
            if kind < 0.5:
                radius = 0.08 + 0.14 * height
                inside = (rows - y) ** 2 + (columns - x) ** 2 < radius**2
            else:
                inside = (abs(rows - y) < 0.07 + 0.14 * height) & (abs(columns - x) < 0.07 + 0.14 * width)
            mask[inside] = 1 if kind < 0.5 else 2
            light = np.where(inside, _other_level(level, change), light)
        noise = _uniform(stream, 4 * side * side * 3).reshape(4, side, side, 3).sum(axis=0) - 2  # near to normal
        colour = 0.9 + 0.2 * np.array(tint)
        values = light[..., None] * colour + noise * (_NOISE / np.sqrt(4 / 12))
        picture[:] = np.floor(255 * np.clip(values, 0, 1) + 0.5)
    return pictures, masks


def _other_level(level: float, change: float) -> float:
    """A brightness from 0 to 1 that differs from a level."""
    below, above = max(0.0, level - _LEAST_CONTRAST), max(0.0, 1 - level - _LEAST_CONTRAST)
    place = change * (below + above)
    return place if place < below else level + _LEAST_CONTRAST + place - below


def _uniform(stream: np.random.PCG64, count: int) -> NDArray[np.float64]:
    """Numbers from 0 to below 1: `random_raw` is the stream that NumPy promises never to change."""
    raw = np.asarray(stream.random_raw(count), np.uint64)
    return np.asarray((raw >> np.uint64(11)) * 2.0**-53, np.float64)
