"""Texts: (), one string for each example."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from numpy.typing import NDArray

from cnncli.inputs.base import InputKind, Shape

_NUMBERS = 1 << 13  # that the layers before the first weights may make of a text


class Text(InputKind):
    WORD = "text"
    IN_SCRIPT = "'a text'"
    PLURAL = "texts"
    AXES = ()
    TENSOR_DTYPE = "string"
    MAP_AXES: ClassVar[tuple[str, ...]] = ("length", "channels")
    ARE_NUMBERS = False
    ARE_NUMBERED = True
    LENGTH_IN = "words"
    LAYOUT = "position across"

    @property
    def has_places(self) -> bool:
        return True

    def can_show(self, shape: Shape) -> bool:
        return True

    def caption(self, shape: Sequence[int]) -> str:
        return "text"

    def script(self, dtype: str, shape: Shape) -> str:
        return "np.array(file, object)"

    def file_ending(self, shape: Shape) -> str:
        return ".txt"

    def size_of(self, shape: Sequence[int]) -> int:
        return _NUMBERS

    def may_be_equal_by_chance(self, shape: Sequence[int]) -> bool:
        return True

    def pictures(self, examples: NDArray[Any], *, lines: bool = False) -> NDArray[Any]:
        """Maps over the tokens of texts, (count, length, channels), as strips (count, channels, length, 1)."""
        return examples.swapaxes(1, 2)[..., None]


TEXT = Text()
