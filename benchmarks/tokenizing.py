"""What tokenizing costs of a training: Kim's sentence CNN on raw sentences, and on their tokens computed beforehand.

    python -m benchmarks.tokenizing --rounds 3

Run from the top of the repository. Each round trains both networks in processes of their own, one after the other, and compares
`seconds.fit`; the first line also has the time of learning the vocabulary and of tokenizing all sentences batch by batch, as a
share of an epoch. It fails when tokenizing takes 5% of the training or more.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.speed import machine, table

MOST = 0.05
_WORDS, _LENGTH, _BATCH = 20_000, 60, 50
_RECIPE = """\
name: {name}
data:
  source: {{npz: {{path: {name}.npz}}}}
  prepare: {prepare}
model:
  layers:
    - Embedding: {{name: words, input_dim: {words}, output_dim: 128}}
    - branches:
        merge: Concatenate
        over: {{width: [3, 4, 5]}}
        path:
          - Conv1D: {{filters: 100, kernel_size: $width, activation: relu}}
          - GlobalMaxPooling1D
    - Dropout: 0.5
    - Dense: {{units: $classes, activation: softmax}}
train: {{seed: 1, epochs: {epochs}, batch_size: {batch}, precision: float32}}
visualize: []
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--sentences", type=int, default=4500)
    options = parser.parse_args()
    print(table.machine_lines(machine.describe()), flush=True)
    with tempfile.TemporaryDirectory(prefix="cnncli-tokenizing-") as name:
        folder = Path(name)
        learning, tokenizing = _make_data(folder, options.sentences)
        for kind in ("text", "tokens"):
            (folder / f"{kind}.yaml").write_text(_recipe(kind, options.epochs))
        seconds: dict[str, list[float]] = {"text": [], "tokens": []}
        for number in range(options.rounds):
            for kind, found in seconds.items():
                found.append(_fit_seconds(folder, kind, f"{kind}-{number}"))
    text, tokens = (statistics.median(found) for found in seconds.values())
    share = tokenizing * options.epochs / text
    print(f"\nlearning the vocabulary {learning:.2f} s; tokenizing {options.sentences:,} sentences {tokenizing:.3f} s")
    print(f"an epoch {text / options.epochs:.2f} s; tokenizing alone is {share:.2%} of the training")
    print(f"training on sentences {text:.2f} s, on tokens {tokens:.2f} s: ratio {text / tokens:.3f}")
    for kind, found in seconds.items():
        print(f"  {kind}: {', '.join(f'{value:.2f}' for value in found)} s")
    return int(share >= MOST)


def _recipe(kind: str, epochs: int) -> str:
    layer = f"TextVectorization: {{max_tokens: {_WORDS}, output_sequence_length: {_LENGTH}}}"
    prepare = f"[{layer}]" if kind == "text" else "[]"
    return _RECIPE.format(name=kind, prepare=prepare, words=_WORDS, epochs=epochs, batch=_BATCH)


def _make_data(folder: Path, count: int) -> tuple[float, float]:
    """Write sentences with words by Zipf's law, and their tokens; the seconds of learning and of tokenizing in batches."""
    import keras
    import tensorflow as tf

    random = np.random.default_rng(0)
    labels = random.integers(0, 2, count)
    lengths = random.integers(5, 50, count)
    words = [np.minimum(random.zipf(1.2, length), 30_000 - 1) for length in lengths]
    texts = np.array(
        [" ".join(f"w{word + 7 * label}" for word in row) for row, label in zip(words, labels, strict=True)]
    )
    layer: Any = keras.layers.TextVectorization(max_tokens=_WORDS, output_sequence_length=_LENGTH)
    started = time.perf_counter()
    layer.adapt(tf.data.Dataset.from_tensor_slices(texts).batch(1024))
    learning = time.perf_counter() - started
    tokens_of = tf.function(lambda batch: layer(batch), input_signature=[tf.TensorSpec((None,), tf.string)])
    sentences = tf.constant(texts)
    tokens = np.concatenate([tokens_of(sentences[at : at + _BATCH]) for at in range(0, count, _BATCH)])
    started = time.perf_counter()
    for at in range(0, count, _BATCH):
        tokens_of(sentences[at : at + _BATCH])
    tokenizing = time.perf_counter() - started
    np.savez(folder / "text.npz", x=texts, y=labels)
    np.savez(folder / "tokens.npz", x=tokens.astype(np.float32), y=labels)
    return learning, tokenizing


def _fit_seconds(folder: Path, kind: str, run: str) -> float:
    command = [sys.executable, "-m", "cnncli", "train", f"{kind}.yaml", "--run", run, "--json", "--quiet"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    return float(json.loads(done.stdout)["seconds"]["fit"])


if __name__ == "__main__":
    sys.exit(main())
