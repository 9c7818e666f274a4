"""Train a built network on its splits."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import keras

from cnncli.data.pipeline import Batches
from cnncli.errors import DivergedError
from cnncli.network.build import Network
from cnncli.network.objects import make, make_optimizer
from cnncli.recipe.schema import Recipe


class Observer(Protocol):
    """Who watches a training run."""

    def epoch_begins(self, epoch: int) -> None: ...

    def step_done(self, epoch: int, step: int, logs: Mapping[str, float]) -> None: ...

    def epoch_ended(self, epoch: int, row: Mapping[str, float]) -> None: ...


@dataclass(frozen=True)
class Fitted:
    """What training gave; the network holds the best weights.

    Attributes:
        history: a row an epoch: `epoch` from 1, `loss` and the metrics, their `val_` forms, `learning_rate`, `seconds`.
        best_epoch: from 1; the epoch whose weights the network has now.
        monitor: what decided it.
        stopped: why training ended before its last epoch; empty when it did not.
        seconds: of training and validation.
        images_per_second: training examples seen, over the time without validation's share.
    """

    history: list[dict[str, float]]
    best_epoch: int
    monitor: str
    stopped: str
    seconds: float
    images_per_second: float


def compile_network(network: Network, recipe: Recipe, loss: Any) -> None:
    """Give the network its optimizer, loss and metrics, and freeze what the recipe freezes."""
    model = network.training_model
    metrics = [make(metric) for metric in recipe.train.metrics]
    # XLA on a processor is slower than without, up to four times on small networks.
    model.compile(optimizer=make_optimizer(recipe.train.optimizer), loss=make(loss), metrics=metrics, jit_compile=False)


def fit(
    network: Network,
    recipe: Recipe,
    train: Batches,
    validation: Batches | None,
    *,
    observer: Observer,
    class_weight: Mapping[int, float] | None = None,
) -> Fitted:
    """Train a compiled network and give it back with its best weights.

    Args:
        network: compiled; see `compile_network`.
        recipe: epochs, callbacks, `max_time`.
        train: shuffled batches.
        validation: batches in order; None when there are none.
        observer: told of every step and epoch.
        class_weight: class number -> weight of its examples in the loss.

    Raises:
        DivergedError: the loss is no longer finite; says epoch, step and learning rate.
    """
    model = network.training_model
    user_callbacks = [make(callback) for callback in recipe.train.callbacks]
    monitor, mode = _monitor(recipe, validation is not None)
    best = keras.callbacks.EarlyStopping(
        monitor=monitor, mode=mode, patience=2**31, restore_best_weights=True, min_delta=0
    )
    watcher = _Watcher(train, observer, recipe.train.max_time)
    started = time.monotonic()
    model.fit(
        train.dataset(),
        validation_data=validation.dataset() if validation else None,
        epochs=recipe.train.epochs,
        callbacks=[*user_callbacks, best, watcher],
        class_weight=dict(class_weight) if class_weight else None,
        verbose=0,
    )
    rows = watcher.rows
    stopped = watcher.stopped or _stopped_by(user_callbacks)
    training_seconds = watcher.training_seconds or 1e-9
    return Fitted(
        rows,
        best.best_epoch + 1,
        monitor,
        stopped if len(rows) < recipe.train.epochs else "",
        time.monotonic() - started,
        train.count * len(rows) / training_seconds,
    )


def _monitor(recipe: Recipe, validated: bool) -> tuple[str, str]:
    """What the best epoch is judged by: what EarlyStopping watches, else the validation loss."""
    for callback in recipe.train.callbacks:
        if callback.name == "EarlyStopping":
            return str(callback.args.get("monitor", "val_loss")), str(callback.args.get("mode", "auto"))
    return ("val_loss" if validated else "loss"), "min"


def _stopped_by(callbacks: Sequence[Any]) -> str:
    for callback in callbacks:
        if isinstance(callback, keras.callbacks.EarlyStopping) and callback.stopped_epoch:
            return f"no better {callback.monitor} for {callback.patience} epochs"
    return ""


class _Watcher(keras.callbacks.Callback):
    """Keeps the history, tells the observer, and stops a run that has diverged or run out of time."""

    def __init__(self, train: Batches, observer: Observer, max_seconds: float | None) -> None:
        super().__init__()
        self.train_batches = train
        self.observer = observer
        self.max_seconds = max_seconds
        self.rows: list[dict[str, float]] = []
        self.stopped = ""
        self.training_seconds = 0.0
        self.started = time.monotonic()

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.train_batches.epoch.assign(epoch)
        self.epoch = epoch
        self.epoch_started = time.monotonic()
        self.observer.epoch_begins(epoch + 1)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        logs = logs or {}
        self.steps_ended = time.monotonic()
        self._check_finite(logs.get("loss"), f"step {batch + 1} of {self.train_batches.steps}", batch + 1)
        self.observer.step_done(self.epoch + 1, batch + 1, logs)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        now = time.monotonic()
        self.training_seconds += self.steps_ended - self.epoch_started
        row = {"epoch": epoch + 1, **{name: float(value) for name, value in (logs or {}).items()}}
        row["learning_rate"] = self._learning_rate()
        row["seconds"] = round(now - self.epoch_started, 3)
        self._check_finite(row.get("val_loss"), "validation", self.train_batches.steps)
        self.rows.append(row)
        self.observer.epoch_ended(epoch + 1, row)
        if self.max_seconds is not None and now - self.started >= self.max_seconds and not self.model.stop_training:
            self.model.stop_training = True
            self.stopped = f"max_time of {self.max_seconds:g} s is over"

    def _learning_rate(self) -> float:
        return float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))

    def _check_finite(self, loss: Any, where: str, step: int) -> None:
        if loss is None or math.isfinite(loss):
            return
        rate = self._learning_rate()
        raise DivergedError(
            f"training diverged: the loss is {float(loss)} in epoch {self.epoch + 1}, {where}, at a learning rate of {rate:g}",
            hint="try a smaller learning rate, scaled inputs (data.prepare: [Rescaling: ...]), or clipnorm in the optimizer",
            details={"epoch": self.epoch + 1, "step": step, "learning_rate": rate, "history": self.rows},
        )
