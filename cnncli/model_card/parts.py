"""What the task of a run gives to its model card: scores for the header, tables, limits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cnncli.report import values
from cnncli.tasks.result import Interval

MOST_CLASSES = 100  # rows of a table
WORST = 3  # classes that are named
FEW = 30  # examples of a class, below which its scores are rough


@dataclass(frozen=True)
class Metric:
    """A score in the header of a card.

    Attributes:
        type: an identifier of the Hub (https://huggingface.co/metrics) where it has one, else a plain word.
        name: in words.
        value: None where the examples define none; the header then leaves it out.
    """

    type: str
    name: str
    value: float | None


@dataclass(frozen=True)
class ClassTable:
    """The scores of each class.

    Attributes:
        titles: of the columns.
        rows: their cells as text.
        note: what is left out, or how to read it; empty where there is nothing to say.
    """

    titles: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""


def shown(value: float | None, bounds: Interval | None) -> str:
    """`0.9000 (0.8731 to 0.9219)`."""
    text = values.rate(value)
    return f"{text} ({' to '.join(map(values.rate, bounds))})" if bounds and value is not None else text


def first_rows(rows: Sequence[Sequence[str]], what: str) -> tuple[Sequence[Sequence[str]], str]:
    """The rows of a table, and a note where there are too many for one."""
    if len(rows) <= MOST_CLASSES:
        return rows, ""
    return rows[:MOST_CLASSES], f"The first {MOST_CLASSES} of {len(rows):,} {what}; evaluation.json has all."
