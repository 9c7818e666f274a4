"""Read tables in Parquet files, with PyArrow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cnncli.data.tables.csv_table import Rows
from cnncli.data.tables.wrong_lines import WrongLines
from cnncli.errors import DataError, Problem
from cnncli.messages import printable

_ROWS = 4096  # read in one go


@dataclass(frozen=True, slots=True)
class ParquetTable:
    """A table in a Parquet file; its lines are its rows, from 1.

    Attributes:
        file: as messages call it.
        path: of the file.
        header: the names of the columns.
    """

    file: str
    path: Path
    header: tuple[str, ...]

    def rows(self, wrong: WrongLines) -> Iterator[Rows]:
        """Read the rows, some at a time.

        Raises:
            DataError: the file is damaged.
        """
        first = 1
        parquet = _pyarrow(self.file)
        try:
            with parquet.ParquetFile(self.path) as opened:
                for batch in opened.iter_batches(batch_size=_ROWS):
                    columns = [column.to_pylist() for column in batch.columns]
                    yield Rows(range(first, first + batch.num_rows), list(zip(*columns, strict=True)))
                    first += batch.num_rows
        except (OSError, ValueError, NotImplementedError) as error:  # those of PyArrow are subclasses of these
            raise DataError(_damaged(self.file, error)) from error


def open_parquet(path: Path, file: str) -> ParquetTable:
    """Read the names of the columns of a Parquet file.

    Raises:
        DataError: PyArrow is missing, or this is no Parquet file.
    """
    parquet = _pyarrow(file)
    try:
        with parquet.ParquetFile(path) as opened:
            return ParquetTable(file, path, tuple(opened.schema_arrow.names))
    except (OSError, ValueError, NotImplementedError) as error:
        raise DataError(_damaged(file, error)) from error


def _pyarrow(file: str) -> Any:
    try:
        from pyarrow import parquet
    except ImportError as error:
        hint = 'install it: pip install "cnncli[parquet]"; or save the table as CSV'
        raise DataError(Problem(f"{file}: reading Parquet needs the package pyarrow", hint)) from error
    return parquet


def _damaged(file: str, error: Exception) -> Problem:
    reason = (str(error).splitlines() or [""])[0].rstrip(".")
    return Problem(f"{file} cannot be read as Parquet: {printable(reason)}")
