"""How much memory the evaluation of masks takes: its peak does not depend on the number of masks.

    python -m benchmarks.mask_memory --masks 1000 10000

Run from the top of the repository. For each number of masks, a new process evaluates a convolution with 21 filters on images of
256x256 whose masks lie in a file, as those of a folder that does not fit into memory, and prints the peak resident memory. A
first row with one batch is what TensorFlow, scikit-learn and the network take.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from benchmarks.speed import child, machine, table

_BATCH = 8
_CLASSES, _SIDE = 21, 256


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--masks", type=int, nargs="+", default=[1_000, 10_000])
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)  # in the process that is measured
    options = parser.parse_args()
    if options.here:
        score(options.masks[0])
        return 0
    print(table.machine_lines(machine.describe()), flush=True)
    print("\n| masks | all outputs | peak | s | processor s |")
    print("| --- | --- | --- | --- | --- |", flush=True)
    for count in [_BATCH, *options.masks]:
        command = [sys.executable, "-m", "benchmarks.mask_memory", "--here", "--masks", str(count)]
        with tempfile.TemporaryDirectory(prefix="cnncli-masks-") as folder:
            done = child.run(command, Path(folder))
        outputs = 4 * count * _CLASSES * _SIDE**2
        seconds = f"{done.wall_seconds:.0f} | {done.processor_seconds:.0f}"
        print(
            f"| {count:,} | {outputs / 2**30:,.2f} GiB | {done.peak_bytes / 2**20:,.0f} MiB | {seconds} |", flush=True
        )
    return 0


def score(count: int) -> None:
    """What is measured."""
    import keras
    import numpy as np

    from cnncli.data.columns import make_row_file, write_rows
    from cnncli.data.dataset import INPUT, Examples
    from cnncli.recipe.keras_objects.objects import KerasObject
    from cnncli.tasks.evaluation import evaluate
    from cnncli.tasks.segmentation.targets import MaskTargets

    keras.utils.set_random_seed(0)
    random = np.random.default_rng(0)
    folder, byte = Path(tempfile.gettempdir()), np.dtype(np.uint8)
    images = make_row_file(folder, count, (_SIDE, _SIDE, 1), byte)
    masks = make_row_file(folder, count, (_SIDE, _SIDE), byte)
    for number in range(count):
        mask = np.kron(random.integers(0, _CLASSES, (16, 16), np.uint8), np.ones((16, 16), np.uint8))
        write_rows(masks, number, mask[None])
        write_rows(images, number, mask[None, ..., None] * 12)
    layers = [keras.layers.Rescaling(1 / 255), keras.layers.Conv2D(_CLASSES, 1, activation="softmax")]
    model = keras.Sequential([keras.Input((_SIDE, _SIDE, 1)), *layers])
    targets = MaskTargets.numbered(_CLASSES, (_SIDE, _SIDE))
    loss = KerasObject("losses", "sparse_categorical_crossentropy")
    evaluate(model, Examples({INPUT: images}, masks), targets=targets, batch_size=_BATCH, loss=loss, metrics=[])


if __name__ == "__main__":
    sys.exit(main())
