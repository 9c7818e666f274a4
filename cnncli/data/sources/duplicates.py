"""Duplicates among arrays: the same example in two parts, with two labels, or twice in one part."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncli.data.content_digest import may_tell, rounded, tells
from cnncli.data.dataset import Examples
from cnncli.data.fingerprint import example_hashes
from cnncli.errors import DataError, Problem
from cnncli.messages import counted

_MOST_PAIRS = 5
_FEW = 0.001  # of a part: data sets that many use have some such copies themselves

Duplicates = NDArray[np.int64]


def find_copies(
    parts: Mapping[str, Examples], names: Mapping[str, str], *, allow_leakage: bool, in_one_scale: bool = True
) -> tuple[dict[str, Duplicates], list[Problem]]:
    """Look for examples all of whose inputs are equal, in arrays of images, or of rows of many numbers.

    Short rows may well be equal by chance, and so may blank images; neither counts. Parts of two types or scales
    (uint8 from 0 to 255, float32 from 0 to 1) are compared by what they show, whatever their scale.

    Args:
        parts: by name, each of arrays in memory.
        names: of the parts' arrays, for messages: `x_train`.
        allow_leakage: go on when the same image stands in two parts.
        in_one_scale: whether equal examples have equal values in all parts of one type.

    Returns:
        By part, for each example the first one of that part that is the same, or itself; and notes.

    Raises:
        DataError: more than one in a thousand of a part's images stand in another too: what is measured with them was
            seen in training.
    """
    arrays: dict[str, Mapping[str, Any]] = {
        part: examples.inputs for part, examples in parts.items() if any(map(may_tell, examples.inputs.values()))
    }
    every = [array for inputs in arrays.values() for array in inputs.values()]
    if not in_one_scale or any(array.dtype != np.uint8 for array in every):  # floats are rounded in many ways
        arrays = {
            part: {name: rounded(array, keep_scale=in_one_scale) for name, array in inputs.items()}
            for part, inputs in arrays.items()
        }
    keys = _keys(arrays)
    notes: list[Problem] = []
    for one, other in combinations(arrays, 2):
        notes += _shared(keys[one], keys[other], len(parts[other]), (names[one], names[other]), allow_leakage)
    duplicate_of: dict[str, Duplicates] = {}
    for part, own in keys.items():
        duplicate_of[part] = _duplicate_of(own, len(parts[part]))
        notes += _repeated(duplicate_of[part], parts[part].labels, names[part])
    return duplicate_of, notes


def _keys(arrays: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[int, bytes]]:
    """By part, a SHA-256 of each example that may have a copy, by its index."""
    hashes = {part: example_hashes(inputs) for part, inputs in arrays.items()}
    every = np.concatenate([*hashes.values(), np.empty(0, np.uint64)])
    values, counts = np.unique(every, return_counts=True)
    shared = values[counts > 1]
    keys: dict[str, dict[int, bytes]] = {}
    for part, inputs in arrays.items():
        keys[part] = {}
        for index in np.flatnonzero(np.isin(hashes[part], shared)).tolist():
            rows = [array[index] for _, array in sorted(inputs.items())]
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
    one: Mapping[int, bytes], other: Mapping[int, bytes], count: int, names: tuple[str, str], allow_leakage: bool
) -> Iterator[Problem]:
    first: dict[bytes, int] = {}
    for index, key in one.items():
        first.setdefault(key, index)
    pairs = [(first[key], index) for index, key in other.items() if key in first]
    if not pairs:
        return
    message = f"{counted(len(pairs), 'image')} of {names[1]} {'is' if len(pairs) == 1 else 'are'} also in {names[0]}"
    shown = [f"{names[0]}[{left}] = {names[1]}[{right}]" for left, right in pairs]
    if len(pairs) > _FEW * count and not allow_leakage:
        way_out = "remove them from one of the two, or allow them: `allow_leakage: true` in `data`"
        raise DataError(Problem(message, "\n".join([*_first(shown), way_out])))
    yield Problem(message, "\n".join([*_first(shown), "scores measured with them are too good"]), kind="leakage")


def _repeated(duplicate_of: Duplicates, labels: NDArray[Any], name: str) -> Iterator[Problem]:
    copies = np.flatnonzero(duplicate_of != np.arange(len(duplicate_of)))
    differ = labels[copies] != labels[duplicate_of[copies]]
    wrong = copies[differ.any(axis=tuple(range(1, differ.ndim)))]
    if len(wrong):
        pairs = [
            f"{name}[{duplicate_of[i]}] = {name}[{i}], labels {labels[duplicate_of[i]]} and {labels[i]}" for i in wrong
        ]
        message = f"{counted(len(wrong), 'image')} of {name} {'is' if len(wrong) == 1 else 'are'} there with two labels"
        yield Problem(message, "\n".join([*_first(pairs), "one of the two is wrong"]), kind="labels")
    if len(copies) > len(wrong):
        same = np.setdiff1d(copies, wrong)
        pairs = [f"{name}[{duplicate_of[i]}] = {name}[{i}]" for i in same]
        message = f"{counted(len(same), 'image')} of {name} {'is' if len(same) == 1 else 'are'} there more than once"
        hint = "a split puts all copies of an image into the same part"
        yield Problem(message, "\n".join([*_first(pairs), hint]), kind="duplicates")


def _first(pairs: Sequence[str]) -> list[str]:
    rest = [f"and {len(pairs) - _MOST_PAIRS:,} more"] if len(pairs) > _MOST_PAIRS else []
    return [*pairs[:_MOST_PAIRS], *rest]
