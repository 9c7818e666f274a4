"""Rows of a table as examples for a prediction with several inputs: numbers, texts, files."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from cnncli.data import images, shapes
from cnncli.data.columns import as_array
from cnncli.data.shapes import Shape
from cnncli.data.tables.cells import CellReader, FileCells, NumberCells, TextCells, add_rows
from cnncli.data.tables.column_selection import select
from cnncli.data.tables.example_rows import reader_of
from cnncli.data.tables.named_files import NamedFiles
from cnncli.data.tables.table_file import open_table
from cnncli.data.tables.wrong_lines import WrongLines
from cnncli.errors import DataError, Problem
from cnncli.inference.given_inputs import GivenArray, GivenFiles, GivenInput, GivenTexts
from cnncli.inference.table_rows import columns_text
from cnncli.inputs import kind_of
from cnncli.messages import listed, printable
from cnncli.recipe.sources.table import InputColumns, TextFormat


@dataclass(frozen=True, slots=True, eq=False)
class InputsOfRecipe:
    """What a recipe says of several inputs, each by its name where it says something.

    Attributes:
        columns: of a table.
        forms: what image files become.
        lengths: to which signals are padded or cut.
        text_format: how tables of text are read.
    """

    columns: Mapping[str, InputColumns] = field(default_factory=dict)
    forms: Mapping[str, images.Form] = field(default_factory=dict)
    lengths: Mapping[str, int] = field(default_factory=dict)
    text_format: TextFormat | None = None


def inputs_of_table(path: str, input_shapes: Mapping[str, Shape], known: InputsOfRecipe) -> dict[str, GivenInput]:
    """A row is an example: a file for each input in its column, or texts, or numbers in several.

    The columns are those that the recipe names; else `age` of one number and of files, `vital_0`, `vital_1`, … of several.

    Args:
        input_shapes: of the network, by name.
        known: what the recipe says of the inputs.

    Raises:
        DataError: it is no such table.
    """
    table, wrong = open_table(path, form=known.text_format), WrongLines()
    problems: list[Problem] = []
    readers: dict[str, CellReader] = {}
    for name, shape in input_shapes.items():
        own = known.columns.get(name)
        try:
            wanted = _wanted(name, shape, own, table.header, printable(path))
        except DataError as error:
            problems += error.problems
            continue
        if own is None:
            readers[name] = FileCells(wanted[0]) if kind_of(shape).has_places else NumberCells(wanted)
        else:
            readers[name] = reader_of(own, wanted)
    if problems:
        raise DataError(problems)
    lines: list[int] = []
    reasons: dict[str, dict[int, str]] = {name: {} for name in readers}  # by line
    for rows in table.rows(wrong):
        lines += rows.lines
        for name, reader in readers.items():
            add_rows(rows, table.header, [reader], reasons[name].__setitem__)
    wrong.refuse()
    if not lines:
        raise DataError(Problem(f"{printable(path)} has no rows", "the first line names the columns"))
    columns: dict[str, GivenInput] = {}
    for name, reader in readers.items():
        bad = {row: reasons[name][line] for row, line in enumerate(lines) if line in reasons[name]}
        own, shape = known.columns.get(name), input_shapes[name]
        try:
            columns[name] = _column(reader, bad, path, own, shape, known.forms.get(name))
        except DataError as error:
            problems += [replace(each, message=f"`{name}`: {each.message}") for each in error.problems]
    if problems:
        raise DataError(problems)
    return columns


def _column(
    reader: CellReader,
    bad: Mapping[int, str],
    path: str,
    own: InputColumns | None,
    shape: Shape,
    form: images.Form | None,
) -> GivenInput:
    """An input of all rows.

    Args:
        bad: why the cells of a row cannot be used.
    """
    if isinstance(reader, FileCells):
        files = NamedFiles(os.path.dirname(path), own.folder if own else None)
        return GivenFiles(tuple(os.path.join(*files.find(name)) for name in reader.names), tuple(shape), form)
    if isinstance(reader, TextCells):
        return GivenTexts(reader.values(), bad)
    assert isinstance(reader, NumberCells)
    values = as_array(reader.values())
    sizes = [size or 0 for size in shape]
    if math.prod(sizes) != values.shape[1]:
        taken = shapes.written(shape)
        raise DataError(f"{columns_text(reader.columns, reader.width)} selected, and the model takes {taken}")
    values[list(bad)] = np.nan
    return GivenArray(values.reshape(len(values), *sizes), bad)


def _wanted(name: str, shape: Shape, own: InputColumns | None, header: Sequence[str], file: str) -> list[str]:
    """The columns of an input."""
    if own is not None:
        return select(next(getattr(own, key) for key in own.given), header, file=file)
    is_one = kind_of(shape).has_places or tuple(shape) == (1,)
    wanted = [name] if is_one else [f"{name}_{number}" for number in range(shape[0] or 0)]
    if missing := [each for each in wanted if each not in header]:
        hint = f"its columns: {listed(header, 12)}"
        message = f"{file} has no column {listed([f'`{each}`' for each in missing], 4)}"
        raise DataError(Problem(message, hint))
    return wanted
