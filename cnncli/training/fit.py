"""Train a network, phase by phase."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import keras

from cnncli import keras_internals
from cnncli.data.pipeline import Batches
from cnncli.distribute.replicas import Replicas, alone
from cnncli.errors import ResourceError
from cnncli.network.build import Network
from cnncli.network.checks import freeze
from cnncli.network.instantiate import make, make_optimizer
from cnncli.recipe.keras_objects.objects import KerasObject
from cnncli.recipe.outputs import outputs_of
from cnncli.recipe.phases import TrainingPhase, phases_of
from cnncli.recipe.schema import Recipe
from cnncli.training import features, fused_operations, xla
from cnncli.training.augmentation import Augment, training_model
from cnncli.training.callbacks import TRAINING, AverageStatistics, BestWeights, HistoryCallback, Observer
from cnncli.training.checkpointing import CheckpointCallback, Checkpoints
from cnncli.training.state import State, forget_stops
from cnncli.training.steps import forward_multiply_adds, steps_per_execution
from cnncli.training.stop_signals import deferred


@dataclass(frozen=True)
class Fitted:
    """What training gave; the network holds the best weights.

    Attributes:
        history: a row an epoch: `epoch` from 1, `phase` where there are several, `loss` and the metrics, their `val_`
            forms, `learning_rate`, `seconds`. A metric that has no value on the examples is None.
        best_epoch: from 1; the epoch whose weights the network has now.
        monitor: what decided it.
        stopped: why training ended before its last epoch; empty when it did not. Where only earlier phases ended early,
            their reports say why.
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
        epochs: how many the phase trained.
        stopped: why it ended before its last epoch; empty when it did not.
        jit_compile: whether XLA compiled the steps.
        fused_operations: whether the steps use the operations of `training.fused_operations`.
    """

    name: str
    features_after: str
    steps_per_execution: int
    epochs: int = 0
    stopped: str = ""
    jit_compile: bool = False
    fused_operations: bool = False

    def to_json(self) -> dict[str, Any]:
        """What run.json holds; it mentions XLA and fused operations only where they were used."""
        return {name: value for name, value in asdict(self).items() if value is not False}


def fit(
    network: Network,
    recipe: Recipe,
    train: Batches,
    validation: Batches,
    *,
    observer: Observer,
    checkpoints: Checkpoints | None = None,
    augment: Augment | None = None,
    replicas: Replicas | None = None,
) -> Fitted:
    """Train a network through all phases and give it its best weights.

    Args:
        network: built; it is compiled here, for each phase anew.
        recipe: phases, losses, metrics, `max_time`.
        train: shuffled batches, with the weights of the examples in the loss where they have some.
        validation: batches in order, without weights.
        observer: notified of every step and epoch.
        checkpoints: where the state is committed, and where training goes on from; None: nowhere, from the beginning.
        augment: see `training_model`.
        replicas: in whose scope the network was built; None: one alone. Each process of theirs must call this.

    Raises:
        Stopped: a signal came; the step in progress was ended and committed.
        ModelFileError: the state to go on from does not fit.
        DivergedError: the loss is no longer finite; says epoch, step and learning rate.
    """
    checkpoints, replicas = checkpoints or Checkpoints(), replicas or alone()
    started = time.monotonic()
    best = BestWeights(network.full_model, *monitored(recipe))
    history = HistoryCallback(train, observer, recipe.train.max_time, replicas)
    first_callbacks = [AverageStatistics(network.full_model, replicas), best] if replicas.count > 1 else [best]
    stopped, phases = "", phases_of(recipe)
    with (
        replicas.scope(),
        deferred(observer.stopping) as pending,
        train.failing_as_itself(),
        validation.failing_as_itself(),
    ):
        checkpointing = CheckpointCallback(network, checkpoints, best, history, pending, replicas)
        state = checkpoints.resume
        if state is not None:
            checkpointing.begin_again(state)
        for index, phase in enumerate(phases):
            if state is not None and index < state.values["phase"]:
                continue
            checkpointing.stop_if_asked()
            freeze(network, recipe, phase)
            first = len(history.rows) if state is None else state.values["first"]
            checkpointing.begin_phase(index, first, state)  # a phase that stopped early leaves no gap in the history
            kept = history.reports[index] if index < len(history.reports) else None
            work = _work(network, recipe, phase, train, validation, history, checkpointing, kept, augment, replicas)
            history.reports[index:] = [asdict(work.report)]
            work.model.compile(
                optimizer=make_optimizer(phase.optimizer),
                jit_compile=work.report.jit_compile,
                steps_per_execution=work.report.steps_per_execution,
                **losses_and_metrics(recipe, weighs_places=train.weighs_places),
            )
            if replicas.count > 1:
                keras_internals.add_gradients_first(work.model.optimizer)
            history.phase = phase
            callbacks = [make(callback, **_mode(callback)) for callback in phase.callbacks]
            history.patient = [each for each in callbacks if isinstance(each, _PATIENT)]
            together = [*first_callbacks, *callbacks, history, checkpointing]
            with fused_operations.fused(work.report.fused_operations):
                _fit_phase(work, first + phase.epochs, together, callbacks, state, replicas)
            if state is not None:
                state.arrays.clear()  # a copy of all weights
                state = None
            done = len(history.rows) - first
            has_ended_early = done < phase.epochs or (history.stopped and index + 1 < len(phases))
            stopped = (history.stopped or _stopped_by(callbacks)) if has_ended_early else ""
            history.reports[index] |= {"epochs": done, "stopped": stopped}
            if history.stopped:
                break
        checkpointing.stop_if_asked()
        best.restore()
    rows = history.rows
    return Fitted(
        rows,
        best.epoch,
        best.monitor,
        stopped,
        time.monotonic() - started,
        train.count * (len(rows) - history.rows_before) / max(sum(history.times[name] for name in TRAINING), 1e-9),
        tuple(PhaseReport(**report) for report in history.reports),
        history.later_steps,
        history.times,
    )


def _fit_phase(
    work: _Work,
    last: int,
    callbacks: Sequence[keras.callbacks.Callback],
    kerases: Sequence[keras.callbacks.Callback],
    state: State | None,
    replicas: Replicas,
) -> None:
    """Let Keras fit a phase, from its beginning or from a state within it.

    Args:
        last: the number of the epoch with which it ends at the latest, counted from 1 over all phases.
        callbacks: all of them; the last two are those of the history and of checkpoints.
        kerases: those of the recipe.
    """
    *_, history, checkpointing = callbacks
    epoch = state.values["epoch"] if state else len(history.rows)
    is_stopping = state is not None and state.values["is_stopping"]
    if state is not None and last > state.values["last"]:  # there are more epochs now
        is_stopping, history.stopped, history.started = False, "", time.monotonic()
        forget_stops(state)

    def fit(begin: int, end: int, given: State | None, step: int = 0) -> None:
        checkpointing.watch(kerases, last, given, wants_epoch_end=step > 0)
        history.first_step = step
        dataset = replicas.dataset(work.train, first_step=step)
        # Else the first step makes the variables of the optimizer and the metrics, and TensorFlow traces it twice.
        keras_internals.build_symbolically(work.model, work.encoded.dataset().element_spec)
        work.model.fit(
            dataset,
            validation_data=replicas.dataset(work.validation),
            initial_epoch=begin,
            epochs=end,
            callbacks=list(callbacks),
            shuffle=False,  # the batches come shuffled
            verbose=0,
        )

    if state is not None and state.values["step"]:
        # The rest of an epoch is a `fit` of its own; the next one goes on from its end as from any other state.
        fit(epoch, epoch + 1, state, state.values["step"])
        if work.model.stop_training or epoch + 1 == last:
            return
        epoch, state = epoch + 1, checkpointing.epoch_end
    fit(epoch, epoch if is_stopping else last, state)


@dataclass(frozen=True)
class _Work:
    """What Keras fits in a phase.

    Attributes:
        encoded: the batches of the training with encoded targets, as losses take them.
        train: those that the model takes.
    """

    model: keras.Model
    encoded: Batches
    train: Batches
    validation: Batches
    report: PhaseReport


def _work(
    network: Network,
    recipe: Recipe,
    phase: TrainingPhase,
    train: Batches,
    validation: Batches,
    history: HistoryCallback,
    checkpointing: CheckpointCallback,
    kept: Mapping[str, Any] | None,
    augment: Augment | None,
    replicas: Replicas,
) -> _Work:
    """The whole network on raw examples, or what is behind its frozen part on features that are computed here, once.

    Args:
        kept: the report of this phase, where it began in an earlier process: it goes on in the same way.
    """
    planned = features.plan(network, recipe, phase)
    cut, computed = planned.cut, None
    if augment or (kept is not None and not kept["features_after"]):
        cut = None  # features are of inputs that are augmented alone
    if cut:

        def progress(what: str, done: int, total: int) -> None:
            checkpointing.stop_if_asked()
            history.observer.loading(what, done, total)

        with history.timing("frozen_part"):
            computed = features.compute(network, planned, train, validation, progress, replicas)
    behind = cut if computed else None
    if kept is not None and kept["features_after"] != (behind.name if behind else ""):
        raise ResourceError(
            f"the run trained on features after {kept['features_after']}, and there is no room for them now",
            hint="free some memory, or some space for the cache (see: cnncli doctor)",
        )
    if replicas.count > 1:
        wanted = 1  # Keras fails at several steps
    elif kept:
        wanted = kept["steps_per_execution"]
    else:
        wanted = recipe.train.steps_per_execution or steps_per_execution(
            forward_multiply_adds(network, without=behind.layers if behind else ()),
            batch_size=train.batch_size,
            steps=train.steps,
        )
    report = PhaseReport(phase.name, behind.name if behind else "", min(wanted, train.steps))
    if behind and computed:
        encoded, validation = computed
        model, taken, augmentation = behind.behind(network), encoded, None
    else:
        encoded, augmentation = train, network.augmentation
        model, taken = training_model(network, train, augment)
    report = replace(
        report,
        jit_compile=xla.compiles(model, augmentation),
        # A run that an earlier version of cnncli began goes on in Keras' operations.
        fused_operations=kept is None or kept.get("fused_operations", False),
    )
    return _Work(model, encoded, taken, validation, report)


def losses_and_metrics(recipe: Recipe, *, weighs_places: bool = False) -> dict[str, Any]:
    """What `compile` takes: by name where there are several outputs.

    Args:
        weighs_places: as of `Batches`: what does not count in the loss does not count in the metrics.
    """
    outputs = outputs_of(recipe)
    losses = {output.name: make(output.loss) for output in outputs if output.loss is not None}
    metrics = {output.name: [make(metric) for metric in recipe.train.metrics] for output in outputs}
    if weighs_places and recipe.data.class_weight is not None:
        for metric in (metric for some in metrics.values() for metric in some):
            _count_places_alike(metric)
    of_metrics = "weighted_metrics" if weighs_places else "metrics"
    if len(outputs) == 1:
        return {"loss": losses[outputs[0].name], of_metrics: metrics[outputs[0].name]}
    return {"loss": losses, of_metrics: metrics, "loss_weights": {output.name: output.weight for output in outputs}}


def _count_places_alike(metric: Any) -> None:
    """Let a metric leave out what weighs nothing, and count the rest alike: weights of classes are for the loss.

    Those of IoU would cut the weights to integers: a class with 0.6 would not count at all.
    """
    update = metric.update_state

    def update_state(y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        return update(y_true, y_pred, None if sample_weight is None else keras.ops.cast(sample_weight > 0, "float32"))

    metric.update_state = update_state


_PATIENT = (keras.callbacks.EarlyStopping, keras.callbacks.ReduceLROnPlateau)


def monitored(recipe: Recipe) -> tuple[str, str]:
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
    """Say which callback ended a phase before its last epoch, and why."""
    for callback in callbacks:
        if isinstance(callback, keras.callbacks.EarlyStopping) and callback.stopped_epoch:
            epochs = "1 epoch" if callback.patience <= 1 else f"{callback.patience} epochs"
            least = f" by {abs(callback.min_delta):g}" if callback.min_delta else ""
            return (
                f"EarlyStopping: {callback.monitor} did not improve{least} for {epochs} "
                f"(patience {callback.patience}) after epoch {callback.best_epoch + 1}"
            )
    return f"stopped by a callback: {', '.join(type(callback).__name__ for callback in callbacks)}"
