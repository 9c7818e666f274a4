"""The worker processes of a sweep: started, asked for trials, watched, replaced, stopped."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from cnncli.tune.worker_protocol import END, RUN, Event, Work

_PATIENCE = 60.0  # seconds that a worker has to end its step


@dataclass(eq=False)
class WorkerProcess:
    """A worker process.

    Attributes:
        log: the file with what it and its libraries print.
        trial: the number of the trial that it trains; None where it has not begun one.
        is_asked: it was asked for a trial that it has not begun.
        is_idle: it waits for a trial.
        trials: how many it has ended.
        is_ending: it was let end.
    """

    process: subprocess.Popen[str]
    log: Path
    trial: int | None = None
    is_asked: bool = False
    is_idle: bool = False
    trials: int = 0
    is_ending: bool = False

    def ask(self) -> None:
        """Let it train a trial."""
        self.is_idle, self.is_asked = False, True
        self._send(RUN)

    def end(self) -> None:
        """Let it end, as there is nothing left to do for it."""
        self.is_idle, self.is_ending = False, True
        self._send(END)

    def _send(self, line: str) -> None:
        with suppress(BrokenPipeError, ValueError):  # its end is reported as an event
            assert self.process.stdin
            self.process.stdin.write(f"{line}\n")
            self.process.stdin.flush()


@dataclass
class WorkerPool:
    """Workers that all have the same work.

    Args:
        work: what they train.
        logs: the folder of their logs.
        environments: of each, what is added to the variables of this process.
    """

    work: Work
    logs: Path
    environments: list[dict[str, str]]
    workers: list[WorkerProcess] = field(default_factory=list)
    _events: queue.Queue[tuple[WorkerProcess, Event | None]] = field(default_factory=queue.Queue)
    _count: int = 0

    def start(self) -> None:
        """Start a worker for each environment that has none."""
        for index in range(len(self.workers), len(self.environments)):
            self.workers.append(self._started(index))

    def replace(self, worker: WorkerProcess) -> None:
        """Replace a worker that has ended."""
        index = self.workers.index(worker)
        self.workers[index] = self._started(index)

    def _started(self, index: int) -> WorkerProcess:
        self._count += 1
        log = self.logs / f"worker-{self.work.session}-{self._count}.log"
        with open(log, "wb") as stream:
            process = subprocess.Popen(
                [sys.executable, "-m", "cnncli.tune.trial_worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stream,
                encoding="utf-8",
                env={"TF_CPP_MIN_LOG_LEVEL": "1", **os.environ, **self.environments[index]},
                start_new_session=True,  # Ctrl-C is for the sweep, which stops its workers
            )
        worker = WorkerProcess(process, log)
        with suppress(BrokenPipeError):
            assert process.stdin
            process.stdin.write(self.work.model_dump_json() + "\n")
            process.stdin.flush()
        threading.Thread(target=self._listen, args=(worker,), daemon=True).start()
        return worker

    def _listen(self, worker: WorkerProcess) -> None:
        assert worker.process.stdout
        for line in worker.process.stdout:
            with suppress(ValidationError):
                self._events.put((worker, Event.model_validate_json(line)))
        worker.process.wait()
        self._events.put((worker, None))

    def events(self, seconds: float) -> Iterator[tuple[WorkerProcess, Event | None]]:
        """What happened, until there is nothing for some time; None: the worker has ended."""
        with suppress(queue.Empty):
            yield self._events.get(timeout=seconds)
            while True:
                yield self._events.get_nowait()

    def stop(self) -> None:
        """End all workers: each may end its step; after a minute, or where this is stopped again, at once."""
        for worker in self.workers:
            if worker.process.poll() is None:
                worker.process.send_signal(signal.SIGTERM)
        try:
            end = time.monotonic() + _PATIENCE
            for worker in self.workers:
                with suppress(subprocess.TimeoutExpired):
                    worker.process.wait(timeout=max(0.0, end - time.monotonic()))
        finally:
            for worker in self.workers:
                if worker.process.poll() is None:
                    worker.process.kill()
                    worker.process.wait()
                if worker.process.stdin:
                    with suppress(OSError):
                        worker.process.stdin.close()
