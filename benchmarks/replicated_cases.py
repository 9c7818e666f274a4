"""What the benchmark of replicas trains: every task and kind of input, and every part of a recipe that has a state."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.kill_workloads import VOLUMES

EQUAL = 1e-5  # absolute: weights and history of several replicas and of one


@dataclass(frozen=True)
class Case:
    """A recipe.

    Attributes:
        name: of it.
        data: the section `data`, without what all have.
        layers: of the network.
        train: what the section `train` has beside seed, epochs, batch size.
        model: what the section `model` has beside layers.
        limit: largest difference to one process; None: another result is expected.
        why: why another difference is expected; empty where the results are equal.
    """

    name: str
    data: str
    layers: str
    train: str = ""
    model: str = ""
    limit: float | None = EQUAL
    why: str = ""

    @property
    def recipe(self) -> str:
        """The text of the recipe."""
        train = self.train or "  optimizer: {Adam: {learning_rate: 1e-2}}\n"
        phases = "" if "epochs:" in train else "  epochs: 2\n"
        size = "" if "batch_size:" in train else "  batch_size: 16\n"
        return (
            f"name: {self.name}\ndata:\n{self.data}model:\n{self.model}  layers:\n{self.layers}"
            f"train:\n  seed: 7\n  checkpoint: {{every_steps: 1}}\n{phases}{size}{train}"
            "evaluate: {split: validation}\nvisualize: []\n"
        )


_DIGITS = (
    "  source: mnist-sample\n  limit: 80\n  split: {validation: 16}\n  prepare: [Rescaling: {scale: $(1 / 255)}]\n"
)
_PARTS = "  split: {validation: 16, test: 16}\n"
_DENSE = "    - Dense: {units: $classes, activation: softmax}\n"
_CONV = "    - Conv2D: {name: conv, filters: 4, kernel_size: 5, strides: 3, activation: relu}\n"
_SMALL = f"{_CONV}    - Flatten\n{_DENSE}"
_STATEFUL = f"{_CONV}    - BatchNormalization: {{momentum: 0.8}}\n    - Dropout: 0.2\n    - Flatten\n{_DENSE}"
_OWN_STATE = "replicas normalize and drop out their own parts of a batch"
_SHAPES = (
    "  source: shapes-sample\n  limit: 32\n  split: {validation: 16}\n  prepare: [Rescaling: {scale: $(1 / 255)}]\n"
)
_SCENES = _SHAPES.replace("shapes", "scenes")
_BOXES = """\
    - Conv2D: {filters: 4, kernel_size: 3, strides: 4, padding: same, activation: relu}
    - Conv2D: {name: neck, filters: 4, kernel_size: 3, padding: same, activation: relu}
    - Conv2D: {name: centres, filters: $classes, kernel_size: 1, activation: sigmoid, from: neck}
    - Conv2D: {name: sides, filters: 4, kernel_size: 1, activation: softplus, from: neck}
"""
_MAPS = "    - Conv2D: {filters: 4, kernel_size: 3, padding: same, activation: relu}\n"
_CLASS_MAPS = "    - Conv2D: {filters: $classes, kernel_size: 1, activation: softmax}\n"
_ARRAYS = f"  source: {{npz: {{path: NAME.npz}}}}\n{_PARTS}"
_TABLE = "  source: {csv: {path: table.csv, numbers: 'x*', label: label, weight: weight}}\n" + _PARTS
_VOLUMES = """\
  source: {volume_folder: {path: scans, shape: [12, 16, 20], window: [-160, 240]}}
  targets: masks
  windows: {size: [8, 8, 8], overlap: 2}
  split: {validation: 4, test: 4}
  prepare: [Rescaling: {scale: $(1 / 255)}]
"""

CASES = (
    Case("images", _DIGITS, _SMALL),
    Case("sgd", _DIGITS, _SMALL, "  optimizer: {SGD: {learning_rate: 0.1, momentum: 0.9, nesterov: true}}\n"),
    Case(
        "metrics",
        _DIGITS,
        _SMALL,
        "  loss: categorical_crossentropy\n"
        "  metrics: [accuracy, AUC, Precision, Recall, F1Score: {average: macro}, TopKCategoricalAccuracy: {k: 2}]\n",
    ),
    Case(
        "regularized",
        _DIGITS,
        "    - Conv2D: {filters: 4, kernel_size: 5, strides: 3, kernel_regularizer: {L2: 0.01}, "
        "activity_regularizer: {L1: 0.001}}\n"
        "    - Flatten\n    - Dense: {units: $classes, activation: softmax, kernel_constraint: {MaxNorm: 1}}\n",
        "  optimizer: {AdamW: {learning_rate: 1e-2, weight_decay: 0.05}}\n",
    ),
    Case("clipnorm", _DIGITS, _SMALL, "  optimizer: {SGD: {learning_rate: 0.5, clipnorm: 0.05}}\n"),
    Case("global-clipnorm", _DIGITS, _SMALL, "  optimizer: {Adam: {learning_rate: 1e-2, global_clipnorm: 0.05}}\n"),
    Case("clipvalue", _DIGITS, _SMALL, "  optimizer: {SGD: {learning_rate: 0.5, clipvalue: 0.005}}\n"),
    Case(
        "schedule",
        _DIGITS,
        _SMALL,
        "  optimizer: {RMSprop: {learning_rate: {CosineDecay: {initial_learning_rate: 1e-3, warmup_target: 1e-2, "
        "warmup_steps: 3, decay_steps: 12}}}}\n",
    ),
    Case(
        "callbacks",
        _DIGITS,
        _SMALL,
        "  epochs: 6\n  optimizer: {Adam: {learning_rate: 3e-2}}\n"
        "  callbacks:\n    - ReduceLROnPlateau: {monitor: val_accuracy, patience: 1, min_delta: 0.2, factor: 0.5}\n"
        "    - EarlyStopping: {monitor: val_accuracy, patience: 2, min_delta: 0.2, restore_best_weights: true}\n",
    ),
    Case(
        "averages",
        _DIGITS,
        _SMALL,
        "  optimizer: {Adam: {learning_rate: 1e-2, use_ema: true, ema_momentum: 0.9}}\n  callbacks: [SwapEMAWeights]\n",
    ),
    Case(
        "overwritten-averages",
        _DIGITS,
        _SMALL,
        "  optimizer: {Adam: {learning_rate: 1e-2, use_ema: true, ema_momentum: 0.9, ema_overwrite_frequency: 3}}\n",
    ),
    Case("max-time", _DIGITS, _SMALL, "  epochs: 4\n  max_time: 0.001 s\n"),
    Case("class-weights", _DIGITS + "  class_weight: balanced\n", _SMALL),
    Case("balance", _DIGITS + "  balance: oversample\n", _SMALL),
    Case(
        "bfloat16",
        _DIGITS,
        _SMALL,
        "  precision: mixed_bfloat16\n",
        limit=0.05,
        why="sums of rounded halves are rounded otherwise",
    ),
    Case(
        "float16",
        _DIGITS,
        _SMALL,
        "  precision: mixed_float16\n",
        limit=0.05,
        why="sums of rounded halves are rounded otherwise",
    ),
    Case("stateful", _DIGITS, _STATEFUL, limit=None, why=_OWN_STATE),
    Case(
        "augmented",
        _DIGITS
        + "  augment: [RandomTranslation: {height_factor: 0.1, width_factor: 0.1}, RandomContrast: {factor: 0.2, "
        "value_range: [0, 255]}]\n",
        _STATEFUL,
        limit=None,
        why="each replica augments its own part",
    ),
    Case(
        "frozen",
        _DIGITS,
        _SMALL,
        "  phases:\n    - {name: head, epochs: 2, freeze: [conv], optimizer: {SGD: {learning_rate: 0.1}}}\n"
        "    - {name: all, epochs: 2, optimizer: {Adam: {learning_rate: 1e-2}}}\n",
    ),
    Case(
        "copies",
        _DIGITS + "  augment: [RandomTranslation: {height_factor: 0.1, width_factor: 0.1}]\n  augment_copies: 2\n",
        _STATEFUL,
        "  phases:\n    - {name: head, epochs: 2, freeze: [conv], optimizer: {SGD: {learning_rate: 0.1}}}\n"
        "    - {name: all, epochs: 2, optimizer: {Adam: {learning_rate: 1e-2}}}\n",
        limit=None,
        why=_OWN_STATE,
    ),
    Case(
        "application",
        "  source: {npz: {path: pictures.npz}}\n" + _PARTS,
        "    - VGG16: {name: backbone, weights: null, include_top: false}\n    - GlobalAveragePooling2D\n" + _DENSE,
        "  freeze: [backbone]\n",
        "  input: [32, 32, 3]\n",
    ),
    Case(
        "several-outputs",
        _DIGITS,
        f"{_CONV}    - Flatten: {{name: flat}}\n    - Dense: {{name: aux, units: $classes, activation: softmax, from: flat}}\n"
        "    - Dense: {name: hidden, units: 8, activation: relu, from: flat}\n"
        "    - Dense: {name: main, units: $classes, activation: softmax}\n",
        "  loss_weights: {aux: 0.3}\n  metrics: [accuracy]\n",
        "  outputs: [main, aux]\n",
    ),
    Case(
        "several-inputs",
        f"  source: {{npz: {{path: pairs.npz}}}}\n{_PARTS}  inputs:\n    left: {{prepare: [Rescaling: {{scale: $(1 / 255)}}]}}\n"
        "    right: {prepare: [Rescaling: {scale: $(1 / 255)}]}\n",
        "    - Conv2D: {name: a, filters: 4, kernel_size: 3, from: left}\n    - Conv2D: {name: b, from: right, is: a}\n"
        "    - Subtract: {from: [a, b]}\n    - Flatten\n" + _DENSE,
        model="  input: {left: [8, 8, 1], right: [8, 8, 1]}\n",
    ),
    Case(
        "multilabel",
        _ARRAYS.replace("NAME", "labels") + "  targets: multilabel\n  prepare: [Rescaling: {scale: $(1 / 255)}]\n",
        "    - Conv2D: {filters: 4, kernel_size: 3, activation: relu}\n    - Flatten\n"
        "    - Dense: {units: $classes, activation: sigmoid}\n",
        "  metrics: [binary_accuracy, AUC: {multi_label: true}, F1Score: {average: macro, threshold: 0.5}]\n",
    ),
    Case(
        "regression",
        _ARRAYS.replace("NAME", "numbers") + "  targets: numbers\n  prepare: [Rescaling: {scale: $(1 / 255)}]\n",
        "    - Conv2D: {filters: 4, kernel_size: 3, activation: relu}\n    - Flatten\n    - Dense: {units: 2}\n",
        "  metrics: [mean_absolute_error, RootMeanSquaredError, R2Score]\n",
    ),
    Case(
        "segmentation",
        _SHAPES,
        _MAPS + _CLASS_MAPS,
        "  batch_size: 8\n",
    ),
    Case("weighted-masks", _SHAPES + "  class_weight: balanced\n", _MAPS + _CLASS_MAPS, "  batch_size: 8\n"),
    Case(
        "ignored-pixels",
        "  source: {mask_folder: {images: photos, masks: masks, ignore: 255, color: grayscale, image_size: [12, 12]}}\n"
        + _PARTS,
        _MAPS + _CLASS_MAPS,
    ),
    Case(
        "augmented-masks",
        _SHAPES + "  augment: [RandomFlip, RandomRotation: {factor: 0.1, fill_mode: constant}]\n",
        _MAPS + "    - BatchNormalization: {momentum: 0.8}\n    - Dropout: 0.1\n" + _CLASS_MAPS,
        "  batch_size: 8\n",
        limit=None,
        why="each replica augments its own part",
    ),
    Case("detection", _SCENES, _BOXES, "  batch_size: 8\n", "  outputs: [centres, sides]\n"),
    Case(
        "augmented-boxes",
        _SCENES + "  augment: [RandomFlip: horizontal, RandomTranslation: {height_factor: 0.1, width_factor: 0.1}]\n",
        _BOXES,
        "  batch_size: 8\n",
        "  outputs: [centres, sides]\n",
        limit=None,
        why="each replica augments its own part",
    ),
    Case(
        "identities",
        "  source: faces-sample\n  targets: identities\n  limit: 96\n  balance: {per_identity: 4}\n"
        "  prepare: [Rescaling: {scale: $(1 / 255)}]\n",
        "    - Conv2D: {filters: 4, kernel_size: 5, strides: 4, activation: relu}\n    - Flatten\n    - Dense: 8\n"
        "    - UnitNormalization\n",
        limit=None,
        why="the loss compares the examples within each part of a batch",
    ),
    Case(
        "reconstruction",
        _DIGITS + "  targets: input\n",
        "    - Conv2D: {filters: 4, kernel_size: 3, padding: same, activation: relu}\n"
        "    - Conv2D: {filters: 1, kernel_size: 3, padding: same}\n",
    ),
    Case(
        "noise",
        _DIGITS + "  targets: input\n  augment: [Rescaling: $(1 / 255), GaussianNoise: $(40 / 255), Rescaling: 255]\n",
        "    - Conv2D: {filters: 4, kernel_size: 3, padding: same, activation: relu}\n"
        "    - Conv2D: {filters: 1, kernel_size: 3, padding: same}\n",
        limit=None,
        why="each replica draws its own noise",
    ),
    Case(
        "signals",
        _ARRAYS.replace("NAME", "signals"),
        "    - Conv1D: {filters: 8, kernel_size: 3, activation: relu}\n    - GlobalAveragePooling1D\n" + _DENSE,
        model="  input: [20, 3]\n",
    ),
    Case(
        "recurrent",
        _ARRAYS.replace("NAME", "signals"),
        "    - Bidirectional: {layer: {GRU: {units: 4, return_sequences: true}}}\n    - LSTM: 4\n" + _DENSE,
        model="  input: [20, 3]\n",
    ),
    Case(
        "volumes",
        _ARRAYS.replace("NAME", "volumes"),
        "    - Conv3D: {filters: 4, kernel_size: 3, activation: relu}\n    - GlobalAveragePooling3D\n" + _DENSE,
    ),
    Case(
        "windows",
        _VOLUMES,
        "    - Conv3D: {filters: 4, kernel_size: 3, padding: same, activation: relu}\n"
        "    - Conv3D: {filters: $classes, kernel_size: 1, activation: softmax}\n",
        "  batch_size: 32\n",
    ),
    Case(
        "text",
        f"  source: {{csv: {{path: sentences.csv, text: text, label: label}}}}\n{_PARTS}"
        "  prepare: [TextVectorization: {max_tokens: 100, output_sequence_length: 12}]\n",
        "    - Embedding: {input_dim: 100, output_dim: 4}\n    - Conv1D: {filters: 4, kernel_size: 3, activation: relu}\n"
        "    - GlobalMaxPooling1D\n" + _DENSE,
    ),
    Case(
        "masked-text",
        f"  source: {{csv: {{path: sentences.csv, text: text, label: label}}}}\n{_PARTS}"
        "  prepare: [TextVectorization: {max_tokens: 100, output_sequence_length: 14}]\n",
        "    - Embedding: {input_dim: 100, output_dim: 4, mask_zero: true}\n    - LSTM: 4\n" + _DENSE,
    ),
    Case(
        "table",
        _TABLE + "  prepare: [Normalization]\n",
        "    - Dense: {units: 8, activation: relu}\n" + _DENSE,
    ),
    Case(
        "layers-with-state",
        _DIGITS,
        "    - Conv2D: {filters: 4, kernel_size: 5, strides: 3}\n    - GroupNormalization: {groups: 2}\n"
        "    - Flatten\n    - SpectralNormalization: {layer: {Dense: {units: 8}}}\n    - LayerNormalization\n" + _DENSE,
    ),
)


def write_data(folder: Path) -> None:
    """Write the arrays and tables that the cases name."""
    random = np.random.default_rng(0)
    count = 96
    classes = np.arange(count) % 4
    images = random.integers(0, 256, (count, 12, 12), dtype=np.uint8)
    np.savez(folder / "pictures.npz", x=random.integers(0, 256, (count, 32, 32, 3), dtype=np.uint8), y=classes)
    np.savez(folder / "labels.npz", x=images, y=(random.random((count, 3)) < 0.5).astype(np.uint8))
    np.savez(folder / "numbers.npz", x=images, y=random.normal(size=(count, 2)).astype(np.float32))
    np.savez(folder / "signals.npz", x=random.normal(size=(count, 20, 3)).astype(np.float32), y=classes)
    np.savez(folder / "volumes.npz", x=random.random((count, 6, 6, 6, 1), dtype=np.float32), y=classes)
    masks = random.integers(0, 3, (count, 12, 12)).astype(np.uint8)
    masks[:, :3] = 255
    masks[::3, :7] = 255  # another share of each image
    for name, pictures in (("photos", images), ("masks", masks)):
        (folder / name).mkdir(exist_ok=True)
        for number, picture in enumerate(pictures):
            Image.fromarray(picture).save(folder / name / f"{number:03}.png")
    sides = {f"x_{side}": random.integers(0, 256, (count, 8, 8), dtype=np.uint8) for side in ("left", "right")}
    np.savez(folder / "pairs.npz", **sides, y=classes % 2)
    _write(folder / "table.csv", ["x1", "x2", "x3", "label", "weight"], _rows(random, classes))
    words = [f"word{number}" for number in range(120)]
    texts = ([" ".join(random.choice(words, random.integers(5, 14))), label] for label in classes % 2)
    _write(folder / "sentences.csv", ["text", "label"], texts)
    VOLUMES.write_data(folder)


def _rows(random: np.random.Generator, classes: np.ndarray) -> Iterator[list[object]]:
    for label in classes:
        yield [*random.normal(3, 5, 3).round(3), label, round(float(random.uniform(0, 2)), 2)]


def _write(path: Path, header: list[str], rows: object) -> None:
    with open(path, "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(itertools.chain([header], rows))  # type: ignore[call-overload]
