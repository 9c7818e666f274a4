"""Cells and lines of predictions.csv: text that no spreadsheet takes for a formula."""

from __future__ import annotations

import re

from cnncli.messages import printable

_FORMULA = re.compile(r"\s*[=+\-@]|[\t\r\n]")
_SPECIAL = re.compile(r'[,"\r\n]')
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")


def line(*cells: str) -> str:
    """A line of cells that `cell` made, or that are numbers."""
    return ",".join(cells) + "\n"


def cell_text(text: str) -> str:
    """Text as a cell that no spreadsheet takes for a formula, with its control characters visible.

    Example:
        >>> cell_text("=1+1"), cell_text("-1"), cell_text("cat")
        ("'=1+1", '-1', 'cat')
    """
    shown = printable(text)
    return f"'{shown}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else shown


def cell(text: str) -> str:
    """Text as it stands in the file (RFC 4180); csv.writer leaves a carriage return bare, which csv.reader refuses."""
    safe = cell_text(text).encode("utf-8", "backslashreplace").decode()  # a name that is no UTF-8 has lone surrogates
    quoted = safe.replace('"', '""')
    return f'"{quoted}"' if _SPECIAL.search(safe) else safe
