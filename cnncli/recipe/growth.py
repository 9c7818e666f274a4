"""Bounds on what a recipe grows to when its variables, expressions and structure are written out.

Sizes are computed before anything is built. Without these bounds a few lines could describe more than any memory holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cnncli.errors import Problem

MOST_VALUES = 100_000  # in the recipe as a whole, written out; 5,000 layers of five arguments have 60,000
MOST_PROBLEMS = 50  # different ones; reading stops there
_MOST_REPEATED = 1000  # of which many may be the same, in the rounds of a `repeat`
LARGEST_VALUE = 10_000  # items in one value, with those of the lists and mappings in it
DEEPEST_VALUE = 50  # lists and mappings within each other, in one value
LONGEST_TEXT = 10_000  # characters of a text that is put together
MOST_NGRAMS = 20  # words next to each other that are one; Keras takes time and memory for each number up to it
LARGEST_INTEGER = 2**31 - 1  # TensorFlow and Keras count sizes and steps in 32 bits
LARGEST_SEED = 2**32 - 1
_TEXT_UNIT = 100  # characters that count as one value


@dataclass(frozen=True, slots=True)
class Bounds:
    """How large a recipe may be.

    Attributes:
        bytes: of its file.
        nodes: keys and values in the file.
        values: when it is written out.
    """

    bytes: int
    nodes: int
    values: int


AS_WRITTEN = Bounds(bytes=256 * 1024, nodes=10_000, values=MOST_VALUES)
# What runs write: every layer with its name, what it takes and all that was computed.
WRITTEN_OUT = Bounds(bytes=32 * 1024 * 1024, nodes=5 * MOST_VALUES, values=5 * MOST_VALUES)


class Stopped(Exception):
    """Reading on makes no sense; the reason is among the problems."""


class TooLarge(ValueError):
    """A value has more items, or is nested more deeply, than any value of a recipe."""


class Problems(list[Problem]):
    """The mistakes found while a recipe is written out.

    Raises:
        Stopped: by `append`, once there are `MOST_PROBLEMS` different ones, or the same ones again and again.
    """

    def __init__(self) -> None:
        super().__init__()
        self._distinct: set[tuple[str, int, int]] = set()

    def append(self, problem: Problem) -> None:
        super().append(problem)
        place = problem.place
        self._distinct.add((problem.message, place.line if place else 0, place.column if place else 0))
        if len(self._distinct) >= MOST_PROBLEMS or len(self) >= _MOST_REPEATED:
            raise Stopped


def size_of(value: Any) -> int:
    """Count the items of a value, with those of the lists and mappings in it; a long text counts as several.

    Raises:
        TooLarge: more than `LARGEST_VALUE` items or `DEEPEST_VALUE` levels; counted no further than that.
    """
    if not isinstance(value, (list, dict)):
        return 1 + len(value) // _TEXT_UNIT if isinstance(value, str) else 1
    size, waiting = 0, [(value, 1)]
    while waiting:
        holder, depth = waiting.pop()
        size += len(holder)
        if size > LARGEST_VALUE:
            raise TooLarge(f"the value has more than {LARGEST_VALUE:,} items")
        if depth > DEEPEST_VALUE:
            raise TooLarge(f"lists and mappings are nested more than {DEEPEST_VALUE} levels deep")
        for item in holder.values() if isinstance(holder, dict) else holder:
            if isinstance(item, (list, dict)):
                waiting.append((item, depth + 1))
            elif isinstance(item, str):
                size += len(item) // _TEXT_UNIT
    return size + 1
