"""Decode the outputs of an embedding: vectors, and the similarities of the examples that are named together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from cnncli.data.images import Form
from cnncli.errors import DivergedError
from cnncli.messages import counted, quantity
from cnncli.tasks.decoder import Decoder, Tally, Together
from cnncli.tasks.identities.neighbours import find_neighbours
from cnncli.tasks.identities.targets import IdentityTargets

_SHOWN = 4  # numbers of a vector in a table
_MOST_PAIRS = 10  # that people see; JSON has each example's nearest


@dataclass(frozen=True)
class VectorDecoder(Decoder):
    """Outputs are `vectors` of length 1."""

    FORMS: ClassVar[tuple[str, ...]] = ("vectors",)
    COMPARES: ClassVar[bool] = True

    @property
    def size(self) -> str:
        return f"vectors of {counted(self.count, 'number')}"

    @property
    def threshold(self) -> float | None:
        """The similarity from which on two examples are taken for one identity."""
        return self.targets.threshold if isinstance(self.targets, IdentityTargets) else None

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
            f"vector = outputs[{outputs[0]!r}]",
            "first = vector if file == sys.argv[1] else first",
            'print(f"{file}: similarity to {sys.argv[1]} {vector @ first:.3f}")',
        ]

    @property
    def titles(self) -> tuple[str, str, str]:
        return "", "", "vector"

    def row(self, indices: Sequence[int], values: Sequence[float]) -> tuple[str, str, str]:
        shown = ", ".join(map(quantity, values[:_SHOWN]))
        return "", "", shown + (", …" if len(values) > _SHOWN else "")

    def item(self, indices: Sequence[int], values: Sequence[float]) -> dict[str, Any]:
        return {"vector": list(values)}

    def columns(self, top: int) -> list[str]:
        return [f"vector_{index}" for index in range(self.count)]

    def cells(self, indices: Sequence[int], values: Sequence[float]) -> list[str]:
        return [f"{value:.9g}" for value in values]  # the digits that tell it from any other in float32

    def tally(self) -> Tally:
        return _Vectors()

    def together(self, names: Sequence[str], outputs: Sequence[NDArray[np.float32]]) -> Together:
        """Two examples: their similarity. More: the nearest other one of each."""
        if len(names) < 2:
            return Together((), {})
        found = find_neighbours(np.concatenate(outputs), np.zeros(len(names), np.int64))
        pairs: dict[tuple[int, int], float] = {}
        for one, other in sorted(enumerate(found.nearest.tolist()), key=lambda pair: -found.values[pair[0]]):
            pairs.setdefault((min(one, other), max(one, other)), float(found.values[one]))
        rows = [(names[one], names[other], value) for (one, other), value in pairs.items()]
        lines = [
            ("Similarity" if index == 0 else "", f"{one} and {other}: {value:.4f}{self._verdict(value)}")
            for index, (one, other, value) in enumerate(rows[:_MOST_PAIRS])
        ]
        if len(rows) > _MOST_PAIRS:
            lines.append(("", f"and {len(rows) - _MOST_PAIRS:,} less similar pairs of nearest neighbours"))
        nearest = [
            {"first": one, "second": other, "similarity": value, "same": self._is_same(value)}
            for one, other, value in rows
        ]
        return Together(tuple(lines), {"threshold": self.threshold, "nearest": nearest})

    def _is_same(self, similarity: float) -> bool | None:
        return None if self.threshold is None else similarity >= self.threshold

    def _verdict(self, similarity: float) -> str:
        if self.threshold is None:
            return ""
        what = "same identity" if self._is_same(similarity) else "different identities"
        return f", {what} (threshold {self.threshold:.4f})"


class _Vectors:
    """What is said of all vectors is said by `together`."""

    def add(self, indices: NDArray[np.int32], values: NDArray[np.float32]) -> None:
        pass

    def __str__(self) -> str:
        return "a vector each"


DECODER = VectorDecoder
