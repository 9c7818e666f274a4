"""Targets of a regression: read, described by their range and mean, and encoded for a loss."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, model_validator

from cnncli.data import scales
from cnncli.data.columns import as_array
from cnncli.data.encoding import Encoding, OutputShape, as_floats
from cnncli.data.tables.cells import NumberCells
from cnncli.data.targets import TableTargets, TargetInfo
from cnncli.errors import DataError, Problem
from cnncli.messages import counted, first_of, shortened
from cnncli.recipe.keras_objects.objects import KerasObject
from cnncli.recipe.yaml.nodes import Path

_FEW = 5  # examples
_EXPECTED = "targets are numbers, one or several for each example: shape (count,) or (count, k)"


class Numbers(BaseModel):
    """The targets of the training examples, of each of the k numbers that an example has.

    Attributes:
        low, mean, high: k of each; a network is not asked for what training did not show, and the mean is the baseline.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    low: tuple[float, ...]
    mean: tuple[float, ...]
    high: tuple[float, ...]

    @model_validator(mode="after")
    def _of_one_length(self) -> Self:
        if not 0 < len(self.low) == len(self.mean) == len(self.high):
            raise ValueError("`low`, `mean` and `high` have different lengths, or none")
        return self

    @property
    def rows(self) -> list[tuple[float, float, float]]:
        """Low, mean and high of each number."""
        return list(zip(self.low, self.mean, self.high, strict=True))


# The smallest and the largest number that an activation gives.
RANGES = {
    "sigmoid": (0.0, 1.0),
    "hard_sigmoid": (0.0, 1.0),
    "tanh": (-1.0, 1.0),
    "hard_tanh": (-1.0, 1.0),
    "softsign": (-1.0, 1.0),
    "relu": (0.0, math.inf),
    "relu6": (0.0, 6.0),
    "softplus": (0.0, math.inf),
    "exponential": (0.0, math.inf),
}


NUMBERS = Encoding("numbers", "quantities", as_floats)  # float32 (batch, k)


class NumberTargets(TargetInfo):
    """Numbers for each example: float32 (count, k).

    Attributes:
        numbers: their range and mean in training.
    """

    PLURAL: ClassVar[str] = "numbers"
    LISTED_IN: ClassVar[str] = "numbers"
    task: Literal["regression"] = "regression"
    class_names: tuple[()] = ()
    numbers: Numbers

    @classmethod
    def read(cls, name: str, array: NDArray[Any]) -> NDArray[np.float32]:
        return read_numbers(name, array)

    @classmethod
    def describe(cls, targets: NDArray[Any], name: str) -> Self:
        refuse_same(targets, name)
        return cls.of(targets)

    @classmethod
    def label_cells(cls, columns: Sequence[str], separator: str | None) -> NumberCells:
        return NumberCells(columns)

    @classmethod
    def of_cells(cls, cells: NumberCells, known: Self | None) -> TableTargets:
        values, name = as_array(cells.values()), first_of([f"`{shortened(column)}`" for column in cells.columns])
        if known is None:
            return TableTargets(values, cls.describe(values, name))
        known.check(values, name, "the model")
        return TableTargets(values, known)

    @classmethod
    def of(cls, targets: NDArray[Any]) -> Self:
        """Those of targets (count, k)."""
        exact = targets.astype(np.float64)
        low, mean, high = exact.min(axis=0), exact.mean(axis=0), exact.max(axis=0)
        return cls(numbers=Numbers(low=tuple(low.tolist()), mean=tuple(mean.tolist()), high=tuple(high.tolist())))

    @classmethod
    def assumed(cls, class_count: int | None, output_shape: OutputShape) -> Self | None:
        """As many numbers as the network gives."""
        count = output_shape[-1]
        return cls.of(np.full((1, count), 0.5)) if count else None

    def check(self, targets: NDArray[Any], name: str, whose: str) -> None:
        refuse_width(targets, name, self.count, whose)

    def of_training(self, targets: NDArray[Any]) -> Self:
        return self.of(targets)

    def part_notes(self, targets: Mapping[str, NDArray[Any]], first: str) -> list[Problem]:
        found = {name: scales.scale_of(values) for name, values in targets.items()}
        return scales.different_parts(found)[1]

    @property
    def count(self) -> int:
        return len(self.numbers.mean)

    @property
    def size(self) -> str:
        return counted(self.count, "number")

    def __str__(self) -> str:
        """`numbers from 2.02 to 12, mean 6.9`; of several one after the other."""
        each = [f"{low:.4g} to {high:.4g}, mean {mean:.4g}" for low, mean, high in self.numbers.rows]
        return f"{'numbers' if self.count == 1 else f'{self.count} numbers'} from {first_of(each, '; ')}"

    def encoding(
        self, loss: KerasObject, *, output_shape: OutputShape, layer: str = "", path: Path = ("model", "layers")
    ) -> Encoding:
        units = output_shape[-1]
        if units != self.count:
            who = f"layer `{layer}`" if layer else "the network"
            message = f"the data has {self.size} for each example, and {who} gives {units}"
            raise DataError(Problem(message, f"`units: {self.count}` in the last layer", path=path))
        return NUMBERS

    def stand_ins(self, count: int) -> NDArray[Any]:
        return np.full((count, self.count), 0.5, np.float32)

    def usual_loss(self, output_shape: OutputShape) -> str:
        return "the usual one is mean_squared_error"

    def out_of_reach(self, targets: Sequence[NDArray[Any]], activation: str | None) -> Problem | None:
        low, high = (float(of([of(part) for part in targets])) for of in (np.min, np.max))
        least, most = RANGES.get(activation or "", (-math.inf, math.inf))
        if least <= low and high <= most:
            return None
        gives = f"from {least:g} to {most:g}" if math.isfinite(most) else f"from {least:g} on"
        message = f"{activation} gives numbers {gives}, and the data's go from {low:.4g} to {high:.4g}"
        return Problem(message, "leave the last layer without an activation, or scale the targets")

    def unlike_training(self, targets: NDArray[Any], what: str) -> list[Problem]:
        """Targets in other units than those of the training."""
        if len(targets) < _FEW:
            return []
        for column, (low, mean, high) in enumerate(self.numbers.rows):
            sizes, largest = np.abs(targets[:, column]), max(abs(low), abs(high))
            middle = float(np.median(sizes))
            is_large = middle >= scales.FACTOR * largest > 0
            is_small = sizes.max() * scales.FACTOR <= largest and middle * scales.FACTOR <= abs(mean)
            if is_large or is_small:
                given = f"{targets[:, column].min():.4g} to {targets[:, column].max():.4g}"
                message = (
                    f"the targets of {what} go from {given}, and those of the training from {low:.4g} to {high:.4g}"
                )
                return [
                    Problem(
                        message,
                        "convert them to the unit of the training targets: otherwise the errors are meaningless",
                    )
                ]
        return []


TARGETS = NumberTargets


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
    with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite, and is reported below
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
        hint = "regression needs targets that differ"
        raise DataError(Problem(f"{name} holds one number only{which}: every target is {targets[0, same[0]]:g}", hint))


def refuse_width(targets: NDArray[np.float32], name: str, width: int, whose: str) -> None:
    """Raise DataError when an example has another count of numbers than those of the training or the model (`whose`)."""
    if targets.shape[1] != width:
        found = counted(targets.shape[1], "number")
        raise DataError(f"{name} has {found} for each example; {whose} has {counted(width, 'number')}")
