"""The SHA-256 of a data set: the same data, the same fingerprint, on every machine."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncli.data.examples import Examples

_CHUNK = 1 << 24  # bytes


def of_parts(parts: Mapping[str, Examples], class_names: Sequence[str]) -> str:
    """Over the names of parts and classes, and every array's type, shape and values (little-endian, in C order)."""
    digest = hashlib.sha256(_line("arrays", list(class_names)))
    for part in sorted(parts):
        for array in (parts[part].inputs, parts[part].labels):
            assert isinstance(array, np.ndarray)  # files have the other fingerprint
            little = array.dtype.newbyteorder("<")
            digest.update(_line(part, little.str, list(array.shape)))
            for chunk in _chunks(array):
                digest.update(np.ascontiguousarray(chunk, dtype=little).data.cast("B"))
    return digest.hexdigest()


def of_files(files: Iterable[tuple[str, int, str]]) -> str:
    """Over relative path, size and SHA-256 of every file, sorted by the bytes of the path."""
    digest = hashlib.sha256(_line("files"))
    for path, size, sha256 in sorted(files, key=lambda file: os.fsencode(file[0])):
        digest.update(_line(os.fsencode(path).hex(), size, sha256))
    return digest.hexdigest()


def _chunks(array: NDArray[Any]) -> Iterator[NDArray[Any]]:
    rows = max(1, _CHUNK // max(1, array.nbytes // max(1, len(array))))
    return (array[begin : begin + rows] for begin in range(0, len(array), rows))


def _line(*values: Any) -> bytes:
    return json.dumps(values, ensure_ascii=True, separators=(",", ":")).encode() + b"\n"
