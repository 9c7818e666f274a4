"""Run one process and measure it."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Done:
    """A process that has ended well.

    Attributes:
        wall_seconds: from its start to its end.
        processor_seconds: of all its threads, and of the system for it.
        peak_bytes: the most memory that it held at a time.
        stdout: what it printed.
    """

    wall_seconds: float
    processor_seconds: float
    peak_bytes: int
    stdout: str


class ChildFailed(Exception):
    """A process ended with an error; says which and what it printed last."""


def run(command: Sequence[str], folder: Path) -> Done:
    """Run a command in a folder and measure it and its own children.

    Linux passes the peak memory of the process that starts another on to that one: whoever calls this should be small,
    and not have NumPy or TensorFlow loaded.

    Raises:
        ChildFailed: its exit code is not 0.
    """
    out, err = folder / "stdout.txt", folder / "stderr.txt"
    with out.open("wb") as stdout, err.open("wb") as stderr:
        started = time.perf_counter()
        process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr)
        try:
            _, status, usage = os.wait4(process.pid, 0)  # of this child alone; RUSAGE_CHILDREN adds up all of them
        except BaseException:
            process.kill()
            process.wait()
            raise
        wall_seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    printed = out.read_text(encoding="utf-8", errors="replace")
    if process.returncode != 0:
        told = err.read_text(encoding="utf-8", errors="replace")
        raise ChildFailed(f"{' '.join(command)}\nexit code {process.returncode}\n{printed[-2000:]}\n{told[-4000:]}")
    return Done(wall_seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024, printed)
