"""Inputs of a prediction with a network that has several: archives, one file for each input, and tables of files."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from cnncli.data import images, shapes
from cnncli.data.input_values import InputValues
from cnncli.data.shapes import Shape
from cnncli.data.sources import npz
from cnncli.data.sources.image_form import form_of
from cnncli.data.tables.cells import text_of
from cnncli.data.tables.column_selection import select
from cnncli.data.tables.table_file import open_table
from cnncli.data.tables.wrong_lines import WrongLines
from cnncli.data.threads import in_threads
from cnncli.errors import CnncliError, DataError, Problem
from cnncli.inference.batch import Bad, Batch, Name, bad_file
from cnncli.inference.inputs import File, as_examples, look_up, read_array
from cnncli.inputs import kind_of
from cnncli.messages import counted, described, did_you_mean, listed, printable, shortened
from cnncli.recipe.sources.base import ImageKeys
from cnncli.recipe.sources.table import InputColumns

_PREFIXES = ("x_", "x_test_", "x_val_", "x_train_", "")  # of an archive's arrays, the first for which any is there
_NOT_FINITE = "holds NaN or infinite values"


_Columns = Mapping[str, InputColumns | None]  # by input
_Forms = Mapping[str, images.Form]


class _Column(Protocol):
    """One input of all examples."""

    def __len__(self) -> int: ...

    def read(self, rows: Sequence[int]) -> tuple[NDArray[Any], dict[int, str]]:
        """Some examples, and by place in `rows` why one cannot be used; its numbers are then any."""


@dataclass(frozen=True, slots=True, eq=False)
class _Array:
    values: NDArray[Any]
    bad: Mapping[int, str] = field(default_factory=dict)  # why some of them cannot be used, beside their numbers

    def __len__(self) -> int:
        return len(self.values)

    def read(self, rows: Sequence[int]) -> tuple[NDArray[Any], dict[int, str]]:
        some = self.values[np.asarray(rows, np.int64)]
        if some.dtype == np.uint8:
            return some, {}
        with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite
            numbers = some.astype(np.float32)
        good = np.isfinite(numbers).all(axis=tuple(range(1, numbers.ndim)))
        wrong = [int(place) for place in np.flatnonzero(~np.asarray(good))]
        return numbers, {place: self.bad.get(rows[place], _NOT_FINITE) for place in wrong}


@dataclass(frozen=True, slots=True, eq=False)
class _Files:
    """A file for each example: an image, or an array with one example."""

    paths: tuple[str, ...]
    shape: tuple[int | None, ...]
    form: images.Form | None = None  # of image files; None: stretched to `shape`

    def __len__(self) -> int:
        return len(self.paths)

    def read(self, rows: Sequence[int]) -> tuple[NDArray[Any], dict[int, str]]:
        found = list(in_threads(self._one, [self.paths[row] for row in rows]))
        wrong = {place: each for place, each in enumerate(found) if isinstance(each, str)}
        good = [each for each in found if not isinstance(each, str)]
        shapes_found = {each.shape for each in good}
        if len(shapes_found) > 1:
            wrong |= {
                place: f"has the shape {shapes.written(each.shape)}, and the first one {shapes.written(good[0].shape)}"
                for place, each in enumerate(found)
                if not isinstance(each, str) and each.shape != good[0].shape
            }
        blank = np.zeros(good[0].shape if good else (1,), np.uint8)
        kept = [blank if place in wrong else each for place, each in enumerate(found)]
        return np.stack([np.asarray(each) for each in kept]), wrong

    def _one(self, path: str) -> NDArray[Any] | str:
        """An example; a text says why it cannot be used."""
        if not os.path.isfile(path):
            return f"there is no file {printable(path)}"
        try:
            if path.lower().endswith((".npy", ".npz")):
                [example], wrong = _Array(read_array(_file(path), self.shape)).read([0])
                one: NDArray[Any] = example
                return wrong.get(0, one)
            form = self.form or form_of(ImageKeys(), self.shape)
            return images.decode(images.read(path), form).pixels
        except images.BadImage as error:
            return f"{printable(path)}: {error}"
        except CnncliError as error:
            return f"{printable(path)}: {bad_file(Name(path), error).reason}"


def _file(path: str) -> File:
    return File(path, "archive" if path.lower().endswith(".npz") else "array")


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Examples with several inputs that were named together.

    Attributes:
        file: what the examples are called.
        columns: by input.
        names: of the examples where each is a file of its own; None where they are numbered.
    """

    file: str
    columns: Mapping[str, _Column]
    names: tuple[Name, ...] | None = None

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The inputs that are arrays in memory."""
        return {name: column.values for name, column in self.columns.items() if isinstance(column, _Array)}

    def batches(self, size: int) -> Iterator[Batch]:
        """Read the examples, a batch at a time. An example is bad where one of its inputs is."""
        total = len(next(iter(self.columns.values())))
        for begin in range(0, total, size):
            rows = range(begin, min(begin + size, total))
            read = {name: column.read(rows) for name, column in self.columns.items()}
            wrong: dict[int, str] = {}
            for name, (_, reasons) in read.items():
                wrong |= {place: f"{name}: {reason}" for place, reason in reasons.items() if place not in wrong}
            kept = [place for place in range(len(rows)) if place not in wrong]
            arrays = {name: array[kept] for name, (array, _) in read.items()}
            values: InputValues = arrays if len(arrays) > 1 else next(iter(arrays.values()))
            bad = [Bad(self._name(rows[place]), reason) for place, reason in sorted(wrong.items())]
            yield Batch([self._name(rows[place]) for place in kept], values, bad)

    def _name(self, row: int) -> Name:
        return self.names[row] if self.names else Name(self.file, row)


@dataclass(frozen=True, slots=True, eq=False)
class SeveralGiven:
    """What was named for a network with several inputs.

    Attributes:
        groups: in the order of the arguments; those of `--input` last.
        files, names, bad, notes, has_images: as of `inputs.Given`.
    """

    groups: tuple[Group, ...]
    bad: tuple[Bad, ...] = ()
    notes: tuple[Problem, ...] = ()
    has_images: bool = False

    @property
    def files(self) -> tuple[File, ...]:
        return tuple(File(group.file, "table") for group in self.groups)

    @property
    def names(self) -> list[str]:
        return [f"{group.file}[0000]" for group in self.groups]

    def batches(self, size: int) -> Iterator[Batch]:
        """Read the examples, a batch at a time; no more than one is held."""
        for group in self.groups:
            yield from group.batches(size)


def look_up_several(
    arguments: Sequence[str],
    by_input: Sequence[str],
    input_shapes: Mapping[str, Shape],
    *,
    model: str,
    columns: _Columns | None = None,
    forms: _Forms | None = None,
) -> SeveralGiven:
    """Find the examples of a network with several inputs.

    Args:
        arguments: `.npz` files with an array for each input, and `.csv` files with a column for each.
        by_input: `left=a.npy`, as given with `--input`.
        input_shapes: of the network, by name.
        model: the name of the model, for messages.
        columns: of a table, by input, as the recipe names them.
        forms: what image files become, by input.

    Raises:
        DataError: a file does not fit, or the inputs have different numbers of examples.
    """
    problems: list[Problem] = []
    found: list[Group] = []
    for path in arguments:
        try:
            found.append(_of_file(path, input_shapes, model, columns or {}, forms or {}))
        except DataError as error:
            problems += error.problems
    if by_input:
        try:
            found.append(_of_inputs(by_input, input_shapes, forms or {}, beside=arguments))
        except DataError as error:
            problems += error.problems
    if problems:
        raise DataError(problems)
    return SeveralGiven(tuple(found))


def _of_file(path: str, input_shapes: Mapping[str, Shape], model: str, columns: _Columns, forms: _Forms) -> Group:
    given = look_up([path])
    if given.bad:
        raise DataError([bad.problem for bad in given.bad])
    kinds = {file.kind for file in given.files}
    if kinds == {"archive"}:
        return _checked(path, {name: _Array(array) for name, array in _arrays(path, input_shapes).items()})
    if kinds == {"table"}:
        return _of_table(path, input_shapes, columns, forms)
    each = " ".join(f"--input {name}=FILE" for name in input_shapes)
    message = f"{printable(path)}: {printable(model)} takes several inputs ({', '.join(input_shapes)})"
    hint = f"give an .npz file with an array for each, a .csv file with a column for each, or {each}"
    raise DataError(Problem(message, hint))


def _arrays(path: str, input_shapes: Mapping[str, Shape]) -> dict[str, NDArray[Any]]:
    names = npz.names(Path(path))
    prefix = next((prefix for prefix in _PREFIXES if any(f"{prefix}{name}" in names for name in input_shapes)), "x_")
    arrays_wanted = [f"{prefix}{name}" for name in input_shapes]
    if any(name not in names for name in arrays_wanted):
        wanted = ", ".join(arrays_wanted)
        message = f"{printable(path)} does not have an array for each input"
        raise DataError(Problem(message, f"it holds: {listed(names, 10) or 'nothing'}\nthe names are {wanted}"))
    arrays = npz.read(Path(path), arrays_wanted)
    problems: list[Problem] = []
    found = {}
    for name, shape in input_shapes.items():
        try:
            found[name] = as_examples(arrays[f"{prefix}{name}"], shape)
        except DataError as error:
            problems += [Problem(f"{prefix}{name}: {each.message}", each.hint) for each in error.problems]
    if problems:
        raise DataError(problems)
    return found


def _of_inputs(
    by_input: Sequence[str], input_shapes: Mapping[str, Shape], forms: _Forms, *, beside: Sequence[str]
) -> Group:
    """One file, or folder of images, for each input.

    Args:
        beside: files with all inputs that are named, too.
    """
    problems: list[Problem] = []
    files: dict[str, str] = {}
    for text in by_input:
        name, equals, path = text.partition("=")
        if not equals or not path:
            hint = f"for example: --input {next(iter(input_shapes))}=a.npy"
            problems.append(Problem(f"--input {shortened(text)}: expected NAME=FILE", hint))
        elif name not in input_shapes:
            hint = did_you_mean(name, input_shapes) or f"the inputs: {', '.join(input_shapes)}"
            problems.append(Problem(f"--input: no input is named `{shortened(name)}`", hint))
        elif name in files:
            problems.append(Problem(f"--input: `{name}` is given twice"))
        else:
            files[name] = path
    missing = [name for name in input_shapes if name not in files]
    if missing and not problems:
        hint = f"add {' '.join(f'--input {name}=FILE' for name in missing)}"
        hint += f"; or leave out --input: all inputs are read from {printable(beside[0])}" if beside else ""
        problems.append(Problem(f"no file is given for {listed(missing)}", hint))
    columns: dict[str, _Column] = {}
    names: tuple[Name, ...] | None = None
    for name, path in files.items() if not problems else ():
        given = look_up([path])
        if given.bad:
            problems += [bad.problem for bad in given.bad]
        elif given.has_images:
            paths = tuple(file.path for file in given.files)
            columns[name] = _Files(paths, tuple(input_shapes[name]), forms.get(name))
            names = names or tuple(Name(each) for each in paths)
        elif given.files and given.files[0].kind == "table":
            hint = "an .npy file, an image or a folder of images; or one .csv file with a column for each input"
            problems.append(Problem(f"--input {name}: {printable(path)} is a table", hint))
        else:
            try:
                columns[name] = _Array(read_array(given.files[0], input_shapes[name]))
            except CnncliError as error:
                problems.append(bad_file(Name(path), error).problem)
    if problems:
        raise DataError(problems)
    ordered = {name: columns[name] for name in input_shapes}
    return _checked(files[next(iter(input_shapes))], ordered, names)


def _checked(file: str, columns: Mapping[str, _Column], names: tuple[Name, ...] | None = None) -> Group:
    counts = {name: len(column) for name, column in columns.items()}
    if len(set(counts.values())) > 1:
        each = " and ".join(f"{name} has {counted(count, 'example')}" for name, count in counts.items())
        raise DataError(Problem(f"{printable(file)}: {each}", "one for each example, in the same order"))
    return Group(file, columns, names)


# Tables.


def _of_table(path: str, input_shapes: Mapping[str, Shape], by_input: _Columns, forms: _Forms) -> Group:
    """A row is an example: a file for each input in its column, or numbers in several.

    The columns are those that the recipe names; else `age` of one number and of files, `vital_0`, `vital_1`, … of several.
    """
    table, wrong = open_table(path), WrongLines()
    rows = [row for some in table.rows(wrong) for row in some.cells]
    wrong.refuse()
    if not rows:
        raise DataError(Problem(f"{printable(path)} has no rows", "the first line names the columns"))
    problems: list[Problem] = []
    columns: dict[str, _Column] = {}
    for name, shape in input_shapes.items():
        own = by_input.get(name)
        try:
            wanted = _wanted(name, shape, own, table.header, printable(path))
        except DataError as error:
            problems += error.problems
            continue
        places = [table.header.index(each) for each in wanted]
        cells = [[text_of(row[place]) for place in places] for row in rows]
        if kind_of(shape).has_places and (own is None or own.numbers is None):
            folder = os.path.dirname(path)
            files = tuple(os.path.join(folder, cell) for [cell] in cells)
            columns[name] = _Files(files, tuple(shape), forms.get(name))
        else:
            bad = {number: text for number, row in enumerate(cells) if (text := _no_numbers(wanted, row))}
            values = np.array([[_number(cell) for cell in row] for row in cells], np.float32)
            sizes = [size or 0 for size in shape]
            if math.prod(sizes) != len(wanted):
                taken = shapes.written(shape)
                message = f"{counted(len(wanted), 'column')} are selected for `{name}`, and the model takes {taken}"
                problems.append(Problem(message))
                continue
            columns[name] = _Array(values.reshape(len(values), *sizes), bad)
    if problems:
        raise DataError(problems)
    return _checked(path, columns)


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


def _no_numbers(columns: Sequence[str], row: Sequence[str]) -> str:
    """What is wrong with the first cell of a row that is no number; empty where each is one."""
    for column, cell in zip(columns, row, strict=True):
        if math.isnan(_number(cell)) and cell.lower() != "nan":
            return f"`{column}` is empty" if not cell else f"`{column}`: expected a number, got {described(cell)}"
    return ""


def _number(cell: str) -> float:
    """A cell as a number; what is none becomes NaN, and the example is reported as bad."""
    try:
        return float(cell)
    except ValueError:
        return float("nan")
