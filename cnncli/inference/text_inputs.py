"""Texts for a prediction: sentences of the command line, lines, .txt files, columns of tables and arrays, in batches."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from cnncli.data.sources.paths import cannot_read, existing_file
from cnncli.data.sources.text_folder import read_text
from cnncli.data.tables.cells import joined
from cnncli.data.tables.table_file import SUFFIXES, open_table
from cnncli.data.tables.wrong_lines import WrongLines
from cnncli.data.text_column import fault_of
from cnncli.errors import CnncliError, DataError, Problem
from cnncli.inference.batch import SHOWN_TEXT, Bad, Batch, Name, bad_file
from cnncli.inference.inputs import File, archive_array, single_array
from cnncli.messages import listed, printable
from cnncli.recipe.sources.table import TextFormat

STDIN = "-"
_ENDING = ".txt"
_USUAL = ("text", "sentence", "x")  # a table's column, where the model was not trained on a table


@dataclass(frozen=True, slots=True, eq=False)
class TextsGiven:
    """Texts that were named.

    Attributes:
        texts: of the command line.
        files: in the order of the arguments, those of a folder sorted.
        bad: what is not there, or cannot be read.
        columns: of tables, which the model was trained on; none where they are not known.
        form: how tables are read.
        notes: none; as in `Given`.
        has_images: never; as in `Given`.
    """

    texts: tuple[str, ...]
    files: tuple[File, ...]
    bad: tuple[Bad, ...] = ()
    columns: tuple[str, ...] = ()
    form: TextFormat | None = None
    notes: tuple[Problem, ...] = ()
    has_images: bool = False

    @property
    def names(self) -> list[str]:
        """About what the examples will be called."""
        files = [file.path if file.kind == "text" else "a" * SHOWN_TEXT for file in self.files]
        return [*(str(Name("", 0, text)) for text in self.texts), *files]

    def batches(self, size: int) -> Iterator[Batch]:
        """Read the texts, so many at a time."""
        given = ((Name("", index, text), text) for index, text in enumerate(self.texts))
        return _in_batches(chain(given, *(self._examples(file) for file in self.files)), size)

    def _examples(self, file: File) -> Iterator[tuple[Name, str] | Bad]:
        """The texts of a file, each with its name, and what cannot be used."""
        path = file.path
        try:
            if file.kind == "text":
                text = read_text(path)[0]
                yield Name(path, None, text), text
            elif file.kind == "lines":
                yield from _lines(path)
            elif file.kind == "table":
                yield from _rows(path, self.columns, self.form)
            else:
                texts = _array(path, file.kind)
                yield from ((Name(path, index, str(text)), str(text)) for index, text in enumerate(texts))
        except CnncliError as error:
            yield bad_file(Name(path), error)
        except OSError as error:
            yield bad_file(Name(path), cannot_read(path, error))
        except UnicodeDecodeError as error:
            reason = f"byte 0x{error.object[error.start]:02x} is not UTF-8"
            yield Bad(Name(path), reason, "save it as UTF-8, for example with `iconv -f latin1 -t utf-8`")


def look_up_texts(
    texts: Sequence[str],
    arguments: Sequence[str],
    *,
    are_lines: bool = False,
    columns: Sequence[str] = (),
    form: TextFormat | None = None,
) -> TextsGiven:
    """Find what the arguments name: .txt files, folders of them, tables, arrays of texts; `-` is stdin. None of them is read.

    Args:
        texts: given as they are.
        are_lines: each line of a file is a text.
        columns: of tables.
        form: how tables are read.
    """
    files: list[File] = []
    bad: list[Bad] = []
    for argument in arguments:
        try:
            files += _files(argument, are_lines=are_lines)
        except DataError as error:
            bad.append(bad_file(Name(argument), error))
    return TextsGiven(tuple(texts), tuple(files), tuple(bad), tuple(columns), form)


def _files(argument: str, *, are_lines: bool) -> list[File]:
    if argument == STDIN:
        return [File(STDIN, "lines")]
    if os.path.isdir(argument):
        found = sorted(path for path in Path(argument).rglob("*") if path.suffix.lower() == _ENDING and path.is_file())
        if not found:
            raise DataError(f"there is no .txt file in {printable(argument)}")
        return [File(str(path), "lines" if are_lines else "text") for path in found]
    suffix = existing_file(argument).suffix.lower()
    if suffix in SUFFIXES and not are_lines:
        return [File(argument, "table")]
    if suffix in (".npz", ".npy"):
        return [File(argument, "archive" if suffix == ".npz" else "array")]
    return [File(argument, "lines" if are_lines else "text")]


def _in_batches(examples: Iterable[tuple[Name, str] | Bad], size: int) -> Iterator[Batch]:
    names: list[Name] = []
    texts: list[str] = []
    bad: list[Bad] = []
    for each in examples:
        if isinstance(each, Bad):
            bad.append(each)
        elif fault := fault_of(each[1]) or ("" if each[1].strip() else "holds no text"):
            bad.append(Bad(Name(each[0].file, each[0].index), fault))
        else:
            names.append(each[0])
            texts.append(each[1])
        if len(texts) + len(bad) >= size:
            yield Batch(names, np.array(texts, object), bad)
            names, texts, bad = [], [], []
    if names or bad:
        yield Batch(names, np.array(texts, object), bad)


def _lines(path: str) -> Iterator[tuple[Name, str]]:
    """Each line that is not blank; its number counts from 0, blank ones included."""
    if path == STDIN:
        source: Iterable[bytes] = sys.stdin.buffer
        yield from _decoded(source, STDIN)
        return
    with open(path, "rb") as file:
        yield from _decoded(file, path)


def _decoded(lines: Iterable[bytes], path: str) -> Iterator[tuple[Name, str]]:
    for index, line in enumerate(lines):
        text = line.decode("utf-8-sig" if index == 0 else "utf-8").strip()
        if text:
            yield Name(path, index, text), text


def _rows(path: str, columns: Sequence[str], form: TextFormat | None) -> Iterator[tuple[Name, str] | Bad]:
    table = open_table(path, form=form)
    header = list(table.header)
    usual = next((name for name in _USUAL if name in header), header[0] if len(header) == 1 else None)
    wanted = columns if columns and {*columns} <= {*header} else [usual] if usual is not None else []
    if not wanted:
        named = listed(f"`{name}`" for name in columns or _USUAL[:1])
        hint = f"its columns: {listed(header, 12)}\na file with a text in each line: --lines"
        raise DataError(Problem(f"it has no column {named}", hint))
    places, index = [header.index(name) for name in wanted], 0
    wrong = WrongLines()
    for rows in table.rows(wrong):
        for row in rows.cells:
            text = joined([row[place] for place in places])
            yield Name(path, index, text), text
            index += 1
    yield from (Bad(Name(path), problem.message, problem.hint) for problem in wrong.problems())


def _array(path: str, kind: str) -> Any:
    """The texts of an array file.

    Raises:
        DataError: it holds something else.
    """
    array = (archive_array if kind == "archive" else single_array)(path)
    if array.dtype.kind != "U" or array.shape[1:]:
        raise DataError(f"holds {array.dtype} of shape {array.shape}, not one text for each example")
    return np.atleast_1d(array)
