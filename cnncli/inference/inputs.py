"""Inputs of a prediction: files of the command line as examples without labels, in batches."""

from __future__ import annotations

import csv
import os
import shlex
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, groupby
from pathlib import Path
from typing import Any, TextIO

import numpy as np
from numpy.typing import NDArray

from cnncli.data import images, shapes
from cnncli.data.image_geometry import Geometry
from cnncli.data.shapes import Shape
from cnncli.data.signal_length import with_length
from cnncli.data.sources import npz
from cnncli.data.sources.arrays import read_inputs
from cnncli.data.sources.folder_tree import IMAGE_SUFFIXES, images_below
from cnncli.data.sources.paths import cannot_read, existing_file
from cnncli.data.tables.table_file import SUFFIXES, looks_like_table
from cnncli.data.threads import in_threads
from cnncli.data.volume_form import VolumeForm
from cnncli.errors import CnncliError, DataError, Problem
from cnncli.inference.batch import Bad, Batch, Name, bad_file
from cnncli.inference.table_rows import column_batches, files_of_table, has_header, row_width
from cnncli.inference.volume_inputs import volume_batches, volumes_at
from cnncli.inputs import kind_of
from cnncli.messages import counted, listed, printable, shortened
from cnncli.recipe.sources.table import InputColumns, text_format

# Of an archive's arrays, the first that is there.
_INPUT_NAMES = ("x", "x_test", "x_val", "x_train", "test_images", "val_images", "train_images")
_DELIMITERS = ",;\t"
_SHARDS = (".tfrecord", ".tfrecords", ".tfrec", ".tar")
_ALONE = ("image", "volume")  # of which a file is one example
_LONGEST_LINE = 1 << 24  # of a table, in characters


@dataclass(frozen=True, slots=True)
class File:
    """A file, and what it is taken for: `image`, `volume`, `archive`, `array` or `table`.

    Attributes:
        length: to which signals in it are padded or cut; None where they have the length that the network takes.
    """

    path: str
    kind: str
    length: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Given:
    """What was named.

    Attributes:
        files: in the order of the arguments, those of a folder sorted.
        bad: what is not there, or cannot be read.
        notes: what was left aside in folders.
        columns: those of tables that are the input, as the recipe names them; None: all columns.
        volumes: what volumes of files become; None where the model was not trained on some.
    """

    files: tuple[File, ...]
    bad: tuple[Bad, ...]
    notes: tuple[Problem, ...]
    columns: InputColumns | None = None
    volumes: VolumeForm | None = None

    @property
    def has_images(self) -> bool:
        return any(file.kind == "image" for file in self.files)

    @property
    def names(self) -> list[str]:
        """About what the examples will be called."""
        return [file.path if file.kind in _ALONE else f"{file.path}[0000]" for file in self.files]

    def batches(
        self,
        size: int,
        *,
        input_shape: Shape,
        form: images.Form | None,
        decoded: Mapping[str, images.Decoded] | None = None,
    ) -> Iterator[Batch]:
        """Read the files, a batch at a time; no more than one is held.

        Args:
            size: examples in a batch, at most.
            input_shape: of one example, as the network takes it.
            form: what images become; None where none were named.
            decoded: images in this form that are known already, by path.
        """
        for kind, files in groupby(self.files, key=lambda file: file.kind):
            if kind == "image":
                assert form is not None
                yield from _image_batches([file.path for file in files], form, size, decoded or {})
            elif kind == "volume":
                assert self.volumes is not None
                yield from volume_batches([file.path for file in files], self.volumes, size)
            else:
                yield from chain.from_iterable(self._numbers(kind, file, input_shape, size) for file in files)

    def _numbers(self, kind: str, file: File, input_shape: Shape, size: int) -> Iterator[Batch]:
        own = self.columns
        if kind == "table" and own and own.numbers is not None and has_header(file.path, text_format(own)):
            return column_batches(file.path, own, input_shape, size, length=file.length)
        return _READERS[kind](file, input_shape, size)


def read_array(file: File, input_shape: Shape) -> NDArray[Any]:
    """All examples of an `.npy` or `.npz` file, of its own type; they may hold NaN.

    Raises:
        DataError, ResourceError: they cannot be read.
    """
    array = (archive_array if file.kind == "archive" else single_array)(file.path)
    if file.length is not None:
        alone = kind_of(array.shape).ARE_CURVES and not kind_of(array.shape[1:]).ARE_CURVES
        array, _ = with_length("the array", array[None] if alone else array, file.length)
    return as_examples(array, input_shape)


def look_up(
    arguments: Sequence[str],
    columns: InputColumns | None = None,
    *,
    length: int | None = None,
    volumes: VolumeForm | None = None,
) -> Given:
    """Find what the arguments name: images, folders of images, `.npz`, `.npy` and `.csv` files. Only tables of files are read.

    Args:
        columns: those of a table that are the input, as the recipe of the model names them; None where it names none.
        length: to which the recipe pads or cuts signals.
        volumes: what volumes of files become; None where the model was not trained on some.
    """
    of_files = columns if columns and (columns.image or columns.volume) else None
    files: list[File] = []
    bad: list[Bad] = []
    notes: list[Problem] = []
    for text in arguments:
        try:
            if volumes and (named := volumes_at(text)):
                files += [File(path, "volume") for path in named]
            elif os.path.isdir(text):
                paths, aside = images_below(text)
                files += [File(path, "image") for path in paths]
                notes += aside
            elif of_files and _kind(text, columns) == "table":
                found, wrong = files_of_table(text, of_files)
                files += [File(path, _kind(path)) for path in found]
                bad += wrong
            else:
                files.append(File(text, _kind(text, columns), length))
        except DataError as error:
            bad.append(bad_file(Name(text), error))
    return Given(tuple(files), tuple(bad), tuple(notes), columns, volumes)


def _kind(text: str, columns: InputColumns | None = None) -> str:
    """What a file is, by its first bytes where its name does not tell.

    Args:
        columns: those of a table; with them a file of lines with columns is a table, whatever its name.

    Raises:
        DataError: there is no such file, or it cannot be opened.
    """
    suffix = os.path.splitext(text)[1].lower()
    if suffix in IMAGE_SUFFIXES and _is_regular(text):
        return "image"
    path = existing_file(text)
    try:
        with path.open("rb") as file:
            beginning = file.read(6)
    except OSError as error:
        raise cannot_read(text, error) from error
    if beginning[:4] == b"PK\3\4" or suffix == ".npz":
        return "archive"
    if beginning == b"\x93NUMPY" or suffix == ".npy":
        return "array"
    if suffix in _SHARDS:
        message = f"{printable(text)} has shards, and predict reads images, tables, .npz and .npy files"
        raise DataError(Problem(message, f"`cnncli evaluate RUN --data {shlex.quote(text)}` scores its examples"))
    is_table = suffix in SUFFIXES or (columns is not None and looks_like_table(path))
    return "table" if is_table else "image"


def _is_regular(text: str) -> bool:
    try:
        return stat.S_ISREG(os.stat(text).st_mode)
    except (OSError, ValueError):
        return False


# Images.


def _image_batches(
    paths: Sequence[str], form: images.Form, size: int, decoded: Mapping[str, images.Decoded]
) -> Iterator[Batch]:
    def read(path: str) -> images.Decoded | Bad:
        if path in decoded:
            return decoded[path]
        try:
            return images.decode(images.read(path), form)
        except images.BadImage as error:
            return Bad(Name(path), str(error))

    for begin in range(0, len(paths), size):
        some = paths[begin : begin + size]
        seen = list(in_threads(read, some))
        good = [(Name(path), each) for path, each in zip(some, seen, strict=True) if not isinstance(each, Bad)]
        pixels = np.stack([each.pixels for _, each in good]) if good else np.empty((0, *form.shape), form.dtype)
        bad = [each for each in seen if isinstance(each, Bad)]
        geometries = [Geometry(each.height, each.width, form) for _, each in good]
        yield Batch([name for name, _ in good], pixels, bad, geometries)


# Arrays.


def archive_array(path: str) -> NDArray[Any]:
    names = npz.names(Path(path))
    wanted = next((name for name in _INPUT_NAMES if name in names), None)
    if wanted is None and len(names) == 1:
        wanted = names[0]
    if wanted is None:
        hint = f"it holds: {listed(names, 10) or 'nothing'}"
        raise DataError("which of its arrays holds the examples is not clear: none is named x or x_test", hint=hint)
    return npz.read(Path(path), [wanted])[wanted]


def single_array(path: str) -> NDArray[Any]:
    return npz.read_single(Path(path))


def _array_batches(file: File, input_shape: Shape, size: int) -> Iterator[Batch]:
    path = file.path
    try:
        array = read_array(file, input_shape)
    except CnncliError as error:
        yield Batch([], np.empty((0,)), [bad_file(Name(path), error)])
        return
    for begin in range(0, len(array), size):
        names = [Name(path, index) for index in range(begin, min(begin + size, len(array)))]
        yield _finite(names, array[begin : begin + size], [])


def as_examples(array: NDArray[Any], input_shape: Shape) -> NDArray[Any]:
    """An array of examples as the network takes them, (count, *shape); a single one may stand alone.

    Raises:
        DataError: it holds no numbers, or examples of another shape.
    """
    one = array[None]
    for candidate in (array, one):
        if candidate.shape[1:] and candidate.size:
            for examples in (candidate, candidate[..., None]):
                if shapes.fits(examples.shape[1:], input_shape) and examples.dtype.kind in "biuf":
                    return examples
    checked = read_inputs("the array", np.zeros(array[:1].shape if array.ndim else (), array.dtype), input_shape)
    raise DataError(shapes.mismatch(checked.shape[1:], input_shape, whose="model expects"))


def _finite(names: list[Name], values: NDArray[Any], bad: list[Bad]) -> Batch:
    """Those of the examples that hold numbers alone; uint8 as it is, anything else as float32."""
    if values.dtype == np.uint8:
        return Batch(names, values, bad)
    with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite, and is reported below
        numbers = values.astype(np.float32)
    is_good = np.asarray(np.isfinite(numbers).all(axis=tuple(range(1, numbers.ndim))))
    wrong = [Bad(names[index], "holds NaN or infinite values") for index in np.flatnonzero(~is_good)]
    good = [name for name, keep in zip(names, is_good, strict=True) if keep]
    return Batch(good, numbers[is_good], [*bad, *wrong])


# Tables.


def _table_batches(given: File, input_shape: Shape, size: int) -> Iterator[Batch]:
    """A row is an example: its numbers one after the other, as `x.reshape(-1)` gives them; a first line may name them."""
    path = given.path
    if path.lower().endswith((".parquet", ".pq")):
        yield from column_batches(path, InputColumns(numbers="*"), input_shape, size)
        return
    try:
        width = row_width(input_shape)
        with open(path, encoding="utf-8-sig", newline="") as file:
            yield from _rows_in_batches(path, file, width, tuple(input_shape), size)
    except DataError as error:
        yield Batch([], np.empty((0,)), [bad_file(Name(path), error)])
    except OSError as error:
        yield Batch([], np.empty((0,)), [bad_file(Name(path), cannot_read(path, error))])
    except (UnicodeDecodeError, csv.Error) as error:
        yield Batch([], np.empty((0,)), [Bad(Name(path), f"no table of numbers: {shortened(str(error))}")])


def _rows_in_batches(path: str, file: TextIO, width: int, shape: tuple[Any, ...], size: int) -> Iterator[Batch]:
    lines = iter(lambda: file.readline(_LONGEST_LINE), "")
    first = next(lines, "")
    delimiter = max(_DELIMITERS, key=lambda sign: (first.count(sign) == width - 1, first.count(sign)))
    table = csv.reader(chain([first], lines), delimiter=delimiter)
    names: list[Name] = []
    rows: list[NDArray[np.float32]] = []
    bad: list[Bad] = []
    index = -1
    for line, row in enumerate(row for row in table if row):
        numbers = _numbers(row)
        if line == 0 and all(_numbers([word]) is None for word in row):
            continue  # the columns' names
        index += 1
        if numbers is None or len(numbers) != width:
            bad.append(Bad(Name(path, index), *_wrong_row(row, width, shape, table.line_num)))
        else:
            names.append(Name(path, index))
            rows.append(numbers)
        if len(rows) + len(bad) >= size:
            yield _finite(names, np.array(rows, np.float32).reshape(len(rows), *shape), bad)
            names, rows, bad = [], [], []
    if index < 0:
        raise DataError("it has no rows")
    yield _finite(names, np.array(rows, np.float32).reshape(len(rows), *shape), bad)


def _numbers(row: Sequence[str]) -> NDArray[np.float32] | None:
    try:
        with np.errstate(over="ignore"):
            return np.array(row, np.float64).astype(np.float32)
    except ValueError:
        return None


def _wrong_row(row: Sequence[str], width: int, shape: Shape, line: int) -> tuple[str, str]:
    if len(row) != width:
        wanted = counted(width, "number") + (f" ({shapes.written(shape)})" if kind_of(shape).has_places else "")
        message = f"line {line} has {counted(len(row), 'column')}, the model takes {wanted}"
        return message, "a label has no place here" if len(row) == width + 1 else ""
    word = next(word for word in row if _numbers([word]) is None)
    return f"line {line}: `{shortened(word)}` is no number", ""


_READERS = {"archive": _array_batches, "array": _array_batches, "table": _table_batches}
