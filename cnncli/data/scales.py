"""The scale of input values: measure it, compare it, and warn where two scales differ."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError

from cnncli.data.columns import ArrayRows, NumberFile, Values, as_column
from cnncli.data.shards.span_column import SpanColumn
from cnncli.errors import Problem
from cnncli.inputs import IMAGE, InputKind, kind_of, kind_of_rank

FACTOR = 20  # 0 to 255 and 0 to 1 differ by 255, 0 to 255 and standardised values by about 90
CEILINGS = (1.0, 127.0, 127.5, 128.0, 255.0, 1023.0, 4095.0, 16383.0, 65535.0)  # where pixels of usual types end
_FAR = 200  # of signals, which may be quiet; 16-bit audio and values up to 1 differ by 32768
_ABOVE = 1.5  # pixels up to 1 and standardised ones differ by about 2
_NEGATIVE_SHARE = 0.2  # -1 to 1 beside 0 to 1: of images at least so many values are below 0
_NO_SHARE = 0.001  # so few values below 0 are outliers
_BELOW = 0.1  # of the largest value: nearly every image of values from -1 to 1 goes so far below 0
_FEW = 5  # examples
_CENTRAL = 0.01  # of the examples at either end are left out
_CHUNK_VALUES = 1 << 22
_SAMPLE = 1000  # examples
_SMALLEST_SIDE = 8  # pixels, of an image that has a border to speak of
_OPPOSITE = 0.5  # of two grounds
_NEARLY, _MOSTLY = 0.1, 0.9  # of the range, of the border's pixels


@dataclass(frozen=True, slots=True)
class Range:
    """Where the values of nearly all examples lie, or of one channel of them; outliers are left out.

    Attributes:
        low: the smallest values of 99% of the examples are not below it.
        middle_low, middle_high: the medians of the smallest and of the largest values.
        high: the largest values of 99% of the examples are not above it.
        typical: the median of the absolute values that are not 0; 0 where there is none.
        negative: the share of the values below 0.
        at_high: the share of the examples that reach `high` exactly.
    """

    low: float
    middle_low: float
    middle_high: float
    high: float
    typical: float
    negative: float
    at_high: float = 0.0

    @property
    def largest(self) -> float:
        """The largest absolute value."""
        return max(abs(self.low), abs(self.high))

    def __str__(self) -> str:
        """`0 to 255`."""
        return f"{self.low:.4g} to {self.high:.4g}"


@dataclass(frozen=True, slots=True)
class Scale:
    """The scale of the raw input values of some examples.

    Attributes:
        low, high: the smallest and the largest value.
        typical: the median of the absolute values that are not 0; 0 where there is none. A few outliers do not move it.
        negative: the share of the values below 0.
        count: examples.
        ground: of images whose borders all have nearly one value that value, from 0 (dark) to 1 (light); else None.
        rank: dimensions of one example, which tell its kind; 0 where it is not known.
        is_whole: whether the values are stored as bytes.
        usual: the values without outliers; None where they are not known.
        channels: the same by channel, where examples have a few.
    """

    low: float
    high: float
    typical: float
    negative: float
    count: int
    ground: float | None = None
    rank: int = 0
    is_whole: bool = False
    usual: Range | None = None
    channels: tuple[Range, ...] = ()

    @property
    def kind(self) -> InputKind:
        return kind_of_rank(self.rank)

    @property
    def range(self) -> Range:
        """`usual`, or what comes nearest to it."""
        return self.usual or Range(self.low, self.low, self.high, self.high, self.typical, self.negative)

    @property
    def largest(self) -> float:
        """The largest absolute value."""
        return max(abs(self.low), abs(self.high))

    def __str__(self) -> str:
        """`0 to 255`."""
        return str(self.range)

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"channels": [asdict(channel) for channel in self.channels]}

    @classmethod
    def from_json(cls, value: Any) -> Scale | None:
        """The scale that `as_json` wrote; None for anything else."""
        try:
            return TypeAdapter(cls).validate_python(value)
        except ValidationError:
            return None


# Of decoded image files, whatever one of them shows.
OF_IMAGES = Scale(0.0, 255.0, 128.0, 0.0, 1000, rank=len(IMAGE.AXES), is_whole=True)


@dataclass(frozen=True, slots=True, eq=False)
class Extremes:
    """The smallest and the largest value of each example: float64 (count,)."""

    lows: NDArray[np.float64]
    highs: NDArray[np.float64]


def extremes_of(inputs: Values) -> Extremes:
    """The smallest and the largest value of each example.

    Args:
        inputs: (count, *shape of one); NaN where an example holds one.
    """
    stored = as_column(inputs)
    lows, highs = np.empty(len(stored)), np.empty(len(stored))
    rows = max(1, _CHUNK_VALUES // max(1, int(np.prod(stored.shape[1:]))))
    for begin in range(0, len(stored), rows):
        end = min(begin + rows, len(stored))
        chunk = inputs[begin:end] if isinstance(inputs, np.ndarray) else stored.read(np.arange(begin, end))
        flat = chunk.reshape(len(chunk), -1)
        lows[begin:end], highs[begin:end] = flat.min(axis=1), flat.max(axis=1)
    return Extremes(lows, highs)


def scale_of(inputs: Values, extremes: Extremes | None = None) -> Scale:
    """Measure the scale of examples.

    Args:
        inputs: (count, *shape of one), finite numbers, at least one example. Image files are not read: `OF_IMAGES`.
        extremes: of these inputs, where they are known.
    """
    if not isinstance(inputs, np.ndarray | ArrayRows | NumberFile | SpanColumn):
        return OF_IMAGES
    extremes = extremes or extremes_of(inputs)
    low, high = float(extremes.lows.min()), float(extremes.highs.max())
    some = as_column(inputs).read(np.arange(0, len(inputs), -(-len(inputs) // _SAMPLE)))
    usual = _range(extremes, some)
    kinds = (some.ndim - 1, some.dtype == np.uint8)
    ground = ground_of(some, usual.low, usual.high)
    return Scale(low, high, usual.typical, usual.negative, len(inputs), ground, *kinds, usual, tuple(_channels(some)))


def _channels(some: NDArray[Any]) -> Iterator[Range]:
    kind = kind_of(some.shape[1:])
    if not 2 <= some.shape[-1] <= kind.MOST_CHANNELS or len(some) < kind.LEAST_EXAMPLES:
        return
    for channel in range(some.shape[-1]):
        values = np.ascontiguousarray(some[..., channel]).reshape(len(some), -1)
        yield _range(extremes_of(values), values)


def _range(extremes: Extremes, some: NDArray[Any]) -> Range:
    """The range of examples; of the values of some of them what is typical."""
    lows, highs = np.sort(extremes.lows), np.sort(extremes.highs)
    skipped = int(np.ceil(_CENTRAL * (len(lows) - 1)))
    low, high = float(lows[skipped]), float(highs[-1 - skipped])
    sizes = np.abs(some[some != 0].astype(np.float64))
    return Range(
        low=low,
        middle_low=float(np.median(lows)),
        middle_high=float(np.median(highs)),
        high=high,
        typical=float(np.median(sizes)) if sizes.size else 0.0,
        negative=float(np.mean(some < 0)),
        at_high=float(np.mean(highs == high)),
    )


def ground_of(pixels: NDArray[Any], low: float, high: float) -> float | None:
    """The value that the borders of images have nearly everywhere, from 0 (`low`) to 1 (`high`); None where they have none.

    Args:
        pixels: (count, height, width, channels); of other shapes there is none.
    """
    shape = pixels.shape[1:]
    if not kind_of(shape).is_gray_or_colour(shape) or min(shape[:2]) < _SMALLEST_SIDE or high <= low:
        return None
    rows = pixels[:, [0, -1]].reshape(-1)
    columns = pixels[:, 1:-1, [0, -1]].reshape(-1)
    border = (np.concatenate([rows, columns]).astype(np.float64) - low) / (high - low)
    middle = float(np.median(border))
    return middle if np.mean(np.abs(border - middle) <= _NEARLY) >= _MOSTLY else None


def differ(one: Scale, other: Scale) -> bool:
    """Whether two sets of examples cannot be of one scale.

    Outliers do not count: of each set the range of nearly all examples is compared, as a whole and by channel.

    - Far apart: both the typical and the largest absolute value differ by a factor of 20 or more; of signals, which may be
      quiet, by 200.
    - Images alone, shifted: one has no values below 0, and the other many: pixels from 0 to 1 and from -1 to 1.
    - Images alone, another ceiling: many examples of one end exactly where pixels of a usual type end (1, 255, 4095), and
      most of the other go far above it: pixels up to 1 and standardised ones.

    Values that are all 0 have no scale. Bytes are in one scale whether dark or light, but for those that are 0 and 1 alone.
    """
    return _differs(one, other, one.range, other.range) or bool(_different_channels(one, other))


def _different_channels(one: Scale, other: Scale) -> list[int]:
    """The channels that cannot be of one scale."""
    if len(one.channels) != len(other.channels):
        return []
    pairs = enumerate(zip(one.channels, other.channels, strict=True))
    return [index for index, (mine, theirs) in pairs if _differs(one, other, mine, theirs)]


def _differs(one: Scale, other: Scale, mine: Range, theirs: Range) -> bool:
    if not mine.typical or not theirs.typical:
        return False
    smaller, larger = sorted((mine, theirs), key=lambda found: found.typical)
    are_pixels = one.kind.ARE_PIXELS and other.kind.ARE_PIXELS
    factor = _FAR if one.kind.MAY_BE_QUIET else FACTOR
    is_far = larger.typical >= factor * smaller.typical and larger.largest >= factor * smaller.largest
    if one.is_whole and other.is_whole:
        return is_far and smaller.largest <= 1
    if is_far or not are_pixels:
        return is_far
    return _is_shifted(one, other, mine, theirs) or _has_other_ceiling(one, other, mine, theirs)


def _is_shifted(one: Scale, other: Scale, mine: Range, theirs: Range) -> bool:
    plain, shifted, count = (
        (mine, theirs, one.count) if mine.negative <= theirs.negative else (theirs, mine, other.count)
    )
    goes_below = shifted.negative >= _NEGATIVE_SHARE or shifted.middle_low <= -_BELOW * abs(shifted.high)
    return count >= _FEW and plain.negative < _NO_SHARE and shifted.negative >= _NO_SHARE and goes_below


def _has_other_ceiling(one: Scale, other: Scale, mine: Range, theirs: Range) -> bool:
    low, high, count = (mine, theirs, one.count) if mine.high <= theirs.high else (theirs, mine, other.count)
    at_ceiling = low.at_high * count >= _FEW and any(np.isclose(low.high, end, rtol=1e-3, atol=0) for end in CEILINGS)
    return at_ceiling and high.middle_high >= _ABOVE * low.high


def different_parts(parts: Mapping[str, Scale]) -> tuple[list[Problem], list[Problem]]:
    """Compare the parts of a data set.

    Images and volumes in two scales are an error. Of signals and tables a part may well be quiet, or of one sign; there it
    is a note.

    Args:
        parts: the name of each part's array, as messages call it -> its scale.

    Returns:
        Errors and notes; each at most one, for the first two parts that differ.
    """
    for (one, first), (other, second) in itertools.combinations(parts.items(), 2):
        if differ(first, second):
            message = f"{one} holds values from {_shown(first, second)}, {other} from {_shown(second, first)}"
            message += ": they are in two scales"
            hint = "scale all parts in the same way: the network learns from one of them alone"
            found = Problem(message, hint)
            return ([found], []) if first.kind.ARE_PIXELS and second.kind.ARE_PIXELS else ([], [found])
        if first.ground is not None and second.ground is not None and abs(first.ground - second.ground) >= _OPPOSITE:
            dark, light = sorted(((first.ground, one), (second.ground, other)))
            message = f"{dark[1]} has images with a dark background, {light[1]} with a light one"
            return [], [Problem(message, "`255 - x` swaps dark and light in one of them")]
    return [], []


def unlike_training(trained: Scale, given: Scale, what: str) -> Problem | None:
    """The warning that examples are in another scale than those that a network was trained on; None where they are not.

    Args:
        what: the examples, as messages call them: `digits.npz`.
    """
    if trained.ground is not None and given.ground is not None and abs(trained.ground - given.ground) >= _OPPOSITE:
        mine, theirs = ("light", "dark") if given.ground > trained.ground else ("dark", "light")
        message = f"{what} has images with a {mine} background, and the training images have a {theirs} one"
        return Problem(message, "the network has not learned from images of this kind: swap dark and light")
    if not differ(trained, given):
        return None
    mine, theirs = _shown(given, trained), _shown(trained, given)
    message = f"{what} holds values from {mine}, and the network was trained on values from {theirs}"
    return Problem(message, "scale them as the training data was scaled: otherwise the results are meaningless")


def _shown(scale: Scale, other: Scale) -> str:
    """The range of a scale, or where only some channels differ from another that of the first: `0 to 1 in channel 2`."""
    different = _different_channels(scale, other)
    if not different or len(different) == len(scale.channels):
        return str(scale)
    return f"{scale.channels[different[0]]} in {scale.kind.CHANNEL} {different[0]}"
