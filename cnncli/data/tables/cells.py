"""Read the cells of a table's columns: numbers, words, weights, texts, names of files."""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from operator import itemgetter
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from cnncli.data.columns import Values
from cnncli.data.path_inside import PathInside
from cnncli.data.signal_length import Lengths, padded_or_cut
from cnncli.data.tables.csv_table import Rows
from cnncli.data.tables.number_lists import NumberLists, is_list
from cnncli.data.tables.row_store import RowStore
from cnncli.data.text_column import TextColumn, TextStore, fault_of
from cnncli.messages import listed, printable, shortened

Complain = Callable[[int, str], None]  # line, message


class CellReader(Protocol):
    """What is read of each row.

    Attributes:
        columns: the columns that it reads.
    """

    @property
    def columns(self) -> Sequence[str]: ...

    def add(self, lines: Sequence[int], cells: Sequence[Sequence[Any]], complain: Complain) -> None:
        """Take some rows; each adds one value, also where it is wrong.

        Args:
            lines: of each row.
            cells: of each row those of `columns`.
            complain: gets what is wrong.
        """


class InputCells(CellReader, Protocol):
    """What reads an input whose values are there without other files."""

    def values(self) -> Values:
        """Of all rows, (count, …)."""


def add_rows(rows: Rows, header: Sequence[str], readers: Iterable[CellReader], complain: Complain) -> None:
    """Give some rows of a table to each reader."""
    for reader in readers:
        places = [header.index(column) for column in reader.columns]
        if not places:
            reader.add(rows.lines, [()] * len(rows.lines), complain)
            continue
        pick = itemgetter(slice(places[0], places[0] + 1)) if len(places) == 1 else itemgetter(*places)
        reader.add(rows.lines, list(map(pick, rows.cells)), complain)


def text_of(cell: Any) -> str:
    """A cell as text without space around it; a missing value of a Parquet file is empty."""
    return cell.strip() if isinstance(cell, str) else "" if cell is None else str(cell)


# ---- numbers


class NoCells:
    """No columns: of every row the number 0, int8 (count,)."""

    def __init__(self) -> None:
        self.columns: list[str] = []
        self._count = 0

    def add(self, lines: Sequence[int], cells: Sequence[Sequence[Any]], complain: Complain) -> None:
        self._count += len(lines)

    def values(self) -> NDArray[np.int8]:
        return np.zeros(self._count, np.int8)


class NumberCells:
    """Numbers, finite: float32 (count, width).

    Args:
        columns: one for each number; or one alone whose cells have several numbers each, as its first cell tells.
    """

    _MAY_DIFFER = False  # the counts of numbers in the cells of one column

    def __init__(self, columns: Sequence[str]) -> None:
        self.columns = list(columns)
        self.width = len(self.columns)
        self._lists: NumberLists | None = None
        self._rows: RowStore | None = None

    def add(self, lines: Sequence[int], cells: Sequence[Sequence[Any]], complain: Complain) -> None:
        if not len(cells):
            return
        cells = self._spread(lines, cells, complain)
        self._rows = self._rows or RowStore((self.width,), np.float32)
        self._rows.append(self._numbers(lines, cells, complain))

    def _spread(
        self, lines: Sequence[int], cells: Sequence[Sequence[Any]], complain: Complain
    ) -> Sequence[Sequence[Any]]:
        """A cell for each number."""
        if self._rows is None and len(self.columns) == 1 and is_list(cells[0][0]):
            self._lists = NumberLists(self.columns[0], may_differ=self._MAY_DIFFER)
        if self._lists is None:
            return cells
        cells = self._lists.rows(lines, cells, complain)
        self.width = len(cells[0])
        return cells

    def _name(self, place: int) -> str:
        """What the number at a place of a row is called."""
        return self.columns[place] if self._lists is None else f"{self.columns[0]}[{place}]"

    def _numbers(self, lines: Sequence[int], cells: Sequence[Sequence[Any]], complain: Complain) -> NDArray[np.float32]:
        """The numbers of some rows, float32 (count, width)."""
        count = self.width
        try:
            read = float if _all_are_plain(cells) else _number
            flat = np.fromiter(map(read, chain.from_iterable(cells)), np.float64, len(cells) * count)
        except (ValueError, TypeError, OverflowError):
            flat = np.full(len(cells) * count, np.nan)
        with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite
            numbers = flat.astype(np.float32).reshape(len(cells), count)
        for index in np.flatnonzero(~np.isfinite(numbers).all(axis=1)).tolist():
            numbers[index] = self._one_by_one(cells[index], lines[index], complain)
        return numbers

    def _one_by_one(self, cells: Sequence[Any], line: int, complain: Complain) -> list[float]:
        """The numbers of one row; the first that is none is reported."""
        reasons = [(place, reason) for place, cell in enumerate(cells) if (reason := no_number(cell))]
        if not reasons:
            return [_number(text_of(cell)) for cell in cells]
        place, reason = reasons[0]
        more = f" (and {len(reasons) - 1:,} more in this line)" if len(reasons) > 1 else ""
        complain(line, f"{shortened(self._name(place))} {reason}{more}")
        return [0.0] * len(cells)

    def values(self) -> Values:
        """float32 (count, width)."""
        return (self._rows or RowStore((self.width,), np.float32)).values()


def _all_are_plain(cells: Sequence[Sequence[Any]]) -> bool:
    """Whether `float` reads these cells as `_number` does: all are texts without an underscore. It takes a third of the time."""
    try:
        return "_" not in "".join(chain.from_iterable(cells))
    except TypeError:  # a Parquet file has numbers
        return False


class SignalCells(NumberCells):
    """Signals of different length, whose last cells are empty: float32 (count, length * channels).

    Args:
        columns: one for each number, all channels of a position side by side; or one alone whose cells have several numbers.
        length: to which short signals are padded with 0, and long ones are cut.
        channels: of a position.

    Attributes:
        lengths: what was done.
    """

    _MAY_DIFFER = True

    def __init__(self, columns: Sequence[str], length: int, channels: int) -> None:
        super().__init__(columns)
        self.length, self.channels = length, channels
        self.lengths = Lengths()

    def add(self, lines: Sequence[int], cells: Sequence[Sequence[Any]], complain: Complain) -> None:
        if not len(cells):
            return
        cells = self._spread(lines, cells, complain)
        self._rows = self._rows or RowStore((self.length * self.channels,), np.float32)
        counts = np.fromiter(map(_filled_cells, cells), np.int64, len(cells))
        missing = -self.width % self.channels  # columns that the last position lacks
        empty = ["0"] * self.width
        filled = [[*row[:count], *empty[count:]] for row, count in zip(cells, counts.tolist(), strict=True)]
        numbers = np.pad(self._numbers(lines, filled, complain), ((0, 0), (0, missing)))
        for index in np.flatnonzero((counts == 0) | (counts % self.channels > 0)).tolist():
            count = int(counts[index])
            more = f", and a position has {self.channels} channels" if count else ""
            complain(lines[index], f"the signal has {count or 'no'} number{'s' * (count != 1)}{more}")
        ends = counts // self.channels
        self.lengths.add(ends, self.length)
        signals = numbers.reshape(len(cells), -1, self.channels)
        self._rows.append(padded_or_cut(signals, ends, self.length).reshape(len(cells), -1))

    def values(self) -> Values:
        """float32 (count, length * channels)."""
        return (self._rows or RowStore((self.length * self.channels,), np.float32)).values()


def _filled_cells(cells: Sequence[Any]) -> int:
    """How many cells there are before the empty ones at the end of a row."""
    count = len(cells)
    while count and not text_of(cells[count - 1]):
        count -= 1
    return count


def _number(cell: Any) -> float:
    if isinstance(cell, str) and "_" in cell:  # Python reads 1_000 as a number
        raise ValueError
    return float(cell)


_LARGEST = float(np.finfo(np.float32).max)


def no_number(cell: Any) -> str:
    """Why a cell is not a finite number, after the name of its column; empty where it is one.

    Example:
        >>> no_number("3,14")
        'is `3,14`, with a decimal comma: write 3.14'
    """
    text = text_of(cell)
    if not text:
        return "is empty"
    try:
        number = _number(text)
    except ValueError:
        with_point = text.replace(",", ".")
        try:
            _number(with_point)
        except ValueError:
            return f"is `{shortened(text)}`, not a number"
        return f"is `{shortened(text)}`, with a decimal comma: write {with_point}"
    if math.isnan(number):
        return "is NaN"
    if math.isinf(number):
        return "is infinite"
    return f"is `{shortened(text)}`, too large for a 32-bit float" if abs(number) > _LARGEST else ""


class WeightCells:
    """Weights of the examples, 0 or more: float32 (count,)."""

    def __init__(self, column: str) -> None:
        self.columns = [column]
        self._weights = array("f")

    def add(self, lines: Sequence[int], cells: Sequence[Sequence[Any]], complain: Complain) -> None:
        for line, [cell] in zip(lines, cells, strict=True):
            reason = no_number(cell)
            weight = 0.0 if reason else _number(text_of(cell))
            if weight < 0:
                reason = f"is {shortened(text_of(cell))}: a weight is 0 or more"
            if reason:
                complain(line, f"{shortened(self.columns[0])} {reason}")
            self._weights.append(weight)

    def values(self) -> NDArray[np.float32]:
        return np.array(self._weights, np.float32)


# ---- words


class WordCells:
    """Words that occur again and again, such as classes and groups.

    Args:
        may_be_empty: whether an empty cell is a word, too.

    Attributes:
        names: the different words in the order in which they came.
    """

    def __init__(self, column: str, *, may_be_empty: bool = False) -> None:
        self.columns = [column]
        self._may_be_empty = may_be_empty
        self._numbers: dict[str, int] = {}
        self._codes = array("i")

    @property
    def names(self) -> list[str]:
        return list(self._numbers)

    def add(self, lines: Sequence[int], cells: Sequence[Sequence[Any]], complain: Complain) -> None:
        numbers = self._numbers
        for line, [cell] in zip(lines, cells, strict=True):
            word = text_of(cell)
            if (not word or word.lower() == "nan") and not self._may_be_empty:
                complain(line, f"{shortened(self.columns[0])} is {'NaN' if word else 'empty'}")
                self._codes.append(0)
            else:
                self._codes.append(numbers.setdefault(word, len(numbers)))

    def __len__(self) -> int:
        return len(self._codes)

    def values(self) -> NDArray[np.int32]:
        """int32 (count,), index into `names`."""
        return np.array(self._codes, np.int32)


# ---- texts


class TextCells:
    """Sentences, without white space around them.

    Args:
        columns: of the sentences; several are joined with a space.

    Attributes:
        empty: the first rows whose cells are empty, and `empty_count` how many there are.
    """

    def __init__(self, columns: Sequence[str]) -> None:
        self.columns = list(columns)
        self.empty: list[int] = []
        self.empty_count = self._count = 0
        self._texts = TextStore()

    def add(self, lines: Sequence[int], cells: Sequence[Sequence[Any]], complain: Complain) -> None:
        for line, row in zip(lines, cells, strict=True):
            text = joined(row)
            if fault := fault_of(text):
                complain(line, f"{listed(map(shortened, self.columns))} {fault}")
                text = ""
            elif not text:
                self.empty_count += 1
                if len(self.empty) < _MOST_EMPTY:
                    self.empty.append(self._count)
            self._texts.append(text)
            self._count += 1

    def values(self) -> TextColumn:
        return self._texts.column()


def joined(cells: Sequence[Any]) -> str:
    """The text of several cells, with a space between two; empty ones do not count."""
    return " ".join(filter(None, map(text_of, cells)))


_MOST_EMPTY = 5  # that are named


# ---- files


class FileCells:
    """Names of files, counted from the table's folder.

    Attributes:
        names: one for each row; empty where the cell is.
    """

    def __init__(self, column: str) -> None:
        self.columns = [column]
        self.names: list[str] = []

    def add(self, lines: Sequence[int], cells: Sequence[Sequence[Any]], complain: Complain) -> None:
        for line, [cell] in zip(lines, cells, strict=True):
            name = cell if isinstance(cell, PathInside) else text_of(cell)
            if not name:
                complain(line, f"{shortened(self.columns[0])} is empty")
            elif "\0" in name:
                complain(line, f"{shortened(self.columns[0])} is {printable(name)}: no file can have this name")
                name = ""
            self.names.append(name)
