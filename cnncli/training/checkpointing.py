"""Checkpointing while Keras fits, and resuming from a checkpoint exactly."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras

from cnncli.distribute.replicas import Replicas
from cnncli.network.build import Network
from cnncli.runs import checkpoints as commits
from cnncli.runs import refuse_full_disk
from cnncli.training.callbacks import BestWeights, HistoryCallback, statistics
from cnncli.training.joint_decisions import JointDecisions
from cnncli.training.state import State, capture_callback, restore_callback
from cnncli.training.stop_signals import Pending

# At the end of an epoch a commit is made unless the last one is so recent that commits would take more than 3% of the time.
_SHARE = 0.03


@dataclass(frozen=True)
class Checkpoints:
    """Where commits go, and when they are made.

    Attributes:
        folder: `checkpoints/` of the run; None keeps nothing, as in all processes of a training but the chief.
        every_seconds: within an epoch.
        every_steps: within an epoch; None: by time alone.
        resume: the state to go on from; None begins anew.
        number: of the newest commit that is there.
    """

    folder: Path | None = None
    every_seconds: float = 60.0
    every_steps: int | None = None
    resume: State | None = None
    number: int = 0


class CheckpointCallback(keras.callbacks.Callback):
    """Commits the state, and gives it back where training goes on; the last of all callbacks.

    Keras' callbacks begin anew in `on_train_begin` and metrics in every epoch: what was kept is given back after that.
    """

    def __init__(
        self,
        network: Network,
        checkpoints: Checkpoints,
        best: BestWeights,
        history: HistoryCallback,
        pending: Pending,
        replicas: Replicas,
    ) -> None:
        super().__init__()
        self._network = network
        self._checkpoints = checkpoints
        self._best = best
        self._history = history
        self._pending = pending
        self._replicas = replicas
        self._decisions = JointDecisions(replicas, pending)
        self._number = checkpoints.number
        self._callbacks: Sequence[keras.callbacks.Callback] = ()
        self._phase = self._first = 0
        self._seeds: State = State()
        self._given: State | None = None
        self._last, self._cost, self._steps_since = time.monotonic(), 0.0, 0
        self._last_epoch = 0
        self._wants_epoch_end = False
        self.epoch_end: State | None = None

    def begin_again(self, state: State) -> None:
        """Give the network, the history and the best weights what was kept, before anything is computed with them."""
        state.restore("model", self._network.variables)
        best, history = self._best, self._history
        best.value, best.epoch = state.values["best"]["value"], state.values["best"]["epoch"]
        best.weights = state.list_of("best_weights") or []
        kept = state.values["watcher"]
        history.rows, history.stopped, history.reports = list(kept["rows"]), kept["stopped"], list(kept["reports"])
        history.rows_before = len(history.rows)
        history.started = time.monotonic() - kept["elapsed"]

    def begin_phase(self, phase: int, first: int, state: State | None) -> None:
        """Note where a phase began, before its frozen part is computed.

        Args:
            phase: its index.
            first: epochs before it.
            state: within this phase, to go on from.
        """
        self._phase, self._first = phase, first
        augmentation = self._network.augmentation
        seeds = augmentation.variables if augmentation else []
        if state is not None:
            state.restore("phase_seeds", seeds)
        self._seeds = State()
        self._seeds.capture("phase_seeds", seeds)

    def watch(
        self, callbacks: Sequence[keras.callbacks.Callback], last: int, given: State | None, *, wants_epoch_end: bool
    ) -> None:
        """Get ready for the `fit` that comes.

        Args:
            callbacks: Keras' own.
            last: the number of the epoch with which the phase ends at the latest, from 1.
            given: what is given back when it begins.
            wants_epoch_end: put the state at the end of the epoch into `epoch_end`.
        """
        self._callbacks, self._given, self._last_epoch = callbacks, given, last
        self._wants_epoch_end = wants_epoch_end

    def on_train_begin(self, logs: Any = None) -> None:
        for callback in self._callbacks:  # the rest of an epoch is a `fit` of its own, and not the last one
            callback.set_params({**self.params, "epochs": self._last_epoch})
        given = self._given
        if given is None:
            return
        given.restore("model", self._network.variables)
        given.restore("optimizer", self.model.optimizer.variables)
        for number, callback in enumerate(self._callbacks):
            restore_callback(given, f"callback {number}", callback)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        given, self._given = self._given, None
        self._decisions.begin_epoch()
        if given is None or not given.values["step"]:
            return
        if self._replicas.count == 1:
            given.restore("metrics", self.model.metrics_variables)
        else:
            self._replicas.give(self._of_each_replica(), given.list_of("of_each_replica") or ())

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        history = self._history
        if history.step == history.train_batches.steps:
            return  # the epoch ends: validation belongs to it
        self._steps_since += 1
        steps = self._steps_since * max(self.model.steps_per_execution, 1)
        every_steps, now = self._checkpoints.every_steps, time.monotonic()
        is_due = now - self._last >= self._checkpoints.every_seconds or (every_steps and steps >= every_steps)
        commits = self._decisions.after_step(
            is_due=bool(is_due and self._checkpoints.folder is not None), most=every_steps
        )
        if commits is None:
            return
        if commits and (self._checkpoints.folder is not None or self._replicas.workers > 1):
            self._commit(self._state(history.epoch, history.step))
        self._pending.stop_if_asked()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self._decisions.exchange_signals()
        is_recent = time.monotonic() - self._last < self._cost / _SHARE
        must = self.model.stop_training or epoch + 1 == self._last_epoch or self._pending.number
        is_due = self._checkpoints.folder is not None and (must or not is_recent)
        if is_due or self._wants_epoch_end:
            state = self._state(epoch + 1, 0)
            self.epoch_end = state if self._wants_epoch_end else None  # it is a copy of all weights
            if is_due:
                self._commit(state)
        self._pending.stop_if_asked()

    def stop_if_asked(self) -> None:
        """Raises: Stopped: a signal came; what was committed stands."""
        self._decisions.stop_if_asked()

    def _commit(self, state: State) -> None:
        folder = self._checkpoints.folder
        if folder is None:  # the chief writes it
            return
        started = time.monotonic()
        self._number += 1
        refuse_full_disk(folder, sum(array.nbytes for array in state.arrays.values()))
        commits.write(folder, self._number, state.values, state.save)
        self._history.observer.checkpoint_written(state.values["epoch"], state.values["step"])
        self._last = time.monotonic()
        self._cost, self._steps_since = self._last - started, 0

    def _of_each_replica(self) -> list[Any]:
        """The variables that differ from replica to replica within an epoch."""
        return [*self.model.metrics_variables, *statistics(self._network.full_model)]

    def _state(self, epoch: int, step: int) -> State:
        """The whole state after so many whole epochs and steps of the next one."""
        state = State({**self._seeds.values}, {**self._seeds.arrays})
        best, history = self._best, self._history
        state.values |= {
            "phase": self._phase,
            "first": self._first,
            "epoch": epoch,
            "step": step,
            "last": self._last_epoch,
            "is_stopping": bool(self.model.stop_training),
            "best": {"value": best.value, "epoch": best.epoch},
            "watcher": history.kept(),
        }
        state.capture_list("best_weights", best.weights or None)
        state.capture("model", self._network.variables)
        state.capture("optimizer", self.model.optimizer.variables)
        if self._replicas.count == 1:
            state.capture("metrics", self.model.metrics_variables if step else ())
        else:
            state.values["replicas"] = self._replicas.count
            values = self._replicas.values_of(self._of_each_replica()) if step else None
            state.capture_list("of_each_replica", values)
        for number, callback in enumerate(self._callbacks):
            capture_callback(state, f"callback {number}", callback)
        return state
