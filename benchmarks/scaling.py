"""Measure what several worker processes cost and gain, and compute what to expect of more machines.

    python -m benchmarks.scaling train              # images/s of one process and of two workers on the same cores
    python -m benchmarks.scaling all-reduce         # seconds of an all-reduce between two workers, by its size
    python -m benchmarks.scaling expect --step-ms 180 --parameters 25.6e6 --images 64

`train` calls `cnncli train` in turns, once with one process and once with `--workers 2`, and reads the seconds of each epoch from
history.csv; the first epoch, which traces the network, does not count. It prints the median of the epochs, the fastest one in
brackets, and the median and range of the ratios of the rounds. The cores are the same, so two workers cannot be faster
than one process by more than what one process leaves unused: the difference is the cost of working together.

`all-reduce` sums arrays over two processes with TensorFlow's MultiWorkerMirroredStrategy on the CPU, over the loopback device.
Latency and bandwidth are fitted to the medians.

`expect` needs no second machine. It computes for a step that takes `--step-ms` on one GPU, with `--images` examples each, how
many images/s n GPUs reach. A ring all-reduce of n processes sends each of n parts of the gradients 2 (n - 1) times:

    seconds(n) = 2 (n - 1) * (bytes / n / bandwidth + latency)

(Patarasuk and Yuan, 2009, "Bandwidth optimal all-reduce algorithms for clusters of workstations"). It assumes that the
all-reduce begins after the gradients of a step are computed, and that the input keeps up. NCCL overlaps a part of it and uses
trees where the latency counts; then it takes less time.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks.speed import machine
from cnncli.distribute.cluster import Cluster
from cnncli.distribute.local_workers import local_cluster

_BYTES_OF_A_GRADIENT = 4  # float32
_RECIPE = """\
version: 1
name: scaling
data: {{source: mnist-sample, split: {{validation: 0.02, seed: 0}}, prepare: [Rescaling: {{scale: $(1 / 255)}}]}}
model:
  input: [28, 28, 1]
  layers:
{layers}
    - Dense: {{name: out, units: 10, activation: softmax}}
train: {{epochs: {epochs}, optimizer: adam, seed: 7, batch_size: 64, precision: float32}}
"""
_NETWORKS = {
    "3,100 parameters": """\
    - Conv2D: {name: c1, filters: 8, kernel_size: 5, strides: 2, activation: relu}
    - MaxPooling2D: 2
    - Flatten""",
    "430,000 parameters": """\
    - Conv2D: {name: c1, filters: 32, kernel_size: 3, activation: relu}
    - MaxPooling2D: 2
    - Conv2D: {name: c2, filters: 64, kernel_size: 3, activation: relu}
    - MaxPooling2D: 2
    - Flatten
    - Dense: {name: d1, units: 256, activation: relu}""",
}
_TRAINING_EXAMPLES = 7_840  # of the 8,000 packaged digits that are not for the test
# Name, bytes/s in one direction (the nominal rate), seconds of latency of a message (assumed).
_LINKS = (
    ("1 Gbit/s Ethernet", 0.125e9, 50e-6),
    ("10 Gbit/s Ethernet", 1.25e9, 30e-6),
    ("100 Gbit/s InfiniBand", 12.5e9, 5e-6),
    ("400 Gbit/s InfiniBand", 50e9, 5e-6),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    train = commands.add_parser("train")
    train.add_argument("--rounds", type=int, default=3, help="runs of each side")
    train.add_argument("--epochs", type=int, default=4, help="of each run; at least 2")
    train.add_argument("--batch-sizes", type=int, nargs="+", default=[64, 512])
    reduce = commands.add_parser("all-reduce")
    reduce.add_argument("--repeats", type=int, default=30)
    expect = commands.add_parser("expect")
    expect.add_argument("--step-ms", type=float, required=True, help="of one training step on one GPU")
    expect.add_argument("--parameters", type=float, required=True, help="that are trained")
    expect.add_argument("--images", type=int, required=True, help="of a step on one GPU")
    child = commands.add_parser("child")
    child.add_argument("cluster")
    child.add_argument("rank", type=int)
    child.add_argument("repeats", type=int)
    options = parser.parse_args()
    if options.command == "child":
        _sum_arrays(Cluster(tuple(json.loads(options.cluster)), options.rank, "--hosts"), options.repeats)
    elif options.command == "expect":
        print("\n".join(expected(options.step_ms / 1e3, options.parameters, options.images)))
    else:
        print(", ".join(f"{name}: {value}" for name, value in machine.describe().items()))
        lines = (
            _trained(options.batch_sizes, options.rounds, options.epochs)
            if options.command == "train"
            else _all_reduced(options.repeats)
        )
        for line in lines:
            print(line, flush=True)


# What to expect.


@dataclass(frozen=True)
class Link:
    """What connects two processes.

    Attributes:
        bandwidth: bytes/s in one direction.
        latency: seconds of a message without content.
    """

    bandwidth: float
    latency: float

    def ring_all_reduce(self, size: float, count: int) -> float:
        """Seconds of a ring all-reduce of `size` bytes among `count` processes."""
        return 2 * (count - 1) * (size / count / self.bandwidth + self.latency)


def expected(step: float, parameters: float, images: int, counts: Sequence[int] = (8, 64, 512)) -> list[str]:
    """The rows of a Markdown table: images/s of `counts` GPUs by the network between them, and the share of a perfect speed-up.

    Args:
        step: seconds on one GPU.
        images: of a step on one GPU; each GPU has as many.
    """
    one = images / step
    rows = [
        "| between the GPUs | " + " | ".join(f"{count} GPUs" for count in counts) + " |",
        "|---|" + "---|" * len(counts),
    ]
    for name, bandwidth, latency in _LINKS:
        cells = []
        for count in counts:
            share = step / (step + Link(bandwidth, latency).ring_all_reduce(_BYTES_OF_A_GRADIENT * parameters, count))
            cells.append(f"{count * one * share:,.0f} ({share:.0%})")
        rows.append(f"| {name} | " + " | ".join(cells) + " |")
    return rows


# Training.


def _trained(batch_sizes: Sequence[int], rounds: int, epochs: int) -> Iterator[str]:
    yield "| network | batch size | one process, images/s | 2 workers, images/s | ratio |"
    yield "|---|---|---|---|---|"
    for name, layers in _NETWORKS.items():
        for batch_size in batch_sizes:
            with tempfile.TemporaryDirectory() as folder:
                recipe = Path(folder, "recipe.yaml")
                recipe.write_text(_RECIPE.format(layers=layers, epochs=epochs))
                sides: tuple[list[list[float]], list[list[float]]] = ([], [])
                for number in range(rounds):
                    for workers, side in zip((1, 2), sides, strict=True):
                        side.append(_images_per_second(recipe, batch_size, workers, f"{workers}-{number}"))
            ratios = [median(second) / median(first) for first, second in zip(*sides, strict=True)]
            all_epochs = [[each for epochs_of_run in side for each in epochs_of_run] for side in sides]
            cells = [f"{median(each):,.0f} ({max(each):,.0f})" for each in all_epochs]
            spread = f"{median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
            yield f"| {name} | {batch_size} | {cells[0]} | {cells[1]} | {spread} |"


def _images_per_second(recipe: Path, batch_size: int, workers: int, run: str) -> list[float]:
    """Of each epoch but the first, with its validation."""
    several = ["--workers", str(workers)] if workers > 1 else []
    command = [sys.executable, "-m", "cnncli", "train", recipe.name, "--set", f"train.batch_size={batch_size}"]
    done = subprocess.run(
        [*command, "--run", run, "--quiet", *several], cwd=recipe.parent, capture_output=True, text=True
    )
    if done.returncode:
        sys.exit(done.stderr)
    with (recipe.parent / "outputs" / "scaling" / run / "history.csv").open(encoding="utf-8") as file:
        seconds = [float(row["seconds"]) for row in csv.DictReader(file)]
    return [_TRAINING_EXAMPLES / each for each in seconds[1:]]


# The all-reduce.


_SIZES = (4_000, 40_000, 400_000, 4_000_000, 40_000_000)  # bytes


def _all_reduced(repeats: int) -> Iterator[str]:
    """Start two processes; the chief writes the median seconds of each size."""
    cluster = local_cluster(2)
    command = [sys.executable, "-m", "benchmarks.scaling", "child", json.dumps(cluster.addresses)]
    environ = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
    started = [
        subprocess.Popen(
            [*command, str(rank), str(repeats)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environ,
        )
        for rank in range(cluster.size)
    ]
    said = [process.communicate()[0] for process in started]
    if any(process.returncode for process in started):
        sys.exit("a process failed: call `child` by hand to see why")
    seconds: list[float] = json.loads(said[0])
    yield "| bytes | milliseconds | MB/s |"
    yield "|---|---|---|"
    for size, taken in zip(_SIZES, seconds, strict=True):
        yield f"| {size:,} | {taken * 1e3:.2f} | {size / taken / 1e6:,.0f} |"
    slope, start = np.polyfit(_SIZES, seconds, 1, w=1 / np.array(seconds))
    yield f"fitted for two processes: {start * 1e3:.2f} ms + bytes / {1 / slope / 1e6:,.0f} MB/s"


def _sum_arrays(cluster: Cluster, repeats: int) -> None:
    import tensorflow as tf

    from cnncli.distribute.replicas import across

    strategy = across(cluster, "cpu").strategy
    assert strategy is not None
    medians = []
    for size in _SIZES:
        array = tf.zeros(size // _BYTES_OF_A_GRADIENT)

        @tf.function
        def summed(array=array):  # type: ignore[no-untyped-def]
            return strategy.reduce(tf.distribute.ReduceOp.SUM, strategy.run(lambda: array + 1.0), axis=None)

        taken = []
        for _ in range(repeats + 3):
            before = time.perf_counter()
            summed().numpy()
            taken.append(time.perf_counter() - before)
        medians.append(median(taken[3:]))
    if cluster.is_chief:
        print(json.dumps(medians))


if __name__ == "__main__":
    main()
