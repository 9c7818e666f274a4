"""A shard as a table: its examples are rows, its features or members are columns."""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cnncli.data.columns import LARGE, Values
from cnncli.data.path_inside import PathInside
from cnncli.data.shards.example_proto import BYTES, FLOATS, BadExample, numbers_of
from cnncli.data.shards.span_column import SpanColumn
from cnncli.data.shards.span_index import MISSING, SpanIndex, Spans
from cnncli.data.sources.paths import cannot_read
from cnncli.data.tables.csv_table import Rows
from cnncli.data.tables.wrong_lines import WrongLines
from cnncli.errors import DataError, Place, Problem
from cnncli.messages import printable, shortened

_ROWS = 1024  # read in one go
_ELEMENT = re.compile(r"(.+)\.([0-9]+)")
_CHUNK = 1 << 24  # bytes that are looked at in one go
_MOST_LISTED = 5
_LONGEST_CELL = 1 << 20  # bytes of what becomes a word


class Span(NamedTuple):
    """An array that stays in its shard."""

    path: str
    begin: int
    length: int


@dataclass(frozen=True)
class ShardTable:
    """A shard.

    Attributes:
        file: as messages call it.
        index: where its values lie.
        needed: the columns that are read. `jpg;png` is the first of these that a sample has, `json:label` a field of the
            member `json`, `box.2` the third number of the feature `box`.
        of_files: those of them that hold whole files, such as images.
        of_arrays: those that hold arrays, which stay in the shard.
        separator: put between the numbers of a feature that has several.
        names: of classes, by the feature that holds their numbers.
    """

    file: str
    index: SpanIndex
    needed: Sequence[str]
    of_files: frozenset[str] = frozenset()
    of_arrays: frozenset[str] = frozenset()
    separator: str = "|"
    names: Mapping[str, Sequence[str]] = field(default_factory=dict)
    _parsed: dict[int, Any] = field(default_factory=dict, compare=False)

    @property
    def path(self) -> Path:
        """Of the file."""
        return Path(self.index.path)

    @cached_property
    def header(self) -> tuple[str, ...]:
        """The names of the columns, those too that are made of others."""
        made = [name for name in self.needed if name not in self.index.columns and self._sources(name)]
        return (*self.index.columns, *dict.fromkeys(made))

    def rows(self, wrong: WrongLines) -> Iterator[Rows]:
        """The rows, some at a time; one that lacks a needed value is reported and left out."""
        columns = [name if name in self.needed else None for name in self.header]
        try:
            descriptor = os.open(self.index.path, os.O_RDONLY)
        except OSError as error:
            raise cannot_read(self.index.path, error) from error
        try:
            for begin in range(0, self.index.count, _ROWS):
                lines: list[int] = []
                cells: list[list[Any]] = []
                for number in range(begin, min(begin + _ROWS, self.index.count)):
                    row = [None if name is None else self._cell(descriptor, name, number) for name in columns]
                    lacking = [name for name, cell in zip(columns, row, strict=True) if name and cell is None]
                    if lacking:
                        wrong.add(self.file, number + 1, self._lacks(lacking[0], number))
                    else:
                        lines.append(number + 1)
                        cells.append(row)
                self._parsed.clear()
                yield Rows(lines, cells)
        except BadExample as error:
            raise DataError(Problem(f"{self.file}: {error}")) from error
        finally:
            os.close(descriptor)

    def name_of(self, number: int) -> str:
        """The name of an example, from 0, inside the shard: `digits.tfrecord[17]`, `0.tar/cats/1`."""
        base = os.path.basename(self.index.path)
        return f"{base}/{self.index.names[number]}" if self.index.names else f"{base}[{number}]"

    def array_length(self, name: str) -> tuple[str, int]:
        """Kind and number of values of an array feature, those of its first example; bytes count each.

        Raises:
            DataError: the column is not there, or its arrays have different lengths.
        """
        spans = self.index.columns[name]
        return spans.kind, self._count(spans)

    def _count(self, spans: Spans) -> int:
        if spans.kind == BYTES:
            return int(spans.lengths[0])
        if spans.kind == FLOATS:
            return int(spans.lengths[0]) // 4
        with open(self.index.path, "rb") as file:
            file.seek(int(spans.begins[0]))
            return len(numbers_of([file.read(int(spans.lengths[0]))], spans.kind))

    def _sources(self, name: str) -> list[str]:
        """The columns of the file of which a column is made; empty where they are not there."""
        if ";" in name:
            return [each for each in name.split(";") if each in self.index.columns]
        if ":" in name:
            member, _, _ = name.partition(":")
            return [member] if member in self.index.columns else []
        match = _ELEMENT.fullmatch(name)
        return [match[1]] if match and match[1] in self.index.columns else []

    def _cell(self, descriptor: int, name: str, number: int) -> Any:
        """The value of a column in a row; None where there is none."""
        if name in self.index.columns:
            return self._value(descriptor, name, name, number)
        sources = self._sources(name)
        if ";" in name:
            return next(
                (cell for each in sources if (cell := self._value(descriptor, name, each, number)) is not None), None
            )
        if ":" in name:
            return self._of_json(descriptor, sources[0], name.partition(":")[2], number)
        numbers = self._numbers(descriptor, self.index.columns[sources[0]], number)
        place = int(name.rpartition(".")[2])
        return numbers[place] if numbers is not None and place < len(numbers) else None

    def _value(self, descriptor: int, name: str, column: str, number: int) -> Any:
        spans = self.index.columns[column]
        begin, length = int(spans.begins[number]), int(spans.lengths[number])
        if begin == MISSING:
            return None
        if name in self.of_arrays:
            return Span(self.index.path, begin, length)
        if name in self.of_files:
            ending = f".{column}" if self.index.names else ""
            return PathInside(self.name_of(number) + ending, self.index.path, begin, length)
        if spans.kind == BYTES:
            return _text(os.pread(descriptor, min(length, _LONGEST_CELL), begin))
        numbers: Sequence[Any] | None = self._numbers(descriptor, spans, number)
        if numbers is not None and (names := self.names.get(column)):
            numbers = [names[each] if 0 <= each < len(names) else each for each in numbers]
        if numbers is None or len(numbers) == 1:
            return None if numbers is None else numbers[0]
        return self.separator.join(map(str, numbers))

    def _numbers(self, descriptor: int, spans: Spans, number: int) -> list[int] | list[float] | None:
        begin, length = int(spans.begins[number]), int(spans.lengths[number])
        if begin == MISSING or not length:
            return None
        found: list[int] | list[float] = numbers_of([os.pread(descriptor, length, begin)], spans.kind).tolist()
        return found

    def _of_json(self, descriptor: int, column: str, path: str, number: int) -> Any:
        """A field of a JSON member, `a.b` of `{"a": {"b": 1}}`; a list of words or numbers is joined."""
        if number not in self._parsed:
            spans = self.index.columns[column]
            begin, length = int(spans.begins[number]), int(spans.lengths[number])
            try:
                self._parsed[number] = json.loads(os.pread(descriptor, length, begin)) if begin != MISSING else None
            except (ValueError, RecursionError) as error:
                message = f"{self.file}: `{shortened(self.index.names[number])}.{column}` is no JSON"
                raise DataError(Problem(message)) from error
        value = self._parsed[number]
        for key in path.split("."):
            value = value.get(key) if isinstance(value, dict) else None
        if isinstance(value, list):
            return self.separator.join(map(str, value))
        return value if isinstance(value, str | int | float) else None

    def _lacks(self, name: str, number: int) -> str:
        if self.index.names:
            return f"sample `{shortened(self.index.names[number])}` has no `{shortened(name)}`"
        return f"the record has no feature `{shortened(name)}`"


def _text(content: bytes) -> str:
    return content.decode("utf-8", "backslashreplace").strip()


class SpanCells:
    """Arrays that stay in their shards, of one length.

    Args:
        column: of a `ShardTable`, in its `of_arrays`.
        kind: of the values, as `SpanColumn` has it.
        row_shape: of each array.
        stored: the type in the shard, where the kind is `bytes`.
    """

    def __init__(self, column: str, kind: str, row_shape: Sequence[int], stored: Any = np.uint8) -> None:
        self.columns = [column]
        self._kind, self._shape, self._stored = kind, tuple(row_shape), np.dtype(stored)
        self._files: dict[str, int] = {}
        self._file_of: list[int] = []
        self._begins: list[int] = []
        self._lengths: list[int] = []
        self._lines: list[int] = []

    def add(self, lines: Sequence[int], cells: Sequence[Sequence[Span]], complain: Any) -> None:
        """Take some rows; one with another number of values is reported."""
        size = int(np.prod(self._shape, dtype=np.int64))
        item = {BYTES: self._stored.itemsize, FLOATS: 4}.get(self._kind)
        for line, [span] in zip(lines, cells, strict=True):
            if item and span.length != size * item:
                found = f"{span.length // item:,} values" if span.length % item == 0 else f"{span.length:,} bytes"
                complain(line, f"{shortened(self.columns[0])} has {found}, and the shape {self._shape} takes {size:,}")
            self._file_of.append(self._files.setdefault(span.path, len(self._files)))
            self._begins.append(span.begin)
            self._lengths.append(span.length)
            self._lines.append(line)

    def values(self) -> Values:
        """All of them, (count, *row_shape), uint8 or float32: in memory where they are few, else in their shards.

        Raises:
            DataError: some hold NaN or infinite values.
        """
        is_bytes = self._kind == BYTES and self._stored == np.uint8
        column = SpanColumn(
            tuple(self._files),
            self._kind,
            self._shape,
            np.dtype(np.uint8 if is_bytes else np.float32),
            self._stored,
            np.array(self._file_of, np.int32),
            np.array(self._begins, np.int64),
            np.array(self._lengths, np.int64),
        )
        row_bytes = max(1, math.prod(self._shape) * column.dtype.itemsize)
        if len(column) * row_bytes <= LARGE:
            array = column.read(np.arange(len(column)))
            self._refuse_not_finite(array, 0)
            return array
        rows = max(1, _CHUNK // row_bytes)
        for begin in range(0, len(column), rows):
            self._refuse_not_finite(column.read(np.arange(begin, min(begin + rows, len(column)))), begin)
        return column

    def _refuse_not_finite(self, values: NDArray[Any], begin: int) -> None:
        if values.dtype == np.uint8:
            return
        wrong = np.flatnonzero(~np.isfinite(values.reshape(len(values), -1)).all(axis=1)) + begin
        if len(wrong):
            files, name = list(self._files), shortened(self.columns[0])
            raise DataError(
                Problem(
                    f"{name} holds NaN or infinite values",
                    place=Place(printable(files[self._file_of[row]]), self._lines[row]),
                )
                for row in wrong[:_MOST_LISTED].tolist()
            )
