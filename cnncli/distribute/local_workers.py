"""The workers that a training starts on its own machine: the processes beside the chief, which is this one."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from cnncli.distribute.cluster import Cluster
from cnncli.messages import signal_name

FOLDER = "workers"  # of a run
_LOOPBACK = "127.0.0.1"
_SECONDS_TO_END = 5.0
_LAST_BYTES = 4000
_FOUND_BY = "--workers"
_CHIEF = "CNNCLI_CHIEF_PROCESS"  # in the environment of a worker: the id of the process that started it


def log_of(folder: Path, rank: int) -> Path:
    """The log of a worker in the folder of its run."""
    return folder / FOLDER / f"worker-{rank}.log"


def local_cluster(size: int) -> Cluster:
    """A cluster of processes on this machine, of which this one is the chief; its ports are free now."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(size)]
        for each in sockets:
            each.bind((_LOOPBACK, 0))
        addresses = tuple(f"{_LOOPBACK}:{each.getsockname()[1]}" for each in sockets)
    return Cluster(addresses, 0, _FOUND_BY, (0, size))


def how_the_chief_ended(rank: int) -> str:
    """In a worker that a chief started, say whether that chief has ended; empty while it runs, and of other ranks."""
    chief = os.environ.get(_CHIEF)
    return "its process has ended" if rank == 0 and chief and chief != str(os.getppid()) else ""


@dataclass
class LocalWorkers:
    """The worker processes, from rank 1; a context manager that ends those that have not ended by themselves.

    Args:
        cluster: from `local_cluster`.
        arguments: of the command that each runs, without the options that name the cluster.
    """

    cluster: Cluster
    arguments: Sequence[str]
    _processes: dict[int, subprocess.Popen[bytes]] = field(default_factory=dict)
    _said: dict[int, IO[bytes]] = field(default_factory=dict)  # what each writes to stderr

    def __enter__(self) -> Self:
        hosts = ["--hosts", ",".join(self.cluster.addresses)]
        for rank in range(1, self.cluster.size):
            self._said[rank] = tempfile.TemporaryFile()
            self._processes[rank] = subprocess.Popen(
                [sys.executable, "-m", "cnncli", *self.arguments, *hosts, "--rank", str(rank)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._said[rank],
                env={**os.environ, _CHIEF: str(os.getpid())},
                start_new_session=True,  # Ctrl-C reaches the chief alone, which stops the others
            )
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _where: TracebackType | None
    ) -> None:
        until = time.monotonic() + _SECONDS_TO_END
        for process in self._processes.values():
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, until - time.monotonic()))
            if process.poll() is None:
                process.kill()
                process.wait()
        for said in self._said.values():
            said.close()

    def how_it_ended(self, rank: int, seconds: float = 0.0) -> str:
        """How the process of a worker ended, with the last line that it wrote to stderr; empty while it runs.

        Args:
            seconds: to wait for its end.
        """
        process = self._processes.get(rank)
        if process is None:
            return ""
        with suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
        code = process.returncode
        if code is None:
            return ""
        if code < 0:
            return f"ended by {signal_name(-code)}"
        said = self._last_words(rank)
        return f"exit code {code}" + (f", {said[-1].strip()}" if said else "")

    def _last_words(self, rank: int) -> list[str]:
        """The last lines that a worker wrote to stderr."""
        file = self._said[rank]
        file.seek(max(0, file.seek(0, os.SEEK_END) - _LAST_BYTES))
        return file.read().decode(errors="replace").strip().splitlines()
