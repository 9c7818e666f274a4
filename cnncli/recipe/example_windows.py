"""The section `data.windows`: images larger than the network's input, of which it sees windows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from cnncli.recipe.schema_fields import Section

MOST = 10_000  # windows of an image
_Side = Annotated[int, Field(ge=1)]
_Sides = Annotated[list[_Side], Field(min_length=2, max_length=3)]


class Windows(Section):
    """Windows of images that are larger than the network's input: it trains on them, and its outputs for them are joined."""

    size: _Sides = Field(
        description="[height, width] of a window, of volumes [depth, height, width]: the network's input"
    )
    overlap: int | None = Field(
        None, ge=0, description="pixels that neighbouring windows share at least; default: a quarter of each side"
    )
    of: _Sides | None = Field(None, description="[height, width] of the images; the data tells it")

    @property
    def whole(self) -> tuple[int, ...]:
        """The sides of the images, once the data is known."""
        assert self.of is not None
        return tuple(self.of)

    def starts(self) -> list[list[int]]:
        """Where windows begin along each axis of an image: evenly spaced, from one side to the other."""
        return [self._starts(length, side) for length, side in zip(self.whole, self.size, strict=True)]

    def centre(self) -> list[int]:
        """Where the window in the middle of an image begins, along each axis."""
        return [(length - side) // 2 for length, side in zip(self.whole, self.size, strict=True)]

    def per_batch(self, batch_size: int) -> int:
        """How many images have as many pixels as a batch of windows; at least one."""
        return max(1, batch_size * math.prod(self.size) // math.prod(self.whole))

    def fault(self, sides: Sequence[int]) -> str:
        """Why images of this size, without the channels, have no such windows; empty where they do."""
        if len(sides) != len(self.size):
            return f"`size` has {len(self.size)} numbers, and an example has {len(sides)} sides"
        if any(side > length for side, length in zip(self.size, sides, strict=True)):
            return f"a window is {_written(self.size)}, and the examples are {_written(sides)}"
        count = math.prod(self._last(*pair) + 1 for pair in zip(sides, self.size, strict=True))
        return f"an example has {count:,} windows; at most {MOST:,} are taken" if count > MOST else ""

    def _starts(self, length: int, side: int) -> list[int]:
        last = self._last(length, side)
        return [round(number * (length - side) / last) for number in range(last + 1)] if last else [0]

    def _last(self, length: int, side: int) -> int:
        """The number of the last window along a side, from 0."""
        overlap = side // 4 if self.overlap is None else min(self.overlap, side - 1)
        return math.ceil((length - side) / (side - overlap))


def _written(sides: Sequence[int]) -> str:
    return "x".join(map(str, sides))
