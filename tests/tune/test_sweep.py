"""The loop of a sweep: workers that die, trials that are enough, reasons to stop."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

optuna = pytest.importorskip("optuna")

from cnncli.errors import DivergedError, Problem, ResourceError  # noqa: E402
from cnncli.recipe.schema_tune import Parameter  # noqa: E402
from cnncli.tune import study as studies  # noqa: E402
from cnncli.tune import sweep as sweeps  # noqa: E402
from cnncli.tune.space import Space  # noqa: E402
from cnncli.tune.study import Search  # noqa: E402
from cnncli.tune.sweep import Sweep, run_sweep  # noqa: E402
from cnncli.tune.sweep_folder import SweepFolder, new_name  # noqa: E402
from cnncli.tune.trial_rows import TrialRow, read_rows  # noqa: E402
from cnncli.tune.worker_pool import WorkerProcess  # noqa: E402
from cnncli.tune.worker_protocol import Event, Failure, Work  # noqa: E402

SPACE = Space({"a": Parameter.model_validate({"int": [1, 9]})})
SEARCH = Search("minimize", "random", "none", 0, 1)


class Listener:
    def __init__(self) -> None:
        self.rows: list[TrialRow] = []

    def begun(self, number: int, values: Mapping[str, Any]) -> None: ...

    def epoch_ended(self, number: int, epoch: int, value: float | None) -> None: ...

    def ended(self, row: TrialRow) -> None:
        self.rows.append(row)

    def note(self, problem: Problem) -> None: ...


class Pool:
    """Workers in this process: what they do with a trial is a function of it; -9 ends them by that signal."""

    behave: Callable[[int], Any]
    dies_at_start = False

    def __init__(self, work: Work, logs: Path, environments: list[Any]) -> None:
        self.study = optuna.load_study(study_name=work.study, storage=self.storage)
        self.session = work.session
        self.count = len(environments)
        self.workers: list[WorkerProcess] = []
        self.queue: list[tuple[WorkerProcess, Event | None]] = []
        self.asked: list[WorkerProcess] = []
        self.started = 0

    storage: Any

    def start(self) -> None:
        self.workers = [self._new() for _ in range(self.count)]

    def _new(self) -> WorkerProcess:
        self.started += 1
        worker = WorkerProcess(SimpleNamespace(returncode=1), Path("worker.log"))  # type: ignore[arg-type]
        worker._send = lambda line: self._take(worker, line)  # type: ignore[method-assign]
        self.queue.append((worker, None if self.dies_at_start else Event(kind="ready")))
        return worker

    def replace(self, worker: WorkerProcess) -> None:
        self.workers[self.workers.index(worker)] = self._new()

    def events(self, seconds: float) -> Iterator[tuple[WorkerProcess, Event | None]]:
        asked, self.asked = self.asked, []
        for worker in asked:
            self._train(worker)
        found, self.queue = self.queue, []
        yield from found

    def stop(self) -> None: ...

    def _take(self, worker: WorkerProcess, line: str) -> None:
        if line == "run":
            self.asked.append(worker)  # it takes a moment until it has begun

    def _train(self, worker: WorkerProcess) -> None:
        trial = self.study.ask()
        trial.set_user_attr(studies.SESSION, self.session)
        values = SPACE.suggest(trial)
        self.queue.append((worker, Event(kind="begun", number=trial.number, values=values)))
        what = type(self).behave(trial.number)
        if what == -9:
            worker.process.returncode = -signal.SIGKILL
            self.queue.append((worker, None))
            return
        if isinstance(what, Failure):
            trial.set_user_attr(studies.FAILURE, what.model_dump())
            self.study.tell(trial, state=optuna.trial.TrialState.PRUNED)
        else:
            self.study.tell(trial, what)
        self.queue.append((worker, Event(kind="ended", number=trial.number)))


def run(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    behave: Callable[[int], Any],
    *,
    trials: int = 4,
    workers: int = 1,
    **changes: Any,
) -> tuple[Any, list[TrialRow], str]:
    folder = SweepFolder(tmp_path / "small" / "tune-first")
    folder.fill("", {})
    sweep = Sweep(
        folder, folder.storage(None), SPACE, SEARCH, "val_loss", trials, workers, changes.pop("max_seconds", None), {}, 1
    )  # fmt: skip
    study, seed = sweeps.open_sweep(sweep)
    made = type("Made", (Pool,), {"behave": staticmethod(behave), "storage": study._storage, **changes})
    monkeypatch.setattr(sweeps, "WorkerPool", made)
    listener = Listener()
    stopped = run_sweep(sweep, study, seed, listener)
    assert [row.number for row in listener.rows] == sorted(row.number for row in read_rows(study, SPACE))
    return study, listener.rows, stopped


@pytest.mark.parametrize("workers", [1, 3, 8])
def test_there_are_as_many_trials_as_there_are_to_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workers: int
) -> None:
    _, rows, stopped = run(tmp_path, monkeypatch, float, trials=5, workers=workers)

    assert sorted(row.value for row in rows if row.value is not None) == [0, 1, 2, 3, 4]
    assert stopped == ""


def test_a_crash_costs_one_trial(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, rows, _ = run(tmp_path, monkeypatch, lambda number: -9 if number == 1 else number / 10, workers=2)

    assert [(row.number, row.state, row.value) for row in sorted(rows, key=lambda row: row.number)] == [
        (0, "complete", 0.0), (1, "failed", None), (2, "complete", 0.2), (3, "complete", 0.3),
    ]  # fmt: skip
    [failure] = [row.failure for row in rows if row.failure]
    assert failure.message == "the process of the trial was ended by SIGKILL"
    assert "less memory" in failure.hint


def test_workers_that_cannot_start_end_the_sweep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ResourceError, match="end before their first trial"):
        run(tmp_path, monkeypatch, float, dies_at_start=True)


def test_ten_failures_alike_end_the_sweep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def diverge(number: int) -> Failure:
        return Failure(message=f"the loss is nan in epoch {number}", code="diverged", exit=7)

    with pytest.raises(DivergedError, match="the first 10 trials all failed"):
        run(tmp_path, monkeypatch, diverge, trials=30)


def test_no_trial_begins_after_max_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, rows, stopped = run(tmp_path, monkeypatch, float, max_seconds=0.0)

    assert (rows, stopped) == ([], "max_time is over")


def test_a_worker_is_replaced_after_many_trials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeps, "_TRIALS_OF_A_WORKER", 2)
    started: list[int] = []

    def end(self: WorkerProcess) -> None:
        self.is_idle, self.is_ending = False, True
        started.append(self.trials)
        self._send("end")

    def take(self: Pool, worker: WorkerProcess, line: str) -> None:
        Pool._take(self, worker, line)
        if line == "end":
            self.queue.append((worker, None))

    monkeypatch.setattr(WorkerProcess, "end", end)
    _, rows, _ = run(tmp_path, monkeypatch, float, trials=5, _take=take)

    assert len(rows) == 5
    assert started[:2] == [2, 2]


def test_trials_train_the_recipe_of_the_sweep_where_its_copy_was_changed(tmp_path: Path) -> None:
    folder = SweepFolder(tmp_path / "small" / "tune-first")
    folder.fill("train: {epochs: 1}\n", {})
    folder.recipe.write_text("train: {epochs: 9}\n")

    folder.fill("train: {epochs: 1}\n", {})

    assert folder.recipe.read_text() == "train: {epochs: 1}\n"
    assert [path.read_text() for path in folder.path.glob("recipe-*.yaml")] == ["train: {epochs: 9}\n"]


def test_sweeps_without_a_name_that_start_in_one_second_are_two() -> None:
    assert new_name() != new_name()
