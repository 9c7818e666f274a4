"""Measure time and memory of a training from TFRecord shards that are larger than a bound of memory.

    python -m benchmarks.shard_memory --gigabytes 2 --folder /tmp/shards

Writes shards of random float32 arrays (64, 64, 3), trains one epoch with and without the index in the cache, and prints the
processor time and the largest resident memory of each process. A failure is a memory that grows with the size of the data:
compare two sizes.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from cnncli.data.shards.example_proto import write_example
from cnncli.data.shards.record_file import write_records

SHAPE = (64, 64, 3)
SHARD = 1000  # examples
RECIPE = """\
data:
  source: {{tfrecord: {{path: "{folder}", numbers: x, shape: [64, 64, 3], label: y}}}}
model:
  layers:
    - Conv2D: {{filters: 4, kernel_size: 3, strides: 4}}
    - GlobalAveragePooling2D
    - Dense: {{units: $classes, activation: softmax}}
train: {{epochs: 1, batch_size: 64, seed: 1}}
"""


def write(folder: Path, gigabytes: float) -> int:
    """Write the shards; returns how many examples they have."""
    folder.mkdir(parents=True, exist_ok=True)
    count = int(gigabytes * 1e9 / (4 * np.prod(SHAPE)))
    random = np.random.default_rng(0)

    def examples(first: int) -> Iterator[bytes]:
        for number in range(first, min(first + SHARD, count)):
            yield write_example({"x": random.random(SHAPE, np.float32).ravel(), "y": np.array([number % 10])})

    for first in range(0, count, SHARD):
        with (folder / f"{first // SHARD:05d}.tfrecord").open("wb") as file:
            write_records(file, examples(first))
    return count


def measure(what: str, recipe: Path, cache: Path) -> None:
    """Train in a process of its own and print what it took."""
    command = [sys.executable, "-m", "cnncli", "train", str(recipe), "--output", str(recipe.parent / "runs"), "--quiet"]
    process = subprocess.Popen(command, env={**os.environ, "CNNCLI_CACHE": str(cache)})
    _, status, usage = os.wait4(process.pid, 0)
    seconds = usage.ru_utime + usage.ru_stime
    print(f"{what:<14} {seconds:7.1f} s  {usage.ru_maxrss / 1e6:5.2f} GB  exit status {status}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gigabytes", type=float, default=2)
    parser.add_argument("--folder", type=Path, required=True)
    given = parser.parse_args()
    begin = time.process_time()
    count = write(given.folder / "shards", given.gigabytes)
    print(f"{count:,} examples written in {time.process_time() - begin:.1f} s", flush=True)
    recipe = given.folder / "recipe.yaml"
    recipe.write_text(RECIPE.format(folder=given.folder / "shards"), encoding="utf-8")
    measure("no index yet", recipe, given.folder / "cache")
    measure("index cached", recipe, given.folder / "cache")


if __name__ == "__main__":
    main()
