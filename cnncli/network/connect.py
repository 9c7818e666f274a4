"""Connect the layers of a recipe, one by one, and report Keras' errors at the line of their layer."""

from __future__ import annotations

import contextlib
import inspect
import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import keras

from cnncli import keras_internals
from cnncli.errors import CnncliError, Problem, RecipeError
from cnncli.messages import did_you_mean
from cnncli.network import applications, structures
from cnncli.network.instantiate import dtype_policy, make
from cnncli.network.keras_messages import first_sentence
from cnncli.network.pretrained_weights import ImagenetWeights
from cnncli.network.windows import window_problem
from cnncli.recipe.keras_objects import structure_entries
from cnncli.recipe.keras_objects.objects import KerasObject
from cnncli.recipe.layers import name_of
from cnncli.recipe.outputs import Output, outputs_of
from cnncli.recipe.schema import Recipe
from cnncli.recipe.yaml.nodes import Path

TEXT_TO_NUMBERS = (
    "numbers for words: `prepare: [TextVectorization: {max_tokens: 20000, output_sequence_length: 60}]` in `data`"
)


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
    with reported(problems, item, ("model", "layers", index)), dtype_policy(policy):
        return make(item)
    raise RecipeError(problems)


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
        with reported(problems, item, path, *sources):
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
        if item.kind != "layers":
            refuse_text(item, sources, (*path, item.name))
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
        return called(item, layer, sources, path)

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

        def call(operation: Any, *arguments: Any, **options: Any) -> Any:
            tensor = operation(*arguments, **options)
            if isinstance(operation, keras.layers.Layer):
                rest = operation.name.removeprefix(item.shares).removeprefix("_")
                name = f"{own}_{rest}" if rest else own
                self.by_name[name], self.shared[name] = tensor, operation.name
            return tensor

        count = len(self.shared)
        output = keras_internals.call_layers_again(keras.Model(before, left), came_in, call)
        self.groups[own] = tuple(self.shared)[count:]
        self.from_layer[own] = self.groups[own][-1]
        return output

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


def called(item: KerasObject, layer: Any, sources: list[Any], path: Path) -> Any:
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
    if not (_takes_text(layer) or isinstance(layer, keras.layers.Hashing)):
        refuse_text(item, sources, where)
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


def refuse_text(item: KerasObject, sources: Sequence[Any], path: Path) -> None:
    """Raise RecipeError where text comes into a layer that takes numbers."""
    if any(source.dtype == "string" for source in sources):
        raise RecipeError(Problem(f"{item.name} takes numbers, and text came in", TEXT_TO_NUMBERS, path=path))


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


@contextlib.contextmanager
def reported(problems: list[Problem], layer: KerasObject, path: Path, *tensors: Any) -> Iterator[None]:
    """Turn what Keras raises for a layer into a problem at that layer's place."""
    try:
        yield
    except CnncliError:
        raise
    except Exception as error:
        message = f"{layer.name}: {first_sentence(error)}"
        came_in = [shape_text(each.shape[1:], is_input=each.dtype == "string") for each in tensors]
        hint = f"came in: {' and '.join(came_in)}" if tensors else ""
        problems.append(Problem(message, hint, path=(*path, layer.name)))


def shape_text(shape: Sequence[int | None], *, is_input: bool = False) -> str:
    """`28x28x1`; an open length is `?`. An input without axes is a text."""
    alone = "a text" if is_input else "a single number"
    return "x".join("?" if size is None else str(size) for size in shape) or alone
