"""Text output as data: labelled lines and tables, which `cli` prints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

FEW_EXAMPLES_HINT = "look at the intervals of the scores; use a larger split if you have more data"


@dataclass(frozen=True)
class Lines:
    """Labelled lines: `R2           0.9120; explained variance 0.9150`."""

    rows: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Table:
    """A table.

    Attributes:
        title: a line above it.
        columns: their titles.
        rows: the cells; numbers are written with four digits.
        text_columns: how many of the first columns are text, aligned to the left.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]
    text_columns: int = 1
