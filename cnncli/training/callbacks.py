"""Callbacks of a training: history, best weights, time limits, stopping."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

import keras
import numpy as np

from cnncli import keras_internals
from cnncli.data.pipeline import Batches
from cnncli.distribute.replicas import Replicas
from cnncli.errors import DivergedError
from cnncli.recipe.phases import TrainingPhase
from cnncli.tasks.undefined_metrics import without_value

TRAINING = ("frozen_part", "first_step", "steps")  # what training examples take, of all that is timed


class Observer(Protocol):
    """Who watches a training."""

    def epoch_begins(self, epoch: int) -> None:
        """Epochs count from 1, over all phases."""

    def step_done(self, epoch: int, step: int, logs: Mapping[str, float]) -> None:
        """A step counts from 1; `logs` are the means of the epoch so far."""

    def epoch_ended(self, epoch: int, row: Mapping[str, Any]) -> None:
        """A row of the history."""

    def loading(self, what: str, done: int, total: int) -> None:
        """Before the first epoch of a phase: so many of the examples went through the frozen part."""

    def waiting(self, callback: str, monitor: str, epochs: int, patience: int) -> None:
        """A callback with patience, EarlyStopping or ReduceLROnPlateau, has seen no improvement for so many epochs."""

    def checkpoint_written(self, epoch: int, step: int) -> None:
        """The state is on disk: after a step of an epoch, or after the epoch, where the step is 0."""

    def stopping(self, number: int) -> None:
        """A signal came: the step in progress is ended, or the validation, and the state is committed."""


class BestWeights(keras.callbacks.Callback):
    """Keeps the weights of the best epoch of all phases; Keras' own callbacks begin anew with every phase.

    What validation measures belongs to the weights that it was measured on: SwapEMAWeights puts averages in their place
    until validation ends. So this one looks there, and stands before Keras' own callbacks.
    """

    def __init__(self, network: keras.Model, monitor: str, mode: str) -> None:
        super().__init__()
        self.network = network
        self.monitor = monitor
        self.sign = 1.0 if mode == "min" else -1.0
        self.value = math.inf
        self.epoch = 0
        self.weights: list[np.ndarray] = []
        self._now = 0

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._now = epoch + 1

    def on_test_end(self, logs: Any = None) -> None:
        if self.monitor.startswith("val_"):
            name = self.monitor.removeprefix("val_")
            self._look(None if name in without_value(self.model) else (logs or {}).get(name))

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if not self.monitor.startswith("val_"):
            self._look((logs or {}).get(self.monitor))

    def _look(self, measured: Any) -> None:
        value = math.inf if measured is None else self.sign * float(measured)
        if value < self.value or math.isinf(self.value):  # the last epoch where there never is a value
            self.value, self.epoch, self.weights = value, self._now, self.network.get_weights()

    def restore(self) -> None:
        self.network.set_weights(self.weights)


def statistics(network: keras.Model) -> list[Any]:
    """The variables that layers update as they see examples, such as the moving mean of BatchNormalization.

    Each replica updates its own from its own examples.
    """
    layers = [layer for layer in keras_internals.all_layers(network) if layer.trainable]
    found = {id(variable): variable for layer in layers for variable in layer.non_trainable_variables}
    return [variable for variable in found.values() if keras.backend.is_float_dtype(variable.dtype)]


class AverageStatistics(keras.callbacks.Callback):
    """Gives all replicas the mean of their statistics before each validation, so that they validate, and save, one network."""

    def __init__(self, network: keras.Model, replicas: Replicas) -> None:
        super().__init__()
        self._network = network
        self._replicas = replicas

    def on_test_begin(self, logs: Any = None) -> None:
        self._replicas.average(statistics(self._network))


class HistoryCallback(keras.callbacks.Callback):
    """Keeps the history, tells the observer, and stops a run that has diverged or run out of time."""

    phase: TrainingPhase

    def __init__(self, train: Batches, observer: Observer, max_seconds: float | None, replicas: Replicas) -> None:
        super().__init__()
        self.replicas = replicas
        self.train_batches = train
        self.observer = observer
        self.max_seconds = max_seconds
        self.rows: list[dict[str, Any]] = []
        self.rows_before = 0  # of an earlier process
        self.patient: list[keras.callbacks.Callback] = []  # callbacks of this phase that wait for an improvement
        self.reports: list[dict[str, Any]] = []  # of each phase that began, how it is computed
        self.stopped = ""
        self.times = dict.fromkeys((*TRAINING, "validation", "between"), 0.0)
        self.started = self.epoch_started = self.mark = time.monotonic()
        self.epoch = 0
        self.step = self.first_step = self.later_steps = 0
        self.is_first_step = True
        self.undefined: set[str] = set()  # metrics of this epoch that have no value; Keras gives 0

    def kept(self) -> dict[str, Any]:
        """What a run that goes on needs, as JSON holds it."""
        return {
            "rows": list(self.rows),
            "reports": list(self.reports),
            "stopped": self.stopped,
            "elapsed": time.monotonic() - self.started,
        }

    @contextmanager
    def timing(self, name: str) -> Iterator[None]:
        """Count the time within a `with` under a name."""
        started = time.monotonic()
        yield
        self.times[name] += time.monotonic() - started

    def _count(self, name: str) -> None:
        """Count the time since the last call under a name."""
        now = time.monotonic()
        self.times[name] += now - self.mark
        self.mark = now

    def on_train_begin(self, logs: Any = None) -> None:
        self.mark, self.is_first_step = time.monotonic(), True

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.train_batches.epoch.assign(epoch)
        self.epoch, self.step = epoch, self.first_step
        self.epoch_started = time.monotonic()
        self.undefined = set()
        self._count("between")
        self.observer.epoch_begins(epoch + 1)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self._count("first_step" if self.is_first_step else "steps")
        logs = logs or {}
        step = min(
            self.first_step + batch + 1, self.train_batches.steps
        )  # the last of those that were executed together
        self.later_steps += 0 if self.is_first_step else step - self.step
        self.is_first_step, self.step = False, step
        self._check_finite(logs.get("loss"), f"step {step} of {self.train_batches.steps}", step)
        self.observer.step_done(self.epoch + 1, step, logs)

    def on_test_begin(self, logs: Any = None) -> None:
        self.undefined = without_value(self.model)
        self._count("between")

    def on_test_end(self, logs: Any = None) -> None:
        self.undefined |= {f"val_{name}" for name in without_value(self.model)}
        self._count("validation")

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        now = time.monotonic()
        # Keras sorts by name; people look for the loss first.
        names = sorted(logs or {}, key=lambda name: (name.startswith("val_"), not name.endswith("loss")))
        names = [name for name in names if name != "learning_rate"]
        numbers = {name: None if name in self.undefined else float(logs[name]) for name in names}
        row: dict[str, Any] = {"epoch": epoch + 1, **({"phase": self.phase.name} if self.phase.name else {}), **numbers}
        row["learning_rate"] = self._learning_rate()
        row["seconds"] = round(now - self.epoch_started, 3)
        self._check_finite(row.get("val_loss"), "validation", self.train_batches.steps)
        self.rows.append(row)
        self.observer.epoch_ended(epoch + 1, row)
        for callback in self.patient:
            self.observer.waiting(type(callback).__name__, callback.monitor, callback.wait, callback.patience)
        self._count("between")
        if self.max_seconds is None or self.model.stop_training:
            return
        is_over = self.replicas.is_chief and now - self.started >= self.max_seconds
        if any(self.replicas.sums([is_over])):  # all stop after the same epoch
            self.model.stop_training = True
            self.stopped = f"max_time: {self.max_seconds:g} s are over"

    def _learning_rate(self) -> float:
        return float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))

    def _check_finite(self, loss: Any, where: str, step: int) -> None:
        if loss is None or math.isfinite(loss):
            return
        epoch, rate = self.epoch + 1, self._learning_rate()
        raise DivergedError(
            f"training diverged: the loss is {float(loss)} in epoch {epoch}, {where}, at a learning rate of {rate:g}",
            hint="try a smaller learning rate, inputs scaled with data.prepare, or clipnorm in the optimizer",
            details={"epoch": epoch, "step": step, "learning_rate": rate, "history": self.rows},
        )
