"""A sweep: opens its study, lets workers train trials until there are enough, and ends."""

from __future__ import annotations

import re
import secrets
import signal
import socket
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from optuna import Study
from optuna.trial import FrozenTrial

from cnncli.distribute.worker_devices import worker_environments
from cnncli.errors import (
    CnncliError,
    DataError,
    DivergedError,
    ModelFileError,
    NetworkError,
    OutputError,
    Problem,
    RecipeError,
    ResourceError,
)
from cnncli.messages import counted, signal_name
from cnncli.recipe.schema import LARGEST_SEED
from cnncli.runs.machine import allowed_cores
from cnncli.tune import study as studies
from cnncli.tune import sweep_sessions
from cnncli.tune.space import Space
from cnncli.tune.study import Search
from cnncli.tune.study_storage import check_storage, is_database, mend_journal, storage_in_use
from cnncli.tune.sweep_folder import SweepFolder
from cnncli.tune.trial_rows import TrialRow, read_rows
from cnncli.tune.worker_pool import WorkerPool, WorkerProcess
from cnncli.tune.worker_protocol import Event, Failure, Work

ALIKE = 10  # failures for the same reason, before any trial succeeds, that end a sweep
_WAIT = 0.2  # seconds between two looks at the clock
_LOST_AT_START = 3  # workers that may end before their first trial
_TRIALS_OF_A_WORKER = 250  # then it is replaced: TensorFlow keeps about a megabyte for each network of another size
_ERRORS: dict[int, type[CnncliError]] = {
    each.exit_code: each
    for each in (RecipeError, DataError, ModelFileError, OutputError, DivergedError, ResourceError, NetworkError)
}


class SweepListener(Protocol):
    """Follows a sweep: the command line."""

    def begun(self, number: int, values: Mapping[str, Any]) -> None:
        """A trial has begun; `values` by key, as the recipe takes them."""

    def epoch_ended(self, number: int, epoch: int, value: float | None) -> None:
        """The metric after an epoch of a trial."""

    def ended(self, row: TrialRow) -> None:
        """A trial has ended."""

    def note(self, problem: Problem) -> None:
        """A warning."""


@dataclass(frozen=True)
class Sweep:
    """What a sweep is to do.

    Attributes:
        folder: made by now, with its recipe.
        storage: a database, or the path of a journal.
        trials: how many there are to be in the study, those of earlier calls and other hosts included.
        max_seconds: after which no trial begins.
        settled: what a sweep of this name has to have in common with this one.
        seed: of the recipe; None: chosen once for the sweep.
    """

    folder: SweepFolder
    storage: str
    space: Space
    search: Search
    metric: str
    trials: int
    workers: int
    max_seconds: float | None
    settled: Mapping[str, Any]
    seed: int | None
    device: str | None = None


def open_sweep(sweep: Sweep) -> tuple[Study, int]:
    """Open or create the study of a sweep; returns it and the seed of the sweep.

    Raises:
        UsageError, OutputError: the storage cannot be opened, or the sweep is of something else.
    """
    check_storage(sweep.storage)
    if not is_database(sweep.storage) and not sweep_sessions.alive(sweep.folder.sessions(sweep.storage)):
        mend_journal(Path(sweep.storage))
    study = studies.open_study(sweep.storage, sweep.folder.study, sweep.search)
    with storage_in_use(sweep.storage):
        return study, studies.settle(study, sweep.settled, lambda: _chosen_seed(sweep.seed))


def _chosen_seed(seed: int | None) -> int:
    return secrets.randbelow(LARGEST_SEED) if seed is None else seed


def run_sweep(sweep: Sweep, study: Study, seed: int, listener: SweepListener) -> str:
    """Train trials until there are enough.

    Returns:
        Why it ended before there were enough; empty where it did not.

    Raises:
        CnncliError: no trial can be trained, or the first ones all fail for the same reason.
        Stopped: a signal came; the trials that were running will be trained again.
    """
    folder = sweep.folder.sessions(sweep.storage)
    others = sweep_sessions.alive(folder)
    with sweep_sessions.session(folder) as own:
        known = [*others, own]
        again = studies.give_back(study, lambda trial: _is_dead(trial, known, sweep.storage))
        if again:
            message = f"{counted(len(again), 'trial')} of a process that ended will be trained again"
            listener.note(Problem(message))
        if sweep.search.sampler == "grid":
            studies.enqueue_grid(study, sweep.space, seed, min(sweep.trials, int(sweep.space.grid_size)))
        running = _Running(sweep, study, listener, _work(sweep, own, seed))
        try:
            return running.run()
        finally:
            running.pool.stop()
            studies.give_back(study, lambda trial: trial.user_attrs.get(studies.SESSION) == own)


def _is_dead(trial: FrozenTrial, living: Sequence[str], storage: str) -> bool:
    """Whether the process of a running trial is gone, as far as this host can see.

    Of a database the sessions of other hosts cannot be seen; their trials end by their heartbeat.
    """
    session = trial.user_attrs.get(studies.SESSION)
    if session is None:
        return len(living) == 1 and not is_database(storage)
    return session not in living and (not is_database(storage) or _was_here(trial))


def _was_here(trial: FrozenTrial) -> bool:
    return bool(trial.user_attrs.get(studies.HOST) == socket.gethostname())


def _work(sweep: Sweep, session: str, seed: int) -> Work:
    threads = max(1, allowed_cores() // sweep.workers) if sweep.workers > 1 else 0
    return Work(
        recipe=sweep.folder.recipe,
        storage=sweep.storage,
        study=sweep.folder.study,
        session=session,
        metric=sweep.metric,
        seed=seed,
        parameters={key: each.model_dump(exclude_none=True) for key, each in sweep.space.parameters.items()},
        outputs=sweep.folder.path.parent.parent,
        device=sweep.device,
        intra_op=threads,
        inter_op=threads,
        **vars(sweep.search),
    )


class _Running:
    """The loop of a sweep."""

    def __init__(self, sweep: Sweep, study: Study, listener: SweepListener, work: Work) -> None:
        self.sweep, self.study, self.listener = sweep, study, listener
        self.pool = WorkerPool(work, sweep.folder.logs, worker_environments(sweep.workers, sweep.device))
        self.started = time.monotonic()
        self.lost_at_start = 0

    def run(self) -> str:
        if not self._may_begin():
            return ""
        self.pool.start()
        while True:
            for worker, event in self.pool.events(_WAIT):
                self._take(worker, event)
            for worker in [each for each in self.pool.workers if each.is_idle]:
                if not self._may_begin() or self._is_late():
                    break
                if worker.trials >= _TRIALS_OF_A_WORKER:
                    worker.end()
                    continue
                worker.ask()
            if all(worker.is_idle for worker in self.pool.workers):
                for worker in self.pool.workers:
                    worker.end()
                return "max_time is over" if self._may_begin() else ""

    def _may_begin(self) -> bool:
        """Whether there are fewer trials than there are to be."""
        trials = studies.trials_of(self.study)
        begun = sum(map(studies.is_begun, trials))
        most = self.sweep.trials
        if self.sweep.search.sampler == "grid":
            most = min(most, int(self.sweep.space.grid_size))
        return begun + sum(worker.is_asked for worker in self.pool.workers) < most

    def _is_late(self) -> bool:
        most = self.sweep.max_seconds
        return most is not None and time.monotonic() - self.started >= most

    def _take(self, worker: WorkerProcess, event: Event | None) -> None:
        if event is None:
            self._replace(worker)
        elif event.kind == "ready":
            worker.is_idle = True
        elif event.kind == "begun":
            worker.trial, worker.is_asked = event.number, False
            self.listener.begun(event.number, self.sweep.space.values(event.values))
        elif event.kind == "epoch":
            self.listener.epoch_ended(event.number, event.epoch, event.value)
        elif event.kind == "ended":
            worker.trial, worker.is_idle = None, True
            worker.trials += 1
            self._end(event.number)
        elif event.failure is not None:
            raise _error(event.failure)

    def _end(self, number: int) -> None:
        rows = read_rows(self.study, self.sweep.space)
        for row in rows:
            if row.number == number:
                self.listener.ended(row)
        if failure := common_failure(rows):
            raise failure

    def _replace(self, worker: WorkerProcess) -> None:
        """A worker has ended, perhaps by itself: its trial has failed then. Another worker goes on."""
        if worker.is_ending:
            self.pool.replace(worker)
            return
        code = worker.process.returncode
        how = f"exit code {code}" if code >= 0 else signal_name(-code)
        if worker.trial is None:
            if not worker.is_idle and not worker.trials:
                self.lost_at_start += 1
            if self.lost_at_start >= _LOST_AT_START:
                message = f"the worker processes end before their first trial ({how})"
                raise ResourceError(Problem(message, f"what they said: {worker.log}\n{_last_lines(worker.log)}"))
        else:
            hint = "a smaller batch_size or fewer workers need less memory" if code == -signal.SIGKILL else ""
            message = f"the process of the trial was ended by {how}"
            failure = Failure(message=message, hint=hint, code="resources", exit=8)
            studies.fail(self.study, worker.trial, failure.model_dump())
            self._end(worker.trial)
        self.pool.replace(worker)


def _last_lines(log: Path, most: int = 5) -> str:
    with suppress(OSError):
        return "\n".join(log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-most:])
    return ""


def common_failure(rows: Sequence[TrialRow]) -> CnncliError | None:
    """The reason, where at least ten trials have ended and all of them failed for the same one."""
    ended = [row for row in rows if row.state != "running"]
    failures = [row.failure for row in ended if row.failure is not None]
    if len(ended) < ALIKE or len(failures) < len(ended) or len(set(map(reason_of, failures))) > 1:
        return None
    first = failures[0]
    told = f"the first {len(ended)} trials all failed: {first.message}"
    return _error(first.model_copy(update={"message": told}))


def no_result(rows: Sequence[TrialRow], stopped: str = "") -> CnncliError:
    """The error of a sweep none of whose trials is complete, with its reasons.

    Args:
        stopped: as `run_sweep` returns it.
    """
    failures = [row.failure for row in rows if row.failure is not None]
    if not failures and stopped:
        return ResourceError(f"no trial was completed: {stopped}", hint="raise max_time: --set tune.max_time='1 h'")
    if not failures:
        return ResourceError("no trial was completed", hint="more time or more trials are needed: --trials N")
    reasons = Counter(map(reason_of, failures))
    problems = []
    for reason, count in reasons.most_common(5):
        first = next(failure for failure in failures if reason_of(failure) == reason)
        problems.append(Problem(f"{counted(count, 'trial')} failed: {first.message}", first.hint))
    most = next(failure for failure in failures if reason_of(failure) == reasons.most_common(1)[0][0])
    return _ERRORS.get(most.exit, ResourceError)(problems)


def reason_of(failure: Failure) -> str:
    """The kind of a failure: its message without numbers, which differ from trial to trial."""
    return re.sub(r"[-+]?\d[\d.,]*(e[-+]?\d+)?|\bnan\b|\binf\b", "#", failure.message)


def _error(failure: Failure) -> CnncliError:
    return _ERRORS.get(failure.exit, ResourceError)(Problem(failure.message, failure.hint))
