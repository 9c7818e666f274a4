"""Texts: (), one string for each example."""

from __future__ import annotations

from collections.abc import Sequence

from cnncli.inputs.base import InputKind, Shape

_NUMBERS = 1 << 13  # that the layers before the first weights may make of a text


class Text(InputKind):
    WORD = "text"
    AXES = ()
    TENSOR_DTYPE = "string"
    ARE_NUMBERS = False
    LENGTH_IN = "words"

    def caption(self, shape: Sequence[int]) -> str:
        return "text"

    def file_ending(self, shape: Shape) -> str:
        return ".txt"

    def size_of(self, shape: Sequence[int]) -> int:
        return _NUMBERS

    def may_be_equal_by_chance(self, shape: Sequence[int]) -> bool:
        return True


TEXT = Text()
