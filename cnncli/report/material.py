"""Read what a run's folder has for its report, in any state."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from cnncli.errors import CnncliError, OutputError
from cnncli.network.summary_json import DrawnNetwork
from cnncli.recipe.load import load
from cnncli.recipe.schema import Recipe
from cnncli.runs.listing import ListedRun, listed
from cnncli.runs.record import (
    HISTORY,
    RECORD,
    RESOLVED,
    Record,
    Row,
    Rows,
    first_problem,
    read_record,
    regular_content,
    summarise,
)
from cnncli.tasks.result import Result, read_result

Parsed = TypeVar("Parsed")

_FIGURES = "figures"
_LONGEST_RECIPE = 256 * 1024  # bytes, as the loader takes them
_MOST_FIGURES = 500


@dataclass(frozen=True)
class Material:
    """All of a run that its report shows; what the folder does not have is empty.

    Attributes:
        run: its place, state, times and results.
        record: run.json; all its fields are empty where it cannot be read.
        record_json: the same as it is, without the list of files.
        history: a row an epoch.
        evaluation: evaluation.json; None where it is missing or cannot be read.
        network: network.json; None where it is missing or cannot be read.
        recipe_text: recipe.yaml as it was written.
        resolved_text: resolved.yaml, the recipe with everything filled in.
        recipe: the same, read; None where it cannot be read.
        figures: the PNG files, in the order of their names.
        missing: what is not there, or cannot be read, in words.
    """

    run: ListedRun
    record: Record
    record_json: Mapping[str, Any]
    history: list[Row]
    evaluation: Result | None
    network: DrawnNetwork | None
    recipe_text: str
    resolved_text: str
    recipe: Recipe | None
    figures: tuple[Path, ...]
    missing: tuple[str, ...]

    @property
    def status(self) -> str:
        return self.run.summary.status


def read(path: Path, *, record: Mapping[str, Any] | None = None) -> Material:
    """Read a run's folder; never raises for what is in it.

    Args:
        record: what run.json is about to say, for a run that is being finished; left out: what it says.
    """
    summary = summarise(path)
    if record is not None:
        about = Record.model_validate(record)
        summary = replace(summary, record=about, status=about.status, ended=datetime.fromisoformat(record["ended"]))
    run = listed(summary)
    missing: list[str] = []
    if run.summary.status == "broken":
        missing.append(f"{RECORD}: {run.problem}")
    return Material(
        run=run,
        record=summary.record,
        record_json={name: value for name, value in (record or _as_it_is(path)).items() if name != "artefacts"},
        history=_read(path / HISTORY, "the history", Rows.validate_json, missing) or [],
        evaluation=_read(path / "evaluation.json", "the evaluation", read_result, missing),
        network=_read(path / "network.json", "the network", DrawnNetwork.model_validate_json, missing),
        recipe_text=_text(path / "recipe.yaml", "the recipe", missing),
        resolved_text=_text(path / RESOLVED, "the resolved recipe", missing),
        recipe=_recipe(path / RESOLVED),
        figures=_figures(path / _FIGURES, missing),
        missing=tuple(missing),
    )


def _as_it_is(path: Path) -> Mapping[str, Any]:
    with suppress(OutputError):
        return read_record(path)
    return {}


def _read(file: Path, what: str, parse: Callable[[bytes], Parsed], missing: list[str]) -> Parsed | None:
    content = _content(file, what, missing)
    if content is None:
        return None
    try:
        return parse(content)
    except ValueError as error:
        why = first_problem(error) if isinstance(error, ValidationError) else error
        missing.append(f"{what}: {file.name} is damaged: {why}")
        return None


def _text(file: Path, what: str, missing: list[str]) -> str:
    content = _content(file, what, missing)
    if content is None:
        return ""
    if len(content) > _LONGEST_RECIPE:
        missing.append(f"{what}: {file.name} is larger than {_LONGEST_RECIPE // 1024} kB")
        return ""
    return content.decode(errors="replace").removeprefix("\ufeff")


def _content(file: Path, what: str, missing: list[str]) -> bytes | None:
    try:
        return regular_content(file)
    except OutputError as error:
        there = os.path.lexists(file)
        missing.append(f"{what}: {error.problems[0].message}" if there else f"{what}: there is no {file.name}")
        return None


def _recipe(file: Path) -> Recipe | None:
    """The resolved recipe; its text is shown all the same where this version does not understand it."""
    try:
        return load(str(file)).recipe
    except CnncliError:
        return None


def _figures(folder: Path, missing: list[str]) -> tuple[Path, ...]:
    try:
        names = sorted(entry.name for entry in os.scandir(folder) if entry.name.lower().endswith(".png"))
    except FileNotFoundError:
        missing.append("the pictures: there is no folder figures")
        return ()
    except OSError as error:
        missing.append(f"the pictures: figures cannot be read ({error.strerror})")
        return ()
    if not names:
        missing.append("the pictures: there are none in figures")
    if len(names) > _MOST_FIGURES:
        missing.append(f"{len(names) - _MOST_FIGURES:,} of {len(names):,} pictures: there are too many")
    return tuple(folder / name for name in names[:_MOST_FIGURES])
