"""Decode the outputs of a multi-label classifier: the labels above the threshold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from cnncli.data.images import Form
from cnncli.errors import DivergedError
from cnncli.messages import cell, counted, printable, shortened
from cnncli.tasks.decoder import Decoder, Tally
from cnncli.tasks.multilabel.scores import THRESHOLD

_NONE = "none"
_BEHIND = 3  # labels below the threshold that a table shows
_MOST_LABELS = 6  # in the line that counts them


@dataclass(frozen=True)
class LabelDecoder(Decoder):
    """Outputs are `probabilities`, one for each label."""

    FORMS: ClassVar[tuple[str, ...]] = ("probabilities",)

    def decisions(self, outputs: NDArray[np.float32]) -> NDArray[Any]:
        return outputs > THRESHOLD

    def decode(
        self, names: Sequence[Any], outputs: NDArray[np.float32], top: int
    ) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        broken = np.flatnonzero(~np.isfinite(outputs).all(axis=1))
        if broken.size:
            raise DivergedError(
                f"the network's output for {names[broken[0]]} is no finite number", hint="train it again"
            )
        order = np.argsort(-outputs, axis=1, kind="stable")  # all labels, the most probable first
        return order.astype(np.int32), np.take_along_axis(outputs, order, axis=1)

    def _found(self, indices: Sequence[int], values: Sequence[float]) -> list[str]:
        names = self.targets.class_names
        return [names[index] for index, value in zip(indices, values, strict=True) if value > THRESHOLD]

    def script(self, outputs: Sequence[str], form: Form | None) -> list[str]:
        labels = 'zip(about["class_names"], outputs[' + repr(outputs[0]) + "])"
        return [
            f'found = [f"{{name}} {{value:.1%}}" for name, value in {labels} if value > {THRESHOLD}]',
            """print(f"{file}: {', '.join(found) or 'no label'}")""",
        ]

    @property
    def titles(self) -> tuple[str, str, str]:
        return "labels", "probability", "next labels"

    def row(self, indices: Sequence[int], values: Sequence[float]) -> tuple[str, str, str]:
        names, found = self.targets.class_names, self._found(indices, values)
        rest = [
            f"{printable(names[index])} {cell(value)}"
            for index, value in list(zip(indices, values, strict=True))[len(found) :][:_BEHIND]
        ]
        least = cell(values[len(found) - 1]) if found else "–"
        return printable(", ".join(found)) or _NONE, least, ", ".join(rest)

    def shares(self, indices: Sequence[int], values: Sequence[float]) -> dict[str, float]:
        """Of the labels above the threshold."""
        return dict(zip(map(printable, self._found(indices, values)), values, strict=False))

    def item(self, indices: Sequence[int], values: Sequence[float]) -> dict[str, Any]:
        names = self.targets.class_names
        probabilities = {names[index]: value for index, value in zip(indices, values, strict=True)}
        return {"labels": self._found(indices, values), "probabilities": probabilities}

    def columns(self, top: int) -> list[str]:
        return ["labels", *self.targets.class_names]

    def cells(self, indices: Sequence[int], values: Sequence[float]) -> list[str]:
        by_label = sorted(zip(indices, values, strict=True))
        return ["|".join(self._found(indices, values)), *(f"{value:.6g}" for _, value in by_label)]

    def tally(self) -> Tally:
        return _LabelTally(self.targets.class_names)


@dataclass
class _LabelTally:
    """How many examples have which label."""

    names: tuple[str, ...]
    counts: Counter[int] = field(default_factory=Counter)
    without: int = 0

    def add(self, indices: NDArray[np.int32], values: NDArray[np.float32]) -> None:
        self.counts.update(indices[values > THRESHOLD].tolist())
        self.without += int((~(values > THRESHOLD).any(axis=1)).sum())

    def __str__(self) -> str:
        order = sorted(self.counts, key=lambda index: (-self.counts[index], index))
        told = [f"{shortened(self.names[index])} ({self.counts[index]:,})" for index in order[:_MOST_LABELS]]
        if len(order) > _MOST_LABELS:
            told.append(counted(len(order) - _MOST_LABELS, "other label"))
        return ", ".join([*told, *([f"{_NONE} ({self.without:,})"] if self.without else [])])


DECODER = LabelDecoder
