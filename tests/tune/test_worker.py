"""A worker: what becomes of a trial that ends in one way or another."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from search_recipes import RECIPE, TUNE

pytest.importorskip("optuna")

from cnncli.errors import DataError, DivergedError, ResourceError, Stopped
from cnncli.recipe.load import load_bytes
from cnncli.tune import study as studies
from cnncli.tune import trial as trials
from cnncli.tune.space import Space
from cnncli.tune.trial import Outcome
from cnncli.tune.trial_rows import read_rows
from cnncli.tune.trial_worker import Worker
from cnncli.tune.worker_protocol import Event, Work

Train = Callable[..., Outcome]


def worker(folder: Path, **changes: Any) -> tuple[Worker, io.StringIO]:
    (folder / "recipe.yaml").write_text(RECIPE + TUNE)
    tune = load_bytes((RECIPE + TUNE).encode(), "r.yaml").recipe.tune
    assert tune is not None
    work = {
        "recipe": folder / "recipe.yaml",
        "storage": str(folder / "journal.log"),
        "study": "small/tune-first",
        "session": "s",
        "metric": "val_accuracy",
        "direction": "maximize",
        "sampler": "random",
        "pruner": "median",
        "warmup_epochs": 0,
        "epochs": 2,
        "seed": 7,
        "parameters": {key: each.model_dump(exclude_none=True) for key, each in tune.parameters.items()},
        "outputs": folder,
        **changes,
    }
    events = io.StringIO()
    return Worker(Work.model_validate_json(Work(**work).model_dump_json()), events), events


def told(events: io.StringIO) -> list[Event]:
    return [Event.model_validate_json(line) for line in events.getvalue().splitlines()]


def outcome(value: float | None = 0.5) -> Outcome:
    return Outcome(value, 1, {"val_accuracy": value}, 1, 1.0, 0.5)


def test_a_trial_with_a_value(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = {}

    def train(loaded: Any, options: Any, shared: Any, metric: str, report: Any) -> Outcome:
        seen["recipe"] = loaded.recipe
        report(1, {"val_accuracy": 0.25})
        return outcome()

    monkeypatch.setattr(trials, "train_trial", train)
    one, events = worker(tmp_path)

    assert one.train()

    assert [(event.kind, event.number, event.epoch) for event in told(events)] == [
        ("begun", 0, 0), ("epoch", 0, 1), ("ended", 0, 0),
    ]  # fmt: skip
    [row] = read_rows(one._study, Space(one._work.space))
    assert (row.state, row.value, row.curve) == ("complete", 0.5, {1: 0.25})
    assert seen["recipe"].train.seed == 7
    assert seen["recipe"].expect.params is None  # which other values would break
    assert seen["recipe"].model.change == {}
    assert seen["recipe"].model.layers[1].args["kernel_size"] == row.values["model.C1.kernel_size"]


@pytest.mark.parametrize(
    ("error", "message", "exit_code"),
    [
        (DivergedError("the loss is nan"), "the loss is nan", 7),
        (ResourceError("the network needs 90 GB"), "the network needs 90 GB", 8),
        (DataError("labels need 10 outputs"), "labels need 10 outputs", 4),
        (ZeroDivisionError("division by zero"), "ZeroDivisionError: division by zero", 70),
    ],
)
def test_a_trial_that_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, message: str, exit_code: int
) -> None:
    def train(*_: Any) -> Outcome:
        raise error

    monkeypatch.setattr(trials, "train_trial", train)
    one, events = worker(tmp_path)

    assert one.train()  # another trial may be better

    [row] = read_rows(one._study, Space(one._work.space))
    assert row.state == "failed"
    assert row.failure is not None
    assert (row.failure.message, row.failure.exit) == (message, exit_code)
    assert [event.kind for event in told(events)] == ["begun", "ended"]


def test_a_trial_without_a_value(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trials, "train_trial", lambda *_: outcome(None))
    one, _ = worker(tmp_path)

    assert one.train()

    [row] = read_rows(one._study, Space(one._work.space))
    assert row.failure is not None
    assert row.failure.message == "`val_accuracy` has no value"


def test_data_that_cannot_be_read_ends_the_sweep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def train(loaded: Any, options: Any, shared: Any, *_: Any) -> Outcome:
        shared.failure = DataError("no such folder")
        raise shared.failure

    monkeypatch.setattr(trials, "train_trial", train)
    one, events = worker(tmp_path)

    assert not one.train()

    last = told(events)[-1]
    assert last.kind == "fatal"
    assert last.failure is not None
    assert (last.failure.message, last.failure.exit) == ("no such folder", 4)
    assert studies.give_back(one._study, lambda trial: False) == [0]  # when the folder is there


def test_a_trial_that_is_worse_than_the_others_is_pruned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    values = iter([0.9] * 5 + [0.1])

    def train(loaded: Any, options: Any, shared: Any, metric: str, report: Any) -> Outcome:
        value = next(values)
        report(1, {"val_accuracy": value})
        return outcome(value)

    monkeypatch.setattr(trials, "train_trial", train)
    one, _ = worker(tmp_path)
    for _ in range(6):
        assert one.train()

    rows = read_rows(one._study, Space(one._work.space))
    assert [row.state for row in rows] == ["complete"] * 5 + ["pruned"]
    assert rows[-1].result["epochs"] == 1


def test_a_trial_that_is_stopped_is_trained_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def train(*_: Any) -> Outcome:
        raise Stopped(15)

    monkeypatch.setattr(trials, "train_trial", train)
    one, _ = worker(tmp_path)

    with pytest.raises(Stopped):
        one.train()

    assert studies.give_back(one._study, lambda trial: trial.user_attrs[studies.SESSION] == "s") == [0]
