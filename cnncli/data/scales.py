"""The scale of input values: its range, how two scales are compared, and the warning where they differ."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncli.data.stored import ArrayRows, Inputs
from cnncli.errors import Problem

FACTOR = 20  # 0 to 255 and 0 to 1 differ by 255, 0 to 255 and standardised values by about 90
_NEGATIVE_SHARE = 0.2  # -1 to 1 beside 0 to 1: of images at least so many values are below 0
_FEW = 5  # examples
_CHUNK_VALUES = 1 << 22
_SAMPLE = 1000  # examples
_SMALLEST_SIDE = 8  # pixels, of an image that has a border to speak of
_OPPOSITE = 0.5  # of two grounds
_NEARLY, _MOSTLY = 0.1, 0.9  # of the range, of the border's pixels


@dataclass(frozen=True, slots=True)
class Scale:
    """The scale of the raw input values of some examples.

    Attributes:
        low, high: the smallest and the largest value.
        typical: the median of the absolute values that are not 0; 0 where there is none. A few outliers do not move it.
        negative: the share of the values below 0.
        count: examples.
        ground: of images whose borders all have nearly one value that value, from 0 (dark) to 1 (light); else None.
        are_images: whether they have height, width, and 1 or 3 channels.
        is_whole: whether the values are stored as integers.
    """

    low: float
    high: float
    typical: float
    negative: float
    count: int
    ground: float | None = None
    are_images: bool = False
    is_whole: bool = False

    @property
    def largest(self) -> float:
        """The largest absolute value."""
        return max(abs(self.low), abs(self.high))

    def __str__(self) -> str:
        """`0 to 255`."""
        return f"{self.low:.4g} to {self.high:.4g}"

    def as_json(self) -> dict[str, Any]:
        return {
            "low": self.low,
            "high": self.high,
            "typical": self.typical,
            "negative": self.negative,
            "count": self.count,
            "ground": self.ground,
            "are_images": self.are_images,
            "is_whole": self.is_whole,
        }

    @classmethod
    def from_json(cls, value: Any) -> Scale | None:
        """The scale that `as_json` wrote; None for anything else."""
        if not isinstance(value, Mapping):
            return None
        numbers = [value.get(name) for name in ("low", "high", "typical", "negative", "count")]
        if any(isinstance(number, bool) or not isinstance(number, int | float) for number in numbers):
            return None
        ground = value.get("ground")
        known = float(ground) if isinstance(ground, int | float) and not isinstance(ground, bool) else None
        low, high, typical, negative, count = numbers
        kinds = [value.get(name) is True for name in ("are_images", "is_whole")]
        return cls(float(low), float(high), float(typical), float(negative), int(count), known, *kinds)  # type: ignore[arg-type]


# Of decoded image files, whatever one of them shows.
OF_IMAGES = Scale(0.0, 255.0, 128.0, 0.0, 1000, are_images=True, is_whole=True)


def scale_of(inputs: Inputs) -> Scale:
    """Measure the scale of examples.

    Args:
        inputs: (count, *shape of one), finite numbers, at least one example. Image files are not read: `OF_IMAGES`.
    """
    if not isinstance(inputs, np.ndarray | ArrayRows):
        return OF_IMAGES
    low, high = np.inf, -np.inf
    rows = max(1, _CHUNK_VALUES // max(1, int(np.prod(inputs.shape[1:]))))
    for begin in range(0, len(inputs), rows):
        chunk = _read(inputs, np.arange(begin, min(begin + rows, len(inputs))))
        low, high = min(low, float(chunk.min())), max(high, float(chunk.max()))
    some = _read(inputs, np.arange(0, len(inputs), -(-len(inputs) // _SAMPLE)))
    sizes = np.abs(some[some != 0].astype(np.float64))
    typical = float(np.median(sizes)) if sizes.size else 0.0
    kinds = (some.ndim == 4 and some.shape[3] in (1, 3), some.dtype == np.uint8)
    return Scale(low, high, typical, float(np.mean(some < 0)), len(inputs), ground_of(some, low, high), *kinds)


def ground_of(pixels: NDArray[Any], low: float, high: float) -> float | None:
    """The value that the borders of images have nearly everywhere, from 0 (`low`) to 1 (`high`); None where they have none.

    Args:
        pixels: (count, height, width, channels); of other shapes there is none.
    """
    if pixels.ndim != 4 or pixels.shape[3] not in (1, 3) or min(pixels.shape[1:3]) < _SMALLEST_SIDE or high <= low:
        return None
    rows = pixels[:, [0, -1]].reshape(-1)
    columns = pixels[:, 1:-1, [0, -1]].reshape(-1)
    border = (np.concatenate([rows, columns]).astype(np.float64) - low) / (high - low)
    middle = float(np.median(border))
    return middle if np.mean(np.abs(border - middle) <= _NEARLY) >= _MOSTLY else None


def differ(one: Scale, other: Scale) -> bool:
    """Whether two sets of examples cannot be of one scale.

    They differ where both the typical and the largest absolute value are apart by a factor of 20 or more, so that neither
    an outlier nor a set of dark images counts. Images differ, too, where one has no value below 0 and the other at least a
    fifth: pixels from 0 to 1 and from -1 to 1; of a few images alone this says nothing. Values that are all 0 have no
    scale.
    """
    if not one.typical or not other.typical:
        return False
    smaller, larger = sorted((one, other), key=lambda scale: scale.typical)
    is_far = larger.typical >= FACTOR * smaller.typical and larger.largest >= FACTOR * smaller.largest
    shares = sorted((one.negative, other.negative))
    is_shifted = shares[0] == 0 and shares[1] >= _NEGATIVE_SHARE and min(one.count, other.count) >= _FEW
    return is_far or is_shifted


def different_parts(parts: Mapping[str, Scale]) -> tuple[list[Problem], list[Problem]]:
    """Compare the parts of a data set.

    Images in two scales are an error, unless all of them are integers of more than two values: these may be dark or light.
    Of signals, tables and volumes a part may well be quiet, or of one sign; there it is a note.

    Args:
        parts: the name of each part's array, as messages call it -> its scale.

    Returns:
        Errors and notes; each at most one, for the first two parts that differ.
    """
    for (one, first), (other, second) in itertools.combinations(parts.items(), 2):
        if differ(first, second):
            message = f"{one} holds values from {first}, {other} from {second}: they are in two scales"
            hint = "scale all parts in the same way: the network learns from one of them alone"
            found = Problem(message, hint)
            both_whole = first.is_whole and second.is_whole and min(first.largest, second.largest) > 1
            is_error = first.are_images and second.are_images and not both_whole
            return ([found], []) if is_error else ([], [found])
        if first.ground is not None and second.ground is not None and abs(first.ground - second.ground) >= _OPPOSITE:
            dark, light = sorted(((first.ground, one), (second.ground, other)))
            message = f"{dark[1]} has images with a dark background, {light[1]} with a light one"
            return [], [Problem(message, "`255 - x` exchanges dark and light of one of them")]
    return [], []


def unlike_training(trained: Scale, given: Scale, what: str) -> Problem | None:
    """The warning that examples are in another scale than those that a network was trained on; None where they are not.

    Args:
        what: the examples, as messages call them: `digits.npz`.
    """
    if trained.ground is not None and given.ground is not None and abs(trained.ground - given.ground) >= _OPPOSITE:
        mine, theirs = ("light", "dark") if given.ground > trained.ground else ("dark", "light")
        message = f"{what} has images with a {mine} background, and the training images have a {theirs} one"
        return Problem(message, "the network has not learned from images of this kind: exchange dark and light")
    if not differ(trained, given):
        return None
    message = f"{what} holds values from {given}, and the network was trained on values from {trained}"
    return Problem(message, "scale them as the training data was scaled: otherwise the results mean nothing")


def _read(inputs: NDArray[Any] | ArrayRows, rows: NDArray[np.int64]) -> NDArray[Any]:
    return inputs[rows] if isinstance(inputs, np.ndarray) else inputs.read(rows)
