"""A hyperparameter search as one HTML page that loads nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cnncli.report import embedded_figures
from cnncli.report.rendering import render

_MOST_BYTES = 4_000_000  # of all pictures
_MOST_TRIALS = 2000


@dataclass(frozen=True)
class SweepPage:
    """What the page says, as text.

    Attributes:
        facts: pairs of a word and a text.
        best: the values of the best trial by key.
        columns: of the table of trials, behind number and state.
        rows: number, state and cells of each trial.
        failures: reasons, with how often each ended a trial.
    """

    name: str
    facts: Sequence[tuple[str, str]]
    best: Sequence[tuple[str, str]]
    columns: Sequence[str]
    rows: Sequence[TrialLine]
    failures: Sequence[str]


@dataclass(frozen=True)
class TrialLine:
    """A line of the table of trials."""

    number: int
    state: str
    cells: Sequence[str]


def sweep_page(page: SweepPage, pictures: Sequence[Path]) -> str:
    """Render the whole file.

    Args:
        pictures: PNG files, which the page holds.
    """
    [album] = embedded_figures.within([embedded_figures.gather(pictures)], _MOST_BYTES)
    return render(
        "sweep.html",
        title=f"{page.name}: hyperparameter search",
        name=page.name,
        facts=page.facts,
        best=page.best,
        album=album,
        failures=page.failures,
        columns=page.columns,
        rows=page.rows[:_MOST_TRIALS],
        trials_left=max(0, len(page.rows) - _MOST_TRIALS),
    )
