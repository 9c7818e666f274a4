"""What a run's folder tells trackers."""

import json
import os

from cnncli.runs.renaming import rename
from cnncli.trackers.tracked_run import read, run_id, times


def test_run_has_parameters_tags_results_and_files(make_run):
    run = read(make_run())

    assert (run.label, run.status, run.best_epoch, run.recipe_text) == ("made/first", "completed", 3, "name: made\n")
    assert run.parameters["train.optimizer.Adam.learning_rate"] == 0.001
    assert run.parameters["params"] == 7850
    assert run.tags["data_fingerprint"] == "f1"
    assert run.tags["version.keras"] == "3.15.1"
    assert run.tags["git_commit"] == "c0ffee"
    assert run.results == {
        "test_loss": 0.5,
        "test_accuracy": 0.9,
        "test_accuracy_low": 0.85,
        "test_accuracy_high": 0.95,
        "best_epoch": 3.0,
        "best_loss": 1 / 3,
        "best_val_loss": 2 / 3,
    }
    assert [picture.name for picture in run.pictures] == ["curves.png"]
    assert {file.name for file in run.files} == {
        "recipe.yaml",
        "resolved.yaml",
        "run.json",
        "history.csv",
        "report.html",
    }
    assert run.model.name == "model.keras"


def test_id_stays_when_a_run_is_renamed_and_no_other_run_has_it(make_run):
    first, second = make_run("first"), make_run("second")
    before = read(first).id

    assert read(rename(first, "better")).id == before
    assert read(second).id != before
    assert len(before) == 16


def test_id_does_not_depend_on_what_a_resumed_run_changes(make_run):
    record = json.loads((make_run() / "run.json").read_text())
    resumed = {
        **record,
        "status": "running",
        "resolved_sha256": [*record["resolved_sha256"], "ef"],
        "epochs_planned": 9,
    }

    assert run_id(resumed) == run_id(record)


def test_killed_run_is_interrupted(make_run):
    assert read(make_run(status="running")).status == "interrupted"


def test_folder_without_results_has_none(make_run):
    folder = make_run(status="interrupted", test=None, best=None, intervals=None)
    for name in ("history.json", "resolved.yaml", "model.keras", "figures/curves.png"):
        (folder / name).unlink()

    run = read(folder)

    assert (run.history, run.results, run.best_epoch, run.model, run.pictures) == ([], {}, 0, None, ())
    assert run.parameters["device"] == "a processor"


def test_what_a_link_leads_to_is_not_sent(make_run, tmp_path):
    folder = make_run()
    (tmp_path / "secret.png").write_bytes(b"secret")
    os.symlink(tmp_path / "secret.png", folder / "figures/secret.png")
    (folder / "report.html").unlink()
    os.symlink(tmp_path / "secret.png", folder / "report.html")

    run = read(folder)

    assert [picture.name for picture in run.pictures] == ["curves.png"]
    assert "report.html" not in {file.name for file in run.files}


def test_times_of_epochs_follow_from_their_lengths(make_run):
    run = read(make_run())

    assert [round(time - run.started, 6) for time in times(run, run.history)] == [1.5, 3.0, 4.5]
