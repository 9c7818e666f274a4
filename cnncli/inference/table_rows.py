"""Rows of a table as examples for a prediction, by the columns that the recipe names."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from functools import partial

import numpy as np

from cnncli.data import shapes
from cnncli.data.columns import as_array
from cnncli.data.shapes import Shape
from cnncli.data.tables.cells import FileCells, NumberCells, SignalCells, add_rows, no_number
from cnncli.data.tables.column_selection import select
from cnncli.data.tables.named_files import NamedFiles
from cnncli.data.tables.table_file import open_table
from cnncli.data.tables.wrong_lines import WrongLines
from cnncli.errors import DataError
from cnncli.inference.batch import Bad, Batch, Name, bad_file
from cnncli.messages import counted, printable
from cnncli.recipe.sources.table import InputColumns, TableSettings, TextFormat, text_format


def files_of_table(text: str, columns: InputColumns) -> tuple[list[str], list[Bad]]:
    """The files that a column of a table names, those that are there, and what is wrong with the other rows.

    Args:
        columns: with the column of the files, and how the table is read.

    Raises:
        DataError: it is no table, or has no such column.
    """
    table, wrong = open_table(text, form=text_format(columns)), WrongLines()
    [name] = select([columns.image or columns.volume or ""], table.header, file=table.file)
    files = NamedFiles(os.path.dirname(text), columns.folder)
    cells = FileCells(name)
    complain = partial(wrong.add, table.file)
    found = []
    for rows in table.rows(wrong):
        add_rows(rows, table.header, [cells], complain)
        for line, named in zip(rows.lines, cells.names[-len(rows.lines) :], strict=True):
            path = os.path.join(*files.find(named))
            if named and not os.path.exists(path):
                complain(line, f"{printable(named)} is not there (paths count from the table)")
            elif named:
                found.append(path)
    return found, [Bad(Name(str(problem.place or text)), problem.message) for problem in wrong.problems()]


def has_header(path: str, form: TextFormat | None = None) -> bool:
    """Whether columns are selected by their names, which the recipe gives or the first line has: it has not numbers alone."""
    if form is not None and not form.header:
        return True
    try:
        return any(map(no_number, open_table(path, form=form).header))
    except DataError:
        return True  # told where it is read


def column_batches(
    path: str, columns: InputColumns, input_shape: Shape, size: int, *, length: int | None = None
) -> Iterator[Batch]:
    """Some columns of a table, the numbers of an example in each row.

    Args:
        columns: the settings of the recipe, with `numbers`.
        input_shape: of one example, as the network takes it.
        size: rows in a batch, at most.
        length: to which signals are padded or cut; None where each row has as many numbers as the network takes.
    """
    try:
        yield from _column_batches(path, columns, input_shape, size, length)
    except DataError as error:
        yield Batch([], np.empty((0,)), [bad_file(Name(path), error)])


def _column_batches(
    path: str, columns: InputColumns, input_shape: Shape, size: int, length: int | None
) -> Iterator[Batch]:
    table, wrong, index = open_table(path, form=text_format(columns)), WrongLines(), 0
    names = select(columns.numbers, table.header, file=table.file, used=_others(columns, table.header))
    channels = input_shape[-1] or 1
    width = row_width(input_shape) if length is None else 0
    for rows in table.rows(wrong):
        cells = NumberCells(names) if length is None else SignalCells(names, length, channels)
        reasons = dict[int, str]()
        add_rows(rows, table.header, [cells], reasons.__setitem__)
        if length is None and cells.width != width:
            raise DataError(
                f"{columns_text(names, cells.width)} selected, and the model takes {counted(width, 'number')}"
            )
        values = as_array(cells.values()).reshape(-1, *input_shape)
        for begin in range(0, len(values), size):
            some = range(begin, min(begin + size, len(values)))
            named = [Name(path, index + place) for place in some]
            good = [place for place in some if rows.lines[place] not in reasons]
            bad = [
                Bad(named[place - begin], f"line {rows.lines[place]}: {reasons[rows.lines[place]]}")
                for place in some
                if rows.lines[place] in reasons
            ]
            yield Batch([named[place - begin] for place in good], values[good], bad)
        index += len(values)
    if wrong.count:
        yield Batch([], np.empty((0,)), [Bad(Name(str(each.place or path)), each.message) for each in wrong.problems()])
    elif not index:
        raise DataError("it has no rows")


def columns_text(names: Sequence[str], width: int) -> str:
    """What is read of a row: `3 columns are`, `2,304 numbers of pixels are`."""
    if len(names) == width:
        return f"{counted(width, 'column')} {'is' if width == 1 else 'are'}"
    return f"{counted(width, 'number')} of {printable(names[0])} are"


def _others(columns: InputColumns, header: Sequence[str]) -> list[str]:
    """The columns that are something else in the recipe, such as the label, where the table has them."""
    if not isinstance(columns, TableSettings):
        return []
    words = [columns.weight, columns.group, *(columns.label if isinstance(columns.label, list) else [columns.label])]
    return [name for name in header for word in words if word and fnmatchcase(name, word)]


def row_width(input_shape: Shape) -> int:
    """How many numbers an example has."""
    width = 1
    for length in input_shape:
        if length is None:
            shape = shapes.written(input_shape)
            message = f"the model takes examples of any size, {shape}: it is not defined how a row fills one"
            raise DataError(message, hint="give arrays, .npz or .npy, instead")
        width *= length
    return width
