"""How long an iterator of tf.data takes to end, with and without TensorFlow's tuning of input pipelines.

    python -m benchmarks.iterator_end                 # epochs of about a second
    python -m benchmarks.iterator_end --steps 300     # longer ones

Each epoch multiplies matrices for each batch, as training does. Then its iterator is deleted, and the time of that is shown. The
tuning is on by default in TensorFlow; cnncli turns it off (`data/pipeline.py`).
"""

from __future__ import annotations

import argparse
import time
from statistics import median

import tensorflow as tf

_SIDE = 1200  # of the matrices
_EXAMPLES, _BATCH = 7200, 128


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--steps", type=int, default=57, help="batches of an epoch")
    options = parser.parse_args()
    examples = tf.zeros((_EXAMPLES, 28, 28, 1), tf.uint8)
    for is_tuned in (True, False):
        dataset = _dataset(examples, options.steps, is_tuned=is_tuned)
        epochs, ends = zip(*(_epoch(dataset) for _ in range(options.epochs)), strict=True)
        waited = sum(end > 0.05 for end in ends)
        print(
            f"tuning {'on' if is_tuned else 'off'}: epochs of {median(epochs):.2f} s; {waited} of {len(ends)} iterators took "
            f"more than 0.05 s to end, the longest {max(ends):.2f} s",
            flush=True,
        )


def _dataset(examples: tf.Tensor, steps: int, *, is_tuned: bool) -> tf.data.Dataset:
    options = tf.data.Options()
    options.autotune.enabled = is_tuned
    rows = tf.random.uniform((steps, _BATCH), 0, _EXAMPLES, tf.int32)
    batches = tf.data.Dataset.from_tensor_slices(rows).map(lambda each: tf.gather(examples, each), num_parallel_calls=2)
    return batches.prefetch(2).with_options(options)


def _epoch(dataset: tf.data.Dataset) -> tuple[float, float]:
    """Seconds of the steps, and of the end of the iterator."""
    iterator = iter(dataset)
    started = time.perf_counter()
    for batch in iterator:
        _step(batch)
    ended = time.perf_counter()
    del iterator, batch
    return ended - started, time.perf_counter() - ended


@tf.function
def _step(batch: tf.Tensor) -> tf.Tensor:
    matrix = tf.fill((_SIDE, _SIDE), tf.cast(tf.reduce_sum(batch), tf.float32) + 1e-3)
    return tf.reduce_sum(matrix @ matrix)


if __name__ == "__main__":
    main()
