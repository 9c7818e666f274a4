"""Load a folder with one file of lines for each class: each line is a text, such as `rt-polarity.pos` and `rt-polarity.neg`."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from cnncli.data.sources.base import ModelRequest, Request
from cnncli.data.sources.folder_tree import part_folders_in
from cnncli.data.sources.loaded_data import LoadedData, problems_at
from cnncli.data.sources.paths import contents, existing_folder, is_folder, listed_folder
from cnncli.data.sources.table import TableSource, Wanted, read_table, read_table_for_model
from cnncli.data.tables.csv_table import Rows, text_lines
from cnncli.data.tables.table_file import SUFFIXES, TableFile
from cnncli.data.tables.wrong_lines import WrongLines
from cnncli.errors import DataError, Problem
from cnncli.messages import counted, printable
from cnncli.recipe.sources.table import Table
from cnncli.recipe.sources.text_folder import TextFolder

_PATH = ("data", "source", "text_folder")
_TEXT, _CLASS = "text", "class"
_ROWS = 4096  # read in one go
_NO_CLASSES = ("readme", "license", "licence", "copying", "changelog")  # how files are called that hold no examples
_OTHER_ENDINGS = (*SUFFIXES, ".md", ".py", ".ipynb", ".json", ".jsonl", ".xml", ".yaml", ".yml", ".pdf", ".html")
_MOST_CLASSES = 50
_FEWEST_LINES = 10
_FEWEST_WORDS = 3  # in a line, on average
_LOOKED_AT = 1 << 16  # bytes of a file


@dataclass(frozen=True, slots=True)
class _Lines:
    """A file of lines as a table: the texts, and the class of the file."""

    file: str
    path: Path
    class_name: str
    encoding: str
    header: Sequence[str] = (_TEXT, _CLASS)

    def rows(self, wrong: WrongLines) -> Iterator[Rows]:
        """The lines that are not empty, some at a time.

        Raises:
            DataError: the file has another encoding, or cannot be read.
        """
        lines, cells = list[int](), list[Sequence[str]]()
        for number, line in enumerate(text_lines(self.path, self.file, self.encoding), start=1):
            if text := line.strip():
                lines.append(number)
                cells.append((text, self.class_name))
            if len(lines) == _ROWS:
                yield Rows(lines, cells)
                lines, cells = [], []
        if lines:
            yield Rows(lines, cells)


class _AsTable(Table):
    """The settings of the folder as those of a table."""

    NOUN: ClassVar[str] = "text folder"


@dataclass(frozen=True)
class _LinesSource(TableSource):
    """Reads the files of a folder.

    Attributes:
        encoding: of the files.
    """

    encoding: str

    def settled(self, wanted: Wanted) -> Wanted:
        with problems_at(*wanted.path, "path"):
            tables = tuple(_tables(wanted.settings.path, self.encoding, for_training=wanted.known is None))
        return replace(wanted, tables=tables)


def read_lines(settings: TextFolder, request: Request) -> LoadedData:
    """Read the files of a folder for training. Raises: as `Source.read`."""
    return read_table(
        _as_table(settings), request, path=_PATH, kind="text_folder", source=_LinesSource(settings.encoding)
    )


def read_lines_for_model(settings: TextFolder, request: ModelRequest) -> LoadedData:
    """Read them for a trained model. Raises: as `Source.read_for_model`."""
    return read_table_for_model(_as_table(settings), request, _LinesSource(settings.encoding))


def files_of_classes(folder: str) -> dict[str, str]:
    """The files of a folder that hold texts, by class: what tells their names apart, `pos` of `pos.txt` or `reviews.pos`."""
    names = [
        entry.name
        for entry in listed_folder(folder)
        if not is_folder(entry)
        and not entry.name.startswith(".")
        and not entry.name.lower().startswith(_NO_CLASSES)
        and os.path.splitext(entry.name)[1].lower() not in _OTHER_ENDINGS
    ]
    split = [os.path.splitext(name) for name in names]
    if len({stem for stem, _ in split}) == len(names):
        return {stem: name for (stem, _), name in zip(split, names, strict=True)}
    if len({stem for stem, _ in split}) == 1:
        return {ending.removeprefix("."): name for (_, ending), name in zip(split, names, strict=True)}
    return {name: name for name in names}


def has_class_files(folder: str) -> bool:
    """Whether a folder holds a file with a text in each line for each class, such as `pos.txt` and `neg.txt`.

    Files with numbers, such as `17.txt`, are texts themselves.
    """
    files = files_of_classes(folder)
    if not 2 <= len(files) <= _MOST_CLASSES or 2 * sum(name[-1:].isdigit() for name in files) > len(files):
        return False
    return all(_is_of_lines(os.path.join(folder, name)) for name in files.values())


def _is_of_lines(path: str) -> bool:
    try:
        with open(path, "rb") as file:
            beginning = file.read(_LOOKED_AT)
    except OSError:
        return False
    if b"\0" in beginning or b"\t" in beginning:
        return False
    lines = [line.split() for line in beginning.splitlines() if line.strip()]
    words = [word for line in lines for word in line]
    has_letters = 2 * sum(word[:1].isalpha() for word in words) > len(words)
    return has_letters and len(lines) >= _FEWEST_LINES and len(words) >= _FEWEST_WORDS * len(lines)


def _as_table(settings: TextFolder) -> Table:
    return _AsTable.model_validate(
        {"path": settings.path, "text": _TEXT, "label": _CLASS, "encoding": settings.encoding}
    )


def _tables(text: str, encoding: str, *, for_training: bool) -> Iterator[tuple[str, TableFile]]:
    """The files of each part.

    Raises:
        DataError: there are not at least two classes, or no training part.
    """
    root = str(existing_folder(text))
    folders = part_folders_in(root) or {"train": ""}
    if for_training and "train" not in folders:
        raise DataError(Problem(f"{printable(text)} has {' and '.join(folders.values())} and no train"))
    for part, folder in folders.items():
        inside = os.path.join(root, folder)
        found = files_of_classes(inside)
        if len(found) < 2:
            message = f"{printable(os.path.join(text, folder))} has {counted(len(found), 'file')} of texts"
            raise DataError(Problem(message, f"it holds {contents(inside)}\neach class needs a file with its texts"))
        for class_name, name in found.items():
            path = os.path.join(text, folder, name)
            yield part, _Lines(printable(path), Path(path), class_name, encoding)
