"""Drawn faces: made-up people, each in several pictures; a pure function of a seed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from random import Random

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

SIZE = 48  # pixels of a side
PEOPLE = {"train": 40, "validation": 10, "test": 20}
PICTURES = 16  # of each person
_FINE = 3  # drawn so many times larger, and made smaller again


def people(part: str, *, seed: int = 0) -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
    """The pictures of a part and the number of the person in each; nobody is in two parts.

    Args:
        part: `train`, `validation` or `test`.
        seed: the same seed, the same pictures.

    Returns:
        uint8 (count, 48, 48, 1), and int32 (count,).
    """
    first = sum(list(PEOPLE.values())[: list(PEOPLE).index(part)])
    numbers = range(first, first + PEOPLE[part])
    pictures = []
    for number in numbers:
        face, random = person(number, seed=seed), Random(f"{seed} pictures {number}")
        pictures += [picture(face, random) for _ in range(PICTURES)]
    return np.stack(pictures), np.repeat(np.asarray(numbers, np.int32), PICTURES)


@dataclass(frozen=True, slots=True)
class Face:
    """What makes a person; lengths are parts of the picture's side, tones are gray levels from 0 to 255."""

    skin: float
    hair: float
    width: float
    height: float
    jaw: float  # how angular: 2 is an ellipse
    hairline: float
    sides: float  # how far the hair comes down beside the face
    eye_distance: float
    eye_size: float
    eye_height: float
    iris: float
    brow_thickness: float
    brow_tilt: float
    brow_gap: float
    nose_length: float
    nose_width: float
    mouth_width: float
    mouth_height: float
    lip: float
    glasses: bool
    beard: float  # how much darker the chin is
    ears: float


def person(number: int, *, seed: int = 0) -> Face:
    """Draw the lots of a person.

    Args:
        number: which one.
        seed: of all of them.
    """
    random = Random(f"{seed} person {number}")  # the numbers of `random.random` never change

    def between(low: float, high: float) -> float:
        return low + (high - low) * random.random()

    return Face(
        skin=between(130, 225),
        hair=between(15, 120),
        width=between(0.21, 0.30),
        height=between(0.30, 0.38),
        jaw=between(1.8, 3.2),
        hairline=between(0.45, 0.85),
        sides=between(-0.15, 0.95),
        eye_distance=between(0.085, 0.135),
        eye_size=between(0.030, 0.052),
        eye_height=between(-0.08, 0.0),
        iris=between(20, 120),
        brow_thickness=between(0.010, 0.034),
        brow_tilt=between(-0.35, 0.35),
        brow_gap=between(0.055, 0.095),
        nose_length=between(0.09, 0.17),
        nose_width=between(0.025, 0.06),
        mouth_width=between(0.07, 0.14),
        mouth_height=between(0.15, 0.21),
        lip=between(0.008, 0.026),
        glasses=random.random() < 0.25,
        beard=between(30, 80) if random.random() < 0.25 else 0.0,
        ears=between(0.0, 0.05),
    )


def picture(face: Face, random: Random) -> NDArray[np.uint8]:
    """Draw a picture of a face, with chance in position, size, tilt, expression, light, ground and noise.

    Returns:
        uint8 (48, 48, 1), gray levels.
    """

    def between(low: float, high: float) -> float:
        return low + (high - low) * random.random()

    side = SIZE * _FINE
    view = _View(
        centre=(0.5 + between(-0.05, 0.05), 0.52 + between(-0.05, 0.05)),
        scale=between(0.88, 1.12),
        angle=math.radians(between(-12, 12)),
        turn=between(-0.03, 0.03),
        side=side,
    )
    ground, smile, opened, gaze = between(20, 235), between(-0.02, 0.035), between(0.45, 1.0), between(-0.35, 0.35)
    image = Image.new("L", (side, side), round(ground))
    draw = ImageDraw.Draw(image)

    def shape(points: list[tuple[float, float]], tone: float) -> None:
        draw.polygon([view.place(x, y) for x, y in points], fill=round(min(max(tone, 0), 255)))

    # Shoulders, hair behind, ears, face, hair in front.
    shape(_oval(0.0, 0.62, 0.42, 0.26, 2.0), between(30, 220))
    shape(_oval(0.0, -0.06, face.width + 0.045, face.height + 0.03, 2.2), face.hair)
    if face.sides > 0:
        below = face.height * face.sides
        shape(_box(-face.width - 0.045, -0.08, -face.width + 0.05, below), face.hair)
        shape(_box(face.width - 0.05, -0.08, face.width + 0.045, below), face.hair)
    for x in (-face.width, face.width):
        shape(_oval(x, 0.0, face.ears, 0.06, 2.0), face.skin - 14)
    outline = _oval(0.0, 0.02, face.width, face.height, face.jaw)
    shape(outline, face.skin)
    if face.beard:
        shape([(x, y) for x, y in outline if y > 0.10], face.skin - face.beard)
    shape([(x, y) for x, y in outline if y < -face.height * face.hairline], face.hair)
    turn = view.turn
    for sign in (-1, 1):
        x, y = sign * face.eye_distance + turn, face.eye_height
        shape(_oval(x, y, face.eye_size, face.eye_size * 0.62 * opened, 2.0), 245)
        iris = face.eye_size * 0.55
        shape(_oval(x + gaze * face.eye_size, y, iris, min(iris, face.eye_size * 0.62 * opened), 2.0), face.iris)
        top, reach, tilt = y - face.brow_gap, face.eye_size * 1.35, sign * face.brow_tilt * face.eye_size
        shape(
            [
                (x - reach, top + tilt),
                (x + reach, top - tilt),
                (x + reach, top - tilt + face.brow_thickness),
                (x - reach, top + tilt + face.brow_thickness),
            ],
            face.hair,
        )
    nose = face.eye_height + face.nose_length
    shape([(turn, face.eye_height + 0.02), (turn * 1.6 - face.nose_width, nose), (turn * 1.6, nose)], face.skin - 28)
    shape(_oval(turn * 1.6, nose, face.nose_width, 0.018, 2.0), face.skin - 40)
    shape(_mouth(turn, face.mouth_height, face.mouth_width, face.lip, smile), face.skin - 85)
    if face.glasses:
        for sign in (-1, 1):
            x = sign * face.eye_distance + turn
            draw.line(
                [view.place(*point) for point in _oval(x, face.eye_height, 0.075, 0.06, 3.0)], fill=15, width=_FINE
            )
        bridge = [
            (-face.eye_distance + 0.07 + turn, face.eye_height),
            (face.eye_distance - 0.07 + turn, face.eye_height),
        ]
        draw.line([view.place(*point) for point in bridge], fill=15, width=_FINE)
    return _photographed(image, random)


def _photographed(image: Image.Image, random: Random) -> NDArray[np.uint8]:
    """The drawing in its final size, under light from a side, with noise."""
    small = np.asarray(image.reduce(_FINE), np.float64)  # (48, 48)
    angle, strength, gain = random.random() * 2 * math.pi, random.random() * 0.35, 0.75 + 0.45 * random.random()
    along = np.linspace(-1, 1, SIZE)
    light = gain * (1 + strength * (math.cos(angle) * along[None, :] + math.sin(angle) * along[:, None]) / 1.42)
    # Bytes, and not `normal`: NumPy may change that; the sum of some is nearly a normal distribution.
    raw = np.frombuffer(random.randbytes(4 * SIZE * SIZE), np.uint8).reshape(4, SIZE, SIZE)
    noise = (raw.astype(np.float64).sum(axis=0) - 4 * 127.5) / (2 * 73.9)  # of deviation 1
    level = 3 + 5 * random.random()
    levels: NDArray[np.float64] = np.clip(np.rint(small * light + level * noise), 0, 255)
    return levels.astype(np.uint8)[..., None]


@dataclass(frozen=True, slots=True)
class _View:
    """How a face stands in its picture.

    Attributes:
        centre: in parts of the side.
        scale: of the face.
        angle: in radians.
        turn: by how much eyes, nose and mouth stand aside.
        side: of the picture, in pixels.
    """

    centre: tuple[float, float]
    scale: float
    angle: float
    turn: float
    side: int

    def place(self, x: float, y: float) -> tuple[float, float]:
        """A point of the face, in pixels."""
        cos, sin = math.cos(self.angle) * self.scale, math.sin(self.angle) * self.scale
        return (
            (self.centre[0] + x * cos - y * sin) * self.side,
            (self.centre[1] + x * sin + y * cos) * self.side,
        )


def _oval(x: float, y: float, width: float, height: float, power: float) -> list[tuple[float, float]]:
    """A superellipse around a point: an ellipse of power 2, more like a box of a larger one."""
    points = []
    for step in range(40):
        cos, sin = math.cos(math.pi * step / 20), math.sin(math.pi * step / 20)
        across, down = (math.copysign(abs(value) ** (2 / power), value) for value in (cos, sin))
        points.append((x + width * across, y + height * down))
    return points


def _box(left: float, top: float, right: float, bottom: float) -> list[tuple[float, float]]:
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


def _mouth(x: float, y: float, width: float, lip: float, smile: float) -> list[tuple[float, float]]:
    steps = [-1 + step / 4 for step in range(9)]
    upper = [(x + step * width, y - smile * step**2 - lip * (1 - step**2)) for step in steps]
    lower = [(x + step * width, y - smile * step**2 + lip * (1 - step**2) + 0.004) for step in reversed(steps)]
    return [*upper, *lower]
