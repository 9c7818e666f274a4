"""How much memory training on a large image folder takes: the decoded images are bounded, however many there are.

    python -m benchmarks.folder_memory --images 20000 200000 --size 112

Run from the top of the repository. For each number of images, small JPEGs of noise are made in a folder, and a small network
is trained on them for one epoch, once with the images decoded into the cache and once with the cache found again. Printed
are what the decoded images would take, a quarter of what the machine had free (as much may stay in memory; what is more goes
to a cache file), and the peak resident memory of each process. Pages of the cache file do not count: they are read, not
mapped.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.speed import child, machine, table
from cnncli.system_memory import available_bytes

_CLASSES = 10
_PART = 1000  # files that one process makes at a time
_RECIPE = """\
name: folder
data:
  source: {{image_folder: {{path: {path}, image_size: [{size}, {size}]}}}}
  split: {{validation: 0.05, test: 0.05, seed: 0}}
model:
  input: [{size}, {size}, 3]
  layers:
    - Rescaling: {{scale: $(1 / 255)}}
    - Conv2D: {{filters: 8, kernel_size: 8, strides: 8, activation: relu}}
    - GlobalAveragePooling2D
    - Dense: {{units: $classes, activation: softmax}}
train: {{seed: 1, epochs: 1, batch_size: 256}}
visualize: []
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, nargs="+", default=[20_000, 200_000])
    parser.add_argument("--size", type=int, default=112, help="of the decoded images, in pixels")
    options = parser.parse_args()
    print(table.machine_lines(machine.describe()), flush=True)
    print("\n| images | decoded | may stay in memory | peak, decoding | s | peak, found again | s |")
    print("| --- | --- | --- | --- | --- | --- | --- |", flush=True)
    for count in options.images:
        with tempfile.TemporaryDirectory(prefix="cnncli-memory-") as temporary:
            _measure(Path(temporary), count, options.size)
    return 0


def _measure(folder: Path, count: int, size: int) -> None:
    photos = folder / "photos"
    parts = [(photos, first, min(_PART, count - first)) for first in range(0, count, _PART)]
    with ProcessPoolExecutor() as pool:
        list(pool.map(_make, *zip(*parts, strict=True)))
    (folder / "recipe.yaml").write_text(_RECIPE.format(path=photos, size=size), encoding="utf-8")
    os.environ["CNNCLI_CACHE"] = str(folder / "cache")
    share = available_bytes() // 4
    command = [sys.executable, "-m", "cnncli", "train", "recipe.yaml", "--output", "outputs", "--json"]
    runs = []
    for _ in range(2):
        runs.append(child.run(command, folder))
        shutil.rmtree(folder / "outputs")
    cells = [f"{count:,}", _mib(count * size * size * 3), _mib(share)]
    for done in runs:
        cells += [_mib(done.peak_bytes), f"{done.wall_seconds:.0f}"]
    print(f"| {' | '.join(cells)} |", flush=True)


def _make(folder: Path, first: int, count: int) -> None:
    """Write JPEGs of 32 x 32 pixels, each of its own noise."""
    for number in range(first, first + count):
        place = folder / f"class{number % _CLASSES}"
        place.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(number).integers(0, 256, (32, 32, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(place / f"{number:07}.jpg", quality=50)


def _mib(size: int) -> str:
    return f"{size / 2**20:,.0f} MiB"


if __name__ == "__main__":
    sys.exit(main())
