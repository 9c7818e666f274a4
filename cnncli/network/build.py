"""Build the network of a recipe, and report Keras' errors at the line of their layer."""

from __future__ import annotations

import contextlib
import fnmatch
import inspect
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import keras

from cnncli import keras_internals
from cnncli.errors import CnncliError, Problem, RecipeError
from cnncli.messages import did_you_mean, shortened
from cnncli.network import applications, structures
from cnncli.network.instantiate import dtype_policy, make, names_counted_anew, shapes_alone
from cnncli.network.keras_messages import first_sentence
from cnncli.network.pretrained_weights import ImagenetWeights
from cnncli.network.windows import window_problem
from cnncli.recipe.keras_objects import structure_entries
from cnncli.recipe.keras_objects.objects import KerasObject
from cnncli.recipe.language.flat_layers import INPUT
from cnncli.recipe.layers import name_of
from cnncli.recipe.named_inputs import Input, by_name, has_augmentation, inputs_of
from cnncli.recipe.outputs import Output, outputs_of
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
        model: raw examples -> the main output; the layers of `data.prepare` are inside. This is what is saved and used.
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
    inputs = [each.name for each in inputs_of(recipe.data)]
    raw = [_raw_name(name) for name in inputs]
    with names_counted_anew([*inputs, *raw, _model_name(recipe.name), *map(name_of, recipe.model.layers)]):
        return _build(recipe, input_shape, policy, load_weights, find_weights)


def _build(recipe: Recipe, input_shape: Shapes, policy: str, load_weights: bool, find_weights: bool) -> Network:
    layers = _make_all(recipe, policy)
    shapes = by_name(input_shape)
    places: dict[str, Path] = {}
    inputs = {own.name: keras.Input(tuple(shapes[own.name]), name=own.name) for own in inputs_of(recipe.data)}
    prepared = prepared_inputs(recipe, inputs, places)
    connector = Connector(recipe, prepared, policy, load_weights, find_weights)
    outputs = connector.connect(layers)
    model = full_model = _model(_alone(inputs), next(iter(outputs.values())), recipe.name)
    if len(outputs) > 1:
        full_model = _model(_alone(inputs), outputs, f"{recipe.name}_with_all_outputs")
    return Network(
        model,
        full_model,
        # Made last: layers draw their seeds one after the other, and those of the network come first.
        _augmentation(recipe, shapes, places) if has_augmentation(recipe) else None,
        connector.groups,
        connector.from_layer,
        tuple(_applications(recipe)),
        connector.by_name,
        places,
        connector.shared,
        tuple(connector.imagenet),
    )


def _augmentation(recipe: Recipe, shapes: Mapping[str, Sequence[int]], places: dict[str, Path]) -> keras.Model:
    """The layers of `augment` of every input, raw examples -> raw examples."""
    raw = {own.name: keras.Input(tuple(shapes[own.name]), name=_raw_name(own.name)) for own in inputs_of(recipe.data)}
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


def made_layer(item: KerasObject, policy: str, index: int) -> Any:
    """A Keras layer, not yet connected.

    Returns:
        The layer; None for applications and structures, which are made when what comes in is known, and for layers that are
        those of others.

    Raises:
        RecipeError: Keras refuses its arguments.
    """
    problems: list[Problem] = []
    if item.kind != "layers" or item.shares:
        return None
    with _told(problems, item, ("model", "layers", index)), dtype_policy(policy):
        return make(item)
    raise RecipeError(problems)


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
        with _told(problems, layer, path, tensor.shape), dtype_policy("float32"):
            made = make(layer)
            tensor = _called(layer, made, [tensor], path)
            places[made.name] = path
        if problems:
            raise RecipeError(problems)
        if section == "augment" and made.trainable_weights:
            message = f"{layer.name} has weights, and layers of `augment` do not learn: they are not saved"
            raise RecipeError(Problem(message, "put layers with weights into `model`", path=(*path, layer.name)))
    return tensor


class Connector:
    """Calls every layer on what comes before it, or on what its `from` names."""

    def __init__(
        self, recipe: Recipe, prepared: dict[str, Any], policy: str, load_weights: bool, find_weights: bool
    ) -> None:
        self.recipe = recipe
        self.policy = policy
        self.load_weights = load_weights
        self.find_weights = find_weights
        self.imagenet: list[ImagenetWeights] = []
        self.tensor = next(iter(prepared.values()))
        self.by_name = dict(prepared)
        self.layers: dict[str, Any] = {}  # by name in the recipe
        self.shared: dict[str, str] = {}
        self.inlined: dict[str, tuple[Any, Any]] = {}  # of applications and projections: what came in, and what left
        self.groups: dict[str, tuple[str, ...]] = {}
        self.from_layer: dict[str, str] = {}

    def connect(self, layers: list[Any]) -> dict[str, Any]:
        """The outputs of the network whose layers these are, by name."""
        for index, (item, layer) in enumerate(zip(self.recipe.model.layers, layers, strict=True)):
            self.add(index, item, layer)
        self._name_groups()
        return {output.name: self._output(output) for output in outputs_of(self.recipe)}

    def add(self, index: int, item: KerasObject, layer: Any) -> None:
        """Connect the next layer.

        Args:
            index: where it stands in the flat list.
            layer: as `made_layer` gives it.

        Raises:
            RecipeError: it does not fit, at its path.
        """
        path: Path = ("model", "layers", index)
        if name_of(item) in self.by_name:
            raise RecipeError(Problem(f"two layers are named `{name_of(item)}`", path=(*path, item.name, "name")))
        sources = [self._source(name, path, item) for name in item.inputs] if item.inputs else [self.tensor]
        if item.shares and item.kind == "layers":
            layer = self.layers[item.shares]
            self.shared[name_of(item)] = layer.name
        problems: list[Problem] = []
        with _told(problems, item, path, *(source.shape for source in sources)):
            self.tensor = self._call(item, layer, sources, path)
        if problems:
            raise RecipeError(problems)
        self.by_name[name_of(item)] = self.tensor
        self.layers[name_of(item)] = keras_internals.origin_of(self.tensor).operation

    def _output(self, output: Output) -> Any:
        # The name of a group or application means the layer that leaves it.
        name = self.from_layer.get(output.name, output.name)
        if name not in self.by_name:
            hint = did_you_mean(output.name, [*self.by_name, *self.from_layer])
            raise RecipeError(Problem(f"no layer is named `{output.name}`", hint, path=output.path))
        return self.by_name[name]

    def _source(self, name: str, path: Path, item: KerasObject) -> Any:
        if name not in self.by_name:
            hint = did_you_mean(name, self.by_name)
            raise RecipeError(
                Problem(f"no layer before this one is named `{name}`", hint, path=(*path, item.name, "from"))
            )
        return self.by_name[name]

    def _call(self, item: KerasObject, layer: Any, sources: list[Any], path: Path) -> Any:
        came_in = sources[0] if len(sources) == 1 else sources
        if item.kind != "layers" and item.shares:
            return self._again(item, came_in, path)
        if item.kind == "applications":
            inlined = applications.inline(
                item,
                came_in,
                policy=self.policy,
                load_weights=self.load_weights,
                path=(*path, item.name),
                find_weights=self.find_weights,
            )
            self.imagenet += [inlined.imagenet] if inlined.imagenet else []
            if twice := next((name for name in inlined.layer_names if name in self.by_name), None):
                message = f"{item.name} brings a layer named `{twice}`, and there is one"
                raise RecipeError(Problem(message, path=(*path, item.name)))
            self.groups[name_of(item)] = inlined.layer_names
            self.from_layer[name_of(item)] = inlined.layer_names[-1]
            self.by_name |= inlined.outputs
            self.inlined[name_of(item)] = came_in, inlined.output
            return inlined.output
        if item.kind == structure_entries.KIND:
            return self._structure(item, came_in, path)
        if problem := window_problem(layer, came_in):
            raise RecipeError(Problem(problem[0], problem[1], path=(*path, item.name)))
        return _called(item, layer, sources, path)

    def _again(self, item: KerasObject, came_in: Any, path: Path) -> Any:
        """An application or a structure once more, with the same layers, on something else."""
        own = name_of(item)
        if item.shares not in self.inlined:  # one without layers
            return self._structure(item, came_in, path)
        before, left = self.inlined[item.shares]
        if tuple(came_in.shape) != tuple(before.shape):
            shapes = f"{shape_text(came_in.shape[1:])} came in, and {shape_text(before.shape[1:])}"
            message = f"{item.name}: {shapes} came into `{item.shares}`, whose layers these are"
            raise RecipeError(Problem(message, "bring both to one shape", path=(*path, item.name)))
        given: dict[int, Any] = {}

        def call(operation: Any, *arguments: Any, **options: Any) -> Any:
            given[id(operation)] = tensor = operation(*arguments, **options)
            if isinstance(operation, keras.layers.Layer):
                rest = operation.name.removeprefix(item.shares).removeprefix("_")
                name = f"{own}_{rest}" if rest else own
                self.by_name[name], self.shared[name] = tensor, operation.name
            return tensor

        count = len(self.shared)
        # Every layer stands for itself, so that the weights are shared; the model that comes out is not needed.
        keras.models.clone_model(keras.Model(before, left), came_in, lambda operation: operation, call)
        self.groups[own] = tuple(self.shared)[count:]
        self.from_layer[own] = self.groups[own][-1]
        return given[id(keras_internals.origin_of(left).operation)]

    def _structure(self, item: KerasObject, tensor: Any, path: Path) -> Any:
        """A shortcut, a learned constant or a slice as plain Keras layers."""
        if isinstance(tensor, list):
            message = f"`{item.name}` takes one tensor, and {len(tensor)} came in"
            raise RecipeError(Problem(message, path=(*path, item.name, "from")))
        wanted = self._source(item.args["like"], path, item).shape if "like" in item.args else ()
        try:
            built = structures.build(item, tensor, wanted=wanted, policy=self.policy)
        except structures.StructureError as error:
            argument = (error.argument,) if error.argument in item.args else ()
            raise RecipeError(Problem(str(error), error.hint, path=(*path, item.name, *argument))) from error
        if built.layers:
            self.groups[name_of(item)] = tuple(layer.name for layer in built.layers)
            self.from_layer[name_of(item)] = built.layers[-1].name
            self.inlined[name_of(item)] = tensor, built.output
            self.by_name |= {layer.name: layer.output for layer in built.layers}
        return built.output

    def _name_groups(self) -> None:
        """The recipe's groups by name, with the Keras layers that stand for their items."""
        layers = self.recipe.model.layers
        for group in self.recipe.model.groups:
            members: list[str] = []
            for item in layers[group.start : group.end]:
                name = name_of(item)
                if item.kind == "layers":
                    members.append(name)
                else:
                    members += self.groups.get(name, ())
            self.groups[group.name] = tuple(members)
            last = name_of(layers[group.end - 1])
            self.from_layer[group.name] = self.from_layer.get(last, last)


def _called(item: KerasObject, layer: Any, sources: list[Any], path: Path) -> Any:
    """What a layer gives for what comes in.

    The tensors are what the layer's `call` takes, in its order (`query, value` of MultiHeadAttention); its last one gets
    all that are left, as a list where they are several (`inputs` of Add).
    """
    where = (*path, item.name)
    takes = _tensors_of(layer)
    required = [parameter.name for parameter in takes if parameter.default is parameter.empty]
    if len(sources) < len(required):
        hint = f"name them: `from: [{', '.join(required)}]`"
        if hasattr(layer, "state_size"):
            hint = f"it is one step of a recurrent layer: `- RNN: {{cell: {{{item.name}: …}}}}`"
        needs = " and ".join(f"`{name}`" for name in required)
        raise RecipeError(Problem(f"{item.name} takes {needs}, and one tensor came in", hint, path=where))
    if _takes_text(layer) and sources[0].dtype != "string":
        raise RecipeError(Problem(f"{item.name} takes text, and numbers came in", path=where))
    if _gives_its_input(layer, sources):
        layer = keras.layers.Pipeline([layer], name=layer.name)
    tensors = sources[: len(takes) - 1]
    if left := sources[len(takes) - 1 :]:
        tensors = [*tensors, left[0] if len(left) == 1 else left]
    names = [parameter.name for parameter in takes]
    # Some layers take all but the first by name alone.
    output = layer(tensors[0], **dict(zip(names[1:], tensors[1:], strict=False)))
    if not isinstance(output, keras.KerasTensor):
        count = len(keras.tree.flatten(output))
        hint = "leave `return_state` out" if item.args.get("return_state") else ""
        message = f"{item.name} gives {count} tensors; a layer of a recipe must give one"
        raise RecipeError(Problem(message, hint, path=where))
    return output


def _tensors_of(layer: Any) -> list[inspect.Parameter]:
    """The parameters of a layer's `call` that take tensors: those before masks and flags."""
    return list(itertools.takewhile(_is_tensor, inspect.signature(layer.call).parameters.values()))


def _is_tensor(parameter: inspect.Parameter) -> bool:
    is_flag = parameter.name == "training" or isinstance(parameter.default, bool)
    return not is_flag and not parameter.name.endswith("mask")


def _gives_its_input(layer: Any, sources: list[Any]) -> bool:
    """Whether a layer names its input itself as its output, which Keras takes for a cycle (Equalization of Keras 3.15)."""
    says = "compute_output_spec" in vars(type(layer)) and len(sources) == 1
    return says and layer.compute_output_spec(sources[0]) is sources[0]


def _takes_text(layer: Any) -> bool:
    reads = getattr(layer, "vocabulary_dtype", layer.compute_dtype)
    return bool(reads == "string") and not getattr(layer, "invert", False)


def _model(inputs: Any, outputs: Any, name: str) -> keras.Model:
    return keras.Model(inputs, outputs, name=_model_name(name))


def _model_name(name: str) -> str:
    return name.replace("-", "_").replace(".", "_")


@contextlib.contextmanager
def _told(problems: list[Problem], layer: KerasObject, path: Path, *shapes: Any) -> Iterator[None]:
    """Turn what Keras raises for a layer into a problem at that layer's place."""
    try:
        yield
    except CnncliError:
        raise
    except Exception as error:
        message = f"{layer.name}: {first_sentence(error)}"
        hint = "came in: " + " and ".join(shape_text(shape[1:]) for shape in shapes) if shapes else ""
        problems.append(Problem(message, hint, path=(*path, layer.name)))


def shape_text(shape: Sequence[int | None]) -> str:
    """`28x28x1`; an open length is `?`."""
    return "x".join("?" if size is None else str(size) for size in shape) or "a single number"
