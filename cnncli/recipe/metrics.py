"""Names of metrics: the columns of the history, and whether high or low values are best."""

from __future__ import annotations

from cnncli.recipe.keras_objects.objects import KerasObject
from cnncli.recipe.layers import snake_case
from cnncli.recipe.schema import Recipe


def metric_names(recipe: Recipe) -> list[str]:
    """The columns of the history without `val_`: `loss` and the metrics, as Keras names them."""
    own = [metric_name(metric) for metric in recipe.train.metrics]
    if len(recipe.model.outputs) < 2:
        return ["loss", *own]
    each = [f"{output}_{name}" for output in recipe.model.outputs for name in ["loss", *own]]
    return ["loss", *each]


def metric_name(metric: KerasObject) -> str:
    """The name that a metric has, or that Keras gives the first one of its class in a process."""
    if metric.is_identifier:
        return metric.name
    default = (metric.entry.arguments or {}).get("name")
    name = metric.args.get("name") or (default.default if default and isinstance(default.default, str) else None)
    return str(name or snake_case(metric.entry.canonical))


_RISING = (
    "acc", "auc", "precision", "recall", "f1", "fbeta", "iou", "io_u", "r2", "sensitivity", "specificity", "correlation",
    "similarity",
)  # fmt: skip
_FALLING = ("loss", "error", "crossentropy", "hinge", "divergence", "poisson", "mse", "mae", "mape", "msle", "cosh")


def best_direction(name: str) -> str | None:
    """`minimize` or `maximize`, as the name of a metric tells; None where it does not."""
    if any(word in name for word in _FALLING):
        return "minimize"
    return "maximize" if any(word in name for word in _RISING) else None
