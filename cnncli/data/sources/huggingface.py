"""The source `huggingface`: data sets of the library `datasets`, from the Hub or a local folder."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from cnncli.data.image_header import BadImage
from cnncli.data.part_words import WORDS
from cnncli.data.path_inside import PathInside
from cnncli.data.sources.loaded_data import PARTS, problems_at
from cnncli.data.sources.paths import existing_folder
from cnncli.data.sources.table import TableSource, Wanted
from cnncli.data.tables.cells import Complain, InputCells
from cnncli.data.tables.csv_table import Rows
from cnncli.data.tables.row_store import RowStore
from cnncli.data.tables.table_columns import TableColumns
from cnncli.data.tables.wrong_lines import WrongLines
from cnncli.errors import DataError, NetworkError, Problem
from cnncli.messages import listed, printable, shortened
from cnncli.recipe.sources.hubs import HuggingFace

_INSTALL = 'pip install "cnncli[huggingface]"'
_ROWS = 256  # read in one go
_SEPARATOR = "\x1f"  # between the class names of one example


class ImageOfRow(PathInside):
    """The image of a row: its bytes lie in the files of the library."""

    __slots__ = ("column", "row", "table")
    table: Any
    column: str
    row: int

    def read(self) -> bytes:
        cell = self.table[self.row][self.column] or {}
        if cell.get("bytes") is not None:
            return bytes(cell["bytes"])
        if not cell.get("path"):
            raise BadImage("empty (0 bytes)")
        with open(cell["path"], "rb") as file:
            return file.read()


@dataclass(frozen=True, eq=False)
class SplitTable:
    """A split of a data set as a table.

    Attributes:
        file: as messages call it: `mnist (train)`.
        split: a `datasets.Dataset`, images not decoded.
        images: the columns of images.
        names: of classes, by column.
    """

    file: str
    split: Any
    images: frozenset[str]
    names: Mapping[str, Sequence[str]]

    @property
    def path(self) -> Path:
        """Of no file."""
        return Path()

    @property
    def header(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(self.split.column_names)

    def rows(self, wrong: WrongLines) -> Iterator[Rows]:
        """The rows, some at a time, counted from 1."""
        plain = self.split.select_columns([name for name in self.header if name not in self.images])
        for begin in range(0, len(self.split), _ROWS):
            end = min(begin + _ROWS, len(self.split))
            columns = plain[begin:end] if plain.column_names else {}
            cells = [
                [
                    self._image(name, row) if name in self.images else self._cell(name, columns[name][row - begin])
                    for name in self.header
                ]
                for row in range(begin, end)
            ]
            yield Rows(range(begin + 1, end + 1), cells)

    def _image(self, column: str, row: int) -> ImageOfRow:
        found = ImageOfRow(f"{self.file}[{row}]", "", 0, 0)
        found.table, found.column, found.row = self.split, column, row
        return found

    def _cell(self, column: str, value: Any) -> Any:
        names = self.names.get(column)
        if names is None or value is None:
            return value
        if isinstance(value, list):
            return _SEPARATOR.join(names[number] for number in value)
        return names[value] if 0 <= value < len(names) else None  # -1: a split without labels


class ListCells:
    """Arrays in the cells of a column: float32 (count, *row_shape)."""

    def __init__(self, column: str, row_shape: Sequence[int]) -> None:
        self.columns = [column]
        self._shape = tuple(row_shape)
        self._rows = RowStore(self._shape, np.float32)

    def add(self, lines: Sequence[int], cells: Sequence[Sequence[Any]], complain: Complain) -> None:
        found = np.zeros((len(cells), *self._shape), np.float32)
        for place, (line, [cell]) in enumerate(zip(lines, cells, strict=True)):
            try:
                array = np.asarray(cell, np.float32)
            except (TypeError, ValueError):
                complain(line, f"{shortened(self.columns[0])} holds no numbers")
                continue
            if array.size != math.prod(self._shape):
                complain(
                    line, f"{shortened(self.columns[0])} has {array.size:,} numbers, not {math.prod(self._shape):,}"
                )
            elif not np.isfinite(array).all():
                complain(line, f"{shortened(self.columns[0])} holds NaN or infinite values")
            else:
                found[place] = array.reshape(self._shape)
        self._rows.append(found)

    def values(self) -> Any:
        """All of them."""
        return self._rows.values()


class _HuggingFace(TableSource):
    def settled(self, wanted: Wanted) -> Wanted:
        settings = wanted.settings
        assert isinstance(settings, HuggingFace)
        splits = _splits(settings, wanted)
        first = splits["train"]
        kinds = {name: type(feature).__name__ for name, feature in first.features.items()}
        images = frozenset(name for name, kind in kinds.items() if kind == "Image")
        names = {name: words for name, feature in first.features.items() if (words := _class_names(feature))}
        tables = [
            (
                part,
                SplitTable(
                    f"{os.path.basename(settings.shown)} ({split.split})", _undecoded(split, images), images, names
                ),
            )
            for part, split in splits.items()
        ]
        found: dict[str, Any] = {}
        if settings.label is None and wanted.targets.USES_LABELS:
            found["label"] = _label(kinds, names, wanted)
        label = found.get("label", settings.label)
        if settings.separator is None and isinstance(label, str) and kinds.get(label) in ("List", "Sequence"):
            found["separator"] = _SEPARATOR
        if not settings.given and len(wanted.inputs) == 1:
            found["image"] = _image(images, kinds, wanted)
        settings = settings.model_copy(update=found)
        inputs = dict(wanted.inputs)
        if len(inputs) == 1:
            [(name, (_, path))] = inputs.items()
            inputs = {name: (settings, path)}
        return replace(wanted, settings=settings, inputs=inputs, tables=tables, found=found)

    def readers(self, wanted: Wanted, columns: TableColumns) -> dict[str, InputCells]:
        table = wanted.tables[0][1]
        assert isinstance(table, SplitTable)
        found: dict[str, InputCells] = {}
        for name, (own, path) in wanted.inputs.items():
            if isinstance(own.numbers, str) and own.numbers in table.header:
                shape = np.shape(table.split[0][own.numbers])
                if not shape:
                    continue
                wanted_shape = tuple(own.shape or ())
                if wanted_shape and math.prod(wanted_shape) != math.prod(shape):
                    message = (
                        f"`shape` {list(wanted_shape)}, and `{shortened(own.numbers)}` has the shape {list(shape)}"
                    )
                    raise DataError(Problem(message, path=(*path, "shape") if path else ()))
                found[name] = ListCells(own.numbers, wanted_shape or shape)
        return found

    def looks_like(self, path: Path) -> bool:
        return False


SOURCE = _HuggingFace()


def _splits(settings: HuggingFace, wanted: Wanted) -> dict[str, Any]:
    """The splits of the data set, by part."""
    datasets = _library(wanted)
    key = "path" if settings.path else "name"
    with problems_at(*wanted.path, key):
        every = _from_folder(datasets, settings) if settings.path else _from_hub(datasets, settings)
    found: dict[str, Any] = {}
    for part in PARTS:
        said = getattr(settings, part)
        name = said or next((name for name in WORDS[part] if name in every), None)
        if name is not None and name not in every:
            hint = f"its splits: {listed(every)}"
            raise DataError(Problem(f"there is no split `{shortened(name)}`", hint, path=(*wanted.path, part)))
        if name is not None:
            found[part] = every[name]
    if "train" not in found:
        hint = f"its splits: {listed(every)}; `train: {next(iter(every), '')}` names one"
        raise DataError(Problem(f"{printable(settings.shown)} has no split `train`", hint, path=wanted.path))
    return found


def _library(wanted: Wanted) -> Any:
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    try:
        import datasets
    except ImportError as error:
        message = "`huggingface` needs the package datasets"
        raise DataError(Problem(message, f"install it: {_INSTALL}", path=wanted.path)) from error
    datasets.disable_progress_bars()
    datasets.utils.logging.set_verbosity_error()
    return datasets


def _from_folder(datasets: Any, settings: HuggingFace) -> dict[str, Any]:
    folder = existing_folder(settings.path)
    try:
        if (folder / "dataset_dict.json").is_file() or (folder / "state.json").is_file():
            found = datasets.load_from_disk(str(folder))
        else:
            found = datasets.load_dataset(str(folder), settings.config)
    except Exception as error:  # the library raises about anything on files that it does not know
        raise DataError(_refused(settings, error)) from error
    return dict(found) if isinstance(found, dict) else {"train": found}


def _from_hub(datasets: Any, settings: HuggingFace) -> dict[str, Any]:
    try:
        return dict(datasets.load_dataset(settings.name, settings.config, revision=settings.revision))
    except (ConnectionError, TimeoutError) as error:
        hint = "once downloaded, it is read without a network; a local folder is `path: …`"
        raise NetworkError(
            Problem(f"{printable(settings.shown)} is not on this machine and cannot be downloaded", hint)
        ) from error
    except Exception as error:
        raise DataError(_refused(settings, error)) from error


def _refused(settings: HuggingFace, error: Exception) -> Problem:
    said = " ".join(str(error).split()) or type(error).__name__
    return Problem(f"{printable(settings.shown)} cannot be read: {printable(shortened(said, 200))}")


def _undecoded(split: Any, images: frozenset[str]) -> Any:
    from datasets import Image

    for name in images:
        split = split.cast_column(name, Image(decode=False))
    return split


def _class_names(feature: Any) -> list[str]:
    """The names of a `ClassLabel`, or of a list of them; empty where there are none."""
    inner = getattr(feature, "feature", feature)
    return list(getattr(inner, "names", None) or ())


def _label(kinds: Mapping[str, str], names: Mapping[str, Sequence[str]], wanted: Wanted) -> str:
    usual = ["label", *(list(names) if len(names) == 1 else [])]
    if found := next((column for column in usual if column in kinds), None):
        return found
    message = "`label` is missing: no column is called so"
    raise DataError(Problem(message, f"there are {listed(kinds, 12)}", path=wanted.path))


def _image(images: frozenset[str], kinds: Mapping[str, str], wanted: Wanted) -> str:
    if len(images) == 1:
        return next(iter(images))
    which = f"several columns are images: {listed(sorted(images))}" if images else "no column is an image"
    hint = f"`image: …`, `text: …` or `numbers: …` names one; there are {listed(kinds, 12)}"
    raise DataError(Problem(which, hint, path=wanted.path))
