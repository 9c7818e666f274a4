"""The cache of decoded images on disk, for data sets that do not fit into memory.

A file of the cache is named by what it holds: the SHA-256 of every image file and of the form that the images got. It is
written under another name and gets its own when it is whole, so that a run never reads half of one; whoever writes holds a
lock, and what was left by a process that is gone is removed. The cache takes at most half of the space that would be free
without it; what was not used for longest goes first.

Layout: the pixels of every image, one after the other; what was seen of each, as JSON; and the length of that, 8 bytes.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Any

import numpy as np
from filelock import lock_descriptor
from numpy.typing import NDArray

from cnncli.data.columns import RowFile, write_rows

BYTES = np.dtype(np.uint8)
_SUFFIX, _PART = ".images", ".part"
_UNUSED_DAYS = 30


@dataclass(frozen=True, slots=True, eq=False)
class CachedImages:
    """What a file of the cache holds.

    Attributes:
        rows: uint8, or float32 for images of 16 bits; an image a row.
        facts: what was seen of each, as it was given to `Writing.keep`.
    """

    rows: RowFile
    facts: list[Any]


def folder() -> Path:
    """`$CNNCLI_CACHE`, else `cnncli` in the user's folder for such things; it need not exist."""
    if chosen := os.environ.get("CNNCLI_CACHE"):
        return Path(chosen)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "cnncli"


def key_of(digests: Iterable[str], *form: Any) -> str:
    """The name for some files in some form.

    Args:
        digests: of every file in order, SHA-256 in hex.
        form: all that decides what becomes of them, as JSON can hold it.
    """
    digest = hashlib.sha256(json.dumps(form).encode())
    for each in digests:
        digest.update(each.encode() + b"\n")
    return digest.hexdigest()


def holds_any(count: int, row_shape: Sequence[int], dtype: np.dtype[Any] = BYTES) -> bool:
    """Whether there is a file with so many images of that shape, so that looking for one by its key can help."""
    return any(_files(f"*-{_shape_text(count, row_shape, dtype)}{_SUFFIX}"))


def find(key: str, count: int, row_shape: Sequence[int], dtype: np.dtype[Any] = BYTES) -> CachedImages | None:
    """The images of a key, and None where they are not there or not whole."""
    path = _path(key, count, row_shape, dtype)
    try:
        file = FileIO(path, "r")
        size = os.fstat(file.fileno()).st_size
        length = int.from_bytes(os.pread(file.fileno(), 8, size - 8), "little") if size >= 8 else size
        begin = size - 8 - length
        if begin != _size(count, row_shape, dtype):
            return None
        facts = json.loads(os.pread(file.fileno(), length, begin))
        os.utime(path)
    except (OSError, ValueError):
        return None
    return CachedImages(_rows(file, count, row_shape, dtype), facts)


class Writing:
    """A file of the cache that is being written; it goes away with this object unless it is kept."""

    def __init__(self, path: Path, rows: RowFile) -> None:
        self._path = path
        self.rows = rows

    def __setitem__(self, row: int, pixels: NDArray[Any]) -> None:
        write_rows(self.rows, row, pixels[None])

    def keep(self, key: str, facts: list[Any]) -> CachedImages:
        """Give the file its name; every run finds it from now on.

        Raises:
            OSError: it could not; `rows` can be read all the same.
        """
        content = json.dumps(facts).encode()
        descriptor = self.rows.file.fileno()
        end = self.rows.offset_of(len(self.rows))
        os.pwrite(descriptor, content + len(content).to_bytes(8, "little"), end)
        os.fsync(descriptor)
        os.replace(self._path, _path(key, len(self.rows), self.rows.row_shape, self.rows.dtype))
        return CachedImages(self.rows, facts)

    def __del__(self) -> None:
        with suppress(OSError):
            self._path.unlink()  # after `keep` there is nothing of that name


def start_writing(count: int, row_shape: Sequence[int], dtype: np.dtype[Any] = BYTES) -> Writing | None:
    """Begin a file for so many images; None where there is no room or nothing can be written."""
    try:
        if not has_room(_size(count, row_shape, dtype)):
            return None
        descriptor, name = tempfile.mkstemp(prefix="images-", suffix=_PART, dir=folder())
        with suppress(OSError):  # a file system without locks
            lock_descriptor(descriptor, blocking=False)
        if not os.path.exists(name):  # another process took it for a leftover before it was locked
            os.close(descriptor)
            return None
        return Writing(Path(name), _rows(FileIO(descriptor, "r+"), count, row_shape, dtype))
    except OSError:
        return None


def has_room(size: int) -> bool:
    """Whether `size` bytes can be written; room is made where that helps."""
    try:
        folder().mkdir(parents=True, exist_ok=True)
        return os.access(folder(), os.W_OK) and make_room(size)
    except OSError:
        return False


def make_room(size: int) -> bool:
    """Remove what is stale, and what has not been used for longest as far as the room is needed.

    Returns:
        Whether there is room for `size` bytes.
    """
    for part in _files(f"*{_PART}"):
        _remove_if_left(part)
    entries = sorted((path.stat().st_mtime, path.stat().st_size, path) for path in _files(f"*{_SUFFIX}"))
    cached = sum(entry[1] for entry in entries)
    most = (shutil.disk_usage(folder()).free + cached) // 2
    if size > most:
        return False
    for used, length, path in entries:
        if cached + size <= most and time.time() - used < _UNUSED_DAYS * 86400:
            break
        with suppress(OSError):
            path.unlink()  # whoever reads it goes on reading
            cached -= length
    return True


def sizes() -> tuple[int, int]:
    """How many files the cache holds, and how many bytes they are."""
    found = [path.stat().st_size for path in _files(f"*{_SUFFIX}")]
    return len(found), sum(found)


def _files(pattern: str) -> list[Path]:
    return sorted(folder().glob(pattern))


def _path(key: str, count: int, row_shape: Sequence[int], dtype: np.dtype[Any]) -> Path:
    return folder() / f"{key}-{_shape_text(count, row_shape, dtype)}{_SUFFIX}"


def _shape_text(count: int, row_shape: Sequence[int], dtype: np.dtype[Any]) -> str:
    shape = "x".join(map(str, (count, *row_shape)))
    return shape if dtype == BYTES else f"{shape}-{dtype}"


def _size(count: int, row_shape: Sequence[int], dtype: np.dtype[Any]) -> int:
    return count * int(np.prod(row_shape)) * dtype.itemsize


def _rows(file: FileIO, count: int, row_shape: Sequence[int], dtype: np.dtype[Any]) -> RowFile:
    return RowFile(file, tuple(row_shape), dtype, np.arange(count, dtype=np.int64))


def _remove_if_left(part: Path) -> None:
    """Remove the unfinished file of a process that is gone: nobody holds its lock."""
    with suppress(OSError):
        descriptor = os.open(part, os.O_RDWR)
        try:
            if lock_descriptor(descriptor, blocking=False):
                part.unlink()
        finally:
            os.close(descriptor)
