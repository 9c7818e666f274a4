"""Sequences of tokens, whole numbers that stand for words or symbols: (length,).

An array of whole numbers does not say that they are tokens; a network that begins with an Embedding does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from numpy.typing import NDArray

from cnncli.inputs.base import InputKind, Shape

PADDING = 0  # the number that fills up short sequences, as Keras' `mask_zero` has it


class Tokens(InputKind):
    WORD = "sequence"
    IN_SCRIPT = "3,1,4"
    PLURAL = "sequences of {} tokens"
    AXES = ("length",)
    MAP_AXES: ClassVar[tuple[str, ...]] = ("length", "channels")
    ARE_NUMBERED = True
    LAYOUT = "position across"

    @property
    def has_places(self) -> bool:
        return True

    def can_show(self, shape: Shape) -> bool:
        return True

    def caption(self, shape: Sequence[int]) -> str:
        return f"sequence of {shape[0]} tokens"

    def script(self, dtype: str, shape: Shape) -> str:
        return f'np.array(file.split(","), np.{dtype})'

    def file_ending(self, shape: Shape) -> str:
        return ".csv"

    def pictures(self, examples: NDArray[Any], *, lines: bool = False) -> NDArray[Any]:
        """Maps over the positions of sequences, (count, length, channels), as strips (count, channels, length, 1)."""
        return examples.swapaxes(1, 2)[..., None]


TOKENS = Tokens()
