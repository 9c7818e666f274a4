"""Sessions with trackers: values go out without waiting, failures are kept, and waiting at the end is bounded."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import cnncli
from cnncli.recipe.schema_trackers import TIMEOUT, Tracker
from cnncli.runs.json_text import plain
from cnncli.trackers import registry
from cnncli.trackers.tracked_run import read
from cnncli.trackers.tracker import TrackerRun
from cnncli.trackers.worker import reason

Rows = Sequence[Mapping[str, Any]]

# `-P`: a folder or file of the user named like a package is not imported in its place.
_COMMAND = (
    "-P",
    "-c",
    "import sys; sys.path[:0] = [] if sys.argv[1] in sys.path else sys.argv[1:]; "
    "from cnncli.trackers.worker import main; main()",
)


@dataclass(frozen=True)
class Failure:
    """Why a tracker gave up, in one line; and whether a server could not be reached."""

    reason: str
    unreachable: bool = False


class Session(Protocol):
    """A tracker at work on one run. No method raises for what happens in the tracker.

    Attributes:
        settings: of the tracker.
        run: the tracker's run, once it is known.
        failure: why the tracker gave up; None while it works, and where it has finished.
    """

    settings: Tracker
    run: TrackerRun | None
    failure: Failure | None

    def log_epochs(self, rows: Rows) -> None:
        """Pass on rows of the history."""

    def finish(self) -> None:
        """Let the tracker read what the run's folder has now, and close its run. Does not wait."""

    def wait(self, deadline: float) -> None:
        """Wait until the tracker has finished, until a time of `time.monotonic()`, and end it then."""

    def abandon(self) -> None:
        """End the tracker at once."""


def open_session(settings: Tracker, folder: Path) -> Session:
    """Begin to track a run.

    Args:
        settings: of the tracker; those that are None are not looked up in the environment (`registry.settled`).
        folder: of the run.
    """
    kind = DirectSession if settings.name in registry.IN_THIS_PROCESS else WorkerSession
    return kind(settings, folder)


def timeout(settings: Tracker) -> float:
    """How long to wait for a tracker at the end, in seconds."""
    return float(getattr(settings.settings, "timeout", None) or TIMEOUT)


class DirectSession:
    """A tracker within this process, for one that writes local files."""

    def __init__(self, settings: Tracker, folder: Path) -> None:
        self.settings = settings
        self.folder = folder
        self.run: TrackerRun | None = None
        self.failure: Failure | None = None
        self._attempt(self._start)

    def _start(self) -> None:
        self.tracker = registry.make(self.settings)
        self.run = self.tracker.start(read(self.folder))

    def log_epochs(self, rows: Rows) -> None:
        self._attempt(lambda: self.tracker.log_epochs(rows))

    def finish(self) -> None:
        self._attempt(lambda: self.tracker.finish(read(self.folder)))

    def wait(self, deadline: float) -> None:
        pass

    def abandon(self) -> None:
        pass

    def _attempt(self, call: Any) -> None:
        if self.failure is None:
            try:
                call()
            except Exception as error:
                self.failure = Failure(reason(error))


class WorkerSession:
    """A tracker in a process of its own; messages go through a thread, so that a full pipe holds up nothing."""

    def __init__(self, settings: Tracker, folder: Path) -> None:
        self.settings = settings
        self.run: TrackerRun | None = None
        self.failure: Failure | None = None
        self._has_finished = False
        self._messages: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        try:
            self._process = _started(folder)
        except OSError as error:
            self.failure = Failure(f"no process could be started: {error.strerror}")
            return
        self._threads = [threading.Thread(target=each, daemon=True) for each in (self._write, self._read)]
        for thread in self._threads:
            thread.start()
        self._send(folder=str(folder.absolute()), settings=settings.model_dump(mode="json", exclude_none=True))

    def log_epochs(self, rows: Rows) -> None:
        self._send(rows=rows)

    def finish(self) -> None:
        self._send(finish=True)
        self._messages.put(None)

    def wait(self, deadline: float) -> None:
        if not hasattr(self, "_process"):
            return
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(max(0.0, deadline - time.monotonic()))
        self.abandon()

    def abandon(self) -> None:
        if not hasattr(self, "_process"):
            return
        is_over = self._process.poll() is not None
        _end(self._process)
        self._messages.put(None)
        for thread in self._threads:
            thread.join(1.0)
        if not self._has_finished and self.failure is None:
            self.failure = Failure(
                f"its process ended with exit code {self._process.returncode}"
                if is_over
                else "it did not answer in time",
                not is_over,
            )

    def _send(self, **message: Any) -> None:
        self._messages.put(json.dumps(plain(message)))

    def _write(self) -> None:
        stream = self._process.stdin
        assert stream is not None
        with suppress(OSError, ValueError):  # the process has ended; how is in its answer
            while (message := self._messages.get()) is not None:
                stream.write(f"{message}\n")
                stream.flush()
        with suppress(OSError):
            stream.close()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            told = json.loads(line)
            if "started" in told:
                self.run = TrackerRun(**told["started"])
            if "failed" in told:
                self.failure = Failure(told["failed"], told["unreachable"])
            self._has_finished |= "finished" in told


def _started(folder: Path) -> subprocess.Popen[str]:
    """A process that signals of the terminal do not reach; what it prints goes to the log of the run."""
    place = str(Path(cnncli.__file__).parents[1])
    try:
        log: Any = open(folder / "run.log", "ab")  # noqa: SIM115
    except OSError:
        log = open(os.devnull, "ab")  # noqa: SIM115
    with log:
        return subprocess.Popen(
            [sys.executable, *_COMMAND, place],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            encoding="utf-8",
            start_new_session=True,
        )


def _end(process: subprocess.Popen[str]) -> None:
    """End a process and those that it started."""
    if process.poll() is None:
        with suppress(OSError):
            if hasattr(os, "killpg"):
                os.killpg(process.pid, signal.SIGKILL)
            else:
                process.kill()
    process.wait()
