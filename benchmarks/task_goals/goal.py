"""What a shipped recipe is to reach on drawn data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Goal:
    """A goal.

    Attributes:
        name: of the goal.
        recipe: the shipped recipe.
        settings: for `--set`.
        measured: what is measured, for people.
        score: evaluation.json of the run -> what is measured.
        least: what is to be reached.
        seconds: processor seconds that it may take, without the start; None: any.
        write_data: writes the data into the working directory of the run.
    """

    name: str
    recipe: str
    settings: tuple[str, ...]
    measured: str
    score: Callable[[Mapping[str, Any]], float]
    least: float
    seconds: float | None = None
    write_data: Callable[[Path], None] = lambda folder: None
