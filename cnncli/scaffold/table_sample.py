"""The first rows of a table by column."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cnncli.data.tables.table_file import TableFile
from cnncli.data.tables.wrong_lines import WrongLines
from cnncli.errors import DataError, Problem
from cnncli.messages import counted, shortened
from cnncli.scaffold.image_columns import ImageFolders

_GROUPED = re.compile(r"(?<=[0-9]),(?=[0-9]{3})|[$€£%]")  # what stands in numbers that are written for people
_LOOKED_AT = 20_000  # rows
_NUMBERS = 0.95  # of the cells of a column of numbers


@dataclass(frozen=True)
class SampledColumns:
    """The first rows of a table by column, and how many rows there are.

    Attributes:
        values: the cells of each column.
        numbers: of each column of numbers those that are finite; training names the lines of other cells.
        count: of all rows.
        images: the files beside the table.
    """

    values: Mapping[str, list[str]]
    numbers: Mapping[str, np.ndarray]
    count: int
    images: ImageFolders

    def has_gaps(self, name: str) -> bool:
        """Whether some cells of a column of numbers have none."""
        return len(self.numbers[name]) < len(self.values[name])


def read_first_rows(table: TableFile) -> SampledColumns:
    """Read a table.

    Raises:
        DataError: it has no rows.
    """
    wrong, cells, count = WrongLines(), list[Sequence[Any]](), 0
    for rows in table.rows(wrong):
        count += len(rows.cells)
        cells += rows.cells[: max(0, _LOOKED_AT - len(cells))]
    if not cells:
        wrong.refuse()
        raise DataError(Problem(f"{table.file} has no rows"))
    values = {
        name: ["" if row[place] is None else str(row[place]) for row in cells]
        for place, name in enumerate(table.header)
    }
    numbers = {name: found for name, own in values.items() if (found := _as_numbers(own)) is not None}
    return SampledColumns(values, numbers, count, ImageFolders(os.path.dirname(table.path)))


def with_reason(name: str, sample: SampledColumns) -> str:
    """The name of a column that is not used, with the cells that keep it from being one of numbers."""
    if not name or (name in sample.numbers and not sample.has_gaps(name)):
        return name or "one without a name"
    cells = sample.values[name]
    filled = [cell for cell in cells if cell.strip()]
    if filled and are_numbers([_GROUPED.sub("", cell) for cell in filled]) and not are_numbers(filled):
        return f"{name} (its numbers have signs such as `,` or `$` in them: {filled[0]})"
    words = [cell for cell in filled if not math.isfinite(as_number(cell))]
    if 2 * (len(filled) - len(words)) < len(cells) or not filled:
        return name
    said = f"{counted(len(words), 'cell')} without a number: {shortened(words[0])}" if words else ""
    empty = len(cells) - len(filled)
    return f"{name} ({' and '.join(filter(None, [counted(empty, 'empty cell') if empty else '', said]))})"


def are_numbers(values: Sequence[str]) -> bool:
    """Whether nearly all cells of a column have a number."""
    return _as_numbers(values) is not None


def _as_numbers(values: Sequence[str]) -> np.ndarray | None:
    """The finite numbers of a column; None where too many cells are empty or something else."""
    found = np.array([as_number(value) for value in values])
    known = found[np.isfinite(found)]
    return known if len(known) >= _NUMBERS * len(found) > 0 else None


def as_number(value: str) -> float:
    """The number in a cell, or NaN."""
    try:
        return float(value)
    except ValueError:
        return math.nan
