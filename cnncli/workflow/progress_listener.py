"""The progress listener of a run, and timers of its stages."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from cnncli.errors import Problem
from cnncli.training.callbacks import Observer
from cnncli.workflow.plan import Plan


class ProgressListener(Observer, Protocol):
    """Who watches an experiment: the command line."""

    def stage(self, name: str) -> None:
        """The next part begins: `data`, `build`, `fit`, `evaluate`, `figures`."""

    def loading(self, what: str, done: int, total: int) -> None:
        """So much of the data is read or downloaded."""

    def note(self, problem: Problem) -> None:
        """A warning."""

    def ready(self, plan: Plan) -> None:
        """Everything is checked; training begins."""

    def run_made(self, path: Path) -> None:
        """The run's folder exists."""


@contextmanager
def timed(seconds: dict[str, float], name: str, listener: ProgressListener) -> Iterator[None]:
    listener.stage(name)
    started = time.monotonic()
    try:
        yield
    finally:
        seconds[name] = seconds.get(name, 0.0) + time.monotonic() - started
