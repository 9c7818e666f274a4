"""Duplicates among arrays: the same example in two parts, with two labels, or twice in one part."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncli.data.columns import Column, as_column
from cnncli.data.content_digest import RoundedRows, may_tell, shown, tells
from cnncli.data.dataset import Examples
from cnncli.data.fingerprint import example_hashes
from cnncli.errors import DataError, Problem
from cnncli.messages import counted

_MOST_PAIRS = 5
FEW = 0.001  # of a part: data sets that many use have some such copies themselves

Duplicates = NDArray[np.int64]


def find_copies(
    parts: Mapping[str, Examples],
    names: Mapping[str, str],
    *,
    allow_leakage: bool,
    in_one_scale: bool = True,
    noun: str = "image",
    name_of: Callable[[str, int], str] | None = None,
    share: float = FEW,
) -> tuple[dict[str, Duplicates], list[Problem]]:
    """Look for examples all of whose inputs are equal, in arrays of images, or of rows of many numbers.

    Short rows may well be equal by chance, and so may blank images; neither counts. Parts of two types or scales
    (uint8 from 0 to 255, float32 from 0 to 1) are compared by what they show, whatever their scale.

    Args:
        parts: by name.
        names: of the parts' arrays, for messages: `x_train`.
        allow_leakage: go on when the same image stands in two parts.
        in_one_scale: whether equal examples have equal values in all parts of one type.
        noun: what an example is called in messages.
        name_of: of an example, by its part and its index there; None: `x_train[3]`.
        share: of a part that may stand in another part.

    Returns:
        By part, for each example the first one of that part that is the same, or itself; and notes.

    Raises:
        DataError: more than this share of a part's images stand in another too: what is measured with them was seen in
            training.
    """
    named = _Named(names, noun, name_of or (lambda part, index: f"{names[part]}[{index}]"))
    columns: dict[str, Mapping[str, Column]] = {
        part: {name: as_column(shown(values)) for name, values in examples.inputs.items()}
        for part, examples in parts.items()
        if any(map(may_tell, examples.inputs.values()))
    }
    every = [column for inputs in columns.values() for column in inputs.values()]
    if not in_one_scale or any(column.dtype != np.uint8 for column in every):  # floats are rounded in many ways
        columns = {
            part: {name: RoundedRows(column, in_one_scale) for name, column in inputs.items()}
            for part, inputs in columns.items()
        }
    keys = _keys(columns)
    notes: list[Problem] = []
    for one, other in combinations(columns, 2):
        notes += _shared(
            keys[one], keys[other], len(parts[other]), (one, other), named, 1.0 if allow_leakage else share
        )
    duplicate_of: dict[str, Duplicates] = {}
    for part, own in keys.items():
        duplicate_of[part] = _duplicate_of(own, len(parts[part]))
        notes += _repeated(duplicate_of[part], parts[part].labels, part, named)
    return duplicate_of, notes


@dataclass(frozen=True, slots=True)
class _Named:
    """How messages call parts and examples."""

    parts: Mapping[str, str]
    noun: str
    example: Callable[[str, int], str]

    def pair(self, one: tuple[str, int], other: tuple[str, int]) -> str:
        return f"{self.example(*one)} = {self.example(*other)}"

    def counted(self, count: int) -> str:
        return counted(count, self.noun)


def _keys(columns: Mapping[str, Mapping[str, Column]]) -> dict[str, dict[int, bytes]]:
    """By part, a SHA-256 of each example that may have a copy, by its index."""
    hashes = {part: example_hashes(inputs) for part, inputs in columns.items()}
    every = np.concatenate([*hashes.values(), np.empty(0, np.uint64)])
    values, counts = np.unique(every, return_counts=True)
    shared = values[counts > 1]
    keys: dict[str, dict[int, bytes]] = {}
    for part, inputs in columns.items():
        keys[part] = {}
        for index in np.flatnonzero(np.isin(hashes[part], shared)).tolist():
            rows = [column.read([index])[0] for _, column in sorted(inputs.items())]
            if any(map(tells, rows)):
                keys[part][index] = hashlib.sha256(b"".join(row.tobytes() for row in rows)).digest()
    return keys


def _duplicate_of(keys: Mapping[int, bytes], count: int) -> Duplicates:
    duplicate_of = np.arange(count, dtype=np.int64)
    first: dict[bytes, int] = {}
    for index, key in keys.items():
        duplicate_of[index] = first.setdefault(key, index)
    return duplicate_of


def _shared(
    one: Mapping[int, bytes],
    other: Mapping[int, bytes],
    count: int,
    parts: tuple[str, str],
    named: _Named,
    share: float,
) -> Iterator[Problem]:
    first: dict[bytes, int] = {}
    for index, key in one.items():
        first.setdefault(key, index)
    pairs = [(first[key], index) for index, key in other.items() if key in first]
    if not pairs:
        return
    names = [named.parts[part] for part in parts]
    message = f"{named.counted(len(pairs))} of {names[1]} {'is' if len(pairs) == 1 else 'are'} also in {names[0]}"
    shown = [named.pair((parts[0], left), (parts[1], right)) for left, right in pairs]
    if len(pairs) > share * count:
        way_out = "remove them from one of the two, or allow them: `allow_leakage: true` in `data`"
        raise DataError(Problem(message, "\n".join([*_first(shown), way_out])))
    yield Problem(message, "\n".join([*_first(shown), "scores measured with them are too good"]), kind="leakage")


def _repeated(duplicate_of: Duplicates, labels: NDArray[Any], part: str, named: _Named) -> Iterator[Problem]:
    name = named.parts[part]
    copies = np.flatnonzero(duplicate_of != np.arange(len(duplicate_of)))
    differ = labels[copies] != labels[duplicate_of[copies]]
    wrong = copies[differ.any(axis=tuple(range(1, differ.ndim)))]
    if len(wrong):
        pairs = [
            f"{named.pair((part, duplicate_of[i]), (part, i))}, labels {labels[duplicate_of[i]]} and {labels[i]}"
            for i in wrong
        ]
        message = f"{named.counted(len(wrong))} of {name} {'is' if len(wrong) == 1 else 'are'} there with two labels"
        yield Problem(message, "\n".join([*_first(pairs), "one of the two is wrong"]), kind="labels")
    if len(copies) > len(wrong):
        same = np.setdiff1d(copies, wrong)
        pairs = [named.pair((part, duplicate_of[i]), (part, i)) for i in same]
        message = f"{named.counted(len(same))} of {name} {'is' if len(same) == 1 else 'are'} there more than once"
        copies_of = "an image" if named.noun == "image" else f"a {named.noun}"
        hint = f"a split puts all copies of {copies_of} into the same part"
        yield Problem(message, "\n".join([*_first(pairs), hint]), kind="duplicates")


def _first(pairs: Sequence[str]) -> list[str]:
    rest = [f"and {len(pairs) - _MOST_PAIRS:,} more"] if len(pairs) > _MOST_PAIRS else []
    return [*pairs[:_MOST_PAIRS], *rest]
