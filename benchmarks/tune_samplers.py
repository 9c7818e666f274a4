"""Compare samplers of `cnncli tune` at equal numbers of trials: TPE is to beat random search in the median of five seeds.

    python -m benchmarks.tune_samplers --seeds 5 --trials 30

Searches learning rate, batch size, filters and units of MNIST's small network, 2 epochs on 2,000 packaged digits, no pruning.
The value is the validation accuracy of the best trial after all trials. A failure, with exit code 1: the median over the seeds of
TPE's best value is below that of random search. It trains 300 networks.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

_RECIPE = """\
version: 1
name: samplers
extends: mnist
data: {source: mnist-sample, limit: 2000}
train: {epochs: 2, precision: float32}
expect: {params: null, metrics: {test_accuracy: ">= 0"}}
tune:
  metric: val_accuracy
  pruner: none
  parameters:
    train.optimizer.Adam.learning_rate: {float: [1e-5, 1e-1], log: true}
    train.batch_size: {choice: [16, 32, 64, 128, 256]}
    model.conv2d.filters: {int: [2, 32], log: true}
    model.conv2d_1.filters: {int: [2, 64], log: true}
    model.dense.units: {int: [8, 256], log: true}
"""


def best_values(folder: Path, sampler: str, seed: int, trials: int) -> list[float]:
    """The best value after each trial of a sweep."""
    command = [sys.executable, "-m", "cnncli", "tune", "samplers.yaml", "--name", f"{sampler}-{seed}", "--json", "-q"]
    command += ["--trials", str(trials), "--set", f"tune.sampler={sampler}", "--set", f"train.seed={seed}"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    values = [trial["value"] or 0.0 for trial in json.loads(done.stdout)["trials"]]
    return [max(values[: count + 1]) for count in range(len(values))]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--trials", type=int, default=30)
    given = parser.parse_args()
    medians = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "samplers.yaml").write_text(_RECIPE)
        for sampler in ("random", "tpe"):
            found = []
            for seed in range(1, given.seeds + 1):
                found.append(best_values(folder, sampler, seed, given.trials)[-1])
                print(f"{sampler:>6}, seed {seed}: best of {given.trials} trials {found[-1]:.4f}", flush=True)
            medians[sampler] = statistics.median(found)
    print(f"median of the best: tpe {medians['tpe']:.4f}, random {medians['random']:.4f}")
    return int(medians["tpe"] < medians["random"])


if __name__ == "__main__":
    sys.exit(main())
