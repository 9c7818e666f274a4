"""Regression targets: read, checked, and described by their range and mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncli.errors import DataError, Problem
from cnncli.messages import counted, first_of

_EXPECTED = "targets are numbers, one or several for each example: shape (count,) or (count, k)"


@dataclass(frozen=True, slots=True)
class Numbers:
    """The targets of the training examples, of each of the k numbers that an example has.

    Attributes:
        low, mean, high: k of each; what is not seen in training is not asked of the network, and the mean is what one
            would say without looking.
    """

    low: tuple[float, ...]
    mean: tuple[float, ...]
    high: tuple[float, ...]

    @classmethod
    def of(cls, targets: NDArray[np.float32]) -> Numbers:
        """Those of targets (count, k)."""
        exact = targets.astype(np.float64)
        return cls(*(tuple(values.tolist()) for values in (exact.min(axis=0), exact.mean(axis=0), exact.max(axis=0))))

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Numbers:
        """Read `as_json` back.

        Raises:
            KeyError, TypeError: it is not that.
        """
        return cls(*(tuple(map(float, record[name])) for name in ("low", "mean", "high")))

    def __len__(self) -> int:
        return len(self.mean)

    def __str__(self) -> str:
        """`numbers from 2.02 to 12, mean 6.9`; of several one after the other."""
        each = [f"{low:.4g} to {high:.4g}, mean {mean:.4g}" for low, mean, high in self._rows()]
        return f"{'numbers' if len(self) == 1 else f'{len(self)} numbers'} from {first_of(each, '; ')}"

    def _rows(self) -> list[tuple[float, float, float]]:
        return list(zip(self.low, self.mean, self.high, strict=True))

    def as_json(self) -> dict[str, list[float]]:
        """What a run's record says of them."""
        return {"low": list(self.low), "mean": list(self.mean), "high": list(self.high)}


def read_numbers(name: str, array: NDArray[Any]) -> NDArray[np.float32]:
    """Check targets and bring them into one form.

    Args:
        name: how messages call the array: `y_train`.
        array: (count,) or (count, k), integers or floats.

    Returns:
        float32 (count, k), finite.

    Raises:
        DataError: they are anything else.
    """
    if array.dtype.kind not in "iuf":
        kind = "text" if array.dtype.kind in "US" else f"the type {array.dtype}"
        raise DataError(Problem(f"{name} holds {kind}; {_EXPECTED}"))
    if array.ndim not in (1, 2) or not array.size:
        raise DataError(Problem(f"{name} has the shape {array.shape}; {_EXPECTED}"))
    with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite, and is told
        targets = array.reshape(len(array), -1).astype(np.float32)
    problems = [
        Problem(f"{name} has {counted(int(found.sum()), word, words)}, first at index {int(found.argmax()):,}", _MEND)
        for word, words, found in (
            ("NaN", "NaN", np.isnan(targets).any(axis=1)),
            ("infinite value", "infinite values", np.isinf(targets).any(axis=1)),
        )
        if found.any()
    ]
    if problems:
        raise DataError(problems)
    return targets


_MEND = "one of them makes the whole loss NaN: leave those examples out, or put numbers there"


def refuse_same(targets: NDArray[np.float32], name: str) -> None:
    """Raise DataError when a target that trains is the same for every example: there is nothing to learn."""
    same = np.flatnonzero((targets == targets[0]).all(axis=0))
    if len(same):
        which = "" if targets.shape[1] == 1 else f" in column {same[0]}"
        hint = "a network that gives numbers needs different ones to learn from"
        raise DataError(Problem(f"{name} holds one number only{which}: every target is {targets[0, same[0]]:g}", hint))


def refuse_width(targets: NDArray[np.float32], name: str, width: int, whose: str) -> None:
    """Raise DataError when an example has another count of numbers than those of the training or the model (`whose`)."""
    if targets.shape[1] != width:
        found = counted(targets.shape[1], "number")
        raise DataError(f"{name} has {found} for each example; {whose} has {counted(width, 'number')}")
