"""Train a built network on its splits, phase by phase."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import keras
import numpy as np

from cnncli.data.pipeline import Batches
from cnncli.errors import DivergedError
from cnncli.network.build import Network
from cnncli.network.checks import freeze
from cnncli.network.objects import make, make_optimizer
from cnncli.recipe.objects import KerasObject
from cnncli.recipe.outputs import outputs_of
from cnncli.recipe.phases import TrainingPhase, epochs_of, phases_of
from cnncli.recipe.schema import Recipe
from cnncli.training import features
from cnncli.training.steps import forward_multiply_adds, steps_per_execution

_TRAINING = ("frozen_part", "first_step", "steps")  # what training examples take, of all that is timed


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


@dataclass(frozen=True)
class Fitted:
    """What training gave; the network holds the best weights.

    Attributes:
        history: a row an epoch: `epoch` from 1, `phase` where there are several, `loss` and the metrics, their `val_`
            forms, `learning_rate`, `seconds`.
        best_epoch: from 1; the epoch whose weights the network has now.
        monitor: what decided it.
        stopped: why training ended before its last epoch; empty when it did not.
        seconds: of training and validation.
        images_per_second: training examples seen, over the time without validation's share.
        phases: how each phase that began was computed.
        later_steps: how many steps of the optimizer `times["steps"]` is the time of.
        times: seconds by what they went to: `frozen_part`, `first_step`, `steps`, `validation`, `between`.
    """

    history: list[dict[str, Any]]
    best_epoch: int
    monitor: str
    stopped: str
    seconds: float
    images_per_second: float
    phases: tuple[PhaseReport, ...]
    later_steps: int
    times: dict[str, float]


@dataclass(frozen=True)
class PhaseReport:
    """How a phase was computed.

    Attributes:
        name: of the phase; empty where there is one only.
        features_after: the layer behind which training began, as all before it was computed once; empty when it was not.
        steps_per_execution: steps before Python is asked again.
    """

    name: str
    features_after: str
    steps_per_execution: int


def fit(
    network: Network,
    recipe: Recipe,
    train: Batches,
    validation: Batches,
    *,
    observer: Observer,
    class_weight: Mapping[int, float] | None = None,
) -> Fitted:
    """Train a network through all phases and give it its best weights.

    Args:
        network: built; it is compiled here, for each phase anew.
        recipe: phases, losses, metrics, `max_time`.
        train: shuffled batches.
        validation: batches in order.
        observer: told of every step and epoch.
        class_weight: class number -> weight of its examples in the loss.

    Raises:
        DivergedError: the loss is no longer finite; says epoch, step and learning rate.
    """
    started = time.monotonic()
    best = _Best(network.full_model, *_monitor(recipe))
    watcher = _Watcher(train, observer, recipe.train.max_time)
    stopped, reports = "", []
    for phase in phases_of(recipe):
        freeze(network, recipe, phase)
        with train.failing_as_itself(), validation.failing_as_itself():
            work = _work(network, recipe, phase, train, validation, watcher)
            reports.append(work.report)
            # XLA on a processor is slower than without, up to four times on small networks.
            work.model.compile(
                optimizer=make_optimizer(phase.optimizer),
                jit_compile=False,
                steps_per_execution=work.report.steps_per_execution,
                **_losses_and_metrics(recipe),
            )
            watcher.phase = phase
            first = len(watcher.rows)  # a phase that stopped early leaves no gap in the history
            callbacks = [make(callback, **_mode(callback)) for callback in phase.callbacks]
            work.model.fit(
                work.train.dataset(),
                validation_data=work.validation.dataset(),
                initial_epoch=first,
                epochs=first + phase.epochs,
                callbacks=[*callbacks, best, watcher],
                class_weight=dict(class_weight) if class_weight else None,
                shuffle=False,  # the batches come shuffled
                verbose=0,
            )
        stopped = watcher.stopped or _stopped_by(callbacks)
        if watcher.stopped:
            break
    best.restore()
    rows = watcher.rows
    return Fitted(
        rows,
        best.epoch,
        best.monitor,
        stopped if len(rows) < epochs_of(recipe) else "",
        time.monotonic() - started,
        train.count * len(rows) / max(sum(watcher.times[name] for name in _TRAINING), 1e-9),
        tuple(reports),
        watcher.later_steps,
        watcher.times,
    )


@dataclass(frozen=True)
class _Work:
    """What Keras fits in a phase."""

    model: keras.Model
    train: Batches
    validation: Batches
    report: PhaseReport


def _work(
    network: Network, recipe: Recipe, phase: TrainingPhase, train: Batches, validation: Batches, watcher: _Watcher
) -> _Work:
    """The whole network on raw examples, or what is behind its frozen part on features that are computed here, once."""
    planned = features.plan(network, recipe, phase)
    cut, computed = planned.cut, None
    if cut:
        with watcher.timing("frozen_part"):
            computed = features.compute(network, planned, train, validation, watcher.observer.loading)
    behind = cut if computed else None
    wanted = recipe.train.steps_per_execution or steps_per_execution(
        forward_multiply_adds(network, without=behind.layers if behind else ()),
        batch_size=train.batch_size,
        steps=train.steps,
    )
    report = PhaseReport(phase.name, behind.name if behind else "", min(wanted, train.steps))
    if behind and computed:
        return _Work(behind.behind(network), *computed, report)
    return _Work(network.training_model, train, validation, report)


def _losses_and_metrics(recipe: Recipe) -> dict[str, Any]:
    """What `compile` takes: by name where there are several outputs."""
    outputs = outputs_of(recipe)
    losses = {output.name: make(output.loss) for output in outputs if output.loss is not None}
    metrics = {output.name: [make(metric) for metric in recipe.train.metrics] for output in outputs}
    if len(outputs) == 1:
        return {"loss": losses[outputs[0].name], "metrics": metrics[outputs[0].name]}
    return {"loss": losses, "metrics": metrics, "loss_weights": {output.name: output.weight for output in outputs}}


def _monitor(recipe: Recipe) -> tuple[str, str]:
    """What the best epoch is judged by, and whether `min` or `max` is best: what EarlyStopping watches, else val_loss."""
    for phase in phases_of(recipe):
        for callback in phase.callbacks:
            if callback.name == "EarlyStopping":
                return str(callback.args.get("monitor", "val_loss")), _mode(callback)["mode"]
    return "val_loss", "min"


def _mode(callback: KerasObject) -> dict[str, str]:
    """Whether what a callback watches is best low or high; Keras cannot tell for one of several outputs."""
    if "monitor" not in (callback.entry.arguments or {}):
        return {}
    mode = str(callback.args.get("mode", "auto"))
    monitor = str(callback.args.get("monitor", "val_loss"))
    rises = any(word in monitor for word in ("acc", "auc", "precision", "recall", "f1", "iou", "r2"))
    return {"mode": mode if mode != "auto" else "max" if rises else "min"}


def _stopped_by(callbacks: Sequence[Any]) -> str:
    for callback in callbacks:
        if isinstance(callback, keras.callbacks.EarlyStopping) and callback.stopped_epoch:
            return f"no better {callback.monitor} for {callback.patience} epochs"
    return ""


class _Best(keras.callbacks.Callback):
    """Keeps the weights of the best epoch of all phases; Keras' own callbacks begin anew with every phase."""

    def __init__(self, network: keras.Model, monitor: str, mode: str) -> None:
        super().__init__()
        self.network = network
        self.monitor = monitor
        self.sign = 1.0 if mode == "min" else -1.0
        self.value = math.inf
        self.epoch = 0
        self.weights: list[np.ndarray] = []

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        value = self.sign * float((logs or {}).get(self.monitor, math.inf))
        if value < self.value or not self.weights:
            self.value, self.epoch, self.weights = value, epoch + 1, self.network.get_weights()

    def restore(self) -> None:
        self.network.set_weights(self.weights)


class _Watcher(keras.callbacks.Callback):
    """Keeps the history, tells the observer, and stops a run that has diverged or run out of time."""

    phase: TrainingPhase

    def __init__(self, train: Batches, observer: Observer, max_seconds: float | None) -> None:
        super().__init__()
        self.train_batches = train
        self.observer = observer
        self.max_seconds = max_seconds
        self.rows: list[dict[str, Any]] = []
        self.stopped = ""
        self.times = dict.fromkeys((*_TRAINING, "validation", "between"), 0.0)
        self.started = self.epoch_started = self.mark = time.monotonic()
        self.epoch = 0
        self.step = self.later_steps = 0
        self.is_first_step = True

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
        self.epoch, self.step = epoch, 0
        self.epoch_started = time.monotonic()
        self._count("between")
        self.observer.epoch_begins(epoch + 1)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self._count("first_step" if self.is_first_step else "steps")
        logs = logs or {}
        step = min(batch + 1, self.train_batches.steps)  # the last of those that were executed together
        self.later_steps += 0 if self.is_first_step else step - self.step
        self.is_first_step, self.step = False, step
        self._check_finite(logs.get("loss"), f"step {step} of {self.train_batches.steps}", step)
        self.observer.step_done(self.epoch + 1, step, logs)

    def on_test_begin(self, logs: Any = None) -> None:
        self._count("between")

    def on_test_end(self, logs: Any = None) -> None:
        self._count("validation")

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        now = time.monotonic()
        # Keras sorts by name; people look for the loss first.
        names = sorted(logs or {}, key=lambda name: (name.startswith("val_"), not name.endswith("loss")))
        numbers = {name: float(logs[name]) for name in names if name != "learning_rate"}
        row: dict[str, Any] = {"epoch": epoch + 1, **({"phase": self.phase.name} if self.phase.name else {}), **numbers}
        row["learning_rate"] = self._learning_rate()
        row["seconds"] = round(now - self.epoch_started, 3)
        self._check_finite(row.get("val_loss"), "validation", self.train_batches.steps)
        self.rows.append(row)
        self.observer.epoch_ended(epoch + 1, row)
        self._count("between")
        if self.max_seconds is not None and now - self.started >= self.max_seconds and not self.model.stop_training:
            self.model.stop_training = True
            self.stopped = f"max_time of {self.max_seconds:g} s is over"

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
