"""What the benchmark of kills trains: a recipe with every part that has a state, sentences whose vocabulary is learned,
digits whose noise is removed, masks and boxes that move with their images, volumes of which the network sees
windows, or faces in batches of people."""

from __future__ import annotations

import csv
import itertools
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

NAME = "kills"  # of each recipe


@dataclass(frozen=True)
class Workload:
    """A recipe that is killed.

    Attributes:
        recipe: its text.
        aims: what a kill is aimed at, and how often of a hundred.
        write_data: writes the data into the folder of the recipe.
    """

    recipe: str
    aims: Mapping[str, int]
    write_data: Callable[[Path], None] = lambda folder: None


def _write_sentences(folder: Path) -> None:
    """Write 60,000 sentences of 12 words: frequent and rare ones, of which one of two tells the class."""
    generator = random.Random(0)
    words = [f"word{number}" for number in range(30_000)]
    weights = list(itertools.accumulate(1 / (rank + 10) for rank in range(len(words))))
    with open(folder / "sentences.csv", "w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["label", "text"])
        for number in range(60_000):
            chosen = generator.choices(words, cum_weights=weights, k=11)
            table.writerow([number % 2, " ".join([*chosen[:5], ("poor", "fine")[number % 2], *chosen[5:]])])


IMAGES = Workload(
    """\
name: kills
data:
  source: mnist-sample
  limit: 1500
  prepare: [Rescaling: {scale: $(1 / 255)}]
  augment:
    - RandomTranslation: {height_factor: 0.1, width_factor: 0.1}
    - RandomContrast: {factor: 0.2, value_range: [0, 255]}
  augment_copies: 2
model:
  layers:
    - Conv2D: {name: conv1, filters: 8, kernel_size: 5, strides: 2, activation: relu}
    - BatchNormalization: {name: norm1, momentum: 0.8}
    - Conv2D: {name: conv2, filters: 12, kernel_size: 3, strides: 2, activation: relu}
    - BatchNormalization: {name: norm2, momentum: 0.8}
    - Flatten
    - Dropout: 0.2
    - Dense: {name: out, units: $classes, activation: softmax}
train:
  seed: 7
  batch_size: 32
  steps_per_execution: 2
  checkpoint: {every_steps: 6, every_seconds: 1}
  phases:
    - name: head
      epochs: 3
      freeze: [conv1, norm1]
      optimizer: {SGD: {learning_rate: {CosineDecay: {initial_learning_rate: 0.1, decay_steps: 150}}, momentum: 0.9}}
    - name: all
      epochs: 9
      optimizer: {Adam: {learning_rate: 4e-3, use_ema: true, ema_momentum: 0.9}}
      callbacks:
        - SwapEMAWeights
        - ReduceLROnPlateau: {patience: 1, min_delta: 0.1, factor: 0.5}
        - EarlyStopping: {patience: 2, min_delta: 0.06, restore_best_weights: true}
visualize:
  - filters: {layers: [conv1, conv2]}
""",
    {"anywhere": 20, "training": 30, "commit": 38, "file": 12},
)
SENTENCES = Workload(
    """\
name: kills
data:
  source: {csv: {path: sentences.csv, text: text, label: label}}
  split: {validation: 2000, test: 2000}
  prepare: [TextVectorization: {max_tokens: 5000, output_sequence_length: 12}]
model:
  layers:
    - Embedding: {input_dim: 5000, output_dim: 16}
    - branches:
        name: windows
        merge: Concatenate
        over: {width: [3, 4, 5]}
        path:
          - Conv1D: {filters: 8, kernel_size: $width, activation: relu}
          - GlobalMaxPooling1D
    - Dropout: 0.5
    - Dense: {units: $classes, activation: softmax, kernel_constraint: {MaxNorm: 3}}
train:
  seed: 7
  epochs: 4
  batch_size: 512
  optimizer: {Adam: {learning_rate: 1e-3}}
  checkpoint: {every_steps: 10, every_seconds: 1}
""",
    {"learning": 40, "anywhere": 15, "training": 20, "commit": 20, "file": 5},
    _write_sentences,
)
NOISE = Workload(
    """\
name: kills
data:
  source: mnist-sample
  targets: input
  limit: 600
  split: {validation: 100}
  prepare: [Rescaling: {scale: $(1 / 255)}]
  augment: [Rescaling: $(1 / 255), GaussianNoise: $(40 / 255), Rescaling: 255]
model:
  layers:
    - Conv2D: {filters: 4, kernel_size: 3, padding: same, activation: relu}
    - Dropout: 0.1
    - Conv2D: {filters: 1, kernel_size: 3, padding: same}
train:
  seed: 7
  epochs: 4
  batch_size: 32
  steps_per_execution: 2
  optimizer: {Adam: {learning_rate: 1e-3}}
  checkpoint: {every_steps: 4, every_seconds: 1}
""",
    {"anywhere": 15, "training": 40, "commit": 35, "file": 10},
)
MASKS = Workload(
    """\
name: kills
data:
  source: shapes-sample
  limit: 200
  class_weight: balanced
  prepare: [Rescaling: {scale: $(1 / 255)}]
  augment:
    - RandomFlip
    - RandomRotation: {factor: 0.1, fill_mode: constant}
    - RandomBrightness: {factor: 0.2, value_range: [0, 255]}
model:
  layers:
    - Conv2D: {filters: 6, kernel_size: 5, padding: same, activation: relu}
    - BatchNormalization: {momentum: 0.8}
    - Dropout: 0.1
    - Conv2D: {filters: $classes, kernel_size: 3, padding: same, activation: softmax}
train:
  seed: 7
  epochs: 4
  batch_size: 16
  steps_per_execution: 2
  optimizer: {Adam: {learning_rate: 1e-3}}
  checkpoint: {every_steps: 4, every_seconds: 1}
""",
    {"anywhere": 15, "training": 40, "commit": 35, "file": 10},
)
BOXES = Workload(
    """\
name: kills
data:
  source: scenes-sample
  limit: 200
  prepare: [Rescaling: {scale: $(1 / 255)}]
  augment:
    - RandomFlip: horizontal
    - RandomTranslation: {height_factor: 0.1, width_factor: 0.1}
    - RandomBrightness: {factor: 0.2, value_range: [0, 255]}
model:
  layers:
    - Conv2D: {filters: 8, kernel_size: 3, strides: 2, padding: same, activation: relu}
    - Conv2D: {filters: 8, kernel_size: 3, strides: 2, padding: same, use_bias: false}
    - BatchNormalization: {momentum: 0.8}
    - ReLU
    - Dropout: {name: neck, rate: 0.1}
    - Conv2D: {name: centres, filters: $classes, kernel_size: 1, activation: sigmoid, from: neck}
    - Conv2D: {name: sides, filters: 4, kernel_size: 1, activation: softplus, from: neck}
  outputs: [centres, sides]
train:
  seed: 7
  epochs: 4
  batch_size: 16
  steps_per_execution: 2
  optimizer: {Adam: {learning_rate: 1e-3}}
  loss_weights: {sides: 4}
  checkpoint: {every_steps: 4, every_seconds: 1}
""",
    {"anywhere": 15, "training": 40, "commit": 35, "file": 10},
)


def _write_volumes(folder: Path) -> None:
    """Write 40 volumes of 12x16x20 voxels with a bright box each, and its mask."""
    import numpy as np

    for name in ("images", "labels"):
        (folder / "scans" / name).mkdir(parents=True)
    for number in range(40):
        drawn = np.random.default_rng(number)
        values, mask = drawn.normal(0, 40, (12, 16, 20)).astype(np.float32), np.zeros((12, 16, 20), np.uint8)
        begin = drawn.integers(0, 8, 3)
        mask[tuple(slice(each, each + 5) for each in begin)] = 1
        values[mask > 0] += 150
        np.save(folder / f"scans/images/{number:02}.npy", values)
        np.save(folder / f"scans/labels/{number:02}.npy", mask)


VOLUMES = Workload(
    """\
name: kills
data:
  source: {volume_folder: {path: scans, shape: [12, 16, 20], window: [-160, 240]}}
  targets: masks
  windows: {size: [8, 8, 8], overlap: 2}
  prepare: [Rescaling: {scale: $(1 / 255)}]
  augment: [Rescaling: {scale: $(1 / 255)}, GaussianNoise: 0.05, Rescaling: {scale: 255}]
model:
  layers:
    - Conv3D: {filters: 4, kernel_size: 3, padding: same, activation: relu}
    - BatchNormalization: {momentum: 0.8}
    - Dropout: 0.1
    - Conv3D: {filters: $classes, kernel_size: 1, activation: softmax}
train:
  seed: 7
  epochs: 3
  batch_size: 16
  steps_per_execution: 2
  optimizer: {Adam: {learning_rate: 1e-3}}
  checkpoint: {every_steps: 4, every_seconds: 1}
""",
    {"anywhere": 15, "training": 40, "commit": 35, "file": 10},
    _write_volumes,
)

IDENTITIES = Workload(
    """\
name: kills
data:
  source: faces-sample
  targets: identities
  limit: 320
  balance: {per_identity: 4}
  prepare: [Rescaling: {scale: $(1 / 255)}]
  augment:
    - RandomFlip: horizontal
    - RandomTranslation: {height_factor: 0.05, width_factor: 0.05}
model:
  layers:
    - Conv2D: {filters: 8, kernel_size: 3, strides: 2, padding: same, use_bias: false}
    - BatchNormalization: {momentum: 0.8}
    - ReLU
    - MaxPooling2D: 2
    - Flatten
    - Dropout: 0.2
    - Dense: 16
    - UnitNormalization
train:
  seed: 7
  epochs: 4
  batch_size: 16
  steps_per_execution: 2
  optimizer: {Adam: {learning_rate: 1e-3}}
  checkpoint: {every_steps: 4, every_seconds: 1}
""",
    {"anywhere": 15, "training": 40, "commit": 35, "file": 10},
)
WORKLOADS = {
    "images": IMAGES,
    "sentences": SENTENCES,
    "noise": NOISE,
    "masks": MASKS,
    "boxes": BOXES,
    "volumes": VOLUMES,
    "identities": IDENTITIES,
}
