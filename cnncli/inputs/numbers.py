"""Rows of numbers: (count,)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

from cnncli.inputs.base import InputKind, Shape

_MANY = 64  # of a row: two rows of so many are hardly equal by chance


class Numbers(InputKind):
    WORD = "row of numbers"
    IN_SCRIPT = "5.1,3.5,1.4"
    PLURAL = "rows of {} numbers"
    AXES = ("numbers",)
    ARE_CURVES = True
    CHANNEL = "column"
    MOST_CHANNELS = 64
    LEAST_EXAMPLES = 20  # of fewer some column may well be small by chance
    LEAST_DIFFERENT = 4  # a row of fewer may well occur twice

    def script(self, dtype: str, shape: Shape) -> str:
        return f'np.array(file.split(","), np.{dtype})'

    def file_ending(self, shape: Shape) -> str:
        return ".csv"

    def may_be_equal_by_chance(self, shape: Sequence[int]) -> bool:
        return shape[0] < _MANY

    def can_show(self, shape: Shape) -> bool:
        return True

    def for_tile(self, examples: NDArray[Any]) -> tuple[NDArray[Any], str]:
        return examples[..., None], ""


NUMBERS = Numbers()
