"""Rules for the section `train` of a recipe: metrics, callbacks, learning rates."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

from cnncli.errors import Problem
from cnncli.messages import counted, described, did_you_mean, listed
from cnncli.recipe import targets
from cnncli.recipe.keras_objects.objects import KerasObject
from cnncli.recipe.layers import name_of
from cnncli.recipe.metrics import metric_name, metric_names
from cnncli.recipe.phases import TrainingPhase, phases_of
from cnncli.recipe.rules import GENERAL
from cnncli.recipe.schema import Recipe
from cnncli.recipe.yaml.nodes import Path


@GENERAL.error_without_network
def _same_metric_twice(recipe: Recipe) -> Iterator[Problem]:
    """Keras counts the second one's name on, and the history would not be the same in every process."""
    first: dict[str, int] = {}
    for index, metric in enumerate(recipe.train.metrics):
        name = metric_name(metric)
        if first.setdefault(name, index) != index:
            hint = f"a name tells them apart: `{metric.name}: {{name: …}}`"
            yield Problem(f"two metrics are named `{name}`", hint, path=("train", "metrics", index))


@GENERAL.error_without_network
def _unknown_monitor(recipe: Recipe) -> Iterator[Problem]:
    """A callback watches a number that there is; Keras only warns, and the callback then does nothing."""
    names = metric_names(recipe)
    known = [*names, *(f"val_{name}" for name in names), "learning_rate"]
    for callback, path, _ in _callbacks(recipe):
        monitor = callback.args.get("monitor", known[0])
        if not isinstance(monitor, str):
            hint = (
                f"by name: `{callback.name}: {{monitor: val_loss, patience: 3}}`; a bare value is the first, `monitor`"
            )
            message = f"{callback.name}: `monitor`: expected a text, got {described(monitor)}"
            yield Problem(message, hint, path=(*path, "monitor"))
        elif monitor not in known:
            yield Problem(
                f"{callback.name}: nothing named `{monitor}` is measured",
                did_you_mean(monitor, known) or f"one of: {listed(known, 20)}",
                path=(*path, "monitor"),
            )


def _callbacks(recipe: Recipe) -> Iterator[tuple[KerasObject, Path, TrainingPhase]]:
    """Every phase's callbacks, each with where it stands: in the phase, or in `train`, of which the phase has it."""
    own = [phase.callbacks for phase in recipe.train.phases] or [recipe.train.callbacks]
    for phase, written in zip(phases_of(recipe), own, strict=True):
        place: Path = ("train",) if written is None else phase.path
        for index, callback in enumerate(phase.callbacks):
            yield callback, (*place, "callbacks", index, callback.name), phase


@GENERAL.error_without_network
def _unknown_expected_metric(recipe: Recipe) -> Iterator[Problem]:
    names = metric_names(recipe)
    known = [f"{prefix}{name}" for prefix in ("test_", "val_", "") for name in names]
    known += [f"test_{name}" for name in targets.scores_of(recipe.data.targets) if f"test_{name}" not in known]
    for name in recipe.expect.metrics:
        if name not in known:
            hint = did_you_mean(name, known) or f"one of: {listed(known, 20)}"
            yield Problem(f"nothing named `{name}` is measured", hint, path=("expect", "metrics", name))


@GENERAL.error_without_network
def _learning_rate_of_two(recipe: Recipe) -> Iterator[Problem]:
    """Keras finds out when the rate is to be reduced for the first time, which may be hours later."""
    for callback, path, phase in _callbacks(recipe):
        rate = phase.optimizer.args.get("learning_rate")
        if callback.name == "ReduceLROnPlateau" and isinstance(rate, KerasObject):
            message = f"ReduceLROnPlateau cannot change the learning rate, because {rate.name} sets it"
            yield Problem(message, "keep one of the two", path=path)


@GENERAL.error_without_network
def _averaged_weights_that_are_not_kept(recipe: Recipe) -> Iterator[Problem]:
    for callback, path, phase in _callbacks(recipe):
        if callback.name == "SwapEMAWeights" and not phase.optimizer.args.get("use_ema"):
            message = "SwapEMAWeights needs an optimizer that averages the weights"
            yield Problem(message, "for example `optimizer: {Adam: {use_ema: true}}`", path=path)


@GENERAL.error
def _nothing_learns(recipe: Recipe) -> Iterator[Problem]:
    """A phase in which every layer is frozen by its own name."""
    names = [name_of(layer) for layer in recipe.model.layers]
    for phase in phases_of(recipe):
        is_frozen = [any(fnmatchcase(name, pattern) for pattern in phase.freeze) for name in names]
        if all(is_frozen) and not phase.unfreeze:
            hint = "freeze only the pretrained layers, not the ones after them"
            yield Problem("`freeze` leaves no layer that learns", hint, path=(*phase.path, "freeze"))


_SHARES = ("accuracy", "precision", "recall", "auc", "f1_score", "acc")  # metrics that go from 0 to 1


@GENERAL.warning
def _share_that_is_expected_in_percent(recipe: Recipe) -> Iterator[Problem]:
    for name, comparison in recipe.expect.metrics.items():
        measured = name.removeprefix("test_").removeprefix("val_")
        bound = float(comparison.strip(" <>="))
        if any(measured.endswith(share) for share in _SHARES) and comparison.strip()[0] in ">=" and bound > 1:
            hint = f'in percent? then it is ">= {bound / 100:g}"' if bound <= 100 else ""
            message = f"`{name}` goes from 0 to 1, and is never {comparison.strip()}"
            yield Problem(message, hint, path=("expect", "metrics", name))


@GENERAL.warning
def _large_learning_rate(recipe: Recipe) -> Iterator[Problem]:
    for phase in phases_of(recipe):
        rate: Any = phase.optimizer.args.get("learning_rate")
        if isinstance(rate, (int, float)) and rate > 1:
            yield Problem(
                f"a learning rate of {rate:g} is very large",
                "0.001 is a usual start for Adam, 0.1 for SGD",
                path=(*phase.path, "optimizer", phase.optimizer.name, "learning_rate"),
            )


@GENERAL.warning
def _patience_and_epochs(recipe: Recipe) -> Iterator[Problem]:
    for callback, path, phase in _callbacks(recipe):
        patience = callback.args.get("patience")
        if isinstance(patience, int) and patience >= phase.epochs:
            message = f"{callback.name}: a patience of {patience} cannot run out in {counted(phase.epochs, 'epoch')}"
            yield Problem(message, path=(*path, "patience"))


@GENERAL.warning
def _smallest_learning_rate(recipe: Recipe) -> Iterator[Problem]:
    for callback, path, phase in _callbacks(recipe):
        rate, smallest = phase.optimizer.args.get("learning_rate"), callback.args.get("min_lr")
        if isinstance(rate, (int, float)) and isinstance(smallest, (int, float)) and smallest >= rate:
            message = (
                f"{callback.name}: `min_lr` {smallest:g} is not below the learning rate {rate:g}, so nothing is reduced"
            )
            yield Problem(message, path=(*path, "min_lr"))
