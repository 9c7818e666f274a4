"""Which runs can be pushed, and with which settings."""

import pytest
from run_folders import fails

from cnncli.errors import OutputError
from cnncli.runs.lock import take_lock
from cnncli.trackers.push import pushable, settings_for


def test_options_come_first_then_the_recipe_then_the_environment(make_run):
    folder = make_run()
    environment = {
        "MLFLOW_TRACKING_URI": "http://localhost:5000",
        "MLFLOW_EXPERIMENT_NAME": "theirs",
        "WANDB_PROJECT": "p",
    }

    of_recipe = settings_for(folder, "mlflow", {"uri": None, "experiment": None}, environment).mlflow
    given = settings_for(folder, "mlflow", {"uri": "sqlite:///a.db", "experiment": "mine"}, environment).mlflow
    not_in_recipe = settings_for(folder, "wandb", {"mode": "offline"}, environment).wandb

    assert (of_recipe.uri, of_recipe.experiment, of_recipe.model) == ("http://localhost:5000", "digits", False)
    assert (given.uri, given.experiment, given.model) == ("sqlite:///a.db", "mine", False)
    assert (not_in_recipe.project, not_in_recipe.mode) == ("p", "offline")


@pytest.mark.parametrize("resolved", ["", "track: [nothing]", "track: 3", "{"])
def test_recipe_that_cannot_be_read_has_no_settings(make_run, resolved):
    folder = make_run()
    (folder / "resolved.yaml").write_text(resolved)

    assert settings_for(folder, "mlflow", {}, {}).mlflow.experiment == "made"


def test_run_in_training_is_refused(make_run):
    folder = make_run(status="running")
    lock = take_lock(folder)
    try:
        with fails(OutputError, f"{folder} is being trained", "wait until it ends, or track it live: train --track"):
            pushable(folder)
    finally:
        lock.release()
    assert pushable(folder).status == "interrupted"


def test_broken_run_is_refused(make_run):
    folder = make_run()
    (folder / "run.json").write_text("{")

    with pytest.raises(OutputError, match="cannot be tracked: "):
        pushable(folder)
