"""Folders of finished runs of every task, with numbers of the real scorers, and what is drawn on them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from made_runs import evaluation, network, png

from cnncli import runs
from cnncli.data.targets import TargetInfo
from cnncli.tasks.classification.targets import ClassTargets
from cnncli.tasks.detection.scorer import DetectionScorer
from cnncli.tasks.detection.targets import BoxTargets
from cnncli.tasks.identities.scorer import IdentitiesScorer
from cnncli.tasks.identities.targets import IdentityTargets
from cnncli.tasks.multilabel.scorer import MultilabelScorer
from cnncli.tasks.multilabel.targets import LabelTargets
from cnncli.tasks.reconstruction.scorer import ReconstructionScorer
from cnncli.tasks.reconstruction.targets import InputTargets
from cnncli.tasks.regression.scorer import RegressionScorer
from cnncli.tasks.regression.targets import NumberTargets
from cnncli.tasks.segmentation.scorer import SegmentationScorer
from cnncli.tasks.segmentation.targets import MaskTargets

HOME = "/home/anna/secret"
SOURCES = {
    "classification": f"{{image_folder: {{path: {HOME}/photos, image_size: [28, 28], color: grayscale}}}}",
    "multilabel": f"{{npz: {{path: {HOME}/photos}}}}",
    "regression": f"{{npz: {{path: {HOME}/photos}}}}",
    "segmentation": "shapes-sample",
    "detection": "scenes-sample",
    "identities": "faces-sample",
    "reconstruction": "mnist-sample",
}
WORDS = {"multilabel": "multilabel", "regression": "numbers", "identities": "identities", "reconstruction": "input"}
LAYERS = {
    "classification": "[Flatten, {Dense: {units: 3, activation: softmax}}]",
    "multilabel": "[Flatten, {Dense: {units: 3, activation: sigmoid}}]",
    "regression": "[{Dense: 1}]",
    "segmentation": "[{Conv2D: {filters: 3, kernel_size: 1, activation: softmax}}]",
    "identities": "[Flatten, {Dense: 8}, UnitNormalization]",
    "reconstruction": "[{Conv2D: {filters: 1, kernel_size: 1}}]",
    "detection": """
    - Conv2D: {name: body, filters: 8, kernel_size: 3, strides: 4, padding: same}
    - Conv2D: {name: centres, from: body, filters: 3, kernel_size: 1, activation: sigmoid}
    - Conv2D: {name: sides, from: body, filters: 4, kernel_size: 1, activation: softplus}
  outputs: [centres, sides]""",
}
SHAPES: dict[str, list[int]] = {
    "classification": [28, 28, 1],
    "multilabel": [16, 16, 1],
    "regression": [8],
    "segmentation": [64, 64, 3],
    "detection": [64, 64, 3],
    "identities": [48, 48, 1],
    "reconstruction": [28, 28, 1],
}
NAMES = ("cat", "dog", "eel")


def recipe_of(task: str, about: str = "Something.") -> str:
    """A recipe of the task, with a private path where the source has one."""
    targets = f", targets: {WORDS[task]}" if task in WORDS else ""
    return (
        f"name: made\nabout: {runs.to_json(about).strip()}\ndata: {{source: {SOURCES[task]}{targets}}}\n"
        f"model:\n  layers: {LAYERS[task]}\ntrain: {{epochs: 9, seed: 5}}\n"
    )


def _classification() -> tuple[TargetInfo, dict[str, Any]]:
    return ClassTargets(class_names=NAMES), evaluation(NAMES)


def _multilabel() -> tuple[TargetInfo, dict[str, Any]]:
    true = np.array([[1, 1, 0], [0, 1, 0], [1, 0, 0], [0, 0, 1]], np.uint8)
    said = np.array([[0.9, 0.8, 0.1], [0.2, 0.4, 0.1], [0.7, 0.6, 0.2], [0.1, 0.3, 0.0]], np.float32)
    return _scored(MultilabelScorer, LabelTargets(class_names=NAMES), true, said)


def _regression() -> tuple[TargetInfo, dict[str, Any]]:
    true = np.array([[1.0], [2], [3], [6]])
    return _scored(RegressionScorer, NumberTargets.of(true), true, true + np.array([[1], [0], [-1], [2]]))


def _segmentation() -> tuple[TargetInfo, dict[str, Any]]:
    random = np.random.default_rng(3)
    true = random.integers(0, 3, (10, 64, 64)).astype(np.uint8)
    return _scored(
        SegmentationScorer, MaskTargets.numbered(3, (64, 64)), true, random.random((10, 64, 64, 3), np.float32)
    )


def _detection() -> tuple[TargetInfo, dict[str, Any]]:
    centres, sides = np.zeros((2, 16, 16, 3), np.float32), np.full((2, 16, 16, 4), 1.5, np.float32)
    centres[0, 4, 4, 0], centres[1, 8, 8, 1] = 0.9, 0.6
    true = np.full((2, 1, 5), -1, np.float32)
    true[0, 0], true[1, 0] = [3 / 16, 3 / 16, 6 / 16, 6 / 16, 0], [0, 0, 2 / 16, 2 / 16, 2]
    said = {"centres": centres, "sides": sides}
    return _scored(DetectionScorer, BoxTargets(class_names=NAMES, threshold=0.5), true, said)


def _identities() -> tuple[TargetInfo, dict[str, Any]]:
    random = np.random.default_rng(1)
    people = random.normal(size=(6, 8))
    labels = np.repeat(np.arange(6), 5)
    vectors = (people[labels] + 0.5 * random.normal(size=(30, 8))).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    names = tuple(f"Maria Secret {number}" for number in range(6))
    return _scored(IdentitiesScorer, IdentityTargets(identities=6, names=names, threshold=0.5), labels, vectors)


def _reconstruction() -> tuple[TargetInfo, dict[str, Any]]:
    true = np.random.default_rng(1).random((20, 28, 28, 1), np.float32)
    noise = ({"Rescaling": 1 / 255}, {"GaussianNoise": 0.2}, {"Rescaling": 255})
    targets = InputTargets(shape=(28, 28, 1), low=0.0, high=1.0, corruption=noise, seed=3)
    return _scored(ReconstructionScorer, targets, (true, true + np.float32(0.2)), true + np.float32(0.1))


def _scored(scorer: Any, known: TargetInfo, targets: Any, outputs: Any) -> tuple[TargetInfo, dict[str, Any]]:
    made = scorer(known)
    made.update(targets, outputs)
    return known, made.result(split="test", examples_sha256="f", loss=0.25, metrics={}).result.to_json()


MADE: dict[str, Callable[[], tuple[TargetInfo, dict[str, Any]]]] = {
    "classification": _classification,
    "multilabel": _multilabel,
    "regression": _regression,
    "segmentation": _segmentation,
    "detection": _detection,
    "identities": _identities,
    "reconstruction": _reconstruction,
}


def make_run(
    outputs: Path,
    task: str = "classification",
    *,
    name: str = "first",
    status: str = "completed",
    recipe: str | None = None,
    pictures: tuple[str, ...] = ("curves.png", "wrong.png"),
    without: tuple[str, ...] = (),
    data: dict[str, Any] | None = None,
    **fields: Any,
) -> Path:
    """Make the folder of a run as a training leaves it.

    Args:
        without: files that are left out.
        data: more of what the record says of the data.
    """
    targets, scored = MADE[task]()
    shape = SHAPES[task]
    with runs.create(outputs, "made", run_name=name) as run:
        text = recipe or recipe_of(task)
        files = {"recipe.yaml": text, "resolved.yaml": text, "predictions.csv": "example,true\n0,a\n"}
        files |= {"evaluation.json": runs.to_json(scored), "network.json": runs.to_json(network().to_json())}
        files |= {"history.json": runs.to_json([{"epoch": 1, "loss": 2.0, "val_loss": 0.5}])}
        for file, content in files.items():
            if file not in without:
                run.write(file, content)
        if "model.keras" not in without:
            run.write("model.keras", b"a model")
        for file in pictures:
            run.write(f"figures/{file}", png())
        about_data = {
            "source": f"image folder {HOME}/photos: 16 + 4 images",
            "fingerprint": "ab12",
            **targets.to_json(),
            "input_shape": shape,
            "input_range": {"low": 0.0, "high": 255.0, "is_whole": True},
            "counts": {"train": [50, 10, 6], "test": [4, 0, 1]} if targets.class_names == NAMES else {"train": [66]},
            "skipped": ["anna/broken one.png"],
            **(data or {}),
        }
        record = {
            "command_line": [f"{HOME}/bin/cnncli", "train", f"{HOME}/made.yaml"],
            "settings": [f"data.source.npz.path={HOME}/photos"],
            "seed": 5,
            "data": about_data,
            "input_shape": shape,
            "notes": [f"{HOME}/made.yaml:3:7: 2 files in {HOME}/photos are equal\n    look at them"],
            "device": {"kind": "cpu", "name": "A processor", "reason": "no GPU found"},
            "precision": {"policy": "float32", "reason": "requested"},
            "params": 196,
            "trainable_params": 196,
            "environment": runs.environment(),
            "git": {"commit": "c0ffee", "dirty": False, "remote": "https://git.example.com/anna/secret.git"},
            "epochs": 9,
            "epochs_planned": 9,
            "best": {"epoch": 7, "val_loss": 0.17, "monitor": "val_loss"},
            "seconds": {"total": 12.5, "fit": 10.0},
            "trained_on": {"train": "1" * 64, "all": "2" * 64, "sketch": {"count": 2, "sampled": 2, "digests": "QUJD"}},
        }
        run.finish(status, **{**record, **fields})
    return run.path
