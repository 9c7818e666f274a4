"""Measure what a trial of `cnncli tune` costs beyond its training, and whether the memory of a worker grows.

    python -m benchmarks.tune_overhead --trials 50

Trains a small network on some packaged digits with one worker, for one epoch each. Of each trial it takes the time from the end
of the trial before to its own end, less that of `fit`: reading the recipe, planning, building, Optuna and its journal, freeing
memory. A failure, with exit code 1: the median overhead is above 1.5 s, or the worker has grown by more than 100 MB since its
tenth trial.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cnncli.errors import Problem
from cnncli.recipe.search_space import load_with_search_space
from cnncli.tune.prepare import SweepOptions, prepare
from cnncli.tune.sweep import run_sweep
from cnncli.tune.trial_rows import TrialRow

_MOST_SECONDS, _MOST_GROWTH = 1.5, 100.0  # MB
_RECIPE = """\
version: 1
name: overhead
extends: mnist
data: {source: mnist-sample, limit: 1000}
train: {epochs: 1, seed: 1}
expect: {params: null, metrics: {test_accuracy: ">= 0"}}
tune:
  metric: val_accuracy
  sampler: random
  pruner: none
  parameters:
    train.optimizer.Adam.learning_rate: {float: [1e-4, 1e-2], log: true}
    train.batch_size: {choice: [32, 64, 128]}
    model.conv2d.filters: {int: [8, 32]}
    model.dense.units: {int: [16, 128]}
"""


class _Listener:
    """Notes when trials end, and how much memory the worker has then."""

    def __init__(self) -> None:
        self.ends: list[float] = []
        self.begins: list[float] = []
        self.fits: list[float] = []
        self.memory: list[float] = []

    def begun(self, number: int, values: Mapping[str, Any]) -> None:
        self.begins.append(time.monotonic())

    def epoch_ended(self, number: int, epoch: int, value: float | None) -> None: ...

    def ended(self, row: TrialRow) -> None:
        self.ends.append(time.monotonic())
        self.fits.append(float(row.result.get("fit_seconds") or 0.0))
        self.memory.append(_memory_of_children())
        print(f"trial {row.number:3}  {self.memory[-1]:7.0f} MB  fit {self.fits[-1]:5.2f} s", flush=True)

    def note(self, problem: Problem) -> None:
        print(problem)


def _memory_of_children() -> float:
    """The resident memory of the child processes in MB."""
    found = 0
    for task in Path("/proc/self/task").iterdir():
        for child in (task / "children").read_text().split():
            found += int(Path(f"/proc/{child}/statm").read_text().split()[1]) * 4096
    return found / 1e6


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=50)
    trials = parser.parse_args().trials
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "overhead.yaml").write_text(_RECIPE)
        loaded = load_with_search_space(str(folder / "overhead.yaml"))
        prepared = prepare(loaded, SweepOptions(folder / "outputs", "first", trials=trials))
        listener = _Listener()
        run_sweep(prepared.sweep, prepared.study, prepared.seed, listener)
    beyond = [
        end - before - fit
        for before, end, fit in zip(listener.ends, listener.ends[1:], listener.fits[1:], strict=False)
    ]
    tenth = min(9, len(listener.memory) - 1)
    growth = listener.memory[-1] - listener.memory[tenth]
    print(f"overhead of a trial: median {statistics.median(beyond):.2f} s, largest {max(beyond):.2f} s")
    print(f"fit of a trial: median {statistics.median(listener.fits):.2f} s")
    print(
        f"memory of the worker: {listener.memory[tenth]:.0f} MB after trial {tenth}, {growth:+.0f} MB until the last one"
    )
    return int(statistics.median(beyond) > _MOST_SECONDS or growth > _MOST_GROWTH)


if __name__ == "__main__":
    sys.exit(main())
