"""Fingerprints (SHA-256) of data sets and of examples, equal on every machine."""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Iterable, Iterator, Mapping
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncli.data.columns import Values
from cnncli.data.dataset import Examples
from cnncli.data.targets import TargetInfo
from cnncli.data.text_column import TextColumn

_CHUNK = 1 << 24  # bytes
_ROWS_BYTES = 1 << 22  # hashed in one go
_NEXT_INPUT = np.uint64(0x9E3779B97F4A7C15)  # odd, its bits spread


def of_parts(parts: Mapping[str, Examples], targets: TargetInfo) -> str:
    """Over the names of parts and classes, and every array's type, shape and values (little-endian, in C order)."""
    digest = hashlib.sha256(_line("arrays", list(targets.class_names)))
    for part in sorted(parts):
        _add_inputs(digest, part, parts[part].inputs)
        _add_column(digest, part, parts[part].targets)
        _add_weights_and_groups(digest, part, parts[part])
    return digest.hexdigest()


def of_files(files: Iterable[tuple[str, int, str]]) -> str:
    """Over relative path, size and SHA-256 of every file, sorted by the bytes of the path."""
    digest = hashlib.sha256(_line("files"))
    for path, size, sha256 in sorted(files, key=lambda file: os.fsencode(file[0])):
        digest.update(_line(os.fsencode(path).hex(), size, sha256))
    return digest.hexdigest()


def of_examples(examples: Examples, targets: TargetInfo) -> str:
    """Over the content of every example and its targets, in their order.

    Of files the bytes count, not where they lie, nor the size that images are brought to; of arrays type, shape and values.
    """
    names = targets.names_of(targets.whole(examples.targets))
    digest = hashlib.sha256(_line("examples", names or [], *([targets.evaluated_as] if targets.evaluated_as else [])))
    if names is None:
        _add_column(digest, targets.PLURAL, examples.targets)
    if examples.sha256 is not None:
        digest.update(_line(list(examples.sha256)))
    else:
        _add_inputs(digest, "inputs", examples.inputs)
    return digest.hexdigest()


def of_set(*parts: Examples) -> str:
    """Over the content of all examples, whatever their order and labels: the same examples, the same fingerprint.

    Of files the bytes count; of arrays type, shape and values.
    """
    digest = hashlib.sha256(_line("set"))
    if any(part.sha256 is not None for part in parts):
        digest.update(_line(sorted(text for part in parts for text in part.sha256 or ())))
        return digest.hexdigest()
    for _, column in sorted(parts[0].inputs.items()):
        digest.update(_line(column.dtype.newbyteorder("<").str, list(column.shape[1:])))
    hashes = [example_hashes(part.inputs) for part in parts]
    digest.update(np.sort(np.concatenate(hashes)).astype("<u8").data.cast("B"))
    return digest.hexdigest()


def example_hashes(inputs: Mapping[str, Values]) -> NDArray[np.uint64]:
    """`row_hashes` over all inputs of each example."""
    first, *others = [_column_hashes(column) for _, column in sorted(inputs.items())]
    return reduce(lambda found, other: found * _NEXT_INPUT + other, others, first)


def _column_hashes(column: Values) -> NDArray[np.uint64]:
    if isinstance(column, TextColumn):
        return np.array([int.from_bytes(digest[:8], "little") for digest in column.digests()], np.uint64)
    return np.concatenate(list(map(row_hashes, _chunks(column))))


def row_hashes(array: NDArray[Any]) -> NDArray[np.uint64]:
    """A quick number for each example, the same for equal ones; others may have the same too, though hardly ever.

    Args:
        array: (count, *shape of one), at least one example.
    """
    row_bytes = array[0].nbytes
    words = -(-row_bytes // 8)
    factors = np.random.default_rng(0).integers(1 << 63, size=words, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    rows = max(1, _ROWS_BYTES // max(1, row_bytes))
    found = np.empty(len(array), np.uint64)
    for begin in range(0, len(array), rows):
        chunk = np.ascontiguousarray(array[begin : begin + rows])
        padded = np.zeros((len(chunk), 8 * words), np.uint8)
        padded[:, :row_bytes] = chunk.reshape(len(chunk), -1).view(np.uint8)
        found[begin : begin + rows] = (padded.view(np.uint64) * factors).sum(axis=1, dtype=np.uint64)
    return found


def _add_inputs(digest: Any, name: str, inputs: Mapping[str, Values]) -> None:
    for key, column in sorted(inputs.items()):
        _add_column(digest, name if len(inputs) == 1 else f"{name}: {key}", column)


def _add_column(digest: Any, name: str, values: Values) -> None:
    little = values.dtype.newbyteorder("<")
    digest.update(_line(name, little.str, list(values.shape)))
    if isinstance(values, TextColumn):
        for text in values.digests():
            digest.update(text)
        return
    for chunk in _chunks(values):
        digest.update(np.ascontiguousarray(chunk, dtype=little).data.cast("B"))


def _add_weights_and_groups(digest: Any, name: str, examples: Examples) -> None:
    if examples.weights is not None:
        _add_column(digest, f"{name}: weights", examples.weights)
    if examples.groups is not None:
        digest.update(_line(f"{name}: groups", examples.groups.tolist()))


def _chunks(values: Values) -> Iterator[NDArray[Any]]:
    row_bytes = math.prod(values.shape[1:]) * values.dtype.itemsize
    rows = max(1, _CHUNK // max(1, row_bytes))
    for begin in range(0, len(values), rows):
        end = min(begin + rows, len(values))
        yield values[begin:end] if isinstance(values, np.ndarray) else values.read(np.arange(begin, end))


def _line(*values: Any) -> bytes:
    return json.dumps(values, ensure_ascii=True, separators=(",", ":")).encode() + b"\n"
