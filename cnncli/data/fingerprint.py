"""Fingerprints (SHA-256) of data sets and of examples, equal on every machine."""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncli.data.dataset import Examples
from cnncli.data.lazy_arrays import Values
from cnncli.data.targets import TargetInfo

_CHUNK = 1 << 24  # bytes
_ROWS_BYTES = 1 << 22  # hashed in one go


def of_parts(parts: Mapping[str, Examples], targets: TargetInfo) -> str:
    """Over the names of parts and classes, and every array's type, shape and values (little-endian, in C order)."""
    digest = hashlib.sha256(_line("arrays", list(targets.class_names)))
    for part in sorted(parts):
        for array in (parts[part].inputs, parts[part].labels):
            assert isinstance(array, np.ndarray)  # files have the other fingerprint
            _add_array(digest, part, array)
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
    names = targets.names_of(examples.labels)
    digest = hashlib.sha256(_line("examples", names or []))
    if names is None:
        _add_array(digest, targets.PLURAL, examples.labels)
    if examples.sha256 is not None:
        digest.update(_line(list(examples.sha256)))
    else:
        _add_array(digest, "inputs", examples.inputs)
    return digest.hexdigest()


def of_set(*parts: Examples) -> str:
    """Over the content of all examples, whatever their order and labels: the same examples, the same fingerprint.

    Of files the bytes count; of arrays type, shape and values.
    """
    digest = hashlib.sha256(_line("set"))
    if any(part.sha256 is not None for part in parts):
        digest.update(_line(sorted(text for part in parts for text in part.sha256 or ())))
        return digest.hexdigest()
    digest.update(_line(parts[0].inputs.dtype.newbyteorder("<").str, list(parts[0].inputs.shape[1:])))
    hashes = [row_hashes(chunk) for part in parts for chunk in _chunks(part.inputs)]
    digest.update(np.sort(np.concatenate(hashes)).astype("<u8").data.cast("B"))
    return digest.hexdigest()


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


def _add_array(digest: Any, name: str, inputs: Values) -> None:
    little = inputs.dtype.newbyteorder("<")
    digest.update(_line(name, little.str, list(inputs.shape)))
    for chunk in _chunks(inputs):
        digest.update(np.ascontiguousarray(chunk, dtype=little).data.cast("B"))


def _chunks(inputs: Values) -> Iterator[NDArray[Any]]:
    row_bytes = math.prod(inputs.shape[1:]) * inputs.dtype.itemsize
    rows = max(1, _CHUNK // max(1, row_bytes))
    for begin in range(0, len(inputs), rows):
        end = min(begin + rows, len(inputs))
        yield inputs[begin:end] if isinstance(inputs, np.ndarray) else inputs.read(np.arange(begin, end))


def _line(*values: Any) -> bytes:
    return json.dumps(values, ensure_ascii=True, separators=(",", ":")).encode() + b"\n"
