"""Draw a sample for object detection: squares, discs and triangles on noise, with their boxes; a pure function of a seed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SIZE = 64  # pixels, height and width of a picture
CLASS_NAMES = ("disc", "square", "triangle")
_MOST_OBJECTS = 4
_SMALLEST, _LARGEST = 10, 24  # pixels, height and width of an object
_MOST_OVERLAP = 0.1  # intersection over union of two boxes of a picture
_TRIES = 20  # to place an object
_LEAST_CONTRAST = 50  # gray levels between an object and the ground, in one channel at least


@dataclass(frozen=True, slots=True, eq=False)
class Scenes:
    """Pictures with their boxes.

    Attributes:
        images: uint8 (count, 64, 64, 3).
        boxes: float32 (count, 4, 5): top, left, bottom, right in [0, 1] and the class; rows of -1 where there is none.
    """

    images: NDArray[np.uint8]
    boxes: NDArray[np.float32]


def draw_scenes(count: int, *, seed: int) -> Scenes:
    """Draw pictures with 0 to 4 objects each, one in 20 of them empty.

    Only `Generator.random` is used, whose values are the same in all versions of NumPy.
    """
    random = np.random.default_rng(seed)
    images = np.empty((count, SIZE, SIZE, 3), np.uint8)
    boxes = np.full((count, _MOST_OBJECTS, 5), -1, np.float32)
    for image, rows in zip(images, boxes, strict=True):
        image[:], found = _scene(random)
        if found:
            rows[: len(found)] = found
    return Scenes(images, boxes)


def _scene(random: np.random.Generator) -> tuple[NDArray[np.uint8], list[list[float]]]:
    ground = 40 + 175 * random.random(3)  # of each channel
    picture = np.broadcast_to(ground, (SIZE, SIZE, 3)).copy()
    wanted = 0 if random.random() < 0.05 else 1 + int(_MOST_OBJECTS * random.random())
    found: list[list[float]] = []
    for _ in range(wanted):
        number, height, width = int(len(CLASS_NAMES) * random.random()), *_size(random)
        color = _color(random, ground)
        for _ in range(_TRIES):
            top, left = (int((SIZE - length + 1) * random.random()) for length in (height, width))
            box = [top / SIZE, left / SIZE, (top + height) / SIZE, (left + width) / SIZE]
            if all(_overlap(box, other) <= _MOST_OVERLAP for other in found):
                part = picture[top : top + height, left : left + width]
                part[_MASKS[CLASS_NAMES[number]](height, width)] = color
                found.append([*box, number])
                break
    noise = 20 * random.random()  # gray levels
    picture += noise * (random.random(picture.shape) + random.random(picture.shape) - 1) * 2
    return np.clip(np.round(picture), 0, 255).astype(np.uint8), found


def _size(random: np.random.Generator) -> tuple[int, int]:
    """Height and width of an object; the sides differ by a quarter at most."""
    height = _SMALLEST + int((_LARGEST - _SMALLEST + 1) * random.random())
    width = round(height * (0.8 + 0.45 * random.random()))
    return height, min(_LARGEST, max(_SMALLEST, width))


def _color(random: np.random.Generator, ground: NDArray[np.float64]) -> NDArray[np.float64]:
    while True:
        color = 255 * random.random(3)
        if np.abs(color - ground).max() >= _LEAST_CONTRAST:
            return color


def _square(height: int, width: int) -> NDArray[np.bool_]:
    return np.ones((height, width), bool)


def _disc(height: int, width: int) -> NDArray[np.bool_]:
    rows, columns = _places(height, width)
    inside: NDArray[np.bool_] = (2 * rows - 1) ** 2 + (2 * columns - 1) ** 2 <= 1
    return inside


def _triangle(height: int, width: int) -> NDArray[np.bool_]:
    """With the point at the top."""
    rows, columns = _places(height, width)
    inside: NDArray[np.bool_] = np.abs(2 * columns - 1) <= rows + 1 / (2 * height)
    return inside


_MASKS = {"disc": _disc, "square": _square, "triangle": _triangle}


def _places(height: int, width: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The centres of the pixels of a box, in [0, 1]: (height, 1) and (1, width)."""
    return (np.arange(height)[:, None] + 0.5) / height, (np.arange(width)[None] + 0.5) / width


def _overlap(first: list[float], second: list[float]) -> float:
    """Intersection over union of two boxes."""
    height = min(first[2], second[2]) - max(first[0], second[0])
    width = min(first[3], second[3]) - max(first[1], second[1])
    both = max(0.0, height) * max(0.0, width)
    areas = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (first, second))
    return both / (areas - both)
