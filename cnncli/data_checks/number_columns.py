"""Check the columns of rows of numbers: codes that stand for missing values, and columns of one value."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from cnncli.data.columns import as_column
from cnncli.data.dataset import Splits
from cnncli.data_checks.findings import Finding
from cnncli.inputs import kind_of
from cnncli.messages import counted, listed, number_text

_CODES = np.array([sign * float("9" * digits) for digits in range(1, 7) for sign in (-1, 1)] + [-1.0])
_LEAST = 3  # examples with a code
_LEAST_OTHERS = 10
_DISTANCE = 2  # of a code from the other values, in their range
_LOOKED_AT = 20_000  # training examples
_MOST_NAMED = 5


def check_columns(splits: Splits) -> list[Finding]:
    """Columns of the training examples, of inputs that are rows of numbers."""
    found: list[Finding] = []
    for name, column in splits.train.inputs.items():
        shape = tuple(column.shape[1:])
        if kind_of(shape).WORD != "row of numbers":
            continue
        count = len(splits.train)
        rows = np.unique(np.linspace(0, count - 1, min(count, _LOOKED_AT)).astype(np.int64))
        which = f" of input `{name}`" if len(splits.train.inputs) > 1 else ""
        values = np.asarray(as_column(column).read(rows), np.float64)
        found += [*_codes(values, which), *_constant(values, which)]
    return found


def code_in(values: NDArray[np.float64]) -> float | None:
    """The value of a column that seems to stand for missing ones: -999 among numbers from 2 to 5; None where there is none.

    Args:
        values: float64 (count,).
    """
    for code in (values.min(), values.max()):
        is_code = values == code
        others = values[~is_code]
        if code not in _CODES or is_code.sum() < _LEAST or len(others) < _LEAST_OTHERS:
            continue
        width, distance = np.ptp(others), np.abs(others - code).min()
        if width > 0 and distance > _DISTANCE * width:
            return float(code)
    return None


def _codes(values: NDArray[np.float64], which: str) -> Iterator[Finding]:
    codes = {place: code for place in range(values.shape[1]) if (code := code_in(values[:, place])) is not None}
    if codes:
        named = (f"{number_text(code)} in {_place(place, values)}" for place, code in codes.items())
        message = (
            f"{counted(len(codes), 'column')}{which} may have a code for missing values: {listed(named, _MOST_NAMED)}"
        )
        hint = "a network takes it for a number: leave these rows out, or put a usual value there"
        yield Finding(kind="values", message=message, hint=hint, count=len(codes))


def _constant(values: NDArray[np.float64], which: str) -> Iterator[Finding]:
    constant = np.flatnonzero(np.ptp(values, axis=0) == 0)
    if len(constant) and len(values) > 1:
        has = "has" if len(constant) == 1 else "have"
        named = listed([_place(int(place), values) for place in constant], _MOST_NAMED)
        message = f"{counted(len(constant), 'column')}{which} {has} one value in all training examples: {named}"
        yield Finding(kind="values", message=message, hint="a network learns nothing from them", count=len(constant))


def _place(place: int, values: NDArray[np.float64]) -> str:
    return f"number {place + 1:,} of {values.shape[1]:,}"
