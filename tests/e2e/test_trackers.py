"""A real run with all trackers at the same time, read back by their own packages."""

import json

import pytest
from trackers.wandb_files import offline_run

pytestmark = pytest.mark.usefixtures("without_graphs")

RECIPE = """\
data: {source: mnist-sample, limit: 320, prepare: [Rescaling: {scale: $(1 / 255)}]}
model: {layers: [Flatten, Dense: {units: $classes, activation: softmax}]}
train: {seed: 1, epochs: 1, batch_size: 32}
track: [mlflow: {experiment: digits}]
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The folder of a run with three trackers, and what `train --json` printed."""
    from commands import CommandLine, draw_nothing

    for package in ("mlflow", "alembic", "wandb", "tensorboard"):
        pytest.importorskip(package, reason=f"{package} is not installed")
    command_line = CommandLine(tmp_path_factory.mktemp("tracked"))
    (command_line.folder / "tracked.yaml").write_text(RECIPE)
    options = ("--run", "first", "--track", "tensorboard", "--track", "wandb", "--json")
    environment = {"WANDB_MODE": "offline", "WANDB_PROJECT": "digits", "MLFLOW_TRACKING_URI": ""}
    with pytest.MonkeyPatch.context() as patch:
        draw_nothing(patch, "draw_evaluation", "draw_layers")
        done = command_line("train", "tracked.yaml", *options, **environment)
    assert done.exit_code == 0, done.stderr
    return command_line.folder / "outputs/tracked/first", done.json


@pytest.fixture(scope="module")
def row(run):
    [row] = json.loads((run[0] / "history.json").read_text())
    return row


def test_json_and_record_say_where_the_values_are(run):
    folder, printed = run
    assert [(each["tracker"], each["error"]) for each in printed["trackers"]] == [
        ("mlflow", None),
        ("tensorboard", None),
        ("wandb", None),
    ]
    assert json.loads((folder / "run.json").read_text())["trackers"] == printed["trackers"]
    assert printed["notes"] == []


def test_tensorboard_has_the_values(run, row):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    folder, printed = run
    training, whole = (EventAccumulator(str(folder / "tensorboard" / part)) for part in ("train", ""))
    training.Reload()
    whole.Reload()
    assert [(each.step, each.value) for each in training.Scalars("loss")] == [(1, pytest.approx(row["loss"]))]
    assert [each.value for each in whole.Scalars("test_accuracy")] == [pytest.approx(printed["test"]["accuracy"])]
    assert "figures/curves" in whole.Tags()["images"]


def test_mlflow_has_the_values(run, row):
    from mlflow import MlflowClient

    folder, printed = run
    client = MlflowClient(f"sqlite:///{folder.parent.parent}/mlflow.db")
    [found] = client.search_runs([client.get_experiment_by_name("digits").experiment_id])
    assert found.info.status == "FINISHED"
    assert found.data.metrics["val_loss"] == pytest.approx(row["val_loss"])
    assert found.data.metrics["test_loss"] == pytest.approx(printed["test"]["loss"])
    assert found.data.params["train.batch_size"] == "32"
    assert {file.path for file in client.list_artifacts(found.info.run_id)} >= {"model.keras", "report.html", "figures"}


def test_wandb_has_the_values(run, row):
    folder, printed = run
    found = offline_run(folder)
    assert (found["run"].project, found["exit"]) == ("digits", 0)
    assert [each["loss"] for each in found["history"]] == [row["loss"]]
    assert found["summary"]["test_accuracy"] == printed["test"]["accuracy"]


def test_resolved_recipe_keeps_the_places_and_the_files_of_trackers_are_no_artefacts(run):
    folder, _ = run
    resolved = (folder / "resolved.yaml").read_text()
    artefacts = [each["path"] for each in json.loads((folder / "run.json").read_text())["artefacts"]]

    assert "mode: offline" in resolved
    assert "experiment: digits" in resolved
    assert [path for path in artefacts if path.startswith(("tensorboard", "wandb"))] == []
