"""How much memory an evaluation takes: its peak does not depend on the number of examples.

    python -m benchmarks.evaluation_memory --examples 10000 50000 100000 --outputs 1000

Run from the top of the repository. For each task and each number of examples, a new process evaluates a dense layer with so
many outputs, and prints the peak resident memory. Four numbers enter for each example. The targets of the regression are a
view of a short series, so that they take no memory themselves. A first row with one batch of examples is what TensorFlow,
scikit-learn and the network take.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from benchmarks.speed import child, machine, table

_TASKS = ("classification", "regression")
_BATCH = 256


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--examples", type=int, nargs="+", default=[10_000, 50_000, 100_000])
    parser.add_argument("--outputs", type=int, default=1000)
    parser.add_argument("--task", choices=_TASKS, help="only one of them")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)  # in the process that is measured
    options = parser.parse_args()
    if options.here:
        score(options.task, options.examples[0], options.outputs)
        return 0
    print(table.machine_lines(machine.describe()), flush=True)
    print("\n| task | examples | outputs | all outputs | peak | s |")
    print("| --- | --- | --- | --- | --- | --- |", flush=True)
    for task in [options.task] if options.task else _TASKS:
        for count in [_BATCH, *options.examples]:
            command = [sys.executable, "-m", "benchmarks.evaluation_memory", "--here", "--task", task]
            command += ["--examples", str(count), "--outputs", str(options.outputs)]
            done = _run(command)
            cells = [task, f"{count:,}", f"{options.outputs:,}", _mib(4 * count * options.outputs), done]
            print(f"| {' | '.join(cells)} |", flush=True)
    return 0


def _run(command: list[str]) -> str:
    """Its peak and its seconds, or that it failed."""
    with tempfile.TemporaryDirectory(prefix="cnncli-evaluation-") as folder:
        try:
            done = child.run(command, Path(folder))
        except child.ChildFailed as failure:
            return f"{str(failure).strip().splitlines()[-1]} | –"
    return f"{_mib(done.peak_bytes)} | {done.wall_seconds:.0f}"


def score(task: str, count: int, outputs: int) -> None:
    """What is measured."""
    import keras
    import numpy as np

    from cnncli.data.dataset import INPUT, Examples
    from cnncli.recipe.keras_objects.objects import KerasObject
    from cnncli.tasks.classification.targets import ClassTargets
    from cnncli.tasks.evaluation import evaluate
    from cnncli.tasks.regression.targets import NumberTargets

    keras.utils.set_random_seed(0)
    random = np.random.default_rng(0)
    inputs = random.random((count, 4), dtype=np.float32)
    is_regression = task == "regression"
    layer = keras.layers.Dense(outputs, activation=None if is_regression else "softmax")
    model = keras.Sequential([keras.Input((4,)), layer])
    if is_regression:
        series = random.random(count + outputs - 1, dtype=np.float32)
        labels = np.lib.stride_tricks.sliding_window_view(series, outputs)
        targets, loss = NumberTargets.of(labels[:100]), "mean_squared_error"
    else:
        labels = random.integers(0, outputs, count).astype(np.int32)
        names = tuple(str(number) for number in range(outputs))
        targets, loss = ClassTargets(class_names=names), "sparse_categorical_crossentropy"
    how = {"batch_size": _BATCH, "loss": KerasObject("losses", loss), "metrics": []}
    evaluate(model, Examples({INPUT: inputs}, labels), targets=targets, **how)


def _mib(size: int) -> str:
    return f"{size / 2**20:,.0f} MiB"


if __name__ == "__main__":
    sys.exit(main())
