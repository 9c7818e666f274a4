"""Make examples of the rows of a table: parts, inputs, duplicates, scales, fingerprint."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from cnncli.data.columns import RowFile, Values, take
from cnncli.data.dataset import INPUT, Examples
from cnncli.data.fingerprint import of_parts
from cnncli.data.shapes import Shape, written
from cnncli.data.signal_length import length_note
from cnncli.data.sources.arrays import compare_scales
from cnncli.data.sources.duplicates import FEW, find_copies
from cnncli.data.sources.image_remarks import remarks
from cnncli.data.sources.loaded_data import PARTS, LoadedData, sizes
from cnncli.data.tables.cells import FileCells, InputCells, NumberCells, SignalCells, TextCells
from cnncli.data.tables.column_files import FileColumn
from cnncli.data.tables.example_rows import ExampleRows
from cnncli.data.targets import TargetInfo
from cnncli.errors import DataError, Problem
from cnncli.messages import counted, first_of, listed, printable, shortened
from cnncli.recipe.sources.table import InputColumns
from cnncli.recipe.yaml.nodes import Path


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """The targets of all rows.

    Attributes:
        values: (count, …), in the form of the task.
        info: what is known of them.
        notes: what is unusual about them.
    """

    values: NDArray[Any]
    info: TargetInfo
    notes: tuple[Problem, ...]

    @property
    def words(self) -> list[str]:
        """The class of each row; empty where there is none."""
        return self.info.names_of(self.values) or [""] * len(self.values)


def loaded(
    text: str,
    rows: ExampleRows,
    files: Mapping[str, FileColumn],
    labelled: Labelled,
    inputs: Mapping[str, tuple[InputColumns, Path]],
    input_shapes: Mapping[str, Shape],
    *,
    notes: Sequence[Problem],
    for_training: bool,
    allow_leakage: bool,
    path: Path,
    noun: str = "table",
) -> LoadedData:
    """Make the parts.

    Args:
        text: the table, as the user wrote it.
        rows: all of them, right.
        files: what the files of inputs hold; rows that one lacks are left out.
        labelled: the targets of all rows.
        inputs: by name, with the path of their keys in the recipe.
        input_shapes: as the network takes them, where that is known.
        notes: that there are already.
        for_training: whether parts are compared and a training part is needed; else only the test part counts, if there is one.
        allow_leakage: go on when one example stands in two parts.
        path: of the settings in the recipe.
        noun: what such data is called.

    Raises:
        DataError: nothing can be learned from them.
    """
    kept = _kept(rows, files)
    made = _Made(rows, kept, {name: _aligned(column, kept) for name, column in files.items()}, labelled)
    values = {name: made.values(name, *inputs[name], input_shapes.get(name)) for name in inputs}
    part_numbers = rows.part_numbers[kept]
    places = {part: np.flatnonzero(part_numbers == number) for number, part in enumerate(PARTS)}
    places = {part: found for part, found in places.items() if len(found)}
    if not for_training and "test" in places:
        places = {"test": places["test"]}
    parts = {part: made.examples(values, found) for part, found in places.items()}
    every = list(notes)
    for name, column in made.files.items():
        if column.form is not None:
            every += remarks(column.images, column.form, inputs[name][1])
    every += [replace(note, path=inputs[name][1]) for name, note in (*_empty_texts(rows), *_lengths(rows))]
    duplicate_of: dict[str, NDArray[np.int64]] = {}
    compared = {part: made.compared(parts[part], found) for part, found in places.items()}
    if for_training:
        named = {part: made.name_of_part(part, found) for part, found in places.items()}
        _refuse_nothing_to_train(parts, named, labelled.info, text)
        found_notes, duplicate_of = _compare(parts, compared, places, made, named, allow_leakage=allow_leakage)
        every += [note if note.path else replace(note, path=path) for note in found_notes]
    forms = {name: column.form for name, column in made.files.items() if column.form is not None}
    return LoadedData(
        parts=parts,
        targets=labelled.info,
        source=f"{noun} {printable(text)}: {sizes(parts)} rows, {labelled.info.size}",
        fingerprint=of_parts({part: made.hashed(parts[part], found) for part, found in places.items()}, labelled.info),
        notes=tuple(every),
        skipped=tuple(_skipped(rows, files)),
        duplicate_of=duplicate_of,
        form=forms.get(INPUT),
        forms=forms,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Made:
    """The rows that are used, and what examples are made of.

    Attributes:
        kept: int64 (count,), which of all rows are used, ascending.
        files: by input, of these rows alone.
    """

    rows: ExampleRows
    kept: NDArray[np.int64]
    files: Mapping[str, FileColumn]
    labelled: Labelled

    def values(self, name: str, own: InputColumns, path: Path, input_shape: Shape | None) -> Values:
        """An input of the rows that are used."""
        if name in self.files:
            return self.files[name].values
        cells = self.rows.inputs[name]
        if isinstance(cells, NumberCells):
            found = _shaped(cells, own, path, input_shape)
        else:
            assert not isinstance(cells, FileCells)
            found = cast(InputCells, cells).values()
        return found if len(self.kept) == len(found) else take(found, self.kept)

    def examples(self, values: Mapping[str, Values], places: NDArray[np.int64]) -> Examples:
        """Some of the rows that are used."""
        rows = self.kept[places]
        weights, groups = self.rows.weights, self.rows.groups
        images = self.files.get(INPUT)
        originals = images.originals if images is not None else None
        if images is None or originals is None:
            every = Examples(values, self.labelled.values[self.kept])
        else:
            names = tuple(each.file.relative for each in images.images)
            every = Examples(values, self.labelled.values[self.kept], names, images.sha256, originals)
        return replace(
            every if len(places) == len(self.kept) else every.take(places),
            weights=None if weights is None else weights.values()[rows],
            groups=None if groups is None else np.array(groups.names, object)[groups.values()[rows]],
        )

    def compared(self, examples: Examples, places: NDArray[np.int64]) -> Examples:
        """The same with what files show instead of their values, and the names of classes."""
        looks = {name: column.looks[places] for name, column in self.files.items()}
        words = self.labelled.info.names_of(examples.labels)
        targets = examples.targets if words is None else np.array(words, object)
        return Examples({**examples.inputs, **looks}, targets)

    def hashed(self, examples: Examples, places: NDArray[np.int64]) -> Examples:
        """The same with the SHA-256 of files instead of their values."""
        digests = {
            name: np.frombuffer(bytes.fromhex("".join(column.sha256)), np.uint8).reshape(len(self.kept), -1)[places]
            for name, column in self.files.items()
        }
        return replace(examples, inputs={**examples.inputs, **digests})

    def name_of_part(self, part: str, places: NDArray[np.int64]) -> str:
        """How messages call a part: its file, or the file with the part's name."""
        file, _ = self.rows.place(int(self.kept[places[0]]))
        return f"{file} ({part})" if self.rows.parts is not None else file

    def line(self, row: int) -> str:
        """Where one of the rows that are used stands: `birds.csv:17`."""
        file, line = self.rows.place(int(self.kept[row]))
        return f"{file}:{line}"


def _kept(rows: ExampleRows, files: Mapping[str, FileColumn]) -> NDArray[np.int64]:
    """The rows of which every file can be used."""
    kept = np.arange(len(rows), dtype=np.int64)
    for column in files.values():
        kept = np.intersect1d(kept, column.rows, assume_unique=True)
    return kept


def _aligned(column: FileColumn, kept: NDArray[np.int64]) -> FileColumn:
    return column if len(kept) == len(column.rows) else column.take(np.searchsorted(column.rows, kept))


def _empty_texts(rows: ExampleRows) -> Iterator[tuple[str, Problem]]:
    """Notes on texts that are empty, with their input."""
    for name, cells in rows.inputs.items():
        if isinstance(cells, TextCells) and cells.empty_count:
            places = [":".join(map(str, rows.place(row))) for row in cells.empty]
            message = f"{counted(cells.empty_count, 'text is', 'texts are')} empty: {', '.join(places)}"
            yield name, Problem(message + (", …" if cells.empty_count > len(places) else ""))


def _skipped(rows: ExampleRows, files: Mapping[str, FileColumn]) -> list[str]:
    """Where the rows stand that are left out."""
    bad = sorted({row for column in files.values() for row in column.bad})
    return [":".join(map(str, rows.place(row))) for row in bad]


def _shaped(cells: NumberCells, own: InputColumns, path: Path, input_shape: Shape | None) -> Values:
    """Numbers in the shape that the recipe gives them, or that the network takes."""
    values, width = cells.values(), cells.width
    shape = tuple(own.shape or ())
    if shape and math.prod(shape) != width and not isinstance(cells, SignalCells):
        what = f"{counted(width, 'column')} are read" if len(cells.columns) == width else f"a cell has {width:,}"
        message = f"`shape` {written(shape)} has {counted(math.prod(shape), 'number')}, and {what}"
        raise DataError(Problem(message, first_of(list(map(shortened, cells.columns))), path=(*path, "shape")))
    if isinstance(cells, SignalCells):
        shape = (cells.length, cells.channels)
    if not shape and input_shape is not None:
        sizes_of = [size for size in input_shape if size is not None]
        if len(sizes_of) == len(input_shape) and math.prod(sizes_of) == width:
            shape = tuple(sizes_of)
    if not shape:
        return values
    if isinstance(values, RowFile):
        return replace(values, row_shape=shape)
    assert isinstance(values, np.ndarray)
    return values.reshape(len(values), *shape)


def _lengths(rows: ExampleRows) -> Iterator[tuple[str, Problem]]:
    """How many signals of each input were padded and cut."""
    for name, cells in rows.inputs.items():
        if isinstance(cells, SignalCells):
            named = "the table" if name == INPUT else name
            if (note := length_note(named, cells.lengths, cells.length)) is not None:
                yield name, note


def _refuse_nothing_to_train(
    parts: Mapping[str, Examples], named: Mapping[str, str], info: TargetInfo, text: str
) -> None:
    """Raise DataError where there is no training row, or none of a class, or none that counts."""
    if "train" not in parts:
        hint = f"its rows are for {' and '.join(parts)}" if parts else ""
        raise DataError(Problem(f"{printable(text)} has no training row that can be used", hint))
    train = parts["train"]
    strata = info.strata(train.labels)
    missing = [] if strata is None else np.setdiff1d(np.arange(info.count), strata).tolist()
    if missing:
        names = listed([f"`{shortened(info.class_names[number])}`" for number in missing])
        noun = "class" if len(missing) == 1 else "classes"
        message = f"{named['train']} has no training row of {noun} {names}"
        raise DataError(Problem(message, "every class needs training examples; other parts have some of it"))
    if train.weights is not None and not train.weights.any():
        raise DataError(Problem("every training row has the weight 0", "nothing would be learned"))


def _compare(
    parts: Mapping[str, Examples],
    compared: Mapping[str, Examples],
    places: Mapping[str, NDArray[np.int64]],
    made: _Made,
    named: Mapping[str, str],
    *,
    allow_leakage: bool,
) -> tuple[list[Problem], dict[str, NDArray[np.int64]]]:
    """Notes on how parts differ and what they share, and by part the first example that is the same as each.

    Raises:
        DataError: parts are in two scales, or share examples.
    """
    info = made.labelled.info
    notes = info.part_notes({named[part]: examples.labels for part, examples in parts.items()}, named["train"])
    errors, different = list[Problem](), list[Problem]()
    for name in [name for name, cells in made.rows.inputs.items() if isinstance(cells, NumberCells)]:
        wrong, noted = compare_scales({named[part]: examples.inputs[name] for part, examples in parts.items()})
        errors += wrong
        different += noted
    if errors:
        raise DataError(errors)
    duplicate_of, copies = find_copies(
        compared,
        named,
        allow_leakage=allow_leakage,
        in_one_scale=not different,
        noun="image" if made.files.keys() == {INPUT} else "row",
        name_of=lambda part, index: made.line(int(places[part][index])),
        share=0.0 if made.files else FEW,
    )
    return [*notes, *different, *copies], duplicate_of
