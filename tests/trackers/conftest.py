"""Folders of runs as a training leaves them, without a training."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from made_runs import png

from cnncli import runs

RESOLVED = """\
version: 1
name: made
about: ""
data: {source: mnist-sample, split: {validation: 0.1, stratify: true}, prepare: [Rescaling: {scale: 0.5}], augment: []}
model:
  input: [28, 28, 1]
  layers:
  - Flatten: {name: flatten}
  - Dense: {units: 10, activation: softmax, name: out}
train:
  epochs: 3
  optimizer: {Adam: {learning_rate: 0.001}}
  metrics: [accuracy]
  seed: 7
evaluate: {split: test}
track:
- mlflow: {experiment: digits, model: false}
"""
ROWS = [
    {
        "epoch": number,
        "loss": 1 / number,
        "accuracy": number / 4,
        "val_loss": 2 / number,
        "learning_rate": 0.01,
        "seconds": 1.5,
    }
    for number in (1, 2, 3)
]
RECORD = {
    "recipe_sha256": "ab",
    "resolved_sha256": ["cd"],
    "seed": 7,
    "data": {"source": "digits", "fingerprint": "f1", "task": "classification", "counts": {"train": [5, 5]}},
    "params": 7850,
    "trainable_params": 7850,
    "device": {"kind": "cpu", "name": "a processor", "reason": ""},
    "precision": {"policy": "float32", "reason": ""},
    "environment": {"versions": {"cnncli": "0.1.0", "keras": "3.15.1"}, "os": "Linux", "cpu": {"model": "a processor"}},
    "git": {"commit": "c0ffee", "dirty": False, "remote": ""},
    "epochs": 3,
    "best": {"epoch": 3, "loss": 1 / 3, "val_loss": 2 / 3, "seconds": 1.5, "monitor": "val_loss"},
    "test": {"loss": 0.5, "accuracy": 0.9},
    "intervals": {"level": 0.95, "method": "bootstrap", "accuracy": [0.85, 0.95]},
}


@pytest.fixture(autouse=True)
def _own_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings of the user, and no home to which packages write."""
    for name in (
        "MLFLOW_TRACKING_URI",
        "MLFLOW_EXPERIMENT_NAME",
        "WANDB_MODE",
        "WANDB_PROJECT",
        "WANDB_ENTITY",
        "WANDB_DIR",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    monkeypatch.setenv("WANDB_ERROR_REPORTING", "false")
    monkeypatch.setenv("WANDB_SILENT", "true")


@pytest.fixture
def make_run(tmp_path: Path) -> Callable[..., Path]:
    """Make a run's folder: `make_run("first", status="interrupted")`."""

    def make(name: str = "first", *, status: str = "completed", rows: Any = ROWS, **fields: Any) -> Path:
        with runs.create(tmp_path / "outputs", "made", run_name=name) as run:
            run.write("recipe.yaml", "name: made\n")
            run.write("resolved.yaml", RESOLVED)
            run.write_history(rows)
            run.write("figures/curves.png", png())
            run.write("report.html", "<html></html>")
            run.write("model.keras", b"weights")
            run.update_record(**{**RECORD, **fields})
            if status != "running":
                run.finish(status)
        return run.path

    return make
