"""Several numbers in one cell, such as the pixels `70 80 82` of FER2013: each becomes a cell of its own."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from cnncli.messages import counted, shortened

_BRACKETS = "[]()"
_BETWEEN = re.compile(r"\s*[\s,;|]\s*")
_NUMBER = re.compile(r"[+-]?(nan|inf|[0-9]*\.?[0-9]+([eE][+-]?[0-9]+)?|[0-9]+\.)", re.IGNORECASE)
_FEW = 2  # numbers with a comma between them can be one with a decimal comma


def is_list(cell: Any) -> bool:
    """Whether a cell holds several numbers: with white space, commas, semicolons or `|` between them, or a list of Parquet.

    Example:
        >>> is_list("70 80 82"), is_list("[0.5, 0.25]"), is_list("3,14")
        (True, True, False)
    """
    if isinstance(cell, (list, tuple, np.ndarray)):
        return True
    if not isinstance(cell, str):
        return False
    text = cell.strip()
    numbers = numbers_of(text)
    if len(numbers) < _FEW or not all(map(_NUMBER.fullmatch, numbers)):
        return False
    return len(numbers) > _FEW or text[0] in _BRACKETS or "," not in text


def numbers_of(cell: Any) -> list[Any]:
    """The numbers in a cell, as texts; those of a Parquet file as they are."""
    if isinstance(cell, (list, tuple, np.ndarray)):
        return np.ravel(np.asarray(cell, object)).tolist()
    text = ("" if cell is None else str(cell)).strip().strip(_BRACKETS).strip()
    return _BETWEEN.split(text) if text else []


class NumberLists:
    """Turns the cells of one column into rows of cells, as many as the first cell has numbers.

    Args:
        column: its name.
        may_differ: whether cells may have different counts, as signals do: short rows end with empty cells.
    """

    def __init__(self, column: str, *, may_differ: bool) -> None:
        self._column, self._may_differ = column, may_differ
        self._count = 0

    def rows(
        self, lines: Sequence[int], cells: Sequence[Sequence[Any]], complain: Callable[[int, str], None]
    ) -> list[list[Any]]:
        """The rows of these cells, all of one width.

        Args:
            lines: of each cell.
            cells: of each row one.
            complain: gets rows with another count than the first; they become zeros.
        """
        rows = [numbers_of(cell) for [cell] in cells]
        if self._may_differ:
            width = max(map(len, rows), default=0)
            return [[*row, *[""] * (width - len(row))] for row in rows]
        self._count = self._count or len(rows[0])
        for place, row in enumerate(rows):
            if len(row) != self._count:
                said = f"has {counted(len(row), 'number')}, and the first row {self._count:,}" if row else "is empty"
                complain(lines[place], f"{shortened(self._column)} {said}")
                rows[place] = ["0"] * self._count
        return rows
