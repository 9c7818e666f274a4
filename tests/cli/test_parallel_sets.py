"""Runs of a set that train at the same time."""

from __future__ import annotations

import io
import math
import queue
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from run_folders import put_run

from cnncli import workflow
from cnncli.cli import folds, parallel_sets, set_errors, set_member, set_table
from cnncli.cli.set_member import Event, Member
from cnncli.errors import DivergedError, Problem, ResourceError
from cnncli.recipe.load import LoadedRecipe, load
from cnncli.runs.folds import REPEAT, FoldSet


def _member() -> Member:
    return Member(
        content="", file="", settings=[], is_written_out=False, outputs=Path(), run_name=None, resume=None, device=None,
        command_line=[], fold_set="", repeat=None, threads=1,
    )  # fmt: skip


def test_trackers_of_the_command_line_reach_runs_that_train_at_the_same_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    choices = folds.Choices(
        tmp_path, "seeds", None, 0.0, dry_run=False, as_json=False, quiet=True, verbose=False, track=("tensorboard",)
    )
    fold = folds._Fold(1, load("mnist", []))
    member = folds._member(fold, FoldSet(tmp_path / "mnist", "seeds", 2, {}, REPEAT), choices)
    given: list[workflow.Options] = []

    def run_fold(loaded: LoadedRecipe, options: workflow.Options, listener: Any) -> Any:
        given.append(options)
        return None, SimpleNamespace(broken=(), path=tmp_path)

    monkeypatch.setattr("cnncli.workflow.folds.run_fold", run_fold)
    set_member._train(member, io.StringIO())

    assert given[0].track == ("tensorboard",)


def test_a_run_that_fails_after_others_is_named_with_the_way_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    choices = folds.Choices(
        tmp_path, "seeds", None, 0.0, dry_run=False, as_json=False, quiet=True, verbose=False
    )  # fmt: skip
    done = FoldSet(tmp_path / "mnist", "seeds", 2, {}, REPEAT)

    def fail(fold: folds._Fold, *_: Any) -> Any:
        raise ResourceError(Problem("no memory", "a smaller batch_size"), details={"epoch": 1})

    monkeypatch.setattr(folds, "_train_one", fail)
    monkeypatch.setattr(set_errors, "way_on", lambda _: "continue with: cnncli train --resume --repeat 2 mnist/seeds")
    with pytest.raises(ResourceError) as failed:
        folds._train([folds._Fold(2, load("mnist", []))], done, choices)

    [problem] = failed.value.problems
    assert problem.message == "repeat 2: no memory"
    assert problem.hint.splitlines() == [
        "a smaller batch_size",
        "continue with: cnncli train --resume --repeat 2 mnist/seeds",
    ]
    assert failed.value.details == {"epoch": 1}


@pytest.fixture
def second_diverges(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[set_table.Results]:
    """Of the runs of a set the second diverges; the list gets what has become of them."""
    nan = DivergedError(Problem("the loss is nan", "a smaller learning rate"), details={"epoch": 2})

    def train_one(fold: folds._Fold, *_: Any) -> Any:
        if fold.number == 2:
            raise nan
        return SimpleNamespace(notes=()), SimpleNamespace(path=tmp_path / str(fold.number), notes=(), broken=())

    def started(number: int, _: Any, environment: dict[str, str], events: queue.Queue[Any]) -> parallel_sets._Process:
        end = Event(kind="end", path=tmp_path / str(number))
        if number == 2:
            end = Event(
                kind="end", problems=[each.as_json() for each in nan.problems], details=nan.details, exit_code=7
            )  # fmt: skip
        events.put((number, end))
        process = subprocess.Popen([sys.executable, "-c", ""], text=True)
        return parallel_sets._Process(number, process, open("/dev/null", "rb"), environment)

    told: list[set_table.Results] = []
    monkeypatch.setattr(folds, "_train_one", train_one)
    monkeypatch.setattr(parallel_sets, "_started", started)
    monkeypatch.setattr(set_table, "report", lambda _, results, **__: told.append(results))
    monkeypatch.setattr(set_errors, "way_on", lambda _: "continue with: …")
    return told


def _train_three(tmp_path: Path, workers: int) -> FoldSet:
    choices = folds.Choices(
        tmp_path, "seeds", None, 0.0, dry_run=False, as_json=False, quiet=True, verbose=False, workers=workers
    )  # fmt: skip
    done = FoldSet(tmp_path / "mnist", "seeds", 3, {}, REPEAT)
    folds._train([folds._Fold(number, load("mnist", [])) for number in (1, 2, 3)], done, choices)
    return done


@pytest.mark.parametrize("workers", [1, 2])
def test_the_others_are_trained_where_a_run_diverges(
    tmp_path: Path, second_diverges: list[set_table.Results], workers: int
) -> None:
    put_run(tmp_path, "mnist/seeds-repeat2", status="diverged")

    done = _train_three(tmp_path, workers)

    [results] = second_diverges
    assert results.paths == {1: tmp_path / "1", 3: tmp_path / "3"}
    error = set_errors.of_diverged(results.diverged, [Problem("accuracy 0.5 is not > 0.9")], done)
    assert isinstance(error, DivergedError)
    assert results.diverged[2].details == {"epoch": 2}
    assert [problem.message for problem in error.problems] == ["repeat 2: the loss is nan", "accuracy 0.5 is not > 0.9"]
    assert error.problems[0].hint.splitlines() == [  # a resumed run would diverge again
        "a smaller learning rate",
        "a new set needs another --run than seeds",
    ]


@pytest.mark.parametrize("workers", [1, 2])
def test_a_set_ends_where_a_first_loss_is_not_finite(
    tmp_path: Path, second_diverges: list[set_table.Results], workers: int
) -> None:
    """It has no run, and the loss of the others is not finite either."""
    with pytest.raises(DivergedError) as failed:
        _train_three(tmp_path, workers)

    assert not second_diverges
    [problem] = failed.value.problems
    assert problem.message == "repeat 2: the loss is nan"
    assert problem.hint.splitlines()[-1] == "a new set needs another --run than seeds"


def test_the_end_of_a_run_is_passed_on_whatever_its_error_holds() -> None:
    details = {"loss": np.float32(0.5), "losses": np.arange(2), "file": "\udc80.npz", "path": Path("a"), "nan": np.nan}
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="utf-8", errors="replace")
    set_member._say(stream, Event(kind="end", details=details, exit_code=7))

    read = Event.model_validate_json(raw.getvalue())
    assert math.isnan(read.details.pop("nan"))
    assert read.details == {"loss": 0.5, "losses": [0, 1], "file": "?.npz", "path": "a"}


@pytest.mark.parametrize(("code", "how"), [(3, "exit code 3"), (-9, "SIGKILL"), (-35, "signal 35")])
def test_a_process_that_was_ended_says_how(code: int, how: str) -> None:
    process = SimpleNamespace(returncode=code)
    lost = parallel_sets._Process(1, process, io.BytesIO(), {})  # type: ignore[arg-type]

    assert parallel_sets._lost(lost, "fold").problems[0].message == f"fold 1: its process was ended by {how}"


def test_runs_that_train_at_the_same_time_have_different_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    given: dict[int, str] = {}
    of_running: list[str] = []

    def started(
        number: int, member: Member, environment: dict[str, str], events: queue.Queue[tuple[int, Event | None]]
    ) -> parallel_sets._Process:
        given[number] = environment["CUDA_VISIBLE_DEVICES"]
        assert given[number] not in of_running
        of_running.append(given[number])
        if number > 1:  # the second and those after it end first
            events.put((number, Event(kind="end", path=Path(str(number)))))
        if number == 4:
            events.put((1, Event(kind="end", path=Path("1"))))
        process = subprocess.Popen([sys.executable, "-c", ""], text=True)
        return parallel_sets._Process(number, process, open("/dev/null", "rb"), environment)

    monkeypatch.setattr(parallel_sets, "_started", started)
    members = {number: _member() for number in (1, 2, 3, 4)}
    for number, _, _ in parallel_sets.train_members(
        members, 2, word="fold", says=lambda _: None, ends_set=lambda *_: True
    ):
        of_running.remove(given[number])

    assert given == {1: "0", 2: "1", 3: "1", 4: "1"}
