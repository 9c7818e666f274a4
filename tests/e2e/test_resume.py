"""The real command, killed and stopped, goes on and ends as one that was never stopped."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cnncli.cli.app import app

RECIPE = """\
name: whole
data:
  source: mnist-sample
  limit: 3000
  prepare: [Rescaling: {scale: $(1 / 255)}]
  augment: [RandomTranslation: {height_factor: 0.05, width_factor: 0.05}]
model:
  layers:
    - Conv2D: {name: conv, filters: 8, kernel_size: 5, strides: 2, activation: relu}
    - BatchNormalization: {name: norm}
    - Flatten
    - Dropout: 0.2
    - Dense: {name: out, units: $classes, activation: softmax}
train:
  seed: 7
  batch_size: 32
  checkpoint: {every_steps: 8}
  steps_per_execution: 4
  phases:
    - {name: one, epochs: 2, freeze: [norm], optimizer: {SGD: {learning_rate: 0.05, momentum: 0.9}}}
    - name: two
      epochs: 3
      optimizer: {Adam: {learning_rate: 1e-3}}
      callbacks: [ReduceLROnPlateau: {patience: 1, min_delta: 0.1}, EarlyStopping: {patience: 2, restore_best_weights: true}]
visualize: []
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with the recipe and the run that is never stopped, outputs/whole/whole."""
    folder = tmp_path_factory.mktemp("resume")
    (folder / "recipe.yaml").write_text(RECIPE, encoding="utf-8")
    done = run_to_its_end(folder, "train", "recipe.yaml", "--run", "whole")
    assert done.returncode == 0, done.stderr
    return folder


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "cnncli", *arguments]
    return subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def run_to_its_end(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    process = start(folder, *arguments)
    stdout, stderr = process.communicate(timeout=300)
    return subprocess.CompletedProcess(arguments, process.returncode, stdout, stderr)


def result(folder: Path, run: str) -> dict[str, object]:
    """What must be equal: weights, predictions, scores, history but for the seconds, pictures of the weights."""
    path = folder / "outputs/whole" / run
    with zipfile.ZipFile(path / "model.keras") as archive:
        weights = hashlib.sha256(archive.read("model.weights.h5")).hexdigest()
    history = json.loads((path / "history.json").read_text())
    for row in history:
        del row["seconds"]
    pictures = (path / "figures/filters-conv.png").read_bytes()
    return {
        "weights": weights,
        "predictions": (path / "predictions.csv").read_text(),
        "evaluation": json.loads((path / "evaluation.json").read_text()),
        "history": history,
        "filters": hashlib.sha256(pictures).hexdigest(),
    }


def newest(folder: Path, run: str) -> int:
    """The number of the newest commit; 0 where there is none."""
    commits = folder / "outputs/whole" / run / "checkpoints"
    return max((int(path.stem) for path in commits.glob("*.json")), default=0)


def until_it_trains(folder: Path, run: str, process: subprocess.Popen[str], after: int = 0) -> None:
    """Wait for a commit after that number."""
    while process.poll() is None and newest(folder, run) <= after:
        time.sleep(0.02)


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_signal_ends_the_step_commits_and_says_how_to_go_on(place, name):
    number = signal.Signals[name]
    process = start(place, "train", "recipe.yaml", "--run", name)
    until_it_trains(place, name, process)
    process.send_signal(number)
    _, stderr = process.communicate(timeout=60)

    assert process.returncode == 128 + number
    assert f"stopped by {name}" in stderr
    assert f"go on with: cnncli train --resume outputs/whole/{name}" in stderr
    record = json.loads((place / f"outputs/whole/{name}/run.json").read_text())
    assert record["status"] == "interrupted"


def test_stopped_run_goes_on_to_the_same_end(place):
    process = start(place, "train", "recipe.yaml", "--run", "stopped")
    until_it_trains(place, "stopped", process)
    process.terminate()
    process.communicate(timeout=60)
    again = run_to_its_end(place, "train", "--resume", "outputs/whole/stopped")

    assert again.returncode == 0, again.stderr
    assert result(place, "stopped") == result(place, "whole")
    record = json.loads((place / "outputs/whole/stopped/run.json").read_text())
    assert record["status"] == "completed"
    assert len(record["resumes"]) == 1


@pytest.fixture
def copied(place, tmp_path, monkeypatch):
    """A copy of the finished run, to be changed; the working directory."""
    shutil.copytree(place / "outputs/whole/whole", tmp_path / "outputs/whole/whole")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "outputs/whole/whole"


def call(*arguments: str):
    return CliRunner().invoke(app, ["train", "--resume", *arguments])


def test_finished_run_is_said_to_be_finished(copied):
    done = call("outputs/whole/whole")

    assert done.exit_code == 0
    assert "is already finished; --epochs N would extend it" in done.stderr


def test_no_stopped_run_is_exit_6(copied):
    done = call()

    assert done.exit_code == 6
    assert "no run in outputs was stopped" in done.stderr


def test_another_change_than_the_epochs_is_exit_2(copied):
    done = call("outputs/whole/whole", "--set", "train.batch_size=8")

    assert done.exit_code == 2
    assert "only train.epochs can be changed" in done.stderr


def test_changed_recipe_is_refused(copied):
    text = (copied / "resolved.yaml").read_text()
    (copied / "resolved.yaml").write_text(text.replace("rate: 0.2", "rate: 0.3"))
    set_status(copied, "interrupted")
    done = call("outputs/whole/whole")

    assert done.exit_code == 3
    assert "resolved.yaml is not what the run wrote" in done.stderr


def test_other_data_is_refused_with_the_difference(copied):
    set_status(copied, "interrupted", data={"fingerprint": "0" * 64, "source": "other digits"})
    done = call("outputs/whole/whole")

    assert done.exit_code == 4
    assert "the data is not what the run began with" in done.stderr
    assert "source: other digits then, mnist-sample, packaged" in done.stderr


def test_no_whole_commit_is_exit_5_and_the_commits_stay(copied):
    set_status(copied, "interrupted")
    for path in (copied / "checkpoints").glob("*.npz"):
        path.write_bytes(b"torn")
    done = call("outputs/whole/whole")

    assert done.exit_code == 5
    assert "is whole" in done.stderr
    assert len(list((copied / "checkpoints").glob("*.json"))) == 2


def set_status(folder: Path, status: str, **more: object) -> None:
    record = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps({**record, "status": status, **more}))


def test_without_recipe_and_without_resume_is_exit_2():
    done = CliRunner().invoke(app, ["train"])

    assert done.exit_code == 2
    assert "no recipe is named" in done.stderr


def test_run_is_extended_by_more_epochs(tmp_path):
    short = RECIPE[: RECIPE.index("  phases:")] + "  epochs: 2\nvisualize: []\n"
    (tmp_path / "recipe.yaml").write_text(short, encoding="utf-8")
    assert run_to_its_end(tmp_path, "train", "recipe.yaml", "--run", "first").returncode == 0
    done = run_to_its_end(tmp_path, "train", "--resume", "whole/first", "--epochs", "4")
    assert done.returncode == 0, done.stderr
    assert run_to_its_end(tmp_path, "train", "recipe.yaml", "--run", "four", "--epochs", "4").returncode == 0

    assert result(tmp_path, "first") == result(tmp_path, "four")
    resumed = json.loads((tmp_path / "outputs/whole/first/run.json").read_text())["resumes"]
    assert [each["epochs_before"] for each in resumed] == [2]
    assert os.path.exists(tmp_path / "outputs/whole/first/checkpoints")

    less = run_to_its_end(tmp_path, "train", "--resume", "whole/first", "--epochs", "3")
    assert less.returncode == 2
    assert "the run has had 4 epochs; 3 are less" in less.stderr
