"""Offline runs of Weights & Biases, read back from their files."""

import pytest
from trackers.wandb_files import offline_run

from cnncli.recipe.schema_trackers import tracker
from cnncli.runs.deletion import delete
from cnncli.trackers.push import push
from cnncli.trackers.tracked_run import read

pytest.importorskip("wandb", reason='wandb is not installed: pip install "cnncli[wandb]"')

OFFLINE = tracker("wandb", project="digits", mode="offline")


def test_offline_run_has_everything_and_a_second_push_replaces_it(make_run):
    folder = make_run(fold={"set": "all", "number": 1, "count": 2})
    for is_new in (True, False):
        session = push(folder, OFFLINE, patience=60)
        assert session.failure is None
        assert session.run.is_new is is_new

    found = offline_run(folder)
    own = found["run"]
    assert (own.run_id, own.project, own.display_name, own.run_group) == (
        read(folder).id,
        "digits",
        "made/first",
        "made/all",
    )
    assert found["config"]["train.optimizer.Adam.learning_rate"] == 0.001
    assert found["config"]["cnncli"]["data_fingerprint"] == "f1"
    assert [(row["step"], row["loss"], row["learning_rate"]) for row in found["history"]] == [
        (1, 1.0, 0.01),
        (2, 0.5, 0.01),
        (3, 1 / 3, 0.01),
    ]
    assert found["summary"]["test_accuracy"] == 0.9
    assert found["summary"]["status"] == "completed"
    assert {"recipe.yaml", "run.json", "report.html"} < set(found["files"])
    assert any(name.startswith("media/images/figures/curves_3") for name in found["files"])
    [model] = found["artifacts"]
    assert [(model.type, entry.path) for entry in model.manifest.contents] == [("model", "model.keras")]
    assert found["exit"] == 0
    assert "requirements.txt" not in found["files"]

    delete(folder)  # with the links that wandb makes
    assert not folder.exists()


def test_without_a_key_the_reason_says_what_to_do(make_run, monkeypatch):
    monkeypatch.delenv("WANDB_API_KEY", raising=False)

    failure = push(make_run(), tracker("wandb"), patience=60).failure

    assert failure.unreachable
    assert failure.reason == "No API key configured. Use `wandb login` to log in."
