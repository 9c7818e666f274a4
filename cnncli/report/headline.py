"""The headline and the tiles of a report: its most important numbers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Tile:
    """A number at the top of the page, and what belongs beside it."""

    name: str
    value: str
    beside: str = ""


@dataclass(frozen=True)
class Headline:
    """The main score of a run.

    Attributes:
        name: such as `accuracy`.
        score: its value as text.
        interval: `89.00% to 91.60%`, or empty.
        baseline: what a prediction without any input reaches, in words, or empty.
    """

    name: str
    score: str
    interval: str
    baseline: str
