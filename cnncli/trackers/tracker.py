"""The interface of a tracker, and the errors of one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from cnncli.trackers.tracked_run import TrackedRun


@dataclass(frozen=True)
class TrackerRun:
    """The run of a tracker that belongs to a run.

    Attributes:
        place: the folder, the address or the project that holds it.
        id: by which the tracker knows it.
        is_new: it was not there before.
        url: its page; empty where there is none.
    """

    place: str
    id: str
    is_new: bool
    url: str = ""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


class Tracker(Protocol):
    """Sends the values of one run. A method may raise anything; what it raises is reported once, and no more is called."""

    def start(self, run: TrackedRun) -> TrackerRun:
        """Find the tracker's run by the id of the run, or create it, with the parameters."""

    def log_epochs(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Add rows of the history; an epoch that the tracker has already is not added again."""

    def finish(self, run: TrackedRun) -> None:
        """Add what a finished or stopped run has: scores, pictures, files; and close the tracker's run with its status."""


class Unreachable(Exception):
    """A server gives no answer, or refuses this user."""
