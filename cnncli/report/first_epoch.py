"""Explain why validation can be better than training in the first epoch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cnncli.plots.learning_curves import VALIDATION_PREFIX, metrics_of, readable
from cnncli.recipe.named_inputs import has_augmentation
from cnncli.recipe.targets import WITHOUT_LABELS
from cnncli.report.material import Material
from cnncli.runs.listing import RISING
from cnncli.runs.record import Row

_FALLING = ("loss", "error", "mae", "mse")
_RANDOM = ("Dropout", "GaussianNoise", "DropBlock", "RandomErasing", "StochasticDepth")  # parts of the names of layers


def explanation(material: Material) -> str:
    """Say which metrics are better on the validation split in the first epoch, and why; empty where none is.

    Only the reasons that hold for the run are given.
    """
    better = list(_better(material.history[0])) if material.history else []
    if not better:
        return ""
    names = " and ".join([", ".join(better[:-1]), better[-1]] if len(better) > 1 else better)
    reasons = [
        "Training values are averages over the epoch, while the weights still improve; "
        "validation uses the weights at the end of the epoch."
    ]
    if active := list(_only_in_training(material)):
        reasons.append(f"{_capitalised(' and '.join(active))} make training harder and are not used in validation.")
    elif _has_levelled_off(material.history) and set(better) <= set(_better(material.history[-1])):
        reasons.append("It is still better in the last epoch: the validation examples are probably easier.")
    data = material.recipe.data if material.recipe else None
    if data and "loss" in better and (data.class_weight or getattr(data.source.settings, "weight", None)):
        whose = "Class" if data.class_weight else "Example"
        reasons.append(f"{whose} weights change the training loss, but not the validation loss.")
    if data and data.balance == "oversample":
        reasons.append("Training draws rare classes more often, validation does not.")
    return f"In the first epoch, validation is better than training in {names}. {' '.join(reasons)}"


def _has_levelled_off(history: Sequence[Row]) -> bool:
    """Whether the training loss of the last epoch is close to that of the one before: then averages hide little."""
    losses = [loss for row in history[-2:] if isinstance(loss := row.get("loss"), int | float)]
    return len(history) > 2 and len(losses) == 2 and abs(losses[0] - losses[1]) <= 0.05 * abs(losses[0])


def _better(row: Row) -> Iterator[str]:
    """The metrics whose validation value is better, in words."""
    for metric in metrics_of(name for name in row if name not in ("epoch", "phase", "seconds")):
        training, validation = row.get(metric), row.get(VALIDATION_PREFIX + metric)
        if not isinstance(training, int | float) or not isinstance(validation, int | float):
            continue
        if any(word in metric.lower() for word in _FALLING):
            is_better = validation < training
        else:
            is_better = any(word in metric.lower() for word in RISING) and validation > training
        if is_better:
            yield readable(metric)


def _only_in_training(material: Material) -> Iterator[str]:
    kinds = {layer.kind or "" for layer in material.network.layers} if material.network else set()
    if any(word in kind for kind in kinds for word in _RANDOM):
        yield "dropout and noise layers" if any("Noise" in kind for kind in kinds) else "dropout layers"
    recipe = material.recipe
    if (
        recipe and has_augmentation(recipe) and recipe.data.targets not in WITHOUT_LABELS
    ):  # these are corrupted in validation too
        yield "augmentation layers"


def _capitalised(words: str) -> str:
    return words[:1].upper() + words[1:]
