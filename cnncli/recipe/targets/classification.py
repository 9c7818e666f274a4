"""Rules and defaults of recipes with `targets: classes` (classification)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cnncli.errors import Problem
from cnncli.recipe.check_tables import separator_of_one_label
from cnncli.recipe.deferred import Unknown
from cnncli.recipe.keras_objects.objects import KerasObject
from cnncli.recipe.known_data import declared_classes
from cnncli.recipe.layers import name_of, output_activation, output_units, snake_case
from cnncli.recipe.outputs import REGRESSION_LOSSES, Output, loss_class, outputs_of
from cnncli.recipe.rules import Rules
from cnncli.recipe.schema import Recipe
from cnncli.recipe.sources.volumes import VolumeFolder

RULES = Rules()
NO_CLASSES = ""
STRATIFY = True
METRICS = ("accuracy",)
HEAD = "Dense: {units: $classes, activation: softmax}"
TRAINING = ("loss: sparse_categorical_crossentropy", "metrics: [accuracy]")

_PROBABILITIES = {"softmax", "sigmoid", "hard_sigmoid", "sparsemax", "sparse_sigmoid"}
_BINARY_LOSSES = {"BinaryCrossentropy", "BinaryFocalCrossentropy"}
_MULTICLASS_LOSSES = {
    "CategoricalCrossentropy",
    "SparseCategoricalCrossentropy",
    "CategoricalFocalCrossentropy",
}


def default_loss(layers: Sequence[KerasObject]) -> KerasObject | None:
    """The crossentropy that fits the last of these layers."""
    if not layers:
        return None
    activation, units = output_activation(layers), output_units(layers)
    if activation == "sigmoid" and (units == 1 or not isinstance(units, int)):
        return KerasObject("losses", "binary_crossentropy")
    if activation == "softmax":
        return KerasObject("losses", "sparse_categorical_crossentropy")
    return None


@RULES.error_without_network
def _source_of_classes(recipe: Recipe) -> Iterator[Problem]:
    source = recipe.data.source.settings
    if not source.brings("classes"):
        own = source.usual_targets
        message = f"{source.described} brings {own}, and `targets: classes` need one class for each example"
        yield Problem(message, f"leave `targets` out: it is `{own}`", path=("data", "targets"))


@RULES.error_without_network
def _classes_of_folders(recipe: Recipe) -> Iterator[Problem]:
    settings = recipe.data.source.settings
    if isinstance(settings, VolumeFolder) and settings.classes is not None:
        hint = "leave it out: each class has a folder; or write `targets: masks`"
        path = ("data", "source", "volume_folder", "classes")
        yield Problem("`classes` names what masks hold, and `targets` are classes", hint, path=path)


@RULES.error_without_network
def _label_of_a_table(recipe: Recipe) -> Iterator[Problem]:
    yield from separator_of_one_label(recipe, "an example of `targets: classes` has one class")


@RULES.error
def _loss_and_last_layer(recipe: Recipe) -> Iterator[Problem]:
    """The loss fits what the last layer gives; Keras takes any pair without a word."""
    for output in outputs_of(recipe):
        if output.index >= 0:
            yield from _loss_and_layer(recipe, output)


def _loss_and_layer(recipe: Recipe, output: Output) -> Iterator[Problem]:
    layers, loss = output.layers(recipe), output.loss
    activation, units = output_activation(layers), output_units(layers)
    if loss is None:
        if activation is not None:
            message = (
                f"`loss` is missing in `train`: none follows from the last layer, whose activation is {activation}"
            )
            hint = "for classes `activation: softmax` is usual; the loss follows from it\n"
            hint += "for regression write `targets: numbers` in `data`; the loss is then mean_squared_error"
            yield Problem(message, hint, path=("train",))
        return
    name = loss_class(loss)
    if activation is None or name not in _BINARY_LOSSES | _MULTICLASS_LOSSES:
        return
    wanted = "sigmoid" if name in _BINARY_LOSSES else "softmax"
    from_logits = bool(loss.args.get("from_logits"))
    last = output.path
    if not from_logits and activation not in _PROBABILITIES:
        hint = f"add `activation: {wanted}`, or write `loss: {{{name}: {{from_logits: true}}}}`"
        message = f"{loss.name} needs probabilities, and the last layer's activation is {activation}"
        yield Problem(message, hint, path=last)
    elif from_logits and activation in _PROBABILITIES:
        message = f"`from_logits: true` needs a last layer without activation, not {activation}"
        hint = f"leave out `from_logits`, or `activation: {activation}` in the last layer"
        yield Problem(message, hint, path=output.loss_path)
    elif name in _BINARY_LOSSES and activation == "softmax" and units == 1 and not isinstance(units, Unknown):
        hint = "use sigmoid for two classes, or `units: $classes` and sparse_categorical_crossentropy"
        yield Problem("softmax of one output is always 1, so that nothing is learned", hint, path=last)
    elif name in _MULTICLASS_LOSSES and units == 1 and not isinstance(units, Unknown):
        hint = "use `units: $classes` and softmax, or binary_crossentropy for two classes"
        yield Problem(f"{loss.name} needs an output for every class, and the last layer has 1", hint, path=last)


@RULES.error
def _outputs_and_classes(recipe: Recipe) -> Iterator[Problem]:
    """The last layer has as many outputs as there are classes, where both are known."""
    classes = declared_classes(recipe)
    for output in outputs_of(recipe):
        units = output_units(output.layers(recipe)) if output.index >= 0 else None
        if output.loss is None or not classes or units is None or isinstance(units, Unknown):
            continue
        kind = loss_class(output.loss)
        if kind in _BINARY_LOSSES and units == 1 and classes > 2:
            hint = "use `units: $classes`, softmax and sparse_categorical_crossentropy"
            message = f"{output.loss.name} with one output is for 2 classes, and the data has {classes}"
            yield Problem(message, hint, path=output.loss_path)
        elif kind in _MULTICLASS_LOSSES and (units < classes or (not kind.startswith("Sparse") and units != classes)):
            name = name_of(recipe.model.layers[output.index])
            message = f"the labels need {classes} outputs, and layer `{name}` has {units}"
            yield Problem(message, "use `units: $classes`", path=output.path)


@RULES.error
def _metrics_and_loss(recipe: Recipe) -> Iterator[Problem]:
    """A metric that wants labels in one form, with a loss that takes them in another."""
    loss = outputs_of(recipe)[0].loss
    sparse = loss is not None and loss_class(loss) == "SparseCategoricalCrossentropy"
    one_hot = loss is not None and loss_class(loss) in ("CategoricalCrossentropy", "CategoricalFocalCrossentropy")
    for index, metric in enumerate(recipe.train.metrics):
        name = snake_case(metric.name)
        path = ("train", "metrics", index)
        other = name.removeprefix("sparse_") if one_hot else f"sparse_{name}"
        if (one_hot and name.startswith("sparse_")) or (
            sparse and name in ("top_k_categorical_accuracy", "categorical_accuracy", "categorical_crossentropy")
        ):
            assert loss is not None
            form = "one-hot vectors" if one_hot else "class numbers"
            yield Problem(
                f"{metric.name} does not fit {loss.name}, whose labels are {form}",
                f"use {_like(metric.name, other)}",
                path=path,
            )


def _like(name: str, other: str) -> str:
    """`other` in CapWords if `name` is."""
    return other if name[0].islower() else "".join(word.capitalize() for word in other.split("_"))


@RULES.warning
def _binary_loss_of_many_classes(recipe: Recipe) -> Iterator[Problem]:
    """Softmax makes one choice; the binary loss scores every class as a choice of its own."""
    for output in outputs_of(recipe):
        layers = output.layers(recipe) if output.index >= 0 else []
        if output.loss is None or not layers or loss_class(output.loss) not in _BINARY_LOSSES:
            continue
        units, classes = output_units(layers), declared_classes(recipe)
        count = classes if isinstance(units, Unknown) else units
        if output_activation(layers) == "softmax" and count is not None and count > 2:
            message = f"{output.loss.name} scores each class by itself, and softmax chooses one of {count} classes"
            hint = "sparse_categorical_crossentropy is the usual loss after softmax"
            yield Problem(message, hint, path=output.loss_path)


@RULES.warning
def _metrics_of_logits(recipe: Recipe) -> Iterator[Problem]:
    """Keras compares one output with 0.5, whether it is a probability or a logit."""
    main = outputs_of(recipe)[0]
    if (
        recipe.train.metrics
        and main.loss
        and loss_class(main.loss) in _BINARY_LOSSES
        and main.loss.args.get("from_logits")
    ):
        message = "the metrics take the output for a probability, and with `from_logits: true` it is a logit"
        hint = (
            "leave `from_logits` out and use `activation: sigmoid`: Keras then computes the loss from the logits itself"
        )
        yield Problem(message, hint, path=main.loss_path)


@RULES.warning
def _regression_loss(recipe: Recipe) -> Iterator[Problem]:
    for output in outputs_of(recipe):
        if output.loss and loss_class(output.loss) in REGRESSION_LOSSES:
            hint = "for classes sparse_categorical_crossentropy after softmax is the usual one, and learns faster\n"
            hint += "for regression write `targets: numbers` in `data`"
            yield Problem(f"{output.loss.name} is a loss for quantities", hint, path=output.loss_path)
