"""A worker process: trains one trial after the other, as its sweep asks for them.

`python -m cnncli.tune.trial_worker` reads lines from stdin, the first of which is `Work`, and writes an `Event` a line to stdout.
It ends when stdin ends: no worker outlives its sweep.
"""

from __future__ import annotations

import gc
import os
import queue
import signal
import socket
import sys
import threading
import traceback
import warnings
from collections.abc import Mapping
from typing import IO, Any, NoReturn

import optuna

from cnncli.errors import CnncliError, Stopped
from cnncli.runs import onednn
from cnncli.tune import study as studies
from cnncli.tune.samplers import make_sampler
from cnncli.tune.space import Space
from cnncli.tune.worker_protocol import END, RUN, Event, Failure, Work

_GONE = 3  # exit code where the sweep is gone


class _Fatal(Exception):
    """No trial can be trained; says why."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


def main() -> int:
    """Work until there is no more to do."""
    onednn.choose()
    events = _own_stdout()
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    lines: queue.Queue[str] = queue.Queue()
    work = Work.model_validate_json(sys.stdin.readline())
    threading.Thread(target=_read, args=(lines,), daemon=True).start()
    try:
        worker = Worker(work, events)
        worker.say(Event(kind="ready"))
        while lines.get() == RUN:
            if not worker.train():
                return 1
    except Stopped:
        return 0
    return 0


def _own_stdout() -> IO[str]:
    """The stream for events; what libraries print on stdout goes to stderr from now on."""
    own = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return own


def _stop(number: int, _: Any) -> None:
    raise Stopped(number)


def _read(lines: queue.Queue[str]) -> None:
    """Pass on what the sweep asks for; where it is gone, end at once: its next call trains this trial again."""
    for line in sys.stdin:
        lines.put(line.strip())
        if line.strip() == END:
            return
    os._exit(_GONE)


class Worker:
    """Trains trials of a study.

    Args:
        work: what to train.
        events: where events go, a line each.
    """

    def __init__(self, work: Work, events: IO[str]) -> None:
        self._work = work
        self._events = events
        self._space = Space(work.space)
        self._content = work.recipe.read_bytes()
        search = studies.Search(work.direction, work.sampler, work.pruner, work.warmup_epochs, work.epochs)
        self._study = studies.open_study(work.storage, work.study, search)
        self._number = -1
        self._import()

    def _import(self) -> None:
        """Start TensorFlow, which takes seconds, and get ready to share the data between trials."""
        from cnncli.training.devices import Threads
        from cnncli.tune import trial  # noqa: F401  # and all that training needs
        from cnncli.workflow.plan import Options
        from cnncli.workflow.shared_data import SharedData

        work = self._work
        threads = Threads(work.intra_op, work.inter_op) if work.intra_op else None
        self._options = Options(work.outputs, device=work.device, threads=threads)
        self._shared = SharedData()
        gc.collect()
        gc.freeze()  # what is imported stays; to look for garbage among it takes longer than to build a small network

    def say(self, event: Event) -> None:
        self._events.write(event.model_dump_json() + "\n")
        self._events.flush()

    def train(self) -> bool:
        """Train one trial; false where the sweep cannot go on."""
        begun = sum(map(studies.is_begun, studies.trials_of(self._study)))
        self._study.sampler = make_sampler(self._work.sampler, self._work.seed, begun)
        try:
            self._study.optimize(self._objective, n_trials=1)
        except _Fatal as error:  # the trial has no failure of its own: it is trained again by the next call
            self.say(Event(kind="fatal", failure=error.failure))
            return False
        self.say(Event(kind="ended", number=self._number))
        return True

    def _objective(self, trial: optuna.Trial) -> float:
        self._number = trial.number
        trial.set_user_attr(studies.HOST, socket.gethostname())
        trial.set_user_attr(studies.SESSION, self._work.session)
        values = self._space.suggest(trial)
        self.say(Event(kind="begun", number=trial.number, values=values))
        try:
            return self._train(trial, values)
        except CnncliError as error:
            [problem, *_] = error.problems
            failure = Failure(message=problem.message, hint=problem.hint, code=error.code, exit=error.exit_code)
            if self._shared.failure is not None and not any(key.startswith("data.") for key in values):
                raise _Fatal(failure) from error  # no trial can read the data
            self._fail(trial, failure)
        except optuna.TrialPruned:
            raise
        except Exception as error:
            traceback.print_exc()  # to the log of the worker
            self._fail(trial, Failure(message=f"{type(error).__name__}: {error}"[:500]))

    def _train(self, trial: optuna.Trial, values: Mapping[str, Any]) -> float:
        from cnncli.tune.trial import load_trial, train_trial

        metric = self._work.metric

        def report(epoch: int, row: Mapping[str, Any]) -> None:
            value = row.get(metric)
            self.say(Event(kind="epoch", number=trial.number, epoch=epoch, value=value))
            if value is None:
                return
            trial.report(float(value), epoch)
            if trial.should_prune():
                trial.set_user_attr(studies.RESULT, {"epochs": epoch, "row": dict(row)})
                raise optuna.TrialPruned

        settings = [f"train.seed={self._work.seed}", *self._space.settings(values)]
        loaded = load_trial(self._content, str(self._work.recipe), settings)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            outcome = train_trial(loaded, self._options, self._shared, metric, report)
        result = {
            "epochs": outcome.epochs,
            "best_epoch": outcome.best_epoch,
            "row": dict(outcome.row),
            "seconds": round(outcome.seconds, 3),
            "fit_seconds": round(outcome.fit_seconds, 3),
        }
        trial.set_user_attr(studies.RESULT, result)
        if outcome.value is None:
            self._fail(trial, Failure(message=f"`{metric}` has no value", code="data", exit=4))
        return outcome.value

    def _fail(self, trial: optuna.Trial, failure: Failure) -> NoReturn:
        """End a trial that failed: as a pruned one, so that the sampler keeps away from values like these."""
        trial.set_user_attr(studies.FAILURE, failure.model_dump())
        raise optuna.TrialPruned


if __name__ == "__main__":
    sys.exit(main())
