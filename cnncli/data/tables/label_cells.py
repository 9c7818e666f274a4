"""Read the labels of a multi-label classification from a table: tags in one cell, or a column of 0 and 1 for each label."""

from __future__ import annotations

import re
from array import array
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncli.data.same_words import same
from cnncli.data.tables.cells import CellReader, Complain, text_of
from cnncli.data.tables.column_selection import in_natural_order
from cnncli.messages import shortened


class ReplacedLabels:
    """Gives another reader the cells of labels with other words.

    Args:
        reader: of the labels.
        values: `label_values` of the source: what a cell means; an empty text is an empty cell, and 1.0 is 1.
    """

    def __init__(self, reader: CellReader, values: Mapping[Any, Any]) -> None:
        self.columns = reader.columns
        self._reader = reader
        self._values = {same(word): str(value).strip() for word, value in values.items()}
        self._known: dict[Any, Any] = {}

    def add(self, lines: Sequence[int], cells: Sequence[Sequence[Any]], complain: Complain) -> None:
        self._reader.add(lines, [[self._replaced(cell) for cell in row] for row in cells], complain)

    def _replaced(self, cell: Any) -> Any:
        if isinstance(cell, list):  # of a Parquet file
            return cell
        if cell not in self._known:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            self._known[cell] = self._values.get(same(cell), cell)
        return self._known[cell]


_MOST_KNOWN = 10_000  # different cells


class TagCells:
    """Any number of labels in one cell, with a separator between two; an empty cell has none.

    Attributes:
        names: the different labels in natural order.
    """

    def __init__(self, column: str, separator: str) -> None:
        self.columns = [column]
        self._separator = separator
        self._numbers: dict[str, int] = {}
        self._codes, self._counts = array("i"), array("i")

    @property
    def names(self) -> list[str]:
        return in_natural_order(self._numbers)

    def add(self, lines: Sequence[int], cells: Sequence[Sequence[Any]], complain: Complain) -> None:
        numbers = self._numbers
        for [cell] in cells:
            words = {word.strip(): None for word in text_of(cell).split(self._separator)}  # in order
            words.pop("", None)
            self._codes.extend(numbers.setdefault(word, len(numbers)) for word in words)
            self._counts.append(len(words))

    def values(self) -> NDArray[np.uint8]:
        """uint8 (count, labels), by `names`."""
        places = {name: place for place, name in enumerate(self.names)}
        column_of = np.array([places[name] for name in self._numbers], np.int64)
        found = np.zeros((len(self._counts), len(places)), np.uint8)
        rows = np.repeat(np.arange(len(self._counts)), self._counts)
        found[rows, column_of[np.array(self._codes, np.int64)]] = 1
        return found


def without_decimals(names: Sequence[str]) -> list[str]:
    """The same names; where all are whole numbers written as floats (`1.0`, `1e0`), as whole numbers.

    Example:
        >>> without_decimals(["0.000e+00", "1.0"])
        ['0', '1']
    """
    if not all(_NUMBER.fullmatch(name) and float(name).is_integer() for name in names):
        return list(names)
    return [str(int(float(name))) if _HAS_DECIMALS.search(name) else name for name in names]


_NUMBER = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]*)?([eE][+-]?[0-9]{1,2})?")
_HAS_DECIMALS = re.compile(r"[.eE]")


_WORDS = {"0": 0, "1": 1, "0.0": 0, "1.0": 1, "false": 0, "true": 1}


_HINT = "; `label_values` in the source says what other cells mean"


class IndicatorCells:
    """A column of 0 and 1 for each label; `true` and `false` mean the same.

    Attributes:
        names: the columns.
    """

    def __init__(self, columns: Sequence[str]) -> None:
        self.columns = list(columns)
        self._rows: list[NDArray[np.uint8]] = []

    @property
    def names(self) -> list[str]:
        return self.columns

    def add(self, lines: Sequence[int], cells: Sequence[Sequence[Any]], complain: Complain) -> None:
        found = np.zeros((len(cells), len(self.columns)), np.uint8)
        for index, row in enumerate(cells):
            for place, cell in enumerate(row):
                text = text_of(cell)
                number = _WORDS.get(text) if text in _WORDS else _WORDS.get(text.lower())
                if number is None:
                    said = f"is `{shortened(text)}`" if text else "is empty"
                    complain(lines[index], f"{shortened(self.columns[place])} {said}: expected 0 or 1{_HINT}")
                    break
                found[index, place] = number
        self._rows.append(found)

    def values(self) -> NDArray[np.uint8]:
        """uint8 (count, labels), by `names`."""
        return np.concatenate([*self._rows, np.zeros((0, len(self.columns)), np.uint8)])


class OneHotCells(IndicatorCells):
    """A column of 0 and 1 for each class, of which one is 1 in each row.

    Attributes:
        names: the columns.
    """

    def add(self, lines: Sequence[int], cells: Sequence[Sequence[Any]], complain: Complain) -> None:
        wrong = set[int]()

        def noticed(line: int, message: str) -> None:
            wrong.add(line)
            complain(line, message)

        super().add(lines, cells, noticed)
        for index in np.flatnonzero(self._rows[-1].sum(axis=1) != 1).tolist():
            if lines[index] not in wrong:
                found = [shortened(name) for name, one in zip(self.columns, self._rows[-1][index], strict=True) if one]
                said = f"{' and '.join(found[:3])} are 1" if found else f"none of the {len(self.columns)} classes is 1"
                complain(
                    lines[index], f"{said}: `targets: classes` has one class for each example, `multilabel` several"
                )

    def __len__(self) -> int:
        return sum(map(len, self._rows))

    def classes(self) -> NDArray[np.int32]:
        """int32 (count,), index into `names`."""
        found: NDArray[np.int32] = self.values().argmax(axis=1).astype(np.int32)
        return found
