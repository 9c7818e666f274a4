"""The sources `csv`, `tsv` and `parquet`: a table whose rows are examples."""

from __future__ import annotations

import filecmp
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from pathlib import Path as FilePath
from typing import Any

from cnncli.data.dataset import INPUT
from cnncli.data.images import Form
from cnncli.data.part_names import PartWords
from cnncli.data.shapes import Shape
from cnncli.data.sources.base import AnyShape, ModelRequest, Request, Source
from cnncli.data.sources.image_form import form_of
from cnncli.data.sources.loaded_data import LoadedData, Progress, problems_at
from cnncli.data.sources.table_examples import Labelled, loaded
from cnncli.data.tables.cells import FileCells, InputCells
from cnncli.data.tables.column_files import FileColumn, read_images, read_volumes
from cnncli.data.tables.example_rows import ExampleRows
from cnncli.data.tables.named_files import NamedFiles
from cnncli.data.tables.table_columns import TableColumns, find_columns, lacking
from cnncli.data.tables.table_file import TableFile, looks_like_table, open_table
from cnncli.data.tables.wrong_lines import WrongLines
from cnncli.data.targets import TargetInfo
from cnncli.errors import DataError, Problem
from cnncli.messages import counted, printable
from cnncli.recipe.named_inputs import by_name
from cnncli.recipe.schema_data import Data
from cnncli.recipe.sources.table import InputColumns, TableSettings, text_format
from cnncli.recipe.yaml.nodes import Path


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is read of a table.

    Attributes:
        settings: of the table.
        path: of the settings in the recipe.
        kind: what the recipe calls the table.
        inputs: by name, with the path of their keys in the recipe.
        shapes: of each input, as the network takes it, where that is known.
        targets: what the labels are.
        known: the targets of a trained model; None for training.
        described: what the data itself says of its targets.
        tables: of each part, at least one, in order.
        found: settings that the data itself says.
        group, part: columns that `split` names; None where there are none.
        part_words: what the column of parts says; None: as its name tells.
        check_targets: called before any image is read; may raise.
        skips_bad: whether rows with a file that cannot be used are left out.
        allow_leakage: go on when one example stands in two parts.
        form: what images become, for a trained model with one input.
        progress: called with what is being done.
    """

    settings: TableSettings
    path: Path
    kind: str
    inputs: Mapping[str, tuple[InputColumns, Path]]
    shapes: Mapping[str, Shape]
    targets: type[TargetInfo]
    known: TargetInfo | None = None
    described: TargetInfo | None = None
    tables: Sequence[tuple[str, TableFile]] = ()
    found: Mapping[str, Any] = field(default_factory=dict)
    group: str | None = None
    part: str | None = None
    part_words: PartWords | None = None
    check_targets: Callable[[TargetInfo], None] | None = None
    skips_bad: bool = False
    allow_leakage: bool = False
    form: Form | None = None
    progress: Progress | None = None


def read_table(
    settings: TableSettings, request: Request, *, path: Path, kind: str = "csv", source: TableSource | None = None
) -> LoadedData:
    """Read a table for training.

    Args:
        source: that opens it; None: a table file.
        path: of the settings in the recipe.
        kind: what the recipe calls the table.

    Raises:
        DataError: as `Source.read`.
    """
    data = request.data
    wanted = Wanted(
        settings=settings,
        path=path,
        kind=kind,
        inputs=_inputs(settings, path, data),
        shapes=_shapes(request.input_shape),
        targets=request.targets,
        group=data.split.group,
        part=data.split.column,
        part_words=_part_words(data),
        check_targets=request.check_targets,
        skips_bad=data.on_bad_image == "skip",
        allow_leakage=data.allow_leakage,
        progress=request.progress,
    )
    source = source or SOURCE
    return _read(source.settled(wanted), source)


def read_table_for_model(
    settings: TableSettings, request: ModelRequest, source: TableSource | None = None
) -> LoadedData:
    """Read a table for a trained model.

    Args:
        source: that opens it; None: a table file.
        settings: with the columns of the model's recipe.

    Raises:
        DataError: as `Source.read_for_model`.
    """
    data = request.data
    wanted = Wanted(
        settings=settings,
        path=(),
        kind="csv",
        inputs=_inputs(settings, (), data),
        shapes=_shapes(request.input_shape),
        targets=type(request.targets),
        known=request.targets,
        part=data.split.column if data else None,
        part_words=_part_words(data) if data else None,
        form=request.form,
        progress=request.progress,
    )
    source = source or SOURCE
    return _read(source.settled(wanted), source)


def _part_words(data: Data) -> PartWords | None:
    split = data.split
    return PartWords.of(split.column, split.words_of_parts()) if split.column is not None else None


class TableSource(Source[TableSettings]):
    """What is read row by row: examples with columns of inputs, labels, weights, groups and parts."""

    def settled(self, wanted: Wanted) -> Wanted:
        """The same with its tables opened, and with the columns that the data itself names."""
        return replace(wanted, tables=tuple(_opened(wanted).items()))

    def readers(self, wanted: Wanted, columns: TableColumns) -> dict[str, InputCells]:
        """What reads inputs that are not read as a column of text is, by name."""
        return {}

    def read(self, settings: TableSettings, request: Request) -> LoadedData:
        word = request.data.source.word
        return read_table(settings, request, path=("data", "source", word), kind=word, source=self)

    def read_for_model(self, settings: TableSettings, request: ModelRequest) -> LoadedData:
        data = request.data
        trained = settings.of_other_data(data.source.settings if data else None)
        assert isinstance(trained, TableSettings)
        inputs = _inputs(trained, (), data)
        is_known = trained.label is not None or not request.targets.USES_LABELS
        is_known = is_known and all(own.given for own, _ in inputs.values())
        if not is_known and not trained.FINDS_COLUMNS:
            message = f"the columns of {printable(settings.path)} are not known: the model was not trained on a table"
            raise DataError(Problem(message, "an .npz file, or a folder of images, needs no columns"))
        return read_table_for_model(trained, request, self)

    def looks_like(self, path: FilePath) -> bool:
        return looks_like_table(path)


SOURCE = TableSource()


def _inputs(settings: TableSettings, path: Path, data: Data | None) -> dict[str, tuple[InputColumns, Path]]:
    """The columns of each input, with the path of their keys."""
    if data is None or data.inputs is None:
        return {INPUT: (settings, path)}
    return {name: (own, ("data", "inputs", name)) for name, own in data.inputs.items()}


def _shapes(input_shape: AnyShape | None) -> dict[str, Shape]:
    return by_name(input_shape) if input_shape is not None else {}


def _read(wanted: Wanted, source: TableSource) -> LoadedData:
    tables = wanted.tables
    columns = _columns(wanted, tables)
    labels = wanted.targets.label_cells(columns.label, wanted.settings.separator)
    inputs = {name: own for name, (own, _) in wanted.inputs.items()}
    rows = ExampleRows.of(
        columns, inputs, labels, source.readers(wanted, columns), wanted.part_words, wanted.settings.label_values
    )
    wrong = WrongLines()
    with problems_at(*wanted.path, "path"):
        for part, table in tables:
            rows.add(table, part, wrong, wanted.progress)
    labelled = None if wrong.count else _labelled(wanted, rows)
    files = _files(wanted, rows, {table.file: os.path.dirname(table.path) for _, table in tables}, labelled)
    bad = {row: reason for column in files.values() for row, reason in column.bad.items()}
    left_out = WrongLines()
    for row, reason in sorted(bad.items()):
        (left_out if wanted.skips_bad else wrong).add(*rows.place(row), reason)
    if wrong.count:
        raise DataError([*_refused(wrong, bad, may_skip=wanted.known is None), *left_out.problems()])
    assert labelled is not None
    notes = [*labelled.notes]
    if left_out.count:
        lines = "\n".join(map(str, left_out.problems()))
        message = f"{counted(left_out.count, 'row')} left out"
        notes.append(Problem(message, lines, path=wanted.path, kind="broken"))
    made = loaded(
        wanted.settings.shown,
        rows,
        files,
        labelled,
        wanted.inputs,
        wanted.shapes,
        notes=notes,
        for_training=wanted.known is None,
        allow_leakage=wanted.allow_leakage,
        path=wanted.path,
        noun=wanted.settings.NOUN,
    )
    return replace(made, settings=wanted.found)


def _opened(wanted: Wanted) -> dict[str, TableFile]:
    """The table of each part; for a trained model one alone."""
    settings, problems = wanted.settings, list[Problem]()
    files = {"train": ("path", settings.path)}
    for part in ("validation", "test"):
        if (text := getattr(settings, part)) is not None:
            files[part] = (part, text)
    tables: dict[str, TableFile] = {}
    for part, (key, text) in files.items():
        try:
            with problems_at(*wanted.path, key):
                tables[part] = open_table(text, kind=wanted.kind, form=text_format(settings))
        except DataError as error:
            problems += error.problems
    problems = problems or ([] if wanted.allow_leakage else [*_same_files(wanted, files, tables)])
    if problems:
        raise DataError(problems)
    return tables


def _same_files(
    wanted: Wanted, files: Mapping[str, tuple[str, str]], tables: Mapping[str, TableFile]
) -> Iterator[Problem]:
    """Tables of two parts with the same content, whatever is in their rows: few numbers alone are not compared.

    Tables in two folders that name files may well be equal: each names those of its own folder, which are compared later.
    """
    name_files = all(own.image or own.volume for own, _ in wanted.inputs.values())
    for one, other in combinations(tables, 2):
        if name_files and tables[one].path.parent != tables[other].path.parent:
            continue
        if filecmp.cmp(tables[one].path, tables[other].path, shallow=False):
            message = f"{printable(files[other][1])} is the same table for {_NOUNS[one]} and {_NOUNS[other]}"
            hint = (
                f"leave `{files[other][0]}` out: {_NOUNS[other]} examples are then taken from `path`; or allow it: "
                "`allow_leakage: true` in `data`"
            )
            yield Problem(message, hint, path=(*wanted.path, files[other][0]))


_NOUNS = {"train": "training", "validation": "validation", "test": "test"}


def _columns(wanted: Wanted, tables: Sequence[tuple[str, TableFile]]) -> TableColumns:
    first, *others = tables
    settings, header = wanted.settings, first[1].header
    part, group = wanted.part, wanted.group
    if wanted.known is not None:  # what a score does not need may be missing
        part = part if part in header else None
        settings = settings.model_copy(update={} if settings.weight in header else {"weight": None})
    if group is not None and group not in header and "(" in group and settings.image:
        group = None  # a pattern for the names of files
    found = find_columns(
        header, settings, wanted.inputs, file=first[1].file, path=wanted.path, group=group, part=part
    )  # fmt: skip
    problems = [
        problem
        for part, table in others
        for problem in lacking(table.header, found, file=table.file, path=(*wanted.path, _KEYS[part]))
    ]
    if problems:
        raise DataError(problems)
    return found


_KEYS = {"train": "path", "validation": "validation", "test": "test"}


def _labelled(wanted: Wanted, rows: ExampleRows) -> Labelled:
    with problems_at(*wanted.path, "label"):
        found = wanted.targets.of_cells(rows.labels, wanted.known or wanted.described)
    if wanted.check_targets:
        wanted.check_targets(found.info)
    return Labelled(found.values, found.info, found.notes)


def _files(
    wanted: Wanted, rows: ExampleRows, folder_of: Mapping[str, str], labelled: Labelled | None
) -> dict[str, FileColumn]:
    """The files of each input that is made of files."""
    found: dict[str, FileColumn] = {}
    for name, cells in rows.inputs.items():
        if not isinstance(cells, FileCells):
            continue
        own, path = wanted.inputs[name]
        with problems_at(*path, "folder"):
            files = {file: NamedFiles(folder, own.folder) for file, folder in folder_of.items()}
        places = [files[rows.place(row)[0]].find(each) for row, each in enumerate(cells.names)]
        folders, names = [folder for folder, _ in places], [each for _, each in places]
        if own.image is None:
            found[name] = read_volumes(names, folders, wanted.progress)
            continue
        form = (wanted.form if name == INPUT else None) or form_of(own, wanted.shapes.get(name), path)
        auto = own if wanted.known is None else None
        words = labelled.words if labelled else [""] * len(rows)
        found[name] = read_images(names, folders, rows.part_words, words, form, auto, wanted.progress)
    return found


def _refused(wrong: WrongLines, bad: Mapping[int, str], *, may_skip: bool) -> list[Problem]:
    """The wrong lines, and what to do where they are many."""
    problems = wrong.problems()
    if bad:
        hint = "repair or remove the rows"
        if may_skip:
            hint += ", or leave them out: `on_bad_image: skip` in `data`"
        problems.append(Problem(f"{counted(len(bad), 'row')} with a file that cannot be used", hint))
    return problems
