"""The workers that a training starts on its own machine: the processes beside the chief, which is this one."""

from __future__ import annotations

import signal
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

FOLDER = "workers"  # of a run
_LOOPBACK = "127.0.0.1"
_SECONDS_TO_END = 5.0
_LAST_BYTES = 4000
_FOUND_BY = "--workers"


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
            self._said[rank] = tempfile.TemporaryFile()  # noqa: SIM115
            self._processes[rank] = subprocess.Popen(
                [sys.executable, "-m", "cnncli", *self.arguments, *hosts, "--rank", str(rank)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._said[rank],
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

    def how_it_ended(self, rank: int) -> str:
        """How a worker ended that was lost, and the last line that it wrote to stderr."""
        process = self._processes.get(rank)
        if process is None:
            return ""
        with suppress(subprocess.TimeoutExpired):
            process.wait(2.0)
        code = process.returncode
        if code is None:
            return f"process {process.pid} is still there and does not answer"
        if code < 0:
            return f"ended by signal {-code} ({signal.Signals(-code).name})"
        last = self.last_words(rank).splitlines()
        return f"exit code {code}" + (f": {last[-1].strip()}" if last else "")

    def last_words(self, rank: int) -> str:
        """The end of what a worker wrote to stderr."""
        file = self._said[rank]
        file.seek(0, 2)
        file.seek(max(0, file.tell() - _LAST_BYTES))
        return file.read().decode(errors="replace").strip()
