"""What happened is said: stopping, schedules, expectations, scores that do not exist."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from commands import Result

from cases.making import U8, Case, digits


def small(train: str, *, name: str = "told", more: str = "") -> tuple[str, str]:
    """A recipe in NAME.yaml that trains a small network on 200 digits."""
    data = "data:\n  source: {npz: {path: u8.npz}}\n  limit: 200\n"
    text = U8.replace("name: u8", f"name: {name}").replace("data:\n  source: {npz: {path: u8.npz}}\n", data)
    return f"{name}.yaml", f"{text[: text.index('train:')]}train: {{batch_size: 64, seed: 1, {train}}}\n{more}"


STOPS = small("epochs: 6, callbacks: [EarlyStopping: {monitor: val_loss, patience: 1, min_delta: 9}]")


def with_rate(schedule: str, epochs: int) -> tuple[str, str]:
    """Four steps an epoch: 200 examples in batches of 64."""
    return small(f"epochs: {epochs}, optimizer: {{SGD: {{learning_rate: {{{schedule}}}}}}}")


TO_ZERO = "PolynomialDecay: {initial_learning_rate: 0.1, decay_steps: 2 epochs, end_learning_rate: 0.0}"
TO_LITTLE = "PolynomialDecay: {initial_learning_rate: 0.1, decay_steps: 1 epoch, end_learning_rate: 0.00001}"


def _extension_is_in_the_record(folder: Path, done: Result) -> None:
    record = json.loads((folder / "outputs/told/a/run.json").read_text())
    assert "epochs 3 to 4 train at a learning rate of 0" in str(record["resumes"][0]["notes"])
    assert "epochs 3 to 4 train at a learning rate of 0" in str(json.loads(done.stdout)["notes"])


def _is_extended(folder: Path, done: Result) -> None:
    record = json.loads((folder / "outputs/told/a/run.json").read_text())
    assert record["epochs"] == 4
    assert record["stopped"].startswith("EarlyStopping: ")
    assert record["resumes"][0]["extends"] is True


EXPECT = 'expect: {metrics: {test_accuracy: ">= 0.999"}}\n'
EXPECTS = small("epochs: 1", more=EXPECT)


def _expectations(folder: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((folder / "outputs/told/a/run.json").read_text())["expectations"]
    return found


def _is_reported(folder: Path, done: Result) -> None:
    [found] = _expectations(folder)
    assert (found["name"], found["comparison"], found["met"], found["enforced"]) == (
        "test_accuracy",
        ">= 0.999",
        False,
        False,
    )
    assert 0 < found["value"] < 0.999
    assert found["why"] == "data.limit is not the recipe's"
    assert "not enforced: data.limit is not the recipe" in (folder / "outputs/told/a/report.html").read_text()


def _is_enforced(folder: Path, done: Result) -> None:
    [found] = _expectations(folder)
    assert (found["met"], found["enforced"], found["why"]) == (False, True, "")


def _one_class_in_the_test_part(folder: Path) -> None:
    """Zeros and ones to train with; zeros to test with."""
    x, y = np.concatenate([array for name, array in sorted(digits().items()) if name[0] == "x"]), digits()["y_test"]
    y = np.concatenate([y, digits()["y_train"]])
    two, zero = np.flatnonzero(y < 2), np.flatnonzero(y == 0)
    np.savez(folder / "two.npz", x_train=x[two[30:]], y_train=y[two[30:]], x_test=x[zero[:10]], y_test=y[zero[:10]])


ONE_OUTPUT = U8.replace("units: $classes, activation: softmax", "units: 1, activation: sigmoid")
TWO = (
    "two.yaml",
    ONE_OUTPUT.replace("name: u8", "name: told")
    .replace("u8.npz", "two.npz")
    .replace("train: {epochs: 2,", "train: {epochs: 1, metrics: [accuracy, auc, recall],"),
)


def _twenty_to_test_with(folder: Path) -> None:
    made = digits()
    np.savez(folder / "few.npz", **{name: array[:20] if "test" in name else array for name, array in made.items()})


def few_recipe() -> tuple[str, str]:
    name, text = small("epochs: 1")
    return name, text.replace("u8.npz", "few.npz")


def _has_paths(folder: Path, done: Result) -> None:
    found = json.loads(done.stdout)
    assert found["schema"] == 1
    assert Path(found["model"]).is_file()
    assert Path(found["report"]).is_file()


def _has_a_schema(folder: Path, done: Result) -> None:
    assert json.loads(done.stdout)["schema"] == 1


def _has_no_value(folder: Path, done: Result) -> None:
    found = json.loads(done.stdout)
    assert found["schema"] == 1
    assert found["metrics"]["auc"] is found["metrics"]["recall"] is found["roc"]["macro_auc"] is None
    record = json.loads((folder / "outputs/told/a/run.json").read_text())
    assert record["test"]["auc"] is None


OFFLINE = small("epochs: 1", more='expect: {metrics: {test_accuracy: ">= 0.999"}, max_minutes: 60}\n')
OFFLINE = (
    OFFLINE[0],
    OFFLINE[1].replace("source: {npz: {path: u8.npz}}", "source: mnist\n  offline: mnist-sample"),
)


def _stand_in_is_in_the_record(folder: Path, done: Result) -> None:
    metric, minutes = _expectations(folder)
    assert (metric["met"], metric["enforced"], minutes["met"]) == (False, False, True)
    assert metric["why"] == "the recipe's data was not available, and mnist-sample was used"
    assert "not cached" not in done.stderr


CASES: list[Case] = [
    Case(
        "data that cannot be downloaded: said by the training, and not again",
        ("train told.yaml --run a", "evaluate told/a"),
        files=(OFFLINE,),
        check=_stand_in_is_in_the_record,
    ),
    Case(
        "scores of a class that the test part does not have",
        ("train two.yaml --run a", "evaluate told/a --json"),
        files=(_one_class_in_the_test_part, TWO),
        check=_has_no_value,
    ),
    Case(
        "an expectation that is not met",
        ("train told.yaml --run a",),
        1,
        says=("expected test_accuracy >= 0.999, got 0.",),
        unsaid=("not enforced",),
        files=(EXPECTS,),
        check=_is_enforced,
    ),
    Case(
        "an expectation that is not met, and a setting that is not of the data",
        ("train told.yaml --run a --set train.batch_size=32",),
        1,
        files=(EXPECTS,),
        check=_is_enforced,
    ),
    Case(
        "an expectation on fewer examples than the recipe has",
        ("train told.yaml --run a --set data.limit=150",),
        says=("Expected", "test_accuracy >= 0.999, got 0.", "not enforced: data.limit is not the recipe's"),
        files=(EXPECTS,),
        check=_is_reported,
    ),
    Case(
        "an expectation on fewer examples than the recipe has, quietly",
        ("train told.yaml --run a --set data.limit=150 --quiet",),
        says=("Expected", "test_accuracy >= 0.999, got 0.", "not enforced: data.limit is not the recipe's"),
        unsaid=("Device", "Next"),
        files=(EXPECTS,),
    ),
    Case(
        "an expectation on other data, resumed",
        ("train told.yaml --run a --set data.source=mnist-sample", "train --resume told/a --epochs 2"),
        says=("not enforced: data.source is not the recipe's",),
        files=(EXPECTS,),
    ),
    Case(
        "expected parameters on other data",
        ("train told.yaml --run a --set data.source=mnist-sample",),
        1,
        says=("expected 1 params, the network has 7,850",),
        files=(small("epochs: 1", more="expect: {params: 1}\n"),),
    ),
    Case(
        "a test split of 20 examples",
        ("train told.yaml --run a",),
        says=("the test split has only 20 examples", "20 are correct, the 95% interval"),
        prints=("test split", " to "),
        files=(_twenty_to_test_with, few_recipe()),
    ),
    Case("train --json", ("train told.yaml --run a --json",), files=(small("epochs: 1"),), check=_has_paths),
    Case("a dry run with --json", ("train u8.yaml --dry-run --json",), check=_has_a_schema),
    Case(
        "predict --json",
        ("predict u8/first x.npy --json",),
        files=(lambda folder: np.save(folder / "x.npy", digits()["x_test"][:3]),),
        check=_has_a_schema,
    ),
    Case(
        "EarlyStopping",
        ("train told.yaml --run a",),
        says=(
            "Stopped",
            "after epoch 2 of 6: EarlyStopping: val_loss did not improve by 9 for 1 epoch (patience 1) after epoch 1",
        ),
        files=(STOPS,),
    ),
    Case(
        "a run that EarlyStopping ended, extended",
        ("train told.yaml --run a", "train --resume told/a --epochs 8"),
        says=("epoch 3/8", "epoch 4/8", "Stopped", "after epoch 4 of 8: EarlyStopping"),
        files=(STOPS,),
        check=_is_extended,
    ),
    Case(
        "max_time",
        ("train told.yaml --run a",),
        says=("Stopped", "after epoch 1 of 6: max_time: 0.01 s are over"),
        files=(small("epochs: 6, max_time: 0.01 s"),),
    ),
    Case(
        "a run whose schedule has ended, extended",
        ("train told.yaml --run a", "train --resume told/a --epochs 4 --json"),
        files=(with_rate(TO_ZERO, 2),),
        check=_extension_is_in_the_record,
    ),
    Case(
        "a schedule that is 0 for half of the epochs",
        ("train told.yaml --dry-run",),
        says=("PolynomialDecay is 0 after 8 steps, which is 2 epochs", "`4 epochs`"),
        files=(with_rate(TO_ZERO, 4),),
    ),
    Case(
        "a schedule that reaches 0 with the last step",
        ("train told.yaml --dry-run",),
        unsaid=("learning rate of 0",),
        files=(with_rate(TO_ZERO, 2),),
    ),
    Case(
        "a schedule that ends above 0",
        ("train told.yaml --dry-run",),
        unsaid=("learning rate of 0",),
        files=(with_rate(TO_LITTLE, 4),),
    ),
    Case(
        "cosine decay with a warm-up that ends early",
        ("train told.yaml --dry-run",),
        says=("epoch 3 trains at a learning rate of 0: CosineDecay",),
        files=(
            with_rate(
                "CosineDecay: {initial_learning_rate: 0.0, warmup_target: 0.1, warmup_steps: 1 epoch, decay_steps: 1 epoch}",
                3,
            ),
        ),
    ),
    Case(
        "a piecewise constant rate that ends in 0",
        ("train told.yaml --dry-run",),
        says=("epochs 2 to 3 train at a learning rate of 0: PiecewiseConstantDecay",),
        files=(with_rate("PiecewiseConstantDecay: {boundaries: [2], values: [0.1, 0.0]}", 3),),
    ),
]
