"""A cross-validation, from its recipe to the comparison of two: every fold a run, and a table of them all."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from commands import CommandLine, draw_nothing

pytestmark = pytest.mark.usefixtures("without_graphs")

RECIPE = """\
data:
  source: {npz: {path: a.npz, weight: w}}
  split: {folds: 2, group: patient}
  balance: oversample
model:
  layers:
    - Dense: {name: hidden, units: 4, activation: relu}
    - Dropout: 0.2
    - Dense: {name: out, units: $classes, activation: softmax}
train: {epochs: 2, batch_size: 8, seed: 3, precision: float32}
"""


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> CommandLine:
    """A folder with a set of two folds, `folds/first`."""
    folder = tmp_path_factory.mktemp("folds")
    random = np.random.default_rng(1)
    labels = random.integers(0, 2, 60)
    inputs = (random.normal(size=(60, 3)) + 2 * labels[:, None]).astype(np.float32)
    np.savez(folder / "a.npz", x=inputs, y=labels, patient=np.arange(60) // 4, w=random.uniform(0.5, 2, 60))
    (folder / "folds.yaml").write_text(RECIPE, encoding="utf-8")
    command = CommandLine(folder)
    with pytest.MonkeyPatch.context() as patch:
        draw_nothing(patch)
        done = command("train", "folds.yaml", "--fold", "all", "--run", "first", "--json")
    assert done.exit_code == 0, done.stderr
    (folder / "first.json").write_text(done.stdout, encoding="utf-8")
    return command


@pytest.fixture(autouse=True)
def _draw_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    draw_nothing(monkeypatch)


def test_each_fold_is_a_run_and_every_example_is_tested_once(trained: CommandLine) -> None:
    said = json.loads((trained.folder / "first.json").read_text())

    assert [run["run"] for run in said["runs"]] == ["outputs/folds/first-fold1", "outputs/folds/first-fold2"]
    assert said["examples"] == sum(run["examples"] for run in said["runs"]) == 60
    accuracy = said["scores"]["accuracy"]
    assert accuracy["mean"] == pytest.approx(np.mean(accuracy["folds"]))
    assert accuracy["standard_deviation"] == pytest.approx(np.std(accuracy["folds"], ddof=1))
    # Student's t with one degree of freedom is 12.706 at 97.5%.
    half = 12.7062 * accuracy["standard_deviation"] / np.sqrt(2)
    assert accuracy["interval"] == pytest.approx([accuracy["mean"] - half, accuracy["mean"] + half], rel=1e-4)
    written = json.loads((trained.folder / said["file"]).read_text())
    assert written["scores"] == said["scores"]


def test_a_set_of_which_a_fold_is_missing_is_finished_as_it_was(trained: CommandLine) -> None:
    second = trained.folder / "outputs/folds/first-fold2"
    history = (second / "history.json").read_text()
    shutil.rmtree(second)

    done = trained("train", "--resume", "--fold", "all", "folds/first")

    assert done.exit_code == 0, done.stderr
    assert "fold 1 of 2 finished already" in " ".join(done.stderr.split())
    for row, earlier in zip(json.loads((second / "history.json").read_text()), json.loads(history), strict=True):
        assert {**row, "seconds": 0} == {**earlier, "seconds": 0}
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["accuracy", "macro", "F1", "loss"]
    assert [line.split("  ")[0] for line in lines[1:]] == [
        *(f"fold {number} ({count})" for number, count in ((1, 32), (2, 28))), "mean", "standard deviation", "95% interval"
    ]  # fmt: skip


def test_a_fold_is_reproduced_and_evaluated_as_any_run(trained: CommandLine) -> None:
    done = trained("reproduce", "folds/first-fold2", "--json")
    scored = trained("evaluate", "folds/first-fold2", "--json")

    assert done.json["verdict"] == "bit-identical"
    assert scored.json["count"] == 28


def test_two_sets_are_compared_by_fold_and_over_all_examples(trained: CommandLine) -> None:
    assert trained("train", "folds.yaml", "--fold", "all", "--run", "longer", "--epochs", "3", "-q").exit_code == 0

    done = trained("compare", "folds/first", "folds/longer", "--json")

    [pair] = done.json["comparisons"]
    first, second = (each["scores"]["accuracy"]["folds"] for each in done.json["sets"])
    assert pair["by_fold"]["folds"] == pytest.approx([b - a for a, b in zip(first, second, strict=True)])
    counts = ("both_right", "only_first_right", "only_second_right", "both_wrong")
    assert sum(pair[name] for name in counts) == 60
    assert [each["key"] for each in done.json["recipe_differences"][0]["differences"]] == ["train.epochs"]
    mixed = trained("compare", "folds/first", "folds/longer-fold1")
    assert mixed.exit_code == 2
    assert "folds/first is a set of folds, folds/longer-fold1 not" in mixed.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "--fold: the recipe has 2 folds, and each can be the test split"),
        (("--fold", "3"), "--fold: expected 1 to 2, or all, got 3"),
        (("--fold", "0"), "--fold: expected 1 to 2, or all, got 0"),
        (("--fold", "first"), "--fold: expected 1 to 2, or all, got first"),
        (("--fold", "1", "--set", "data.split.folds=null"), "--fold: the recipe has no folds, got 1"),
        (("--fold", "all", "--set", "data.split.fold=1"), "--fold: `data.split.fold` names one fold"),
        (("--fold", "all", "--open"), "--open: this option does not go with --fold all"),
        (("--fold", "1", "--resume"), "--fold: a resumed run keeps its fold"),
    ],
)
def test_wrong_folds_are_errors_of_the_command_line(
    trained: CommandLine, arguments: tuple[str, ...], message: str
) -> None:
    done = trained("train", "folds.yaml", *arguments)

    assert done.exit_code == 2
    assert done.stderr.startswith(f"error: {message}")


def test_a_set_that_is_there_is_refused(trained: CommandLine) -> None:
    done = trained("train", "folds.yaml", "--fold", "all", "--run", "first")

    assert done.exit_code == 6
    assert "    go on with its folds: cnncli train --resume --fold all outputs/folds/first\n" in done.stderr
    assert "    use another --run NAME\n" in done.stderr


# ---- --repeat ----------------------------------------------------------------------------------------------------------

ONE_FOLD = ("folds.yaml", "--set", "data.split.fold=1")


@pytest.fixture(scope="module")
def repeated(trained: CommandLine) -> CommandLine:
    """The same folder with a set of two repetitions, `folds/seeds`."""
    with pytest.MonkeyPatch.context() as patch:
        draw_nothing(patch)
        done = trained("train", *ONE_FOLD, "--repeat", "2", "--run", "seeds", "--json")
    assert done.exit_code == 0, done.stderr
    (trained.folder / "seeds.json").write_text(done.stdout, encoding="utf-8")
    return trained


def test_each_repetition_is_a_run_with_another_seed(repeated: CommandLine) -> None:
    said = json.loads((repeated.folder / "seeds.json").read_text())

    assert [run["run"] for run in said["runs"]] == ["outputs/folds/seeds-repeat1", "outputs/folds/seeds-repeat2"]
    assert [run["repeat"] for run in said["runs"]] == [1, 2]
    records = [json.loads((repeated.folder / run["run"] / "run.json").read_text()) for run in said["runs"]]
    assert [record["seed"] for record in records] == [3, 4]
    assert records[1]["fold"] == {"set": "seeds", "number": 2, "count": 2, "kind": "repeat"}
    assert (said["repeats"], said["examples"]) == (2, 32)  # those of the first fold, each time
    loss = said["scores"]["loss"]
    assert loss["mean"] == pytest.approx(np.mean(loss["repeats"]))
    assert loss["repeats"][0] != loss["repeats"][1]
    written = json.loads((repeated.folder / "outputs/folds/seeds-repeats.json").read_text())
    assert written["scores"] == said["scores"]


def test_a_missing_repetition_is_trained_again_with_its_own_seed(repeated: CommandLine) -> None:
    first = repeated.folder / "outputs/folds/seeds-repeat1"
    history = json.loads((first / "history.json").read_text())
    shutil.rmtree(first)

    done = repeated("train", "--resume", "--repeat", "2", "seeds")

    assert done.exit_code == 0, done.stderr
    assert "repeat 2 of 2 finished already" in " ".join(done.stderr.split())
    assert "Repeat 1 of 2, seed 3" in done.stderr
    for row, earlier in zip(json.loads((first / "history.json").read_text()), history, strict=True):
        assert {**row, "seconds": 0} == {**earlier, "seconds": 0}
    assert [line.split("  ")[0] for line in done.stdout.splitlines()[1:3]] == ["repeat 1 (32)", "repeat 2 (32)"]
    assert "Every repeat has another seed and is tested on the same 32 examples" in done.stderr


def test_repetitions_are_compared_by_their_scores(repeated: CommandLine) -> None:
    assert repeated("train", *ONE_FOLD, "--repeat", "2", "--run", "more", "--epochs", "3", "-q").exit_code == 0

    done = repeated("compare", "folds/seeds", "folds/more", "--json")
    shown = repeated("compare", "folds/seeds", "folds/more")
    mixed = repeated("compare", "folds/seeds", "folds/first")

    [pair] = done.json["comparisons"]
    first, second = (each["scores"]["accuracy"]["repeats"] for each in done.json["sets"])
    assert pair["by_repeat"]["repeats"] == pytest.approx([b - a for a, b in zip(first, second, strict=True)])
    assert "by repeat: mean" in shown.stdout
    assert mixed.exit_code == 4
    assert "folds and repetitions cannot be compared" in mixed.stderr


@pytest.mark.parametrize(
    ("arguments", "exit_code", "message"),
    [
        ((*ONE_FOLD, "--repeat", "1"), 2, "--repeat: expected 2 to 1,000, got 1"),
        (("folds.yaml", "--repeat", "2", "--fold", "all"), 2, "--fold: this option does not go with --repeat"),
        (("folds.yaml", "--repeat", "2"), 2, "the recipe has 2 folds, and each can be the test split"),
        ((*ONE_FOLD, "--repeat", "2", "--run", "seeds"), 6, "--resume --repeat 2 outputs/folds/seeds"),
        (("--resume", "--repeat", "3", "seeds"), 2, "folds/seeds has 2 repeats, got 3"),
        (("--resume", "--repeat", "2", "first"), 6, "no set of repeats 'first'"),
        (("--resume", "--fold", "all", "seeds"), 6, "no set of folds 'seeds'"),
    ],
)
def test_repetitions_that_are_refused(
    repeated: CommandLine, arguments: tuple[str, ...], exit_code: int, message: str
) -> None:
    done = repeated("train", *arguments)

    assert done.exit_code == exit_code
    assert message in " ".join(done.stderr.split())


def test_repetitions_at_the_same_time_have_the_same_scores(repeated: CommandLine) -> None:
    said = json.loads((repeated.folder / "seeds.json").read_text())

    done = repeated("train", *ONE_FOLD, "--repeat", "2", "--run", "beside", "--workers", "2", "--json")

    assert done.exit_code == 0, done.stderr
    found, wanted = (each["scores"]["loss"]["repeats"] for each in (done.json, said))
    assert found == pytest.approx(wanted, rel=1e-4)  # the last bits depend on the number of threads
    assert [run["run"] for run in done.json["runs"]] == [f"outputs/folds/beside-repeat{number}" for number in (1, 2)]
    record = json.loads((repeated.folder / "outputs/folds/beside-repeat2/run.json").read_text())
    assert (record["status"], record["fold"]["number"]) == ("completed", 2)
    assert "repeat 2  epoch 2/2" in done.stderr


def test_the_table_of_a_set_is_over_the_runs_that_did_not_diverge(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    np.savez(tmp_path / "a.npz", x=random.uniform(0.9, 1.1, (60, 1)), y=random.uniform(0, 0.1, 60))
    # The product of two weights: large first weights grow until the loss is infinite, those of the seed 2.
    recipe = """\
data: {source: {npz: {path: a.npz}}, targets: numbers, split: {validation: 0.2, test: 0.2}}
model:
  layers:
    - Dense: {units: 1, use_bias: false, kernel_initializer: {RandomUniform: {minval: -6, maxval: 6}}}
    - Dense: {units: 1, use_bias: false, kernel_initializer: {RandomUniform: {minval: -6, maxval: 6}}}
train: {epochs: 2, batch_size: 8, seed: 1, precision: float32, optimizer: {SGD: {learning_rate: 0.1}}}
"""
    (tmp_path / "seeds.yaml").write_text(recipe, encoding="utf-8")
    command = CommandLine(tmp_path)

    first = command("train", "seeds.yaml", "--repeat", "3", "--run", "s")
    file = tmp_path / "outputs/seeds/s-repeats.json"
    written = file.read_text(encoding="utf-8")
    file.unlink()
    again = command("train", "--resume", "--repeat", "3", "seeds/s", "--json")

    assert (first.exit_code, again.exit_code) == (7, 7)
    assert [line.split("  ")[0] for line in first.stdout.splitlines()[1:]] == [
        "repeat 1 (12)", "repeat 2 failed: diverged", "repeat 3 (12)",
        "mean, 2 of 3", "standard deviation, 2 of 3", "95% interval, 2 of 3",
    ]  # fmt: skip
    assert "over 2 of 3 repeats; the others failed" in first.stderr
    assert "error: repeat 2: training diverged: the loss is" in first.stderr
    assert "cnncli compare" not in first.stderr  # which refuses the set
    assert again.json["status"] == "diverged"
    assert (again.json["repeats"], [run["repeat"] for run in again.json["runs"]]) == (3, [1, 3])
    [failed] = again.json["failed"]
    assert (failed["repeat"], failed["error"]["code"], failed["error"]["epoch"]) == (2, "diverged", 1)
    loss = again.json["scores"]["loss"]
    assert loss["mean"] == pytest.approx(np.mean(loss["repeats"]))
    assert len(loss["repeats"]) == 2
    assert file.read_text(encoding="utf-8") == written
    assert "seeds/s: 2 of 3 repeats, mean_absolute_error 0." in command("runs").stdout


def test_a_run_that_fails_beside_others_says_which(repeated: CommandLine) -> None:
    done = repeated(
        "train", *ONE_FOLD, "--repeat", "2", "--run", "bad", "--workers", "2", "--set", "data.source.npz.path=none.npz"
    )

    assert done.exit_code == 4
    assert "repeat " in done.stderr
    assert "none.npz" in done.stderr
    assert "continue with" not in done.stderr  # nothing has begun


def test_workers_are_one_at_least(repeated: CommandLine) -> None:
    done = repeated("train", *ONE_FOLD, "--workers", "0")

    assert done.exit_code == 2
    assert "--workers: expected 1 to 64, got 0" in done.stderr
