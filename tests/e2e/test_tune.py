"""`cnncli tune` as a user calls it: a sweep of three trials, one of which cannot be trained."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from commands import CommandLine, Result, draw_nothing
from search_recipes import RECIPE, TUNE

pytest.importorskip("optuna")


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> CommandLine:
    folder = tmp_path_factory.mktemp("tune")
    (folder / "small.yaml").write_text(RECIPE + TUNE)
    (folder / "plain.yaml").write_text(RECIPE)
    return CommandLine(folder)


@pytest.fixture(scope="module")
def swept(here: CommandLine) -> Result:
    done = here("tune", "small.yaml", "--name", "first", "--json")
    assert done.exit_code == 0, (done.stdout, done.stderr)
    return done


def test_a_bad_trial_costs_itself_alone(here: CommandLine, swept: Result) -> None:
    trials = swept.json["trials"]

    assert sorted(trial["parameters"]["model.C1.kernel_size"] for trial in trials) == [3, 5, 9]
    states = {trial["parameters"]["model.C1.kernel_size"]: trial["state"] for trial in trials}
    assert states == {3: "complete", 5: "complete", 9: "failed"}
    [failed] = [trial for trial in trials if trial["state"] == "failed"]
    assert "a 9-wide window does not fit" in failed["failure"]["message"]
    assert swept.json["best"]["value"] == max(trial["value"] or 0 for trial in trials)
    lines = [line for line in swept.stderr.splitlines() if line.startswith("trial ")]
    assert len(lines) == 3


def test_a_search_needs_to_know_which_fold_its_trials_are_on(here: CommandLine) -> None:
    done = here("tune", "small.yaml", "--set", "data.split.folds=3", "--dry-run")

    assert done.exit_code == 3
    assert "--set data.split.folds=3: the recipe has 3 folds, and each can be the test split" in done.stderr
    assert "--set data.split.fold=1" in done.stderr


def test_what_a_sweep_leaves(here: CommandLine, swept: Result) -> None:
    folder = here.folder / swept.json["sweep"]

    assert folder == here.folder / "outputs/small/tune-first"
    with open(folder / "trials.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["state"] for row in rows].count("failed") == 1
    page = (folder / "report.html").read_text()
    assert page.count("data:image/") >= 3
    assert "a 9-wide window does not fit" in page
    assert json.loads((folder / "sweep.json").read_text())["status"] == "completed"
    assert not list(folder.rglob("*.sessions/*"))


def test_the_best_recipe_trains_to_the_value_of_its_trial(
    here: CommandLine, swept: Result, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw_nothing(monkeypatch)

    done = here("train", swept.json["best_recipe"], "--json")

    assert done.exit_code == 0, done.stderr
    assert done.json["best"]["val_accuracy"] == pytest.approx(swept.json["best"]["value"], abs=1e-6)
    assert done.json["best"]["val_loss"] == pytest.approx(swept.json["best"]["history"]["val_loss"], abs=1e-5)


def test_the_same_command_goes_on_and_has_nothing_left_to_do(here: CommandLine, swept: Result) -> None:
    again = here("tune", "small.yaml", "--name", "first")

    assert again.exit_code == 0, again.stderr
    assert "3 trials finished already" in again.stderr
    assert "best of 3 trials" in again.stdout
    assert f"cnncli train {Path('outputs/small/tune-first/best.yaml')}" in again.stderr


@pytest.mark.parametrize(
    ("arguments", "exit_code", "message"),
    [
        (("plain.yaml",), 3, "the recipe has no section `tune`"),
        (("small.yaml", "--name", "first", "--set", "train.epochs=2"), 6, "tune-first has another recipe"),
        (("small.yaml", "--name", "a/b"), 3, "a sweep cannot be named 'tune-a/b'"),
        (("small.yaml", "--workers", "0", "--trials", "0"), 2, "expected 1 to 64, got 0"),
        (("small.yaml", "--resume", "--name", "none"), 6, "there is no sweep outputs/small/tune-none"),
        (("small.yaml", "--resume"), 6, "no sweep in outputs/small is unfinished"),
    ],
)
def test_what_is_refused(
    here: CommandLine, swept: Result, arguments: tuple[str, ...], exit_code: int, message: str
) -> None:
    done = here("tune", *arguments)

    assert done.exit_code == exit_code
    assert message in done.stderr
    assert sorted(path.name for path in (here.folder / "outputs/small").glob("tune-*")) == ["tune-first"]


def test_train_says_that_it_ignores_the_search(here: CommandLine, swept: Result) -> None:
    done = here("train", "small.yaml", "--dry-run", "--set", "expect={}")

    assert done.exit_code == 0, done.stderr
    assert "The section tune is ignored" in done.stderr


def test_dry_run_writes_nothing(here: CommandLine, swept: Result) -> None:
    done = here("tune", "small.yaml", "--name", "other", "--dry-run", "--set", "expect={}")

    assert done.exit_code == 0, done.stderr
    assert "3 trials of 1 parameter" in done.stderr
    assert not (here.folder / "outputs/small/tune-other").exists()
