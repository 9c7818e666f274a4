"""Measure every example once: values, lengths, and what finds near duplicates, a small picture or the words."""

from __future__ import annotations

import dataclasses
import hashlib
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from cnncli.data.columns import Values, as_column
from cnncli.data.dataset import Part
from cnncli.data.fingerprint import row_hashes
from cnncli.data.sources.loaded_data import Progress
from cnncli.data.text_column import is_telling
from cnncli.data_checks.near_duplicates import sample_of
from cnncli.inputs import kind_of

Floats = NDArray[np.float32]

_CHUNK_VALUES = 1 << 22  # of examples that are read in one go
_WORD = re.compile(r"\w+")
_MOST_COLORS = 4  # channels whose differences count in the coarse picture


@dataclass(frozen=True, slots=True, eq=False)
class Numbers:
    """The values of each example of an input of numbers, all float32 (count,).

    Attributes:
        lows, highs, means: the smallest, the largest, the mean value of each example.
        spreads: the standard deviation of its values.
    """

    lows: Floats
    highs: Floats
    means: Floats
    spreads: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """One input of all examples, those of the parts one after the other.

    Attributes:
        shape: of one example.
        hashes: uint64 (count,), the same for equal examples.
        says_nothing: bool (count,), whether an example is of one value, or a text of few words: equal ones are no copies.
        lengths: int64 (count,), without what fills an example up; None where its kind has no such length.
        numbers: None of texts.
        loose_hashes: of texts the same where they differ in case, punctuation and white space alone; else None.
        compared: int64 (k,), ascending, the examples that have small pictures: all, or of very many some.
        coarse, fine: float32 (k, m) and float16 (k, n): these pictures, each of length 1 and with mean 0, so that the product
            of two is their correlation; all 0 for an example of one value. None where its kind has none.
    """

    shape: tuple[int, ...]
    hashes: NDArray[np.uint64]
    says_nothing: NDArray[np.bool_]
    lengths: NDArray[np.int64] | None
    numbers: Numbers | None = None
    loose_hashes: NDArray[np.uint64] | None = None
    compared: NDArray[np.int64] | None = None
    coarse: Floats | None = None
    fine: NDArray[np.float16] | None = None


def measure(parts: Sequence[Part], progress: Progress | None = None) -> dict[str, Measured]:
    """Measure each input, by name.

    Args:
        progress: called with ("examining examples", count, all).
    """
    names = list(parts[0].examples.inputs)
    counts = [len(part.examples) for part in parts]
    total = sum(counts) * len(names)
    compared = sample_of(counts)
    done = 0
    found = {}
    for name in names:
        columns = [part.examples.inputs[name] for part in parts]
        chunks = []
        begin = 0
        for values in _chunks(columns):
            first, last = np.searchsorted(compared, [begin, begin + len(values)])
            chosen = compared[first:last] - begin
            chunks.append(_of(values, chosen) if values.dtype.kind in "biuf" else _of_texts(values))
            begin += len(values)
            done += len(values)
            if progress:
                progress("examining examples", done, total)
        found[name] = _joined(tuple(columns[0].shape[1:]), chunks, compared)
    return found


def words_of(text: str) -> list[str]:
    """The words of a text in lower case, without punctuation."""
    return _WORD.findall(text.casefold())


def _chunks(columns: Sequence[Values]) -> Iterator[NDArray[Any]]:
    for values in columns:
        column = as_column(values)
        shape = column.shape[1:]
        rows = max(1, _CHUNK_VALUES // max(1, kind_of(shape).size_of(shape)))
        for begin in range(0, len(column), rows):
            yield column.read(np.arange(begin, min(begin + rows, len(column))))


def _of_texts(texts: NDArray[Any]) -> dict[str, NDArray[Any] | None]:
    """What is measured of some texts, an object array of `str`."""
    words = [words_of(text) for text in texts]
    return {
        "hashes": _hashes(text.strip() for text in texts),
        "says_nothing": np.array([not is_telling(text) for text in texts]),
        "lengths": np.array([len(text.split()) for text in texts], np.int64),
        "loose_hashes": _hashes(" ".join(each) for each in words),
    }


def _hashes(texts: Iterable[str]) -> NDArray[np.uint64]:
    digests = (hashlib.blake2b(text.encode(), digest_size=8).digest() for text in texts)
    return np.array([int.from_bytes(digest, "little") for digest in digests], np.uint64)


def _of(values: NDArray[Any], chosen: NDArray[np.int64]) -> dict[str, NDArray[Any] | None]:
    """What is measured of some examples (count, *shape), by the name of the attribute.

    Args:
        chosen: which of them get small pictures.
    """
    kind = kind_of(values.shape[1:])
    numbers = values.astype(np.float32)
    flat = numbers.reshape(len(values), -1)
    lows, highs = flat.min(axis=1), flat.max(axis=1)
    found: dict[str, NDArray[Any] | None] = {
        "lows": lows,
        "highs": highs,
        "means": flat.mean(axis=1),
        "spreads": flat.std(axis=1),
        "hashes": row_hashes(values),
        "says_nothing": lows == highs,
        "lengths": kind.lengths(values),
    }
    if kind.SMALL:
        coarse, fine = kind.SMALL
        fine_picture = _reduced(numbers[chosen], fine)
        found["fine"] = _normalized(fine_picture.reshape(len(chosen), math.prod(fine_picture.shape[1:]))).astype(
            np.float16
        )
        found["coarse"] = _normalized(_coarse(fine_picture, coarse))
    return found


def _coarse(pictures: Floats, size: int) -> Floats:
    """The mean of the channels in few cells, and in fewer still how each of a few channels differs from it: (count, k)."""
    count, channels = len(pictures), pictures.shape[-1]
    cells = _reduced(pictures, size)
    gray = cells.mean(axis=-1, keepdims=True)
    if not 2 <= channels <= _MOST_COLORS:
        return cast(Floats, gray.reshape(count, math.prod(gray.shape[1:])))
    places = cells.ndim - 2
    colors = _reduced(cells - gray, size // 2) * 2.0 ** (places / 2)  # a cell stands for as many of the others
    return np.concatenate([each.reshape(count, math.prod(each.shape[1:])) for each in (gray, colors)], axis=1)


def _reduced(values: Floats, size: int) -> Floats:
    """Bring each axis between the first and the last to at most `size` cells: each is the mean of what lies under it."""
    for axis in range(1, values.ndim - 1):
        if values.shape[axis] > size:
            values = np.ascontiguousarray(
                np.moveaxis(np.moveaxis(values, axis, -1) @ _cells(values.shape[axis], size), -1, axis)
            )
    return values


def _cells(old: int, new: int) -> Floats:
    """The share (old, new) that each of the old values has in each of the new ones."""
    edges = np.arange(new + 1) * (old / new)
    begin = np.arange(old)[:, None]
    overlap = np.minimum(edges[None, 1:], begin + 1) - np.maximum(edges[None, :-1], begin)
    return cast(Floats, (np.clip(overlap, 0, None) * (new / old)).astype(np.float32))


def _normalized(rows: Floats) -> Floats:
    """Rows with mean 0 and length 1; all 0 where all values of a row are (nearly) alike."""
    if not len(rows):
        return rows
    finite = np.nan_to_num(rows, posinf=0.0, neginf=0.0)
    centred = finite - finite.mean(axis=1, keepdims=True)
    length = np.linalg.norm(centred, axis=1, keepdims=True)
    scale = 1e-5 * np.abs(finite).max(axis=1, keepdims=True) * math.sqrt(rows.shape[1])
    return cast(Floats, np.divide(centred, length, out=np.zeros_like(centred), where=length > scale))


def _joined(
    shape: tuple[int, ...], chunks: Sequence[Mapping[str, NDArray[Any] | None]], compared: NDArray[np.int64]
) -> Measured:
    fields: dict[str, Any] = {}
    for name in chunks[0]:
        some = [chunk[name] for chunk in chunks]
        fields[name] = None if some[0] is None else np.concatenate([each for each in some if each is not None])
    names = [field.name for field in dataclasses.fields(Numbers)]
    numbers = Numbers(**{name: fields.pop(name) for name in names}) if "lows" in fields else None
    return Measured(shape, numbers=numbers, compared=compared, **fields)
