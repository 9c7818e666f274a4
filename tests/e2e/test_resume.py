"""The real command, killed and stopped, goes on and ends as one that was never stopped."""

import hashlib
import itertools
import json
import shutil
import signal
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from commands import CommandLine, Result, call, draw_nothing, stop_after_the_first_epoch

RECIPE = """\
name: whole
data:
  source: mnist-sample
  limit: 600
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
  steps_per_execution: 2
  phases:
    - {name: one, epochs: 2, freeze: [norm], optimizer: {SGD: {learning_rate: 0.05, momentum: 0.9}}}
    - name: two
      epochs: 3
      optimizer: {Adam: {learning_rate: 1e-3}}
      callbacks: [ReduceLROnPlateau: {patience: 1, min_delta: 0.1}, EarlyStopping: {patience: 2, restore_best_weights: true}]
visualize: []
"""
WITHOUT_PHASES = """\
name: short
data: {source: mnist-sample, limit: 200, prepare: [Rescaling: {scale: 0.004}]}
model: {layers: [Flatten, Dense: {units: $classes, activation: softmax}]}
train: {epochs: 1}
visualize: []
"""
SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")


@pytest.fixture(scope="module", autouse=True)
def _draw_filters_alone() -> Iterator[None]:
    """In this process; `result` compares them."""
    with pytest.MonkeyPatch.context() as patch:
        draw_nothing(patch, "_curves", "draw_training_examples", "draw_evaluation")
        yield


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> CommandLine:
    """A folder with the recipe and the run that is never stopped, outputs/whole/whole."""
    place = CommandLine(tmp_path_factory.mktemp("resume"))
    (place.folder / "recipe.yaml").write_text(RECIPE, encoding="utf-8")
    done = place("train", "recipe.yaml", "--run", "whole")
    assert done.exit_code == 0, done.stderr
    return place


@pytest.fixture(scope="module")
def stopped(place: CommandLine) -> dict[str, Result]:
    """The answers of trainings that each got a signal; the signal's name is that of the run."""
    answers = {"SIGTERM": stopped_from_outside("SIGTERM", place)}
    for name in ("SIGINT", "SIGHUP"):
        with pytest.MonkeyPatch.context() as patch:
            stop_after_the_first_epoch(patch, signal.Signals[name])
            answers[name] = place("train", "recipe.yaml", "--run", name)
    return answers


def stopped_from_outside(name: str, place: CommandLine) -> Result:
    with place.start("train", "recipe.yaml", "--run", name) as process:
        assert process.stdout
        assert process.stderr
        lines = iter(process.stderr.readline, "")
        said = "".join(itertools.takewhile(lambda line: not line.startswith("epoch 1"), lines))
        process.send_signal(signal.Signals[name])
        return Result(process.wait(), process.stdout.read(), said + process.stderr.read())


def result(path: Path) -> dict[str, object]:
    """What must be equal: weights, predictions, scores, history but for the seconds, pictures of the weights."""
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


@pytest.mark.parametrize("name", SIGNALS)
def test_signal_ends_the_step_commits_and_says_how_to_go_on(place, stopped, name):
    done = stopped[name]

    assert done.exit_code == 128 + signal.Signals[name]
    assert f"stopped by {name}" in done.stderr
    assert f"continue with: cnncli train --resume outputs/whole/{name}" in done.stderr
    record = json.loads((place.folder / f"outputs/whole/{name}/run.json").read_text())
    assert record["status"] == "interrupted"
    [listed] = [run for run in place("runs", "--json").json["runs"] if run["name"] == name]
    assert listed["epochs"] < listed["epochs_planned"]
    assert listed["best"]["monitor"] == "val_loss"


def test_stopped_run_goes_on_to_the_same_end_also_after_it_was_renamed(place, stopped):
    run = place.folder / "outputs/whole/renamed"
    assert place("runs", "rename", "whole/SIGTERM", "renamed").exit_code == 0
    rows = len((run / "history.csv").read_text().splitlines())
    done = place("train", "--resume", "outputs/whole/renamed")

    assert done.exit_code == 0, done.stderr
    assert rows < len((run / "history.csv").read_text().splitlines())
    assert result(run) == result(place.folder / "outputs/whole/whole")
    record = json.loads((run / "run.json").read_text())
    assert record["status"] == "completed"
    assert len(record["resumes"]) == 1


@pytest.fixture
def copied(place, tmp_path, monkeypatch):
    """A copy of the finished run, to be changed; the working directory."""
    shutil.copytree(place.folder / "outputs/whole/whole", tmp_path / "outputs/whole/whole")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "outputs/whole/whole"


def test_finished_run_is_said_to_be_finished(copied):
    done = call("train", "--resume", "outputs/whole/whole")

    assert "is already finished." in done.stderr
    assert "--epochs" not in done.stderr  # every phase has its own


def test_epochs_of_phases_cannot_be_changed_by_resuming(copied):
    done = call("train", "--resume", "outputs/whole/whole", "--epochs", "9", exit_code=2)

    assert "a resumed run keeps them: leave out --epochs, or start a new run" in done.stderr
    assert "--set" not in done.stderr


def test_finished_run_without_phases_trains_further_and_tells_no_speed_of_no_epoch(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "recipe.yaml").write_text(WITHOUT_PHASES, encoding="utf-8")
    call("train", "recipe.yaml", "--run", "short")
    finished = call("train", "--resume", "outputs/short/short")
    again = call("train", "--resume", "outputs/short/short", "--epochs", "1")

    assert "is already finished. --epochs N trains it further." in finished.stderr
    assert "the training has ended; continuing with the evaluation" in again.stderr
    assert "examples/s" not in again.stderr


def test_no_stopped_run_is_exit_6(copied):
    done = call("train", "--resume", exit_code=6)

    assert "no run in outputs was stopped" in done.stderr


def test_another_change_than_the_epochs_is_exit_2(copied):
    done = call("train", "--resume", "outputs/whole/whole", "--set", "train.batch_size=8", exit_code=2)

    assert "only train.epochs can be changed" in done.stderr


def test_changed_recipe_is_refused(copied):
    text = (copied / "resolved.yaml").read_text()
    (copied / "resolved.yaml").write_text(text.replace("rate: 0.2", "rate: 0.3"))
    set_status(copied, "interrupted")
    done = call("train", "--resume", "outputs/whole/whole", exit_code=3)

    assert "resolved.yaml is not what the run wrote" in done.stderr


def test_other_data_is_refused_with_the_difference(copied):
    set_status(copied, "interrupted", data={"fingerprint": "0" * 64, "source": "other digits"})
    done = call("train", "--resume", "outputs/whole/whole", exit_code=4)

    assert "the data has changed since the run started" in done.stderr
    assert "source: other digits then, mnist-sample, packaged" in done.stderr


def test_no_whole_commit_is_exit_5_and_the_commits_stay(copied):
    set_status(copied, "interrupted")
    for path in (copied / "checkpoints").glob("*.npz"):
        path.write_bytes(b"torn")
    done = call("train", "--resume", "outputs/whole/whole", exit_code=5)

    assert "is complete" in done.stderr
    assert len(list((copied / "checkpoints").glob("*.json"))) == 2


def set_status(folder: Path, status: str, **more: object) -> None:
    record = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps({**record, "status": status, **more}))


def test_without_recipe_and_without_resume_is_exit_2():
    assert "the argument RECIPE is missing" in call("train", exit_code=2).stderr


def test_run_is_extended_by_more_epochs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    short = RECIPE[: RECIPE.index("  phases:")] + "  epochs: 2\nvisualize: []\n"
    Path("recipe.yaml").write_text(short, encoding="utf-8")
    first, four = tmp_path / "outputs/whole/first", tmp_path / "outputs/whole/four"
    call("train", "recipe.yaml", "--run", "first")
    done = call("train", "--resume", "whole/first", "--epochs", "4")
    assert "(as in the earlier run)" in done.stderr
    assert "precision: auto" in Path("outputs/whole/first/resolved.yaml").read_text()  # what the user asked for
    call("train", "recipe.yaml", "--run", "four", "--epochs", "4")

    assert result(first) == result(four)
    resumed = json.loads((first / "run.json").read_text())["resumes"]
    assert [each["epochs_before"] for each in resumed] == [2]
    assert (first / "checkpoints").exists()

    less = call("train", "--resume", "whole/first", "--epochs", "3", exit_code=2)
    assert "the run has trained 4 epochs already, got 3" in less.stderr
