"""Track a run live: its trackers get each epoch, and at the end what its folder holds. None of them can fail the run."""

from __future__ import annotations

import shlex
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from cnncli import runs
from cnncli.errors import OutputError, Place, Problem, ResourceError, Stopped
from cnncli.recipe.load import LoadedRecipe
from cnncli.recipe.schema_trackers import Tracker, tracker
from cnncli.trackers import registry
from cnncli.trackers.sessions import Rows, Session, open_session, timeout
from cnncli.workflow.progress_listener import ProgressListener


def wanted_trackers(loaded: LoadedRecipe, names: Sequence[str]) -> list[Tracker]:
    """The trackers of a recipe and those that the command line adds to them.

    Args:
        names: those of `--track`.

    Raises:
        ResourceError: the package of one is missing, each with its place.
    """
    own = {each.name: each for each in loaded.recipe.track}
    added = {name: tracker(name) for name in names if name not in own}
    problems = [
        replace(problem, path=("track", index))
        for index, each in enumerate(own.values())
        if (problem := registry.missing_package(each))
    ]
    problems = loaded.locate(problems)
    problems += [
        problem.at(Place(f"--track {name}"))
        for name, each in added.items()
        if (problem := registry.missing_package(each))
    ]
    if problems:
        raise ResourceError(problems)
    return [*own.values(), *added.values()]


class Tracking:
    """The sessions of a run's trackers."""

    def __init__(self, trackers: Sequence[Tracker], folder: runs.Run, rows: Rows, listener: ProgressListener) -> None:
        self.folder = folder
        self.listener = listener
        self.notes: list[Problem] = []
        self._told: set[str] = set()
        self._sessions = [open_session(each, folder.path) for each in trackers]
        if rows:
            self._log(rows)

    def epoch_ended(self, row: Mapping[str, Any]) -> None:
        """Pass on a row of the history."""
        self._log([row])

    def _log(self, rows: Rows) -> None:
        for session in self._sessions:
            session.log_epochs(rows)
        self._tell()

    def finish(self) -> None:
        """Let the trackers close their runs, for a bounded time; Ctrl-C ends the waiting, and no more."""
        if not self._sessions:
            return
        self.listener.stage("track")
        began = time.monotonic()
        try:
            for session in self._sessions:
                session.finish()
            for session in self._sessions:
                session.wait(began + timeout(session.settings))
        except (Stopped, KeyboardInterrupt):
            for session in self._sessions:
                session.abandon()
        self._tell()
        with suppress(OutputError):  # a full disk
            notes = [*self.folder.record.get("notes", ()), *map(str, self.notes)]
            self.folder.update_record(notes=notes, trackers=self.as_json())

    def as_json(self) -> list[dict[str, Any]]:
        """Where the values of each tracker are, for the record and for `train --json`."""
        return [
            {
                "tracker": session.settings.name,
                **(session.run.as_json() if session.run else {"place": None, "id": None, "is_new": None, "url": None}),
                "error": session.failure.reason if session.failure else None,
            }
            for session in self._sessions
        ]

    def _tell(self) -> None:
        """A note, once, for each tracker that gave up."""
        for session in self._sessions:
            name = session.settings.name
            if session.failure and name not in self._told:
                self._told.add(name)
                self.notes.append(_note(session, self.folder.path))
                self.listener.note(self.notes[-1])


@contextmanager
def tracked(
    trackers: Sequence[Tracker], folder: runs.Run, rows: Rows, listener: ProgressListener
) -> Iterator[Tracking]:
    """Track what happens in a `with`; at its end the record of the run says how the run ended.

    Args:
        rows: the history of an earlier process, which the run continues.
    """
    tracking = Tracking(trackers, folder, rows, listener)
    try:
        yield tracking
    finally:
        tracking.finish()


def _note(session: Session, path: Path) -> Problem:
    assert session.failure is not None
    name = session.settings.name
    hint = f"send it later with: cnncli track {shlex.quote(str(path))} --to {name}"
    return Problem(f"{registry.title(name)} does not get all of this run: {session.failure.reason}", hint)
