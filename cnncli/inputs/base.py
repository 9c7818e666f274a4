"""The kind of an input: axes of an example, comparison of scales, layout in pictures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

Shape = Sequence[int | None]


class InputKind:
    """What is particular to a kind of input. The base is what holds of arrays of no known kind.

    Attributes:
        WORD: what an example is called.
        PLURAL: what examples are called; `{}` stands for the length of their only axis.
        AXES: of an example; channels are the last.
        TENSOR_DTYPE: of the tensor that enters a network; empty for Keras' own, that of the dtype policy.
        ARE_NUMBERS: whether examples hold numbers, which have a scale.
        FROM_IMAGE_FILES: whether image files become examples of it.
        ARE_PIXELS: whether examples have height and width, so that all of them have one scale.
        MAY_BE_QUIET: whether the values of some examples may well be much smaller than those of others.
        ARE_CURVES: whether examples are drawn as curves over their position, and heat along them; else as pictures.
        MAP_AXES: of the maps that a layer gives of an example; those of the example itself where they are left out.
        ARE_NUMBERED: whether examples are whole numbers that stand for something, so that no gradient leads to them.
        LAYOUT: how an example lies in its picture, where that is not plain.
        ORDER: in which order the parts of its picture follow each other.
        CHANNEL: what one of the last axis is called.
        MOST_CHANNELS: that are compared one by one, where there are at least `LEAST_EXAMPLES`.
        LEAST_DIFFERENT: values of an example that differ from its smallest, so that an equal one is a copy of it.
        SMALL: cells along each place of the small pictures by which near duplicates are found, a coarse and a fine one;
            None where examples may well be nearly equal.
        LENGTH_IN: what a length of an example counts.
        IN_SCRIPT: what the command line of a script names as an example: a file, or the example itself.
    """

    WORD: ClassVar[str] = "array"
    PLURAL: ClassVar[str] = "arrays"
    AXES: ClassVar[tuple[str, ...]] = ()
    TENSOR_DTYPE: ClassVar[str] = ""
    ARE_NUMBERS: ClassVar[bool] = True
    FROM_IMAGE_FILES: ClassVar[bool] = False
    ARE_PIXELS: ClassVar[bool] = False
    MAY_BE_QUIET: ClassVar[bool] = False
    ARE_CURVES: ClassVar[bool] = False
    MAP_AXES: ClassVar[tuple[str, ...]] = ()
    ARE_NUMBERED: ClassVar[bool] = False
    LAYOUT: ClassVar[str] = ""
    ORDER: ClassVar[str] = ""
    CHANNEL: ClassVar[str] = "channel"
    MOST_CHANNELS: ClassVar[int] = 16
    LEAST_EXAMPLES: ClassVar[int] = 1
    LEAST_DIFFERENT: ClassVar[int] = 1
    SMALL: ClassVar[tuple[int, int] | None] = None
    LENGTH_IN: ClassVar[str] = "positions"
    IN_SCRIPT: ClassVar[str] = "example.npy"

    @property
    def has_places(self) -> bool:
        """Whether an example has an axis besides its channels, so that pictures can be made of it."""
        return len(self.AXES) > 1

    @property
    def map_axes(self) -> tuple[str, ...]:
        """The axes of a layer's maps, channels the last."""
        return self.MAP_AXES or self.AXES

    def caption(self, shape: Sequence[int]) -> str:
        """`image, 28 × 28, 1 channel`."""
        *places, channels = shape
        return f"{self.WORD}, {' × '.join(map(str, places))}, {channels} channel{'s' * (channels > 1)}"

    def size_of(self, shape: Sequence[int]) -> int:
        """About how many numbers an example of this shape is, for how many are read in one go."""
        return math.prod(shape)

    def file_ending(self, shape: Shape) -> str:
        """The ending of a file that can hold one example of this shape, for `cnncli predict`."""
        return ".npy"

    def script(self, dtype: str, shape: Shape) -> str:
        """An expression of plain Python that reads an example from `file`, what the command line of a script names.

        Args:
            dtype: of the array, as NumPy calls it.
        """
        loaded = f"np.load(file).astype(np.{dtype})"
        return loaded if None in shape else f"{loaded}.reshape({tuple(shape)})"

    def is_gray_or_colour(self, shape: Shape) -> bool:
        """Whether examples of this shape are images with one channel or three."""
        return False

    def is_channels_first(self, shape: Sequence[int]) -> bool:
        """Whether the channels of examples of this shape seem to stand before their places."""
        return False

    def may_be_equal_by_chance(self, shape: Sequence[int]) -> bool:
        """Whether two examples of this shape may well be equal without one being a copy."""
        return False

    def lengths(self, examples: NDArray[Any]) -> NDArray[np.int64] | None:
        """How long each of the examples is without what fills it up, int64 (count,); None where they have no such length."""
        return None

    def can_show(self, shape: Shape) -> bool:
        """Whether `for_tile` takes examples of this shape."""
        return False

    def for_tile(self, examples: NDArray[Any]) -> tuple[NDArray[Any], str]:
        """What a small tile shows of examples, and in words what it leaves out.

        Returns:
            (count, length, channels) of curves, else (count, height, width, 1 or 3).
        """
        return examples, ""

    def pictures(self, examples: NDArray[Any], *, lines: bool = False) -> NDArray[Any]:
        """Lay out examples (count, *shape) as pictures (count, height, width, 1 or 3).

        Args:
            lines: draw a line between the parts of a picture that has several.
        """
        return gray_or_colour(examples)

    def heat_pictures(self, heat: NDArray[np.floating[Any]], shape: Sequence[int]) -> NDArray[np.floating[Any]]:
        """Lay out the heat of examples of this shape, (count, *any places), as their pictures with lines."""
        return heat


OTHER = InputKind()


def gray_or_colour(images: NDArray[Any]) -> NDArray[Any]:
    """Images (…, channels) as (…, 1 or 3): of any other count of channels their mean."""
    return images if images.shape[-1] in (1, 3) else images.astype(np.float32).mean(axis=-1, keepdims=True)


def enlarged(values: NDArray[np.floating[Any]], shape: Sequence[int]) -> NDArray[np.float64]:
    """Resize an array to another shape of as many axes, linearly between the centres of its cells."""
    result = np.asarray(values, np.float64)
    for axis, new in enumerate(shape):
        old = result.shape[axis]
        at = np.clip((np.arange(new) + 0.5) * old / new - 0.5, 0, old - 1)
        low = at.astype(int)
        high = np.minimum(low + 1, old - 1)
        share = (at - low).reshape([-1 if other == axis else 1 for other in range(result.ndim)])
        result = result.take(low, axis) * (1 - share) + result.take(high, axis) * share
    return result
