"""Which runs of consecutive layers are alike: equal, or different in numbers only."""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterable, Sequence
from typing import Any

from cnncli.conversion.recipe_item import Item, name_parts


class Likeness:
    """Compares the layers of a network with those that come some layers later, in time in proportion to the layers.

    Args:
        items: in order.

    Attributes:
        places: of the items, by their names.
    """

    def __init__(self, items: Sequence[Item]) -> None:
        self.places = {item.name: place for place, item in enumerate(items)}
        self._alike = _numbered(_form(item, place) for place, item in enumerate(items))
        self._equal = _numbered(self._value(item, place) for place, item in enumerate(items))
        self._runs: dict[int, tuple[list[int], list[int]]] = {}

    def rounds(self, at: int, length: int) -> tuple[int, int]:
        """How many rounds of some layers are alike from a place on, and how many are equal, with counted names."""
        if length not in self._runs:
            self._runs[length] = _run_lengths(self._alike, length), _run_lengths(self._equal, length)
        alike, equal = self._runs[length]
        return alike[at] // length + 1, equal[at] // length + 1

    def _value(self, item: Item, place: int) -> Hashable:
        """What is equal for layers that are equal and take what comes as many layers before; names do not count."""
        if item.shares or not item.is_counted:
            return place
        inputs = tuple(place - self.places[name] if name in self.places else name for name in item.inputs)
        return item.kind, _text(item.args), inputs


def _form(item: Item, place: int) -> Hashable:
    """What is equal for layers that differ in numbers only."""
    if item.shares:
        return place
    numberless = {key: "a number" if _is_number(value) else [value] for key, value in item.args.items()}
    name = None if item.is_counted else name_parts(item.name)[0]
    return item.kind, _text(numberless), len(item.inputs), name


def _text(args: Any) -> str:
    return json.dumps(args, default=str, sort_keys=True)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _numbered(values: Iterable[Hashable]) -> list[int]:
    numbers: dict[Hashable, int] = {}
    return [numbers.setdefault(value, len(numbers)) for value in values]


def _run_lengths(numbers: Sequence[int], length: int) -> list[int]:
    """For each place, how many consecutive numbers from there on are those that come `length` later."""
    found = [0] * len(numbers)
    for place in range(len(numbers) - length - 1, -1, -1):
        if numbers[place] == numbers[place + length]:
            found[place] = found[place + 1] + 1
    return found
