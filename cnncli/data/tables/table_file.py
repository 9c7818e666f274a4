"""Open a table file by its content and its name: CSV, TSV or Parquet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

from cnncli.data.sources.paths import cannot_read, existing_file
from cnncli.data.tables.csv_table import Rows, is_regular, open_csv
from cnncli.data.tables.parquet_table import open_parquet
from cnncli.data.tables.wrong_lines import WrongLines
from cnncli.errors import DataError, Problem
from cnncli.messages import printable
from cnncli.recipe.sources.table import TextFormat

SUFFIXES = (".csv", ".tsv", ".tab", ".parquet", ".pq")
_OTHER_SUFFIXES = ("", ".data", ".dat", ".txt")  # of files that can be tables


class TableFile(Protocol):
    """A table, read row by row.

    Attributes:
        file: as messages call it.
        path: of the file.
        header: the names of the columns.
    """

    @property
    def file(self) -> str: ...

    @property
    def path(self) -> Path: ...

    @property
    def header(self) -> Sequence[str]: ...

    def rows(self, wrong: WrongLines) -> Iterator[Rows]:
        """The rows, some at a time; `wrong` gets the lines that are none."""


def looks_like_table(path: Path) -> bool:
    """Whether an existing file is a table: by its ending, or one of text by its lines."""
    suffix = path.suffix.lower()
    return path.is_file() and (suffix in SUFFIXES or (suffix in _OTHER_SUFFIXES and is_regular(path)))


def open_table(text: str, *, kind: str = "csv", form: TextFormat | None = None) -> TableFile:
    """Open a table and read the names of its columns.

    Args:
        text: its path, as the user wrote it.
        kind: `csv`, `tsv` or `parquet`: what the recipe calls it. The file's first bytes and its ending come first.
        form: how a table of text is read; None: as it is without settings.

    Raises:
        DataError: it is not there, or is no table.
    """
    path, file = existing_file(text), printable(text)
    try:
        with path.open("rb") as opened:
            beginning = opened.read(8)
    except OSError as error:
        raise cannot_read(text, error) from error
    suffix = path.suffix.lower()
    if beginning[:4] == b"PAR1" or suffix in (".parquet", ".pq"):
        return open_parquet(path, file)
    for magic, what, way_out in _OTHERS:
        if beginning.startswith(magic):
            raise DataError(Problem(f"{file} is {what}, not a table of text", way_out))
    if kind == "parquet":
        return open_parquet(path, file)
    return open_csv(path, file, tabs=kind == "tsv", form=form)


_OTHERS = (
    (b"PK\3\4", "a ZIP archive or an Excel workbook", "in Excel: Save As, CSV UTF-8; an archive: unpack it first"),
    (b"\xd0\xcf\x11\xe0", "an Excel workbook", "in Excel: Save As, CSV UTF-8"),
    (b"\x1f\x8b", "compressed with gzip", "unpack it first: gunzip"),
    (b"BZh", "compressed with bzip2", "unpack it first: bunzip2"),
    (b"\xfd7zXZ", "compressed with xz", "unpack it first: unxz"),
)
