"""Decode the outputs of a regression network: its numbers as they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from cnncli.data.images import Form
from cnncli.errors import DivergedError
from cnncli.messages import quantity
from cnncli.tasks.decoder import Decoder, Tally

_WIDTH = 10  # letters of a column of numbers


@dataclass(frozen=True)
class NumberDecoder(Decoder):
    """Outputs are `numbers`."""

    FORMS: ClassVar[tuple[str, ...]] = ("numbers",)

    def decode(
        self, names: Sequence[Any], outputs: NDArray[np.float32], top: int
    ) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        broken = np.flatnonzero(~np.isfinite(outputs).all(axis=1))
        if broken.size:
            message = f"the network's output for {names[broken[0]]} is no finite number"
            raise DivergedError(message, hint="train it again")
        return np.broadcast_to(np.arange(outputs.shape[1], dtype=np.int32), outputs.shape), outputs

    def script(self, outputs: Sequence[str], form: Form | None) -> list[str]:
        return [
            f"values = outputs[{outputs[0]!r}]",
            """print(f"{file}: {', '.join(f'{value:.6g}' for value in values)}")""",
        ]

    @property
    def titles(self) -> tuple[str, str, str]:
        return "", f"{'value':>{_WIDTH}}", "more values" if self.count > 1 else ""

    def row(self, indices: Sequence[int], values: Sequence[float]) -> tuple[str, str, str]:
        first, *others = map(quantity, values)
        return "", first, ", ".join(others)

    def item(self, indices: Sequence[int], values: Sequence[float]) -> dict[str, Any]:
        return {"value": values[0]} if len(values) == 1 else {"values": list(values)}

    def columns(self, top: int) -> list[str]:
        return ["value"] if self.count == 1 else [f"value_{index}" for index in range(self.count)]

    def cells(self, indices: Sequence[int], values: Sequence[float]) -> list[str]:
        return [f"{value:.9g}" for value in values]  # the digits that tell it from any other in float32

    def tally(self) -> Tally:
        return _RangeTally()


@dataclass
class _RangeTally:
    """From where to where each number goes."""

    ranges: list[tuple[float, float]] = field(default_factory=list)

    def add(self, indices: NDArray[np.int32], values: NDArray[np.float32]) -> None:
        if not len(values):
            return
        seen = [(float(column.min()), float(column.max())) for column in values.T]
        pairs = zip(self.ranges or seen, seen, strict=True)
        self.ranges = [(min(low, new_low), max(high, new_high)) for (low, high), (new_low, new_high) in pairs]

    def __str__(self) -> str:
        return "; ".join(f"{quantity(low)} to {quantity(high)}" for low, high in self.ranges)


DECODER = NumberDecoder
