"""The learning-rate range test: train some batches while the learning rate rises, and watch the loss.

L. N. Smith, "Cyclical Learning Rates for Training Neural Networks" (2015, arXiv:1506.01186), section 3.3, with the changes
of fastai (J. Howard and S. Gugger, "Fastai: A Layered API for Deep Learning", 2020): the rate rises exponentially from batch to
batch, and the test ends when the loss exceeds four times its minimum.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import keras

from cnncli import keras_internals
from cnncli.data.pipeline import Batches
from cnncli.network.build import Network
from cnncli.network.checks import freeze
from cnncli.network.instantiate import make, make_optimizer
from cnncli.recipe.keras_objects.objects import KerasObject
from cnncli.recipe.phases import TrainingPhase
from cnncli.recipe.schema import Recipe
from cnncli.training import fused_operations
from cnncli.training.augmentation import Augment, training_model
from cnncli.training.fit import losses_and_metrics
from cnncli.training.stop_signals import deferred

SMALLEST, LARGEST = 1e-6, 10.0  # learning rates
STEPS = 140  # 20 for each factor of 10
_TOO_LARGE = 4  # times the smallest loss
_LEAST_STEPS = 20  # before the test may end early
_SMOOTHING = 0.8  # of the running mean that decides when it ends

# (step, steps, learning rate, loss)
Progress = Callable[[int, int, float, float], None]


@dataclass(frozen=True)
class RangeTest:
    """The losses of a range test.

    Attributes:
        rates: the learning rate of each step, rising.
        losses: of its batch, before the step; the last one may be infinite or no number.
        ended: why it ended before `LARGEST`: `diverged` (the loss is far above its minimum), `not finite`, or empty.
    """

    rates: tuple[float, ...]
    losses: tuple[float, ...]
    ended: str


def range_test(
    network: Network,
    recipe: Recipe,
    phase: TrainingPhase,
    train: Batches,
    *,
    progress: Progress,
    stopping: Callable[[int], None],
    augment: Augment | None = None,
) -> RangeTest:
    """Train a network with a rising learning rate; its weights are of no use afterwards.

    Args:
        network: with its first weights.
        phase: whose layers learn, with its optimizer; a learning rate schedule is left out.
        train: shuffled batches; the data is repeated where there are fewer than `STEPS`.
        progress: notified of each step.
        stopping: is called with the number of the first signal; the step in progress is ended.
        augment: as for `fit`.

    Raises:
        Stopped: a signal came.
    """
    freeze(network, recipe, phase)
    model, taken = training_model(network, train, augment)
    model.compile(
        optimizer=_optimizer(phase.optimizer, SMALLEST),
        jit_compile=False,
        steps_per_execution=1,
        **{**losses_and_metrics(recipe), "metrics": None},
    )
    with deferred(stopping) as pending, train.failing_as_itself(), fused_operations.fused():
        rising = _RisingRate(train, progress, pending.stop_if_asked)
        keras_internals.build_symbolically(model, train.dataset().element_spec)
        model.fit(
            taken.dataset(),
            epochs=math.ceil(STEPS / train.steps),
            callbacks=[rising],
            shuffle=False,  # the batches come shuffled
            verbose=0,
        )
        pending.stop_if_asked()
    return RangeTest(tuple(rising.rates), tuple(rising.losses), rising.ended)


def rate_at(step: int) -> float:
    """The learning rate of a step, counted from 0."""
    return float(SMALLEST * (LARGEST / SMALLEST) ** (step / (STEPS - 1)))


def _optimizer(found: KerasObject, rate: float) -> Any:
    """An optimizer with a learning rate that can be set."""
    if not found.is_identifier:
        return make(replace(found, args={**found.args, "learning_rate": rate}))
    optimizer = make_optimizer(found)
    optimizer.learning_rate = rate
    return optimizer


class _RisingRate(keras.callbacks.Callback):
    """Raises the learning rate from step to step, and keeps the loss of each batch alone."""

    def __init__(self, train: Batches, progress: Progress, stop_if_asked: Callable[[], None]) -> None:
        super().__init__()
        self.train_batches = train
        self.progress = progress
        self.stop_if_asked = stop_if_asked
        self.rates: list[float] = []
        self.losses: list[float] = []
        self.ended = ""
        self.mean = self.weight = 0.0
        self.first = self.least = math.nan

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.train_batches.epoch.assign(epoch)  # another order each time

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        self.stop_if_asked()
        self.model.reset_metrics()  # Keras gives the mean of all batches since
        self.rates.append(rate_at(len(self.rates)))
        self.model.optimizer.learning_rate = self.rates[-1]

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        loss = float((logs or {})["loss"])
        self.losses.append(loss)
        self.progress(len(self.losses), STEPS, self.rates[-1], loss)
        self.ended = self._end(loss)
        if self.ended or len(self.losses) == STEPS:
            self.model.stop_training = True

    def _end(self, loss: float) -> str:
        if not math.isfinite(loss):
            return "not finite"
        self.mean = _SMOOTHING * self.mean + (1 - _SMOOTHING) * loss
        self.weight = _SMOOTHING * self.weight + (1 - _SMOOTHING)
        mean = self.mean / self.weight
        if len(self.losses) == 1:
            self.first = self.least = mean
        self.least = min(self.least, mean)
        # A loss may be negative, and batches are noisy: only a loss above the first one is a diverged one.
        limit = max(self.first, self.least + (_TOO_LARGE - 1) * abs(self.least))
        return "diverged" if mean > limit and len(self.losses) >= _LEAST_STEPS else ""
