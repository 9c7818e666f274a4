"""Find out how a table of text is read: names of columns, encoding, decimal commas, quotes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from cnncli.data.tables.column_selection import has_measured_numbers, numbers_in
from cnncli.data.tables.csv_table import UTF_16_MARKS, CsvTable
from cnncli.data.tables.table_file import TableFile, open_table
from cnncli.data.tables.wrong_lines import WrongLines
from cnncli.errors import DataError
from cnncli.recipe.sources.table import TextFormat

_WITH_COMMA = re.compile(r"\s*[+-]?[0-9]+,[0-9]+\s*")
_LOOKED_AT = 1_000  # rows
_SENTENCE = 4  # words


def open_with_format(path: str, word: str) -> tuple[TableFile, dict[str, Any]]:
    """Open a table.

    Args:
        word: what a recipe calls it: `csv`, `tsv` or `parquet`.

    Returns:
        The table, and the keys of `TextFormat` that it needs.

    Raises:
        DataError: it is no table.
    """
    table = open_table(path, kind=word, form=TextFormat(encoding="latin-1", quotes=False))  # can be read
    if not isinstance(table, CsvTable):
        return table, {}
    keys: dict[str, Any] = {}
    for encoding in ("utf-8", _legacy(table), "latin-1"):
        keys = {} if encoding == "utf-8" else {"encoding": encoding}
        try:
            rows, wrong_count = _read(path, word, keys)
            break
        except DataError as error:
            if not isinstance(error.__cause__, UnicodeError):
                raise
    if wrong_count and _read(path, word, {**keys, "quotes": False})[1] == 0:
        keys["quotes"] = False
        rows, _ = _read(path, word, keys)
    table = _opened(path, word, keys)
    if table.delimiter == ";" and any(_WITH_COMMA.fullmatch(cell) for row in rows for cell in row):
        keys["decimal"] = ","
    if rows and is_an_example(table.header, rows):
        keys["header"] = False
    return _opened(path, word, keys), keys


def is_an_example(first: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first line of a table is an example as the rows below it: it has numbers, sentences, or words that come again.

    Example:
        >>> is_an_example(["ham", "Ok lar"], [["spam", "Free entry"], ["ham", "Even my brother"]])
        True
    """
    if len(numbers_in(first)) > 1:
        return has_measured_numbers(first)
    for place, name in enumerate(first):
        below = [row[place].strip() for row in rows]
        are_sentences = len(name.split()) > _SENTENCE < float(np.mean([len(cell.split()) for cell in below]))
        if name and (name in below or are_sentences):
            return True
    return False


def _legacy(table: CsvTable) -> str:
    """The encoding of a file that is not UTF-8."""
    with table.path.open("rb") as file:
        return "utf-16" if file.read(2) in UTF_16_MARKS else "windows-1252"


def _opened(path: str, word: str, keys: Mapping[str, Any]) -> CsvTable:
    table = open_table(path, kind=word, form=TextFormat(**keys))
    assert isinstance(table, CsvTable)
    return table


def _read(path: str, word: str, keys: Mapping[str, Any]) -> tuple[list[Sequence[str]], int]:
    """The first rows below the first line, and how many lines are wrong, among them the first if its quotes are.

    Raises:
        DataError: the file cannot be read so.
    """
    wrong = WrongLines()
    found: list[Sequence[str]] = []
    try:
        for some in _opened(path, word, keys).rows(wrong):
            found += some.cells if len(found) < _LOOKED_AT else []
    except DataError as error:
        if isinstance(error.__cause__, UnicodeError) or "quotes" in keys:
            raise
        return [], 1
    return found[:_LOOKED_AT], wrong.count
