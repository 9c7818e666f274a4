"""Push a finished or stopped run to a tracker, from what its folder holds."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from cnncli.errors import CnncliError, OutputError
from cnncli.recipe.growth import WRITTEN_OUT
from cnncli.recipe.schema_trackers import Tracker, tracker
from cnncli.recipe.yaml.nodes import plain
from cnncli.recipe.yaml.source import parse
from cnncli.runs.record import RESOLVED, RunSummary, regular_content, summarise
from cnncli.trackers import registry
from cnncli.trackers.sessions import Session, open_session
from cnncli.trackers.tracked_run import read

PATIENCE = 600.0  # seconds, for one run and one tracker


def pushable(path: Path) -> RunSummary:
    """Check that a run can be pushed.

    Raises:
        OutputError: it is being trained, or its record cannot be read.
    """
    summary = summarise(path)
    if summary.status == "running":
        raise OutputError(f"{path} is being trained", hint="wait until it ends, or track it live: train --track")
    if summary.status == "broken":
        raise OutputError(f"{path} cannot be tracked: {summary.problem}", hint="list the runs with: cnncli runs")
    return summary


def settings_for(
    path: Path, name: str, given: Mapping[str, Any], environment: Mapping[str, str] = os.environ
) -> Tracker:
    """The settings to push a run with: those that are given, else those of its recipe, else those of the environment.

    Args:
        given: settings by name; those that are None are not given.
    """
    own = next((each for each in _of_recipe(path) if each.name == name), None)
    kept = own.settings.model_dump(exclude_none=True) if own else {}
    wanted = tracker(name, **{**kept, **{key: value for key, value in given.items() if value is not None}})
    [found] = registry.settled([wanted], path.absolute().parent.name, environment)
    return found


def push(path: Path, settings: Tracker, *, patience: float = PATIENCE) -> Session:
    """Send everything of a run, and wait until the tracker has it.

    A run that the tracker has already gets what it lacks; nothing is there twice.

    Returns:
        The session, which has ended: the tracker's run, or why it gave up.
    """
    session = open_session(settings, path)
    try:
        session.log_epochs(read(path).history)
        session.finish()
        session.wait(time.monotonic() + patience)
    except BaseException:
        session.abandon()
        raise
    return session


def _of_recipe(path: Path) -> list[Tracker]:
    """The trackers of the run's resolved recipe; none where it cannot be read."""
    with suppress(CnncliError, ValidationError):
        recipe = plain(parse(regular_content(path / RESOLVED), RESOLVED, bounds=WRITTEN_OUT))
        found = recipe.get("track")
        return [Tracker.model_validate(each) for each in found] if isinstance(found, list) else []
    return []
