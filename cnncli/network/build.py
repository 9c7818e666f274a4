"""Build the network of a recipe, and report Keras' errors at the line of their layer."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import keras

from cnncli import keras_internals
from cnncli.data.targets import targets_of
from cnncli.errors import Problem, RecipeError
from cnncli.messages import did_you_mean, shortened
from cnncli.network.connect import Connector, called, made_layer, reported, shape_text
from cnncli.network.instantiate import dtype_policy, make, names_counted_anew, shapes_alone
from cnncli.network.model_inputs import new_input
from cnncli.network.pretrained_weights import ImagenetWeights
from cnncli.recipe.language.flat_layers import INPUT
from cnncli.recipe.layers import name_of
from cnncli.recipe.learned import with_stand_ins
from cnncli.recipe.named_inputs import Input, by_name, has_augmentation, inputs_of
from cnncli.recipe.outputs import outputs_of
from cnncli.recipe.schema import Recipe
from cnncli.recipe.yaml.nodes import Path

_RAW = "raw"  # the input of the augmentation
_MOST_OF_AN_ITEM = 5  # Keras layers, one after the other
_MOST_OF_AN_APPLICATION = 1_100  # NASNetLarge has 1,039
Shapes = Sequence[int] | Mapping[str, Sequence[int]]  # of one example, or of each of its inputs by name


@dataclass(frozen=True)
class Network:
    """A built network.

    Attributes:
        model: raw examples -> the main output, or all by name where the targets need all; the layers of `data.prepare` are
            inside. This is what is saved and used.
        full_model: the same with every output, as a dict by name where there are several.
        augmentation: the layers of `data.augment`, raw examples -> raw examples; None where there are none.
        groups: name of a block's call, group, application or shortcut in the recipe -> names of its layers.
        from_layer: the same names -> the layer whose output leaves it.
        applications: which of the groups are applications.
        tensors: name of an input or of a layer -> what leaves it, as Keras' symbol for it; also of layers with `is`.
        preprocessing: name of a layer of `prepare` or `augment` -> where it stands in the recipe.
        shared: name of a layer with `is` -> the Keras layer that it calls once more.
        imagenet: the ImageNet weights of applications that were looked for and not read.
    """

    model: keras.Model
    full_model: keras.Model
    augmentation: keras.Model | None
    groups: dict[str, tuple[str, ...]]
    from_layer: dict[str, str]
    applications: tuple[str, ...]
    tensors: dict[str, Any]
    preprocessing: dict[str, Path]
    shared: dict[str, str]
    imagenet: tuple[ImagenetWeights, ...] = ()

    @property
    def input_shapes(self) -> dict[str, tuple[int | None, ...]]:
        """The shape of each input of a raw example, by name, in the order of the recipe."""
        shapes = {tensor.name: tuple(tensor.shape[1:]) for tensor in self.model.inputs}
        return {name: shapes[name] for name in self.tensors if name in shapes}

    @property
    def variables(self) -> list[keras.Variable]:
        """All that training changes: weights, statistics, and the random state of Dropout and augmentation."""
        return [*(self.augmentation.variables if self.augmentation else ()), *self.full_model.variables]

    def augmented(self, inputs: Any) -> Any:
        """Raw examples as training takes them."""
        return self.augmentation(inputs, training=True) if self.augmentation else inputs

    def output_shape(self, name: str) -> tuple[int | None, ...]:
        """The shape without the batch that leaves a layer or application of the recipe; of an input that of a raw example."""
        if name in self.input_shapes:
            return self.input_shapes[name]
        name = self.from_layer.get(name, name)
        tensor = self.tensors.get(name)
        return tuple((self.full_model.get_layer(name).output if tensor is None else tensor).shape[1:])

    def layer_of(self, name: str) -> Any:
        """The Keras layer of a layer of the recipe; of one with `is` that whose weights it shares."""
        return self.full_model.get_layer(self.shared.get(name, name))


def build(
    recipe: Recipe,
    *,
    input_shape: Shapes,
    policy: str = "float32",
    load_weights: bool = True,
    find_weights: bool = False,
) -> Network:
    """Build the network of a recipe.

    Args:
        recipe: the recipe, with `$classes` known where the network uses it.
        input_shape: of one raw example, such as (28, 28, 1); of several inputs by name.
        policy: Keras' dtype policy for the layers; `data.prepare` and the last layer stay in float32.
        load_weights: read the weights of applications; without it they are as initialised.
        find_weights: without reading them, find out which files of ImageNet weights Keras would read.

    Raises:
        RecipeError: a layer that Keras refuses, at its place.
        ModelFileError, NetworkError: weights of an application that cannot be had.
    """
    items, applied = len(recipe.model.layers), sum(1 for _ in _applications(recipe))
    keras_internals.allow_depth(_MOST_OF_AN_ITEM * items + _MOST_OF_AN_APPLICATION * applied)
    with names_counted_anew(names_in(recipe)):
        return _build(recipe, input_shape, policy, load_weights, find_weights)


def names_in(recipe: Recipe) -> list[str]:
    """The names of a network, of its inputs and of its layers, which nothing else in it may have."""
    inputs = [each.name for each in inputs_of(recipe.data)]
    return [*inputs, *map(_raw_name, inputs), _model_name(recipe.name), *map(name_of, recipe.model.layers)]


def _build(recipe: Recipe, input_shape: Shapes, policy: str, load_weights: bool, find_weights: bool) -> Network:
    layers = _make_all(recipe, policy)
    shapes = by_name(input_shape)
    places: dict[str, Path] = {}
    inputs = {own.name: new_input(shapes[own.name], own.name) for own in inputs_of(recipe.data)}
    prepared = prepared_inputs(recipe, inputs, places)
    connector = Connector(recipe, prepared, policy, load_weights, find_weights)
    outputs = connector.connect(layers)
    several = len(outputs) > 1
    needs_all = several and targets_of(recipe.data.targets).HAS_SEVERAL_OUTPUTS
    model = full_model = _model(_alone(inputs), outputs if needs_all else next(iter(outputs.values())), recipe.name)
    if several and not needs_all:
        full_model = _model(_alone(inputs), outputs, f"{recipe.name}_with_all_outputs")
    return Network(
        model,
        full_model,
        # Made last: layers draw their seeds one after the other, and those of the network come first.
        augmentation_of(recipe, shapes, places) if has_augmentation(recipe) else None,
        connector.groups,
        connector.from_layer,
        tuple(_applications(recipe)),
        connector.by_name,
        places,
        connector.shared,
        tuple(connector.imagenet),
    )


def augmentation_of(recipe: Recipe, shapes: Mapping[str, Sequence[int]], places: dict[str, Path]) -> keras.Model:
    """The layers of `augment` of every input, raw examples -> raw examples."""
    raw = {own.name: new_input(shapes[own.name], _raw_name(own.name)) for own in inputs_of(recipe.data)}
    augmented = {own.name: _augmented(recipe, own, raw[own.name], places) for own in inputs_of(recipe.data)}
    return _model(_alone(raw), _alone(augmented), f"{recipe.name}_augmentation")


def _augmented(recipe: Recipe, own: Input, raw: Any, places: dict[str, Path]) -> Any:
    """An input behind its layers of `augment`; itself where it has none."""
    augmented = _chain(recipe, own, "augment", raw, places)
    if augmented.shape != raw.shape:
        path = (*own.path, "augment", len(own.augment) - 1)
        before, after = shape_text(raw.shape[1:]), shape_text(augmented.shape[1:])
        raise RecipeError(
            Problem(f"`augment` makes {after} of {before}", "what leaves it goes into the network", path=path)
        )
    return augmented


def _raw_name(name: str) -> str:
    """The name of an input of the augmentation; of several Keras wants those by which they are given."""
    return _RAW if name == INPUT else name


def _alone(tensors: dict[str, Any]) -> Any:
    """What Keras takes as inputs: one by itself, several by name."""
    return tensors if len(tensors) > 1 else next(iter(tensors.values()))


def prepared_inputs(recipe: Recipe, inputs: Mapping[str, Any], places: dict[str, Path] | None = None) -> dict[str, Any]:
    """What leaves the layers of `prepare` of each input; where each layer stands is added to `places`."""
    found = {} if places is None else places
    return {own.name: _chain(recipe, own, "prepare", inputs[own.name], found) for own in inputs_of(recipe.data)}


def _applications(recipe: Recipe) -> Iterator[str]:
    return (name_of(layer) for layer in recipe.model.layers if layer.kind == "applications")


def build_symbolically(
    recipe: Recipe, *, input_shape: Shapes, policy: str = "float32", find_weights: bool = False
) -> Network:
    """The same with shapes and parameter counts but without the weights themselves: no memory is taken."""
    with shapes_alone():
        return build(recipe, input_shape=input_shape, policy=policy, load_weights=False, find_weights=find_weights)


def layers_matching(network: Network, patterns: Sequence[str]) -> list[str]:
    """The names of the layers that names and globs mean; an application's name means all of its layers.

    Raises:
        RecipeError: a pattern that matches nothing; its problem has no place, and the pattern's index as its path.
    """
    names = [layer.name for layer in network.full_model.layers]
    members_of = {name: (layer,) for name, layer in network.shared.items()} | {
        group: tuple(network.shared.get(name, name) for name in members) for group, members in network.groups.items()
    }
    found: dict[str, None] = {}
    for index, pattern in enumerate(patterns):
        matches = [name for name in names if fnmatch.fnmatchcase(name, pattern)]
        matches += [n for group, members in members_of.items() if fnmatch.fnmatchcase(group, pattern) for n in members]
        if not matches:
            hint = did_you_mean(pattern, [*members_of, *names])
            raise RecipeError(Problem(f"no layer is named `{shortened(pattern)}`", hint, path=(index,)))
        found |= dict.fromkeys(matches)
    return list(found)


def _make_all(recipe: Recipe, policy: str) -> list[Any]:
    """Every layer, not yet connected, so that all wrong arguments are reported together."""
    problems: list[Problem] = []
    made: list[Any] = []
    outputs = [recipe.model.layers[output.index] for output in outputs_of(recipe)]
    last = {item.shares or name_of(item) for item in outputs}
    for index, layer in enumerate(recipe.model.layers):
        try:
            made.append(made_layer(layer, "float32" if name_of(layer) in last else policy, index))
        except RecipeError as error:
            problems += error.problems
    if problems:
        raise RecipeError(problems)
    return made


def _chain(
    recipe: Recipe, own: Input, section: Literal["prepare", "augment"], tensor: Any, places: dict[str, Path]
) -> Any:
    """The layers of an input's `prepare` or `augment`, one after the other; where each stands is added to `places`."""
    inputs = inputs_of(recipe.data)
    names = {tensor.name, *(each.name for each in inputs), *map(name_of, recipe.model.layers)}
    others = inputs[: inputs.index(own)]
    names |= {step.args.get("name") for each in others for step in getattr(each, section)} - {None}
    for index, layer in enumerate(getattr(own, section)):
        problems: list[Problem] = []
        path: Path = (*own.path, section, index)
        if (name := layer.args.get("name")) in names:
            raise RecipeError(Problem(f"two layers are named `{name}`", path=(*path, layer.name, "name")))
        names |= {name} - {None}
        with reported(problems, layer, path, tensor), dtype_policy("float32"):
            made = make(with_stand_ins(layer))
            tensor = called(layer, made, [tensor], path)
            places[made.name] = path
        if problems:
            raise RecipeError(problems)
        if section == "augment" and made.trainable_weights:
            message = f"{layer.name} has weights, and layers of `augment` do not learn: they are not saved"
            raise RecipeError(Problem(message, "put layers with weights into `model`", path=(*path, layer.name)))
    return tensor


def _model(inputs: Any, outputs: Any, name: str) -> keras.Model:
    return keras.Model(inputs, outputs, name=_model_name(name))


def _model_name(name: str) -> str:
    return name.replace("-", "_").replace(".", "_")
