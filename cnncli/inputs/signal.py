"""Signals: (length, channels)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncli.inputs.base import InputKind, Shape

_MOST_CURVES = 3  # in a small tile; more could not be told apart


class Signal(InputKind):
    WORD = "signal"
    PLURAL = "signals"
    AXES = ("length", "channels")
    MAY_BE_QUIET = True
    ARE_CURVES = True
    SMALL = (32, 128)
    LAYOUT = "position across, channels down"  # where the channels are too many for curves

    def caption(self, shape: Sequence[int]) -> str:
        length, channels = shape
        return f"signal, {length} long, {channels} channel{'s' * (channels > 1)}"

    def lengths(self, examples: NDArray[Any]) -> NDArray[np.int64]:
        """Without the zeros at the end."""
        positions = np.arange(1, examples.shape[1] + 1, dtype=np.int64)
        used: NDArray[np.int64] = np.where(examples.any(axis=2), positions, 0).max(axis=1, initial=0)  # (count,)
        return used

    def can_show(self, shape: Shape) -> bool:
        return True

    def for_tile(self, examples: NDArray[Any]) -> tuple[NDArray[Any], str]:
        channels = examples.shape[-1]
        left_out = f"the first {_MOST_CURVES} of {channels} channels" if channels > _MOST_CURVES else ""
        return examples[..., :_MOST_CURVES], left_out

    def pictures(self, examples: NDArray[Any], *, lines: bool = False) -> NDArray[Any]:
        return examples.swapaxes(1, 2)[..., None]


SIGNAL = Signal()
