"""Values of examples in memory: an array of the only input, or one array for each of several by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from numpy.typing import NDArray

InputValues = NDArray[Any] | dict[str, NDArray[Any]]  # each (examples, *shape of one)


def mapped(function: Callable[[NDArray[Any]], Any], values: InputValues) -> Any:
    """A function of each input's array; of one input its result alone."""
    if isinstance(values, Mapping):
        return {name: function(array) for name, array in values.items()}
    return function(values)


def rows(values: InputValues, chosen: Any) -> InputValues:
    """Some of the examples: a slice, or their numbers."""
    found: InputValues = mapped(lambda array: array[chosen], values)
    return found


def count(values: InputValues) -> int:
    """How many examples there are."""
    return len(next(iter(values.values())) if isinstance(values, Mapping) else values)
