"""Read the rows of all files of a table: inputs, labels, weights, groups, parts, and the line of each."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncli.data.part_names import PartWords
from cnncli.data.sources.loaded_data import PARTS, Progress
from cnncli.data.tables.cells import (
    CellReader,
    FileCells,
    InputCells,
    NumberCells,
    SignalCells,
    TextCells,
    WeightCells,
    WordCells,
    add_rows,
)
from cnncli.data.tables.label_cells import ReplacedLabels
from cnncli.data.tables.part_cells import PartCells
from cnncli.data.tables.table_columns import TableColumns
from cnncli.data.tables.table_file import TableFile
from cnncli.data.tables.wrong_lines import WrongLines
from cnncli.data.targets import LabelCells
from cnncli.errors import DataError, Problem
from cnncli.recipe.sources.table import InputColumns


@dataclass(slots=True)
class ExampleRows:
    """What was read of the rows of one or several files, one after the other.

    Attributes:
        inputs: by name; names of files, texts, or numbers.
        labels: of the task.
        label_values: what other cells of the labels mean.
        weights, groups, parts: None where no column says it.
        files: the tables, as messages call them.
    """

    inputs: Mapping[str, CellReader]
    labels: LabelCells
    label_values: Mapping[Any, Any] = field(default_factory=dict)
    weights: WeightCells | None = None
    groups: WordCells | None = None
    parts: PartCells | None = None
    files: list[str] = field(default_factory=list)
    _lines: array[int] = field(default_factory=lambda: array("q"))
    _file_parts: array[int] = field(default_factory=lambda: array("b"))
    _file_numbers: array[int] = field(default_factory=lambda: array("l"))

    @classmethod
    def of(
        cls,
        columns: TableColumns,
        inputs: Mapping[str, InputColumns],
        labels: LabelCells,
        readers: Mapping[str, InputCells],
        part_words: PartWords | None = None,
        label_values: Mapping[Any, Any] | None = None,
    ) -> ExampleRows:
        """None read yet.

        Args:
            part_words: what the column of parts says; None: as its name tells.
            readers: of inputs that are not read as a column of text is.
        """
        return cls(
            {name: readers.get(name) or reader_of(own, columns.inputs[name]) for name, own in inputs.items()},
            labels,
            label_values or {},
            None if columns.weight is None else WeightCells(columns.weight),
            None if columns.group is None else WordCells(columns.group),
            None if columns.part is None else PartCells(columns.part, PARTS, part_words),
        )

    def __len__(self) -> int:
        return len(self._lines)

    def add(self, table: TableFile, part: str, wrong: WrongLines, progress: Progress | None = None) -> None:
        """Read all rows of a file.

        Args:
            part: to which they belong, where no column says it.
            wrong: gets what is wrong with them.
            progress: called with ("reading rows", count, 0).

        Raises:
            DataError: the file cannot be read, or has no rows.
        """
        before = len(self)
        number, complain = len(self.files), partial(wrong.add, table.file)
        self.files.append(table.file)
        labels = ReplacedLabels(self.labels, self.label_values) if self.label_values else self.labels
        others = [reader for reader in (self.weights, self.groups, self.parts) if reader is not None]
        for rows in table.rows(wrong):
            add_rows(rows, table.header, [*self.inputs.values(), labels, *others], complain)
            self._lines.extend(rows.lines)
            self._file_numbers.extend([number] * len(rows.lines))
            self._file_parts.extend([PARTS.index(part)] * len(rows.lines))
            if progress:
                progress("reading rows", len(self), 0)
        if len(self) == before and not wrong.count:
            raise DataError(Problem(f"{table.file} has no rows below the names of its columns"))

    @property
    def part_numbers(self) -> NDArray[np.int8]:
        """int8 (count,), index into `PARTS`."""
        return self.parts.values() if self.parts else np.array(self._file_parts, np.int8)

    @property
    def part_words(self) -> list[str]:
        """The part of each row."""
        return [PARTS[number] for number in self.part_numbers.tolist()]

    def place(self, row: int) -> tuple[str, int]:
        """The file of a row, and its line there."""
        return self.files[self._file_numbers[row]], self._lines[row]


def reader_of(own: InputColumns, columns: Sequence[str]) -> CellReader:
    """What reads the columns of an input."""
    if own.numbers is not None:
        return NumberCells(columns) if own.length is None else SignalCells(columns, own.length, own.channels)
    if own.text is not None:
        return TextCells(columns)
    return FileCells(columns[0])
