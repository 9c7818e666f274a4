"""Let the sides of a workload take turns, and collect what is measured."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from benchmarks.speed import child
from benchmarks.speed.table import Measured
from benchmarks.speed.workloads import Workload


def seeds(runs: int, seed_count: int) -> list[int]:
    """The seed of each run: 1, 2, … and from 1 again after `seed_count` of them.

    Example:
        >>> seeds(5, 3)
        [1, 2, 3, 1, 2]
    """
    return [run % seed_count + 1 for run in range(runs)]


def alternate(
    workload: Workload, folder: Path, *, runs: int, seed_count: int, tell: Callable[[Measured], None]
) -> list[Measured]:
    """Run every side of a workload once, then every side again, and so on: A B C A B C.

    Args:
        workload: what is run.
        folder: where each process gets a folder of its own, which is removed after it.
        runs: of each side.
        seed_count: how many seeds these runs have.
        tell: told of each process when it has ended.

    Raises:
        ChildFailed: a process ended with an error.
    """
    every = []
    for run, seed in enumerate(seeds(runs, seed_count), start=1):
        for side in workload.sides:
            own = folder / "process"
            own.mkdir()
            load, _, _ = os.getloadavg()
            done = child.run(side.command(seed), own)
            said = asdict(side.read(done.stdout))
            shutil.rmtree(own)
            costs = (done.wall_seconds, done.processor_seconds, done.peak_bytes)
            measured = Measured(side.name, run, seed, *costs, load, **said)
            tell(measured)
            every.append(measured)
    return every
