"""What a run's folder has in it: pictures, numbers of the real evaluation, a recipe, a small network."""

from __future__ import annotations

import csv
import functools
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image

from cnncli.network.summary_json import DrawnNetwork
from cnncli.tasks.classification.result import ClassificationResult
from cnncli.tasks.classification.scorer import ClassificationScorer
from cnncli.tasks.classification.targets import ClassTargets

RECIPE = """\
name: made
about: {about}
data: {{source: mnist-sample}}
model: {{layers: [Flatten, {{Dense: {{units: 10, activation: softmax}}}}]}}
train: {{epochs: 9}}
"""
BOXES = [
    {"name": "input", "class": "InputLayer", "output_shape": [28, 28, 1], "params": 0, "inputs": []},
    {"name": "C1", "class": "Conv2D", "detail": "5×5", "output_shape": [28, 28, 6], "params": 156, "inputs": [0]},
    {"name": "block", "class": "conv_bn", "layer_count": 3, "output_shape": [28, 28, 6], "params": 40, "inputs": [1]},
    {"name": "add", "class": "Add", "output_shape": [28, 28, 6], "params": 0, "inputs": [1, 2]},
]
LAYER = {"name": "C1", "class": "Conv2D", "detail": "5×5", "output_shape": [28, 28, 6], "params": 156}


def network(boxes: Sequence[dict[str, Any]] = BOXES) -> DrawnNetwork:
    """network.json of some boxes and one layer."""
    counts = dict.fromkeys(("params", "trainable_params", "weight_bytes", "activation_bytes", "training_bytes"), 0)
    nothing: dict[str, Any] = {
        name: [] for name in ("phases", "not_counted", "placeholders", "outputs", "groups", "inputs")
    }
    layer = {"receptive_field": "all", "multiply_adds": 1000, **nothing, **counts, **LAYER}
    unknown = {"detail": "", "layer_count": 1, "multiply_adds": None}
    return DrawnNetwork(
        **{"recipe": "made", "input_shape": [28, 28, 1], "batch_size": 32, "multiply_adds": 1000, **nothing, **counts},
        layers=[layer],
        boxes=[{**unknown, **box} for box in boxes],
    )


@functools.cache
def png(width: int = 60, height: int = 40, *, noise: bool = False) -> bytes:
    """A picture; one of noise cannot be made small."""
    generator = np.random.default_rng(0)
    pixels = generator.integers(0, 256, (height, width, 3), dtype=np.uint8) if noise else np.zeros((height, width, 3))
    stream = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(stream, "PNG")
    return stream.getvalue()


def evaluation(names: Sequence[str], *, count: int = 200, seed: int = 0, skill: float = 2) -> dict[str, Any]:
    """evaluation.json of a network that is often right, with file names; examples of one seed are the same."""
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, len(names), count)
    outputs = generator.gumbel(size=(count, len(names)))
    outputs[np.arange(count), labels] += skill
    outputs = np.exp(outputs) / np.exp(outputs).sum(axis=1, keepdims=True)
    files = [f"photos/{names[label]}/{index}.png" for index, label in enumerate(labels)]
    return result_of(labels, outputs, names, files=files).to_json()


def predictions(evaluation: dict[str, Any]) -> str:
    """predictions.csv with the examples of a confusion matrix, class by class."""
    names = [row["class"] for row in evaluation["per_class"]]
    pairs = [
        (true, predicted)
        for true, row in zip(names, evaluation["confusion"], strict=True)
        for predicted, count in zip(names, row, strict=True)
        for _ in range(count)
    ]
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["example", "true", "predicted"])
    table.writerows([number, *pair] for number, pair in enumerate(pairs))
    return text.getvalue()


def result_of(
    labels: np.ndarray, outputs: np.ndarray, names: Sequence[str], *, files: Sequence[str] | None = None, **fields: Any
) -> ClassificationResult:
    """The result that the real evaluation gives for these probabilities (examples, classes)."""
    scorer = ClassificationScorer(ClassTargets(class_names=tuple(names)), files=files)
    scorer.update(labels, outputs)
    metrics = {"accuracy": float(np.mean(outputs.argmax(axis=1) == labels))}
    own = {"split": "test", "examples_sha256": "f", "loss": 0.25, "metrics": metrics, **fields}
    return scorer.result(**own).result
