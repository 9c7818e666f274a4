"""Rules across the sections of a recipe; one function a rule, each of which says what it found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from cnncli.errors import Problem, RecipeError
from cnncli.recipe.layers import name_of, output_activation, output_units, snake_case
from cnncli.recipe.metrics import metric_name, metric_names
from cnncli.recipe.nodes import Mapping, Path, place_of
from cnncli.recipe.objects import KerasObject, Unknown
from cnncli.recipe.outputs import Output, loss_class, outputs_of
from cnncli.recipe.phases import TrainingPhase, phases_of
from cnncli.recipe.schema import Recipe
from cnncli.recipe.structure import INPUT
from cnncli.runs.names import check_name
from cnncli.wording import did_you_mean, listed

# Of the data sets that have a name: the number of classes, and the shape of one example.
_BUILTIN_CLASSES = {"mnist": 10, "mnist-sample": 10, "fashion_mnist": 10, "cifar10": 10, "cifar100": 100}
BUILTIN_SHAPES = {
    "mnist": (28, 28, 1),
    "mnist-sample": (28, 28, 1),
    "fashion_mnist": (28, 28, 1),
    "cifar10": (32, 32, 3),
    "cifar100": (32, 32, 3),
}

_PROBABILITIES = {"softmax", "sigmoid", "hard_sigmoid", "sparsemax", "sparse_sigmoid"}
_BINARY_LOSSES = {"BinaryCrossentropy", "BinaryFocalCrossentropy"}
_MULTICLASS_LOSSES = {
    "CategoricalCrossentropy",
    "SparseCategoricalCrossentropy",
    "CategoricalFocalCrossentropy",
}
_REGRESSION_LOSSES = {
    *("MeanSquaredError", "MeanAbsoluteError", "MeanAbsolutePercentageError", "MeanSquaredLogarithmicError"),
    *("Huber", "LogCosh", "Poisson"),
}

Rule = Callable[[Recipe], Iterator[Problem]]
_ERRORS: list[Rule] = []
_WARNINGS: list[Rule] = []
# Rules that do not look at the network, so that a mistake there does not hide what they find.
_WITHOUT_NETWORK: list[Rule] = []


def _error(rule: Rule) -> Rule:
    _ERRORS.append(rule)
    return rule


def _error_without_network(rule: Rule) -> Rule:
    _WITHOUT_NETWORK.append(rule)
    return _error(rule)


def _warning(rule: Rule) -> Rule:
    _WARNINGS.append(rule)
    return rule


def check(recipe: Recipe, root: Mapping) -> Iterator[tuple[Problem, bool]]:
    """Every rule's findings.

    Args:
        recipe: the typed recipe.
        root: its tree, for the rules that tell two places.

    Yields:
        A problem that names its key by `path`, and whether it is only a warning.
    """
    for problem in _duplicate_names(recipe, root):
        yield problem, False
    for rules, is_warning in ((_ERRORS, False), (_WARNINGS, True)):
        for rule in rules:
            for problem in rule(recipe):
                yield problem, is_warning


def check_without_network(recipe: Recipe) -> Iterator[Problem]:
    """The errors that can be told while the network itself is wrong."""
    for rule in _WITHOUT_NETWORK:
        yield from rule(recipe)


def declared_classes(recipe: Recipe) -> int | None:
    """The number of classes, where the recipe alone tells it."""
    builtin = recipe.data.source.builtin
    return recipe.data.classes or (_BUILTIN_CLASSES[builtin] if builtin else None)


def _layer_path(recipe: Recipe, index: int, *parts: str) -> Path:
    return ("model", "layers", index, recipe.model.layers[index].name, *parts)


def _duplicate_names(recipe: Recipe, root: Mapping) -> Iterator[Problem]:
    first: dict[str, int] = {}
    for index, layer in enumerate(recipe.model.layers):
        name = name_of(layer)
        if name in first:
            line = place_of(root, _layer_path(recipe, first[name], "name")).line
            hint = f"first given on line {line}" if line else ""
            yield Problem(f"two layers are named `{name}`", hint, path=_layer_path(recipe, index, "name"))
        first.setdefault(name, index)


@_error
def _slash_in_name(recipe: Recipe) -> Iterator[Problem]:
    for index, layer in enumerate(recipe.model.layers):
        if "/" in name_of(layer):
            yield Problem(
                f"a layer's name cannot contain `/`, got `{name_of(layer)}`",
                "use `_`",
                path=_layer_path(recipe, index, "name"),
            )


@_error
def _unknown_inputs(recipe: Recipe) -> Iterator[Problem]:
    """`from` names layers that stand before."""
    earlier: list[str] = [INPUT]
    later = [name_of(layer) for layer in recipe.model.layers]
    for index, layer in enumerate(recipe.model.layers):
        for name in layer.inputs:
            if name in earlier or _has_application(recipe):
                continue
            path = _layer_path(recipe, index, "from")
            if name in later:
                yield Problem(f"`{name}` comes after this layer", "a layer takes those before it", path=path)
            else:
                yield Problem(f"no layer is named `{name}`", did_you_mean(name, earlier), path=path)
        earlier.append(name_of(layer))


@_error
def _unknown_layers_in_sections(recipe: Recipe) -> Iterator[Problem]:
    """`visualize` and `expect.shapes` name layers of the network."""
    known = [*(name_of(layer) for layer in recipe.model.layers), *(group.name for group in recipe.model.groups)]
    wanted: list[tuple[str, Path]] = [(name, ("expect", "shapes", name)) for name in recipe.expect.shapes]
    for index, picture in enumerate(recipe.visualize):
        wanted += [(name, ("visualize", index, *path)) for name, path in picture.layers]
    for name, path in wanted:
        # The layers inside an application have names of their own, which only Keras knows.
        if name not in known and not _has_application(recipe):
            yield Problem(f"no layer is named `{name}`", did_you_mean(name, known), path=path)


def _has_application(recipe: Recipe) -> bool:
    return any(layer.kind == "applications" for layer in recipe.model.layers)


@_error_without_network
def _same_metric_twice(recipe: Recipe) -> Iterator[Problem]:
    """Keras counts the second one's name on, and the history would not be the same in every process."""
    first: dict[str, int] = {}
    for index, metric in enumerate(recipe.train.metrics):
        name = metric_name(metric)
        if first.setdefault(name, index) != index:
            hint = f"a name tells them apart: `{metric.name}: {{name: …}}`"
            yield Problem(f"two metrics are named `{name}`", hint, path=("train", "metrics", index))


@_error_without_network
def _unknown_monitor(recipe: Recipe) -> Iterator[Problem]:
    """A callback watches a number that there is; Keras only warns, and the callback then does nothing."""
    names = metric_names(recipe)
    known = [*names, *(f"val_{name}" for name in names), "learning_rate"]
    for callback, path, _ in _callbacks(recipe):
        monitor = callback.args.get("monitor")
        if isinstance(monitor, str) and monitor not in known:
            yield Problem(
                f"{callback.name}: nothing called `{monitor}` is measured",
                did_you_mean(monitor, known) or f"one of: {listed(known, 20)}",
                path=(*path, "monitor"),
            )


def _callbacks(recipe: Recipe) -> Iterator[tuple[KerasObject, Path, TrainingPhase]]:
    """Every callback as written, where it stands, and the phase that it watches."""
    written = [phase.callbacks for phase in recipe.train.phases] or [recipe.train.callbacks]
    for phase, own in zip(phases_of(recipe), written, strict=True):
        if own is not None:
            for index, callback in enumerate(phase.callbacks):
                yield callback, (*phase.path, "callbacks", index, callback.name), phase


@_error_without_network
def _unknown_expected_metric(recipe: Recipe) -> Iterator[Problem]:
    names = metric_names(recipe)
    known = [f"{prefix}{name}" for prefix in ("test_", "val_", "") for name in names]
    for name in recipe.expect.metrics:
        if name not in known:
            hint = did_you_mean(name, known) or f"one of: {listed(known, 20)}"
            yield Problem(f"nothing called `{name}` is measured", hint, path=("expect", "metrics", name))


@_error
def _outputs_are_layers(recipe: Recipe) -> Iterator[Problem]:
    known = [*(name_of(layer) for layer in recipe.model.layers), *(group.name for group in recipe.model.groups)]
    for output in outputs_of(recipe):
        if output.index < 0 and not _has_application(recipe):
            yield Problem(f"no layer is named `{output.name}`", did_you_mean(output.name, known), path=output.path)
    outputs, losses = recipe.model.outputs, recipe.train.loss
    named = [("loss", name) for name in losses] if isinstance(losses, dict) else []
    for key, name in [*named, *(("loss_weights", name) for name in recipe.train.loss_weights)]:
        if name not in outputs:
            hint = did_you_mean(name, outputs) or "outputs are named in `model.outputs`"
            yield Problem(f"no output is named `{name}`", hint, path=("train", key, name))


@_error
def _class_weight_and_outputs(recipe: Recipe) -> Iterator[Problem]:
    if recipe.data.class_weight is not None and len(recipe.model.outputs) > 1:
        message = "`class_weight` works with one output; Keras refuses it with several"
        yield Problem(message, path=("data", "class_weight"))


@_error
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
            hint = "for classes `activation: softmax` is the usual one, and the loss follows from it"
            yield Problem(message, hint, path=("train",))
        return
    name = loss_class(loss)
    if activation is None or name not in _BINARY_LOSSES | _MULTICLASS_LOSSES:
        return
    wanted = "sigmoid" if name in _BINARY_LOSSES else "softmax"
    from_logits = bool(loss.args.get("from_logits"))
    last = _layer_path(recipe, output.index)
    if not from_logits and activation not in _PROBABILITIES:
        hint = f"add `activation: {wanted}`, or write `loss: {{{name}: {{from_logits: true}}}}`"
        message = f"{loss.name} wants probabilities, and the last layer's activation is {activation}"
        yield Problem(message, hint, path=last)
    elif from_logits and activation in _PROBABILITIES:
        message = f"`from_logits: true` wants a last layer without activation, not {activation}"
        yield Problem(message, path=output.loss_path)
    elif name in _MULTICLASS_LOSSES and units == 1 and not isinstance(units, Unknown):
        hint = "use `units: $classes` and softmax, or binary_crossentropy for two classes"
        yield Problem(f"{loss.name} needs an output for every class, and the last layer has 1", hint, path=last)


@_error
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
            message = f"{output.loss.name} with one output tells 2 classes apart, and the data has {classes}"
            yield Problem(message, hint, path=output.loss_path)
        elif kind in _MULTICLASS_LOSSES and (units < classes or (not kind.startswith("Sparse") and units != classes)):
            name = name_of(recipe.model.layers[output.index])
            message = f"the labels need {classes} outputs, and layer `{name}` has {units}"
            yield Problem(message, "use `units: $classes`", path=_layer_path(recipe, output.index))


@_error
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


@_error_without_network
def _name_of_a_folder(recipe: Recipe) -> Iterator[Problem]:
    """The recipe's name becomes a folder; on Windows some names are those of devices."""
    try:
        check_name(recipe.name, "recipe")
    except RecipeError as error:
        yield from (replace(problem, path=("name",)) for problem in error.problems)


@_error
def _input_and_builtin(recipe: Recipe) -> Iterator[Problem]:
    builtin, shape = recipe.data.source.builtin, recipe.model.input
    if builtin and shape is not None and tuple(shape) != BUILTIN_SHAPES[builtin]:
        own = list(BUILTIN_SHAPES[builtin])
        message = f"`input` is {list(shape)}, and an image of {builtin} is {own}"
        yield Problem(message, f"leave `input` out, or write {own}", path=("model", "input"))


@_error
def _input_and_image_size(recipe: Recipe) -> Iterator[Problem]:
    folder, shape = recipe.data.source.image_folder, recipe.model.input
    if folder is None or shape is None:
        return
    channels = {"rgb": 3, "grayscale": 1, None: None}[folder.color]
    if len(shape) != 3 or shape[2] not in (1, 3):
        hint = "[height, width, 3] for colour, [height, width, 1] for gray"
        yield Problem(f"`input`: images have three numbers, got {list(shape)}", hint, path=("model", "input"))
    elif folder.image_size and folder.image_size != shape[:2]:
        message = f"`input` is {list(shape)}, and `image_size` is {folder.image_size}"
        yield Problem(message, "leave one of them out, or make them equal", path=("model", "input"))
    elif channels and channels != shape[2]:
        yield Problem(
            f"`input` has {shape[2]} channels, and `color: {folder.color}` gives {channels}", path=("model", "input")
        )


@_error
def _image_size_known(recipe: Recipe) -> Iterator[Problem]:
    folder = recipe.data.source.image_folder
    if folder and folder.image_size is None and recipe.model.input is None:
        yield Problem(
            "`image_size` is missing",
            "`image_size: [224, 224]`, or `model.input: [224, 224, 3]`",
            path=("data", "source", "image_folder"),
        )


@_warning
def _large_learning_rate(recipe: Recipe) -> Iterator[Problem]:
    for phase in phases_of(recipe):
        rate: Any = phase.optimizer.args.get("learning_rate")
        if isinstance(rate, (int, float)) and rate > 1:
            yield Problem(
                f"a learning rate of {rate:g} is very large",
                "0.001 is a usual start for Adam, 0.1 for SGD",
                path=(*phase.path, "optimizer", phase.optimizer.name, "learning_rate"),
            )


@_warning
def _patience_and_epochs(recipe: Recipe) -> Iterator[Problem]:
    for callback, path, phase in _callbacks(recipe):
        patience = callback.args.get("patience")
        if isinstance(patience, int) and patience >= phase.epochs:
            message = f"{callback.name}: a patience of {patience} cannot run out in {phase.epochs} epochs"
            yield Problem(message, path=(*path, "patience"))


@_warning
def _smallest_learning_rate(recipe: Recipe) -> Iterator[Problem]:
    for callback, path, phase in _callbacks(recipe):
        rate, smallest = phase.optimizer.args.get("learning_rate"), callback.args.get("min_lr")
        if isinstance(rate, (int, float)) and isinstance(smallest, (int, float)) and smallest >= rate:
            message = (
                f"{callback.name}: `min_lr` {smallest:g} is not below the learning rate {rate:g}, so nothing is reduced"
            )
            yield Problem(message, path=(*path, "min_lr"))


@_warning
def _rescaling_before_application(recipe: Recipe) -> Iterator[Problem]:
    if recipe.model.layers[0].kind != "applications":
        return
    for index, layer in enumerate(recipe.data.prepare):
        if layer.name in ("Rescaling", "Normalization"):
            yield Problem(
                f"{recipe.model.layers[0].name} brings its own preprocessing; with {layer.name} it is done twice",
                "leave it out",
                path=("data", "prepare", index),
            )


@_warning
def _regression_loss(recipe: Recipe) -> Iterator[Problem]:
    for output in outputs_of(recipe):
        if output.loss and loss_class(output.loss) in _REGRESSION_LOSSES:
            hint = "for classes sparse_categorical_crossentropy after softmax is the usual one, and learns faster"
            yield Problem(f"{output.loss.name} is a loss for quantities", hint, path=output.loss_path)
