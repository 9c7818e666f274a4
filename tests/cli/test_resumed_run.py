"""What `cnncli train --resume` refuses before the data is read and TensorFlow is imported."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from commands import call
from run_folders import put_run

from cnncli.errors import ResourceError
from cnncli.recipe.load import load
from cnncli.recipe.write import to_yaml
from cnncli.runs import RESOLVED, checkpoints


def _put_trained(outputs: Path, name: str, epochs: int, **fields: Any) -> None:
    """A run of the recipe mnist with a commit after so many epochs."""
    folder = put_run(outputs, f"mnist/{name}", **fields)
    (folder / RESOLVED).write_text(to_yaml(load("mnist", ["train.seed=1"]).recipe), encoding="utf-8")
    rows = [{"epoch": epoch} for epoch in range(1, epochs + 1)]
    state = {"watcher": {"rows": rows}}
    checkpoints.write(folder / checkpoints.FOLDER, 10, state, lambda path: path.touch())


@pytest.fixture
def outputs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    def read_data(*_: Any) -> Any:
        raise ResourceError("TensorFlow is imported")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("cnncli.cli.tensorflow_log.captured", read_data)
    return tmp_path / "outputs"


@pytest.mark.parametrize("option", ["--epochs=3", "--set=train.epochs=3"])
def test_fewer_epochs_than_a_run_has_trained_are_refused_before_its_data_is_read(outputs: Path, option: str) -> None:
    _put_trained(outputs, "first", 4, status="completed")

    done = call("train", "--resume", "mnist/first", option, exit_code=2)

    assert done.stderr == (
        "error: the run has trained 4 epochs already, got 3\n    --epochs 5 or more extends it\n"
    )  # fmt: skip


def test_fewer_epochs_than_a_fold_has_trained_are_refused_with_its_number(outputs: Path) -> None:
    for number, epochs in ((1, 2), (2, 4)):
        fold = {"set": "first", "number": number, "count": 2, "kind": "fold"}
        _put_trained(outputs, f"first-fold{number}", epochs, status="completed", fold=fold)

    done = call("train", "--resume", "--fold", "all", "mnist/first", "--epochs", "3", exit_code=2)

    assert "error: fold 2: the run has trained 4 epochs already, got 3\n" in done.stderr


def test_more_epochs_extend_a_run(outputs: Path) -> None:
    _put_trained(outputs, "first", 4, status="completed")

    done = call("train", "--resume", "mnist/first", "--epochs", "5", exit_code=ResourceError.exit_code)

    assert done.stderr == "error: TensorFlow is imported\n"
