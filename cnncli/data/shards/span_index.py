"""The index of a shard: where each value of each example lies in the file. It is made once and kept in the cache."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import time
from array import array
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncli.data import cache
from cnncli.data.sources.paths import cannot_read
from cnncli.errors import DataError, Problem
from cnncli.messages import printable, shortened

_VERSION = 2  # of what an index holds
_SUFFIX = ".index.npz"
_UNUSED_DAYS = 30
MISSING = -1


@dataclass(frozen=True, slots=True, eq=False)
class Spans:
    """Where the values of one column lie.

    Attributes:
        kind: what they are: `bytes`, `float`, `int64`.
        begins: int64 (count,), in the file; `MISSING` where an example has none.
        lengths: int64 (count,), in bytes.
        several: number from 1 of the first example with several values of bytes, of which no one is the right one; 0: none.
    """

    kind: str
    begins: NDArray[np.int64]
    lengths: NDArray[np.int64]
    several: int = 0

    def first_missing(self) -> int:
        """Number of the first example without a value, from 1; 0 where all have one."""
        missing = np.flatnonzero(self.begins == MISSING)
        return int(missing[0]) + 1 if len(missing) else 0


@dataclass(frozen=True, slots=True, eq=False)
class SpanIndex:
    """The values of a shard.

    Attributes:
        path: of the file.
        names: of the examples in it; empty where they have numbers alone.
        columns: by name, in the order in which they came.
    """

    path: str
    count: int
    names: tuple[str, ...]
    columns: Mapping[str, Spans]


class IndexBuilder:
    """Collects the places of the values of one shard."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._kinds: dict[str, str] = {}
        self._rows: dict[str, tuple[array[int], array[int], array[int]]] = {}  # examples, begins, lengths
        self._several: dict[str, int] = {}
        self._names: list[str] = []
        self._count = 0

    def add(self, values: Mapping[str, tuple[str, Sequence[tuple[int, int]]]], name: str = "") -> None:
        """Add an example.

        Args:
            values: by column, the kind and (begin, end) of each value in the file; without a kind there is none.
            name: of the example.

        Raises:
            DataError: a column has another kind than in the examples before.
        """
        self._count += 1
        if name:
            self._names.append(name)
        for column, (kind, spans) in values.items():
            if not kind or not spans:
                continue
            if self._kinds.setdefault(column, kind) != kind:
                message = f"{printable(self._path)}: `{shortened(column)}` of record {self._count:,} is {kind}"
                raise DataError(Problem(message, f"it is {self._kinds[column]} in the records before"))
            if len(spans) > 1:
                self._several.setdefault(column, self._count)
            rows, begins, lengths = self._rows.setdefault(column, (array("q"), array("q"), array("q")))
            rows.append(self._count - 1)
            begins.append(spans[0][0])
            lengths.append(spans[0][1] - spans[0][0])

    def index(self) -> SpanIndex:
        """All that was added."""
        columns = {}
        for name, (rows, begins, lengths) in self._rows.items():
            places, sizes = np.full(self._count, MISSING, np.int64), np.zeros(self._count, np.int64)
            places[np.array(rows)], sizes[np.array(rows)] = np.array(begins), np.array(lengths)
            columns[name] = Spans(self._kinds[name], places, sizes, self._several.get(name, 0))
        return SpanIndex(self._path, self._count, tuple(self._names), columns)


def indexed(path: str, kind: str, make: Callable[[str], SpanIndex]) -> SpanIndex:
    """The index of a shard: from the cache where the file is the same; else it is made.

    A file is the same by its place, size, and the times of its content and of its entry in the file system: other content of
    the same size can get back the first (`touch -r`, `cp -p`), but not the second.

    Args:
        kind: of the shard, `tfrecord` or `tar`.
        make: goes through the file.

    Raises:
        DataError: as `make`; or the file cannot be read.
    """
    try:
        status = os.stat(path)
    except OSError as error:
        raise cannot_read(path, error) from error
    said = json.dumps([kind, _VERSION, os.path.abspath(path), *_stamp(status)])
    kept = cache.folder() / (hashlib.sha256(said.encode("utf-8", "surrogateescape")).hexdigest() + _SUFFIX)
    if found := _load(path, kept):
        return found
    made = make(path)
    with suppress(OSError):  # then it is made once more the next time
        _save(made, kept)
    return made


def _stamp(status: os.stat_result) -> tuple[int, ...]:
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino


def _load(path: str, kept: Path) -> SpanIndex | None:
    try:
        with np.load(kept, allow_pickle=False) as archive:
            about = json.loads(archive["about"].tobytes())
            columns = {
                name: Spans(kind, archive[f"begins{number}"], archive[f"lengths{number}"], several)
                for number, (name, kind, several) in enumerate(about["columns"])
            }
        os.utime(kept)
    except Exception:  # none is there, or a damaged one
        return None
    return SpanIndex(path, about["count"], tuple(about["names"]), columns)


def _save(index: SpanIndex, kept: Path) -> None:
    about = {
        "count": index.count,
        "names": index.names,
        "columns": [(name, spans.kind, spans.several) for name, spans in index.columns.items()],
    }
    arrays: dict[str, NDArray[Any]] = {"about": np.frombuffer(json.dumps(about).encode(), np.uint8)}
    for number, spans in enumerate(index.columns.values()):
        arrays[f"begins{number}"], arrays[f"lengths{number}"] = spans.begins, spans.lengths
    kept.parent.mkdir(parents=True, exist_ok=True)
    for old in kept.parent.glob(f"*{_SUFFIX}"):
        if time.time() - old.stat().st_mtime > _UNUSED_DAYS * 86400:
            old.unlink()
    with tempfile.NamedTemporaryFile(dir=kept.parent, suffix=".part", delete=False) as file:
        try:
            np.savez(file, **arrays)  # type: ignore[arg-type]
            file.close()
            os.replace(file.name, kept)
        except BaseException:
            os.unlink(file.name)
            raise
