"""Class labels: read from arrays, checked, and numbered from 0."""

from __future__ import annotations

from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncli.errors import DataError, Problem
from cnncli.messages import shortened

_LARGEST = 2**31 - 1
_MOST_NAMED = 5
_EXPECTED = "labels are whole numbers 0, 1, 2, …, one for each example"
_QUANTITIES = "if they are quantities, not classes, write `targets: numbers` in `data`"


def read_labels(name: str, array: NDArray[Any]) -> NDArray[np.int32]:
    """Check labels and bring them into the one form that everything else knows.

    Args:
        name: how messages call the array: `y_train`.
        array: (count,) or (count, 1); integers, booleans, or floats that are whole.

    Returns:
        int32 (count,), each at least 0.

    Raises:
        DataError: they are anything else.
    """
    if array.dtype.kind in "US":
        example = shortened(str(array.ravel()[0])) if array.size else ""
        hint = f"number the classes: `classes, {name} = np.unique({name}, return_inverse=True)`"
        raise DataError(Problem(f"{name} holds text ('{example}' at index 0); {_EXPECTED}", hint))
    if array.dtype.kind not in "biuf":
        raise DataError(Problem(f"{name} has the type {array.dtype}; {_EXPECTED}"))
    column = array[:, 0] if array.ndim == 2 and array.shape[1] == 1 else array
    if column.ndim != 1:
        raise DataError(_wrong_shape(name, array))
    problem = next((problem for rule in _RULES if (problem := rule(name, column))), None)
    if problem:
        raise DataError(problem)
    return column.astype(np.int32)


def refuse_gaps(labels: NDArray[np.int32], name: str) -> int:
    """Count the classes of the labels that train; the numbers from 0 on must all occur.

    Raises:
        DataError: a number is left out, or there is one class only.
    """
    present: list[int] = np.unique(labels).tolist()
    highest = present[-1]
    if len(present) == 1:
        raise DataError(
            Problem(
                f"{name} holds one class only: every label is {highest}", "classification needs at least two classes"
            )
        )
    if len(present) <= highest:
        known = set(present)
        left_out = highest + 1 - len(present)
        missing = [str(number) for number in islice((n for n in range(highest) if n not in known), _MOST_NAMED)]
        named = ", ".join(missing) + (f" and {left_out - _MOST_NAMED:,} more" if left_out > _MOST_NAMED else "")
        message = f"{name} goes up to {highest}, with no example of class {named}"
        hint = (
            f"labels count from 0: `{name} - 1`"
            if missing == ["0"]
            else f"number the {len(present)} classes without gaps"
        )
        raise DataError(Problem(message, hint))
    return highest + 1


def refuse_out_of_range(labels: NDArray[np.int32], name: str, class_count: int, whose: str) -> None:
    """Raise DataError when a label is no class of the training part or the model (`whose`)."""
    wrong = np.flatnonzero(labels >= class_count)
    if len(wrong):
        first = int(wrong[0])
        classes = f"{whose} has {class_count} classes, 0 to {class_count - 1}"
        raise DataError(f"{name} holds label {labels[first]} at index {first:,}; {classes}")


def _wrong_shape(name: str, array: NDArray[Any]) -> Problem:
    if is_one_hot(array):
        message = f"{name} is one-hot, shape {array.shape}; {_EXPECTED}"
        return Problem(message, f"store `np.argmax({name}, axis=1)`; the recipe's loss decides the encoding")
    if array.ndim == 2 and array.shape[1] > 1 and np.isin(array, (0, 1)).all():
        several = f"{array.shape[1]} columns of 0 and 1, with several labels or none in some rows"
        message = f"{name} holds {several}: that is multi-label classification"
        return Problem(message, "write `targets: multilabel` in `data`")
    return Problem(f"{name} has the shape {array.shape}; {_EXPECTED}: shape (count,)", _QUANTITIES)


def is_one_hot(array: NDArray[Any]) -> bool:
    """Whether labels are rows of 0 with one 1 each."""
    is_matrix = array.ndim == 2 and array.shape[1] > 1
    return is_matrix and bool(np.isin(array, (0, 1)).all() and (array.sum(axis=1) == 1).all())


def _first(name: str, array: NDArray[Any], wrong: NDArray[np.bool_], hint: str = "") -> Problem | None:
    indices = np.flatnonzero(wrong)
    if not len(indices):
        return None
    index = int(indices[0])
    return Problem(f"{name} holds {array[index]} at index {index:,}; {_EXPECTED}", hint)


def _not_whole(name: str, array: NDArray[Any]) -> Problem | None:
    if array.dtype.kind != "f":
        return None
    wrong = ~np.isfinite(array) | (array != np.floor(np.where(np.isfinite(array), array, 0)))
    return _first(name, array, wrong, _QUANTITIES)


def _negative(name: str, array: NDArray[Any]) -> Problem | None:
    return _first(name, array, array < 0)


def _too_large(name: str, array: NDArray[Any]) -> Problem | None:
    return _first(name, array, array > _LARGEST)


_RULES = (_not_whole, _negative, _too_large)
