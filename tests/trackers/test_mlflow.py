"""Runs in an SQLite database of MLflow, read back by its client."""

import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from cnncli.recipe.schema_trackers import Mlflow
from cnncli.trackers.mlflow import MlflowTracker, address
from cnncli.trackers.tracked_run import read

mlflow = pytest.importorskip("mlflow", reason='mlflow is not installed: pip install "cnncli[mlflow]"')
pytest.importorskip("alembic", reason='alembic is not installed: pip install "cnncli[mlflow]"')


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    """One database for all tests, each with an experiment of its own: to make one takes seconds."""
    return tmp_path_factory.mktemp("mlflow") / "runs.db"


@pytest.fixture
def settings(database, request):
    return Mlflow(uri=f"sqlite:///{database}", experiment=request.node.name)


def send(folder, settings, *, rows=None, finishes=True):
    tracker, run = MlflowTracker(settings), read(folder)
    made = tracker.start(run)
    for row in rows or run.history:
        tracker.log_epochs([row])
    if finishes:
        tracker.finish(run)
    return made


def client(settings):
    return mlflow.MlflowClient(tracking_uri=settings.uri)


def runs_in(settings):
    experiment = client(settings).get_experiment_by_name(settings.experiment)
    return client(settings).search_runs([experiment.experiment_id])


def history(settings, run, name):
    return [(metric.step, metric.value) for metric in client(settings).get_metric_history(run.info.run_id, name)]


def files_of(settings, run):
    folder = Path(unquote(urlsplit(run.info.artifact_uri).path))
    return {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()}


def test_run_has_everything(make_run, settings, database):
    folder = make_run()
    made = send(folder, settings)

    [run] = runs_in(settings)
    assert (run.info.run_id, run.info.run_name, run.info.status) == (made.id, "first", "FINISHED")
    assert run.data.params["train.optimizer.Adam.learning_rate"] == "0.001"
    assert run.data.params["params"] == "7850"
    assert run.data.tags["cnncli.run_id"] == read(folder).id
    assert run.data.tags["cnncli.data_fingerprint"] == "f1"
    assert run.data.tags["mlflow.source.git.commit"] == "c0ffee"
    assert history(settings, run, "val_loss") == [(1, 2.0), (2, 1.0), (3, 2 / 3)]
    assert history(settings, run, "learning_rate") == [(1, 0.01), (2, 0.01), (3, 0.01)]
    assert run.data.metrics["test_accuracy_low"] == 0.85
    assert files_of(settings, run) == {
        *("recipe.yaml", "resolved.yaml", "run.json", "history.csv", "report.html", "model.keras"),
        "figures/curves.png",
    }
    assert run.info.artifact_uri.startswith((database.parent / "mlflow-artifacts").as_uri())
    assert made.is_new


@pytest.mark.parametrize(
    ("status", "expected"),
    [("interrupted", "KILLED"), ("diverged", "FAILED"), ("failed", "FAILED"), ("running", "KILLED")],
)
def test_status_is_that_of_the_run(make_run, settings, status, expected):
    send(make_run(status=status), settings)

    [run] = runs_in(settings)
    assert run.info.status == expected


def test_run_that_is_there_gets_what_it_lacks_and_nothing_twice(make_run, settings):
    folder = make_run()
    rows = read(folder).history
    first = send(folder, settings, rows=rows[:2], finishes=False)

    second = send(folder, settings, rows=[{**rows[0], "loss": 9.0}, *rows[1:]])
    third = send(folder, settings)

    [run] = runs_in(settings)
    assert first.id == second.id == third.id
    assert (first.is_new, second.is_new) == (True, False)
    assert history(settings, run, "loss") == [(1, 1.0), (2, 0.5), (3, 1 / 3)]
    assert history(settings, run, "test_accuracy") == [(3, 0.9)]
    assert run.info.status == "FINISHED"


def test_parameter_that_has_changed_keeps_its_first_value(make_run, settings):
    folder = make_run()
    send(folder, settings)
    file = folder / "resolved.yaml"
    file.write_text(file.read_text().replace("epochs: 3", "epochs: 5"))

    send(folder, settings)

    [run] = runs_in(settings)
    assert run.data.params["train.epochs"] == "3"


def test_names_and_values_beyond_the_limits_of_mlflow_are_cut(make_run, settings):
    folder = make_run(error="e" * 9000)
    names = ", ".join(f"'{number} {'ü' * 300}': 1" for number in range(150))
    (folder / "resolved.yaml").write_text(f"data: {{class_weight: {{{names}}}, text: {'x' * 7000}}}")

    send(folder, settings, rows=[{"epoch": 1, "loss": 1.0, "f1(macro)": 0.5, "recall": None, "phase": "head"}])

    [run] = runs_in(settings)
    assert len(run.data.params["data.text"]) == 6000
    assert len([name for name in run.data.params if name.startswith("data.class_weight.")]) == 150
    assert history(settings, run, "f1_macro_") == [(1, 0.5)]
    assert not {"recall", "phase"} & run.data.metrics.keys()


def test_folds_have_a_parent(make_run, settings):
    for number in (1, 2):
        send(make_run(f"all-fold{number}", fold={"set": "all", "number": number, "count": 2}), settings)

    found = {run.info.run_name: run for run in runs_in(settings)}
    parent = found.pop("all")
    assert {run.data.tags["mlflow.parentRunId"] for run in found.values()} == {parent.info.run_id}
    assert sorted(found) == ["all-fold1", "all-fold2"]


def test_model_stays_here_where_the_recipe_says_so(make_run, settings):
    send(make_run(), settings.model_copy(update={"model": False}))

    [run] = runs_in(settings)
    assert "model.keras" not in files_of(settings, run)


def test_password_of_the_environment_is_used_and_not_shown(tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "https://ann:secret@mlflow.example.org/a")
    settings = Mlflow(uri="https://mlflow.example.org/a")

    assert address(settings, tmp_path) == os.environ["MLFLOW_TRACKING_URI"]
    assert address(Mlflow(uri="https://other.example.org"), tmp_path) == "https://other.example.org"
    assert address(Mlflow(), tmp_path) == f"sqlite:///{tmp_path}/mlflow.db"
