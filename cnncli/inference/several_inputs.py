"""Inputs of a prediction with a network that has several: archives, one file for each input, and tables of files."""

from __future__ import annotations

import csv
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
from cnncli.data.sources.paths import cannot_read
from cnncli.data.threads import in_threads
from cnncli.errors import CnncliError, DataError, Problem
from cnncli.inference.inputs import Bad, Batch, File, Name, as_examples, bad_file, look_up, read_array
from cnncli.inputs import kind_of
from cnncli.messages import counted, described, did_you_mean, listed, printable, shortened
from cnncli.recipe.sources.base import ImageSettings

_PREFIXES = ("x_", "x_test_", "x_val_", "x_train_", "")  # of an archive's arrays, the first for which any is there
_NOT_FINITE = "holds NaN or infinite values"


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
            form = form_of(ImageSettings(), self.shape)
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
        files, bad, notes, has_images: as of `inputs.Given`.
    """

    groups: tuple[Group, ...]
    bad: tuple[Bad, ...] = ()
    notes: tuple[Problem, ...] = ()
    has_images: bool = False

    @property
    def files(self) -> tuple[File, ...]:
        return tuple(File(group.file, "table") for group in self.groups)

    def batches(self, size: int) -> Iterator[Batch]:
        """Read the examples, a batch at a time; no more than one is held."""
        for group in self.groups:
            yield from group.batches(size)


def look_up_several(
    arguments: Sequence[str], by_input: Sequence[str], input_shapes: Mapping[str, Shape], *, model: str
) -> SeveralGiven:
    """Find the examples of a network with several inputs.

    Args:
        arguments: `.npz` files with an array for each input, and `.csv` files with a column for each.
        by_input: `left=a.npy`, as given with `--input`.
        input_shapes: of the network, by name.
        model: the name of the model, for messages.

    Raises:
        DataError: a file does not fit, or the inputs have different numbers of examples.
    """
    problems: list[Problem] = []
    found: list[Group] = []
    for path in arguments:
        try:
            found.append(_of_file(path, input_shapes, model))
        except DataError as error:
            problems += error.problems
    if by_input:
        try:
            found.append(_of_inputs(by_input, input_shapes))
        except DataError as error:
            problems += error.problems
    if problems:
        raise DataError(problems)
    return SeveralGiven(tuple(found))


def _of_file(path: str, input_shapes: Mapping[str, Shape], model: str) -> Group:
    given = look_up([path])
    if given.bad:
        raise DataError([bad.problem for bad in given.bad])
    kinds = {file.kind for file in given.files}
    if kinds == {"archive"}:
        return _checked(path, {name: _Array(array) for name, array in _arrays(path, input_shapes).items()})
    if kinds == {"table"}:
        return _of_table(path, input_shapes)
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


def _of_inputs(by_input: Sequence[str], input_shapes: Mapping[str, Shape]) -> Group:
    """One file, or folder of images, for each input."""
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
        each = " ".join(f"--input {name}=FILE" for name in missing)
        problems.append(Problem(f"no file is given for {listed(missing)}", f"add {each}"))
    columns: dict[str, _Column] = {}
    names: tuple[Name, ...] | None = None
    for name, path in files.items() if not problems else ():
        given = look_up([path])
        if given.bad:
            problems += [bad.problem for bad in given.bad]
        elif given.has_images:
            paths = tuple(file.path for file in given.files)
            columns[name] = _Files(paths, tuple(input_shapes[name]))
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


def _of_table(path: str, input_shapes: Mapping[str, Shape]) -> Group:
    """A row is an example: a file for each input in the column of its name, or numbers in `age`, or in `vital_0`, `vital_1`."""
    rows = _rows(path)
    if len(rows) < 2:
        raise DataError(Problem(f"{printable(path)} has no rows", "the first line names the columns"))
    heading, *body = rows
    problems: list[Problem] = []
    columns: dict[str, _Column] = {}
    for name, shape in input_shapes.items():
        has_places = kind_of(shape).has_places
        wanted = [name] if has_places or tuple(shape) == (1,) else [f"{name}_{n}" for n in range(shape[0] or 0)]
        missing = [each for each in wanted if each not in heading]
        if missing:
            hint = f"its columns: {listed(heading, 12)}"
            message = f"{printable(path)} has no column {listed([f'`{each}`' for each in missing], 4)}"
            problems.append(Problem(message, hint))
            continue
        places = [heading.index(each) for each in wanted]
        cells = [[row[place] if place < len(row) else "" for place in places] for row in body]
        if has_places:
            folder = os.path.dirname(path)
            columns[name] = _Files(tuple(os.path.join(folder, cell) for [cell] in cells), tuple(shape))
        else:
            bad = {number: text for number, row in enumerate(cells) if (text := _no_numbers(wanted, row))}
            columns[name] = _Array(np.array([[_number(cell) for cell in row] for row in cells], np.float32), bad)
    if problems:
        raise DataError(problems)
    return _checked(path, columns)


def _rows(path: str) -> list[list[str]]:
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            first = file.readline(1 << 20)
            delimiter = max(",;\t", key=first.count)
            file.seek(0)
            return [[cell.strip() for cell in row] for row in csv.reader(file, delimiter=delimiter) if row]
    except OSError as error:
        raise cannot_read(path, error) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(Problem(f"{printable(path)} is no table: {shortened(str(error))}")) from error


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
