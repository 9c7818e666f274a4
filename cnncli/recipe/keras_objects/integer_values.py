"""Integers and lists of them as values of arguments: how large they are, and how deep their brackets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from cnncli.messages import described
from cnncli.recipe.deferred import Unknown, UnknownNumber
from cnncli.recipe.growth import LARGEST_INTEGER, LARGEST_SEED
from cnncli.recipe.keras_objects.arguments import WINDOWS, takes_list_of_one
from cnncli.recipe.keras_objects.catalogue import Argument, Entry


def as_integers(value: Any) -> Any:
    """Floats without a fraction as integers, also those in lists; other values as they are."""
    if isinstance(value, list):
        return [as_integers(item) for item in value]
    if isinstance(value, UnknownNumber):  # whether it is whole shows once it is known
        return Unknown(max(1, int(value)), value.expression, value.written)
    return int(value) if isinstance(value, float) and value.is_integer() else value


def wrong_integer(argument: Argument, value: Any) -> tuple[int, int] | None:
    """An integer that is too large, and the largest one; numbers with a fraction may be any."""
    if argument.type == "number" or argument.kind:
        return None
    most = LARGEST_SEED if argument.name == "seed" else LARGEST_INTEGER
    found = next((n for n in numbers(value) if isinstance(n, int) and abs(n) > most), None)
    return None if found is None else (found, most)


# How many levels of lists an argument has at most, where its type or its documentation does not say.
NESTING = {
    ("Reshape", "target_shape"): 1,
    ("Permute", "dims"): 1,
    **{(f"{name}{rank}D", argument): 2 if rank > 1 else 1
       for name, argument in (("Cropping", "cropping"), ("ZeroPadding", "padding")) for rank in (1, 2, 3)},
}  # fmt: skip
_ARRAYS = ("mean", "variance", "weights", "idf_weights")  # arguments of layers that may have any number of axes
_RANK = re.compile(r"([123])D(?:Transpose)?$")
_OF_RANK = (*WINDOWS, "size", "output_size", "output_padding")  # an integer, or one for every dimension


def nesting_problem(entry: Entry, argument: Argument, value: Any) -> tuple[str, str] | None:
    """What is wrong with the brackets of a value, and how it is written; None where nothing is."""
    rank = _RANK.search(entry.canonical) if argument.name in _OF_RANK else None
    is_flat = rank or argument.type == "integers" or (entry.kind == "layers" and argument.name not in _ARRAYS)
    most = NESTING.get((entry.canonical, argument.name)) or (1 if is_flat else 0)
    if not most or not isinstance(value, list) or not value:
        return None
    levels = 0
    inner: list[Any] | None = value
    while inner is not None:
        levels, inner = levels + 1, next((item for item in inner if isinstance(item, list)), None)
    if levels > most:
        flat = [number for number in numbers(value) if is_integer(number)]
        wanted = "one level of brackets" if most == 1 else f"{most} levels of brackets"
        hint = f"write `{argument.name}: {flat}`" if most == 1 and 0 < len(flat) <= 8 else ""
        return f"expected {wanted}, got {levels}", hint
    wanted_count = int(rank[1]) if rank else 0
    if rank and len(value) != wanted_count and not (len(value) == 1 and takes_list_of_one(argument)):
        count = "1 integer" if wanted_count == 1 else f"1 or {wanted_count} integers"
        return f"expected {count}, got {described(value)}", ""
    return None


def is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def is_one_integer(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 1 and is_integer(value[0])


def numbers(value: Any) -> Iterator[Any]:
    """The leaves of a value that may be one number or nested lists of them."""
    if isinstance(value, list):
        for item in value:
            yield from numbers(item)
    else:
        yield value
