"""Read tables of text, CSV and TSV: encoding, delimiter, lines."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

from cnncli.data.sources.paths import cannot_read
from cnncli.data.tables.wrong_lines import WrongLines
from cnncli.errors import DataError, Place, Problem
from cnncli.messages import counted, shortened
from cnncli.recipe.sources.table import TextFormat

_DELIMITERS = ",;\t|"
_WHITE_SPACE = " "
_TAB_SUFFIXES = (".tsv", ".tab")
_SAMPLE_LINES = 20  # that are looked at to find the delimiter
_LONGEST = 1 << 24  # characters of a line, and of a field
_ROWS = 4096  # read in one go
_WITH_COMMA = re.compile(r"\s*[+-]?[0-9]*,[0-9]+([eE][+-]?[0-9]+)?\s*")  # a number with a decimal comma
UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")
"""The first bytes of text in UTF-16."""

_SEP = re.compile(r"sep=(.)\r?\n?")  # Excel's first line that names the delimiter


@dataclass(frozen=True, slots=True)
class Rows:
    """Some rows of a table.

    Attributes:
        lines: where each begins in the file, from 1.
        cells: of each row, as many as the table has columns: texts; of a Parquet file also numbers and None.
    """

    lines: Sequence[int]
    cells: Sequence[Sequence[Any]]


@dataclass(frozen=True, slots=True)
class CsvTable:
    """A table of text.

    Attributes:
        file: as messages call it.
        path: of the file.
        header: the names of the columns.
        delimiter: between two fields; a space stands for white space of any length.
        first_row: the number of records before the first row: the header, and the line `sep=;` of Excel.
        form: how the recipe says that the text is read.
    """

    file: str
    path: Path
    header: tuple[str, ...]
    delimiter: str
    first_row: int
    form: TextFormat

    def rows(self, wrong: WrongLines) -> Iterator[Rows]:
        """Read the rows, some at a time; empty lines do not count. Numbers have a decimal point, whatever the file has.

        Args:
            wrong: gets the lines that are no row of this table.

        Raises:
            DataError: the file has another encoding, or cannot be read.
        """
        width, lines, cells = len(self.header), list[int](), list[Sequence[str]]()
        with _opened(self.path, self.file, self.form.encoding) as file:
            reader = csv.reader(_spaced(_lines(file, self.file), self.delimiter), **_dialect(self.delimiter, self.form))
            for _ in range(self.first_row):
                next(reader)
            while True:
                line = reader.line_num + 1
                try:
                    row = next(reader)
                except StopIteration:
                    break
                except csv.Error as error:
                    wrong.add(self.file, line, _of_quotes(error, several_lines=reader.line_num > line))
                    continue
                if len(row) != width:
                    if row:
                        wrong.add(self.file, line, _of_width(len(row), width))
                    continue
                lines.append(line)
                cells.append(row if self.form.decimal == "." else _with_points(row))
                if len(lines) == _ROWS:
                    yield Rows(lines, cells)
                    lines, cells = [], []
        if lines:
            yield Rows(lines, cells)


def open_csv(path: Path, file: str, *, tabs: bool = False, form: TextFormat | None = None) -> CsvTable:
    """Read the header of a table of text.

    The delimiter is the one of the recipe; a tab where the file is called `.tsv` and has one in its first line; else the one
    of comma, semicolon, tab and `|` that gives the first lines the same number of fields, or white space where none does.

    Args:
        file: how messages call the file.
        tabs: whether the recipe says that it is a TSV file.
        form: how the recipe says that the text is read.

    Raises:
        DataError: it is no table of text in this encoding, or is empty.
    """
    csv.field_size_limit(_LONGEST)
    form = form or TextFormat()
    with _opened(path, file, form.encoding) as opened:
        sample = list(islice(_lines(opened, file), _SAMPLE_LINES))
    named = _SEP.fullmatch(sample[0]) if sample else None
    body = sample[1:] if named else sample
    if not any(line.strip() for line in body):
        raise DataError(Problem(f"{file} is empty", "the first line names the columns"))
    tabs = tabs or path.suffix.lower() in _TAB_SUFFIXES
    named_delimiter = form.delimiter or (named[1] if named else "\t" if tabs and "\t" in body[0] else None)
    delimiter = _signs(named_delimiter) or _delimiter(body, form)
    body = list(_spaced(body, delimiter))
    body = body if form.header else [line for line in body if line.strip()]
    header = _first_record(body, _dialect(delimiter, form))
    if header is None:
        problem = Problem("a quote opens in the first line and is not closed", _NO_QUOTES, place=Place(file, 1))
        raise DataError(problem)
    before = 1 if named else 0
    if not form.header:
        return CsvTable(file, path, tuple(f"c{place}" for place in range(len(header))), delimiter, before, form)
    return CsvTable(file, path, tuple(name.strip() for name in header), delimiter, before + 1, form)


def text_lines(path: Path, file: str, encoding: str) -> Iterator[str]:
    """The lines of a file.

    Raises:
        DataError: it has another encoding, or cannot be read.
    """
    with _opened(path, file, encoding) as opened:
        yield from _lines(opened, file)


def is_regular(path: Path) -> bool:
    """Whether a file is text of which the first lines have the same number of columns, several: a table in a file of any name."""
    try:
        with path.open("rb") as opened:
            beginning = opened.read(_LOOKED_AT)
        is_utf_16 = beginning.startswith(UTF_16_MARKS)
        if b"\0" in beginning and not is_utf_16:
            return False
        form = TextFormat(encoding="utf-16" if is_utf_16 else "latin-1")
        with _opened(path, path.name, form.encoding) as text:
            sample = list(islice(_lines(text, path.name), _SAMPLE_LINES))
    except (OSError, DataError):
        return False
    lines = [line for line in sample if line.strip()]
    if len(lines) < _FEWEST_LINES:
        return False
    delimiter = _delimiter(lines, form)
    widths = {
        len(row) for row in csv.reader(_spaced(lines, delimiter), **{**_dialect(delimiter, form), "strict": False})
    }
    return len(widths) == 1 and max(widths) > 1


_LOOKED_AT = 1 << 16  # bytes
_FEWEST_LINES = 3


def _dialect(delimiter: str, form: TextFormat) -> dict[str, Any]:
    """The arguments of csv.reader."""
    return {"delimiter": delimiter, "strict": True, "quoting": csv.QUOTE_MINIMAL if form.quotes else csv.QUOTE_NONE}


def _with_points(row: Sequence[str]) -> list[str]:
    return [cell.replace(",", ".") if _WITH_COMMA.fullmatch(cell) else cell for cell in row]


@contextmanager
def _opened(path: Path, file: str, encoding: str) -> Iterator[TextIO]:
    try:
        with path.open(encoding="utf-8-sig" if encoding == "utf-8" else encoding, newline="") as opened:
            yield opened
    except UnicodeError as error:
        raise DataError(_wrong_encoding(path, file, encoding)) from error
    except OSError as error:
        raise cannot_read(file, error) from error


def _lines(opened: TextIO, file: str) -> Iterator[str]:
    number = 0
    while line := opened.readline(_LONGEST):
        number += 1
        if len(line) == _LONGEST and not line.endswith(("\n", "\r")):
            message = f"the line has more than {_LONGEST:,} characters: this is no table of text"
            raise DataError(Problem(message, place=Place(file, number)))
        yield line


def _spaced(lines: Iterable[str], delimiter: str) -> Iterator[str]:
    """The lines, with one space for white space of any length where that is the delimiter."""
    return (" ".join(line.split()) + "\n" for line in lines) if delimiter == _WHITE_SPACE else iter(lines)


def _signs(delimiter: str | None) -> str | None:
    """As csv.reader takes it."""
    return _WHITE_SPACE if delimiter == "whitespace" else delimiter


def _delimiter(sample: Sequence[str], form: TextFormat) -> str:
    def score(sign: str) -> tuple[bool, float, int]:
        lines = _spaced(sample, sign)
        rows = [row for row in csv.reader(lines, **{**_dialect(sign, form), "strict": False}) if row]
        width = len(rows[0])
        return width > 1, sum(len(row) == width for row in rows) / len(rows), width

    best = max(_DELIMITERS, key=score)
    return best if score(best)[0] or score(_WHITE_SPACE)[:2] != (True, 1.0) else _WHITE_SPACE


def _first_record(sample: Sequence[str], dialect: dict[str, Any]) -> list[str] | None:
    try:
        return next(csv.reader(sample, **dialect), None)
    except csv.Error:
        return None


_NO_QUOTES = "if quotes are characters as others: `quotes: false` in the source"


def _of_quotes(error: csv.Error, *, several_lines: bool) -> str:
    if several_lines or "unexpected end" in str(error) or "field larger" in str(error):
        return (
            'a quote `"` opens in this line and is not closed; `quotes: false` in the source reads quotes as characters'
        )
    return 'a quote `"` closes inside a field; write `""` for a quote in a quoted field'


def _of_width(found: int, wanted: int) -> str:
    hint = "; a field that contains the delimiter needs quotes" if found > wanted else ""
    return f"{counted(found, 'field')}, and the table has {counted(wanted, 'column')}{hint}"


def _wrong_encoding(path: Path, file: str, encoding: str) -> Problem:
    """The first line that is not UTF-8, and what the file may be instead."""
    if encoding != "utf-8":
        return Problem(
            f"{file} cannot be read as {encoding}", "another `encoding`: utf-8, windows-1252, latin-1, utf-16"
        )
    with path.open("rb") as opened:
        if opened.read(2) in UTF_16_MARKS:
            return Problem("the table is UTF-16, and UTF-8 is expected", _convert(path, "utf-16"), place=Place(file, 1))
        opened.seek(0)
        number = 0
        while line := opened.readline(_LONGEST):
            number += 1
            try:
                line.decode()
            except UnicodeDecodeError as error:
                message = f"byte {line[error.start]:#04x} is not UTF-8"
                return Problem(message, _convert(path, "windows-1252"), place=Place(file, number))
    return Problem(f"{file} is not UTF-8", _convert(path, "windows-1252"))


def _convert(path: Path, encoding: str) -> str:
    command = f"iconv -f {encoding.upper()} -t UTF-8 {shortened(path.name)} > utf8.csv"
    return f"`encoding: {encoding}` in the source; or save it as UTF-8: {command}"
