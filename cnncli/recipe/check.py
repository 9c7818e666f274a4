"""Rules across the sections of a recipe, one function for each rule.

Here are those about the network and its outputs; those about data and training are beside.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from cnncli.errors import Problem
from cnncli.messages import did_you_mean
from cnncli.recipe import check_data, check_names, check_training, rules  # noqa: F401  # the first three bring rules
from cnncli.recipe.deferred import Unknown
from cnncli.recipe.growth import MOST_PROBLEMS
from cnncli.recipe.known_data import declared_classes
from cnncli.recipe.language.flat_layers import INPUT
from cnncli.recipe.layers import name_of, output_activation, output_units, snake_case
from cnncli.recipe.outputs import REGRESSION_LOSSES, Output, loss_class, outputs_of
from cnncli.recipe.schema import Recipe
from cnncli.recipe.targets import regression  # noqa: F401  # brings rules
from cnncli.recipe.yaml.nodes import Mapping, Path, place_of

_PROBABILITIES = {"softmax", "sigmoid", "hard_sigmoid", "sparsemax", "sparse_sigmoid"}
_BINARY_LOSSES = {"BinaryCrossentropy", "BinaryFocalCrossentropy"}
_MULTICLASS_LOSSES = {
    "CategoricalCrossentropy",
    "SparseCategoricalCrossentropy",
    "CategoricalFocalCrossentropy",
}


def check(recipe: Recipe, root: Mapping) -> Iterator[tuple[Problem, bool]]:
    """Every rule's findings.

    Args:
        recipe: the typed recipe.
        root: its tree, for the rules that tell two places.

    Yields:
        A problem that names its key by `path`, and whether it is only a warning.
    """
    for problem in islice(_duplicate_names(recipe, root), MOST_PROBLEMS):
        yield problem, False
    for some, is_warning in ((rules.ERRORS, False), (rules.WARNINGS, True)):
        for rule in some:
            for problem in islice(rule(recipe), MOST_PROBLEMS):
                yield problem, is_warning


def check_without_network(recipe: Recipe) -> Iterator[Problem]:
    """The errors that can be told while the network itself is wrong."""
    for rule in rules.WITHOUT_NETWORK:
        yield from islice(rule(recipe), MOST_PROBLEMS)


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


@rules.error
def _unknown_inputs(recipe: Recipe) -> Iterator[Problem]:
    """`from` names layers that stand before."""
    earlier = {INPUT: None}  # in order
    later = {name_of(layer) for layer in recipe.model.layers}
    has_application = _has_application(recipe)
    for index, layer in enumerate(recipe.model.layers):
        for name in layer.inputs:
            if name in earlier or has_application:
                continue
            path = _layer_path(recipe, index, "from")
            if name in later:
                yield Problem(f"`{name}` comes after this layer", "a layer takes those before it", path=path)
            else:
                yield Problem(f"no layer is named `{name}`", did_you_mean(name, earlier), path=path)
        earlier[name_of(layer)] = None


@rules.error
def _unknown_layers_in_sections(recipe: Recipe) -> Iterator[Problem]:
    """`visualize` and `expect.shapes` name layers of the network."""
    known = dict.fromkeys(_names_of_layers_and_groups(recipe))
    wanted: list[tuple[str, Path]] = [(name, ("expect", "shapes", name)) for name in recipe.expect.shapes]
    for index, picture in enumerate(recipe.visualize):
        wanted += [(name, ("visualize", index, *path)) for name, path in picture.layers]
    for name, path in wanted:
        # The layers inside an application have names of their own, which only Keras knows.
        if name not in known and not _has_application(recipe):
            yield Problem(f"no layer is named `{name}`", did_you_mean(name, known), path=path)


def _names_of_layers_and_groups(recipe: Recipe) -> list[str]:
    return [*(name_of(layer) for layer in recipe.model.layers), *(group.name for group in recipe.model.groups)]


def _has_application(recipe: Recipe) -> bool:
    return any(layer.kind == "applications" for layer in recipe.model.layers)


@rules.error
def _outputs_are_layers(recipe: Recipe) -> Iterator[Problem]:
    known = dict.fromkeys(_names_of_layers_and_groups(recipe))
    for output in outputs_of(recipe):
        if output.index < 0 and not _has_application(recipe):
            yield Problem(f"no layer is named `{output.name}`", did_you_mean(output.name, known), path=output.path)
    outputs, losses = recipe.model.outputs, recipe.train.loss
    named = [("loss", name) for name in losses] if isinstance(losses, dict) else []
    for key, name in [*named, *(("loss_weights", name) for name in recipe.train.loss_weights)]:
        if name not in outputs:
            hint = did_you_mean(name, outputs) or "outputs are named in `model.outputs`"
            yield Problem(f"no output is named `{name}`", hint, path=("train", key, name))


@rules.error
@rules.about_classes
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
            hint = "for classes `activation: softmax` is the usual one, and the loss follows from it\n"
            hint += "for quantities say `targets: numbers` in `data`, and mean_squared_error does"
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


@rules.error
@rules.about_classes
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


@rules.error
@rules.about_classes
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


@rules.warning
@rules.about_classes
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


@rules.warning
@rules.about_classes
def _regression_loss(recipe: Recipe) -> Iterator[Problem]:
    for output in outputs_of(recipe):
        if output.loss and loss_class(output.loss) in REGRESSION_LOSSES:
            hint = "for classes sparse_categorical_crossentropy after softmax is the usual one, and learns faster\n"
            hint += "if the labels are quantities, say so: `targets: numbers` in `data`"
            yield Problem(f"{output.loss.name} is a loss for quantities", hint, path=output.loss_path)
