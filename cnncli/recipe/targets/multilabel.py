"""Rules and defaults of recipes with `targets: multilabel` (multi-label classification)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from cnncli.errors import Problem
from cnncli.recipe.keras_objects.objects import KerasObject
from cnncli.recipe.layers import output_activation, snake_case
from cnncli.recipe.outputs import loss_class, outputs_of
from cnncli.recipe.rules import Rules
from cnncli.recipe.schema import Recipe
from cnncli.recipe.sources.table import TableSettings, is_range, is_several

RULES = Rules()
NO_CLASSES = ""
STRATIFY = False
METRICS: tuple[Any, ...] = ({"F1Score": {"average": "macro", "threshold": 0.5}}, {"AUC": {"multi_label": True}})
HEAD = "Dense: {units: $classes, activation: sigmoid}"
TRAINING = ("loss: binary_crossentropy          # metrics: macro F1 and AUC follow from the targets",)

_LOSSES = {"BinaryCrossentropy", "BinaryFocalCrossentropy"}
_OF_ONE_CLASS = ("categorical", "sparse", "accuracy")  # in the names of metrics that expect one class for each example


def default_loss(layers: Sequence[KerasObject]) -> KerasObject | None:
    """The binary crossentropy after a sigmoid."""
    if layers and output_activation(layers) == "sigmoid":
        return KerasObject("losses", "binary_crossentropy")
    return None


@RULES.error_without_network
def _source_of_labels(recipe: Recipe) -> Iterator[Problem]:
    source = recipe.data.source.settings
    if not source.brings("multilabel"):
        hint = (
            "use arrays: `source: {npz: {path: photos.npz}}`, where y has the shape (count, labels) and holds 0 and 1"
        )
        message = f"{source.described} has one class for each example, and `targets: multilabel` allows several"
        yield Problem(message, hint, path=("data", "source"))


@RULES.error_without_network
def _labels_of_a_table(recipe: Recipe) -> Iterator[Problem]:
    source = recipe.data.source
    if not isinstance(table := source.settings, TableSettings) or table.label is None:
        return
    path = ("data", "source", source.word)
    if not table.separator and not is_several(table.label) and not is_range(table.label):
        hint = '`separator: "|"` for several labels in one cell; or `label: [cat, dog]`, a column of 0 and 1 for each'
        yield Problem("`separator` is missing: `label` is one column", hint, path=path)
    if table.separator and is_several(table.label):
        message = "`separator` is for labels in one column, and `label` names several"
        yield Problem(message, "leave it out: a column of 0 and 1 is a label", path=(*path, "separator"))


@RULES.error_without_network
def _keys_of_classes(recipe: Recipe) -> Iterator[Problem]:
    data = recipe.data
    if data.class_weight is not None:
        message = "`class_weight` weights examples by their only class, and `targets: multilabel` allows several"
        yield Problem(message, "BinaryFocalCrossentropy gives rare labels more weight", path=("data", "class_weight"))
    for key in ("balance", "per_class"):
        if getattr(data, key) is not None:
            message = f"`{key}` needs one class for each example, and `targets: multilabel` allows several"
            yield Problem(message, "leave it out", path=("data", key))
    if data.split.stratify:
        message = "`stratify` needs one class for each example, and `targets: multilabel` allows several"
        yield Problem(message, "leave it out, or write `stratify: false`", path=("data", "split", "stratify"))


@RULES.error
def _loss_and_last_layer(recipe: Recipe) -> Iterator[Problem]:
    for output in outputs_of(recipe):
        layers = output.layers(recipe) if output.index >= 0 else []
        activation = output_activation(layers) if layers else None
        if activation == "softmax":
            message = "softmax makes one class win, and an example of `targets: multilabel` can have several"
            yield Problem(message, "use `activation: sigmoid`", path=output.path)
        elif output.loss is None:
            message = f"`loss` is missing in `train`: none follows from an activation that is {activation}"
            yield Problem(message, "use `activation: sigmoid`, and binary_crossentropy follows", path=("train",))
        elif loss_class(output.loss) not in _LOSSES:
            message = f"{output.loss.name} expects one class for each example, and `targets: multilabel` allows several"
            yield Problem(message, "use binary_crossentropy or BinaryFocalCrossentropy", path=output.loss_path)
        elif output.loss.args.get("from_logits"):
            message = "metrics would take the outputs for probabilities, and with `from_logits: true` they are logits"
            hint = "leave `from_logits` out and use `activation: sigmoid`: Keras then computes the loss from the logits itself"
            yield Problem(message, hint, path=output.loss_path)
        elif activation is not None and activation != "sigmoid":
            message = f"{output.loss.name} expects probabilities, and the last layer's activation is {activation}"
            yield Problem(message, "use `activation: sigmoid`", path=output.path)


@RULES.error_without_network
def _metrics_of_one_class(recipe: Recipe) -> Iterator[Problem]:
    for index, metric in enumerate(recipe.train.metrics):
        name = snake_case(metric.entry.canonical)
        if name.startswith(_OF_ONE_CLASS) or "top_k" in name:
            message = f"{metric.name} expects one class for each example, and `targets: multilabel` allows several"
            hint = "leave `metrics` out, or use F1Score, AUC, BinaryAccuracy, …"
            yield Problem(message, hint, path=("train", "metrics", index))


@RULES.error_without_network
def _pictures_of_one_class(recipe: Recipe) -> Iterator[Problem]:
    for index, picture in enumerate(recipe.visualize):
        path = ("visualize", index, picture.kind)
        if picture.grad_cam and picture.grad_cam.class_name == "true":
            message = "an example of `targets: multilabel` can have several true labels"
            yield Problem(message, "name the label, or use predicted", path=(*path, "class_name"))
        looked_at = picture.grad_cam or picture.feature_maps
        if looked_at and looked_at.samples == "most_confused":
            message = "most_confused compares pairs of classes, and `targets: multilabel` has none"
            yield Problem(message, "most_wrong shows the examples with the largest errors", path=(*path, "samples"))
