"""The progress listener of a run, and timers of its stages."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from cnncli.errors import Problem
from cnncli.training.callbacks import Observer
from cnncli.workflow.plan import Plan


class ProgressListener(Observer, Protocol):
    """Observes a run: the command line."""

    def stage(self, name: str) -> None:
        """The next part begins: `data`, `build`, `fit`, `evaluate`, `figures`, `track`."""

    def loading(self, what: str, done: int, total: int) -> None:
        """So much of the data is read or downloaded."""

    def note(self, problem: Problem) -> None:
        """A warning."""

    def ready(self, plan: Plan) -> None:
        """Everything is checked; training begins."""

    def run_made(self, path: Path) -> None:
        """The run's folder exists."""

    def continuing(self, epoch: int, step: int, rows: Sequence[Mapping[str, Any]]) -> None:
        """A stopped run continues in an epoch, after one of its steps, with the history of the epochs before.

        An epoch after the last one: the training has ended, the evaluation has not.
        """


@contextmanager
def timed(seconds: dict[str, float], name: str, listener: ProgressListener) -> Iterator[None]:
    listener.stage(name)
    started = time.monotonic()
    try:
        yield
    finally:
        seconds[name] = seconds.get(name, 0.0) + time.monotonic() - started
