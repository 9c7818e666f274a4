"""Run generated code with stand-ins for Keras, and compare the network that it builds with the recipe's.

It takes no TensorFlow and milliseconds. So nothing is written that does not build the same network.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from cnncli.conversion.keras_code import TENSORS, application_module
from cnncli.conversion.python_expressions import is_equal_number, is_same
from cnncli.recipe.keras_objects import catalogue
from cnncli.recipe.keras_objects.objects import KerasObject
from cnncli.recipe.keras_objects.structure_entries import ENTRIES, LEARNED, REDUCE, SHORTCUT, SLICE
from cnncli.recipe.language.flat_layers import INPUT
from cnncli.recipe.layers import name_in_keras, name_of
from cnncli.recipe.named_inputs import inputs_of
from cnncli.recipe.outputs import outputs_of
from cnncli.recipe.schema import Recipe


class Differs(Exception):
    """The code builds another network than the recipe.

    Args:
        message: how.
        layer: the name of the layer of the recipe that is not so built; empty where it is not one.
    """

    def __init__(self, message: str, layer: str = "") -> None:
        super().__init__(message)
        self.layer = layer


@dataclass(frozen=True, eq=False)
class _Tensor:
    """What leaves a layer."""

    layer: str
    shape: tuple[int | None, ...] = (None,)


@dataclass(frozen=True)
class _Built:
    """A layer as code builds it."""

    kind: str
    name: str
    args: dict[str, Any]
    inputs: tuple[str, ...]
    shares: str = ""


@dataclass
class _Recorder:
    """Stands in for Keras."""

    sizes: Mapping[str, tuple[int | None, ...]] = field(default_factory=dict)
    applications: Mapping[str, str] = field(default_factory=dict)  # an application's name in Keras -> in the recipe
    again: dict[str, list[str]] = field(default_factory=dict)  # a layer's name -> those of its further calls
    makers: dict[str, object] = field(default_factory=dict)  # kept, so that no other object has the identity
    built: dict[str, _Built] = field(default_factory=dict)
    outputs: Any = None

    def modules(self) -> dict[str, Any]:
        kinds = ("optimizers", "losses", "metrics", "callbacks", "initializers", "regularizers", "constraints")
        named = {kind: _Namespace(self, kind) for kind in (*kinds, "activations", "layers")}
        keras = SimpleNamespace(
            Input=lambda shape=None, name="", dtype=None: self._tensor(name),
            Model=self._model,
            applications=_Applications(self),
            **named,
        )
        return {"keras": keras, "layers": keras.layers, "math": math}

    def _model(self, inputs: Any, outputs: Any, name: str) -> None:
        self.outputs = outputs

    def add(
        self, kind: str, name: str, args: dict[str, Any], inputs: Sequence[_Tensor], maker: object = None
    ) -> _Tensor:
        shares = ""
        if maker is not None and name in self.built and self.makers[name] is maker and self.again.get(name):
            shares, name = name, self.again[name].pop(0)
        self.makers.setdefault(name, maker)
        if name in self.built:
            raise Differs(f"two layers are named {name}")
        self.built[name] = _Built(kind, name, args, tuple(tensor.layer for tensor in inputs), shares)
        return self._tensor(name)

    def _tensor(self, name: str) -> _Tensor:
        """What leaves a layer; one of `data.prepare` leaves as the input does."""
        return _Tensor(name, (None, *self.sizes.get(name, self.sizes.get(INPUT, ()))))

    def call_again(self, x: _Tensor, start: _Tensor, end: _Tensor) -> _Tensor:
        """Stands in for the helper that calls the layers between two tensors once more."""
        inside = self._between(start.layer, end.layer)
        moved = {start.layer: x.layer}
        for first in [each for each in self.built.values() if each.name in inside]:
            root = first.shares or first.name
            if not self.again.get(root):
                raise Differs(f"{root} is called again", root)
            name = self.again[root].pop(0)
            inputs = tuple(moved[each] for each in first.inputs)
            self.built[name] = _Built(first.kind, name, first.args, inputs, root)
            moved[first.name] = name
        return self._tensor(moved[end.layer])

    def _between(self, start: str, end: str) -> set[str]:
        """The layers from which a tensor is computed, back to another one."""
        found: set[str] = set()
        waiting = [end]
        while waiting:
            name = waiting.pop()
            if name not in found and name != start:
                if name not in self.built:
                    raise Differs(f"{end} does not come from {start} alone", end)
                found.add(name)
                waiting += self.built[name].inputs
        return found

    def structure(self, kind: str) -> Any:
        """Stands in for the helper of an item that is no Keras layer."""
        arguments = list(ENTRIES[kind].arguments or {})

        def build(x: _Tensor, *values: Any, name: str, **named: Any) -> _Tensor:
            return self.add(kind, name, {**dict(zip(arguments, values, strict=False)), **named}, [x])

        return build

    def project(self, x: _Tensor, like: _Tensor, name: str) -> _Tensor:
        return self.add(SHORTCUT, name, {"like": like.layer}, [x])


@dataclass(frozen=True)
class _Namespace:
    """Stands in for `keras.layers`, `keras.initializers`, …."""

    recorder: _Recorder
    kind: str

    def __getattr__(self, name: str) -> Any:
        entry = catalogue.find(self.kind, name)
        if entry is None:
            raise Differs(f"{self.kind} has no {name}")

        def make(*values: Any, **named: Any) -> Any:
            args = {**dict(zip(entry.arguments or {}, values, strict=False)), **named}
            found = KerasObject(self.kind, name, args)
            return _Layer(self.recorder, found) if self.kind == "layers" else found

        return make


@dataclass(frozen=True)
class _Layer:
    """Stands in for a layer."""

    recorder: _Recorder
    found: KerasObject

    def __call__(self, *tensors: Any, **named: Any) -> _Tensor:
        flat: list[_Tensor] = []
        for each in (*tensors, *named.values()):
            flat += each if isinstance(each, list) else [each]
        wanted = TENSORS.get(self.found.entry.canonical, ("",))
        if list(named) != list(wanted[1 : 1 + len(named)]) or len(tensors) != 1:
            raise Differs(f"{self.found.name} is called otherwise")
        found = self.found
        inner = found.args["layers"][0] if found.name == "Pipeline" else None
        if isinstance(inner, _Layer) and inner.found.args.get("name") == found.args.get("name"):
            found = inner.found  # Equalization, which Keras takes for a cycle
        return self.recorder.add(found.name, str(found.args.get("name", "")), dict(found.args), flat, self)


class _Applications:
    """Stands in for `keras.applications`."""

    def __init__(self, recorder: _Recorder) -> None:
        self._recorder = recorder

    def __getattr__(self, name: str) -> Any:
        entry = catalogue.find("applications", name)
        if entry is None:
            return SimpleNamespace(preprocess_input=lambda x: SimpleNamespace(module=name, x=x, shape=(None,)))

        def make(*, input_tensor: Any = None, input_shape: Any = None, **args: Any) -> Any:
            if input_tensor is None:
                return SimpleNamespace(load_weights=lambda path: None, layers=[])
            names = self._recorder.applications
            if input_tensor.module != application_module(name):
                raise Differs("another preprocessing")
            output = self._recorder.add(name, names.get(args["name"], args["name"]), args, [input_tensor.x])
            return SimpleNamespace(output=output, get_layer=lambda inner: SimpleNamespace(output=_Tensor(inner)))

        return make


def check(
    source: str,
    recipe: Recipe,
    *,
    arguments: dict[str, Any],
    sizes: Mapping[str, tuple[int | None, ...]] | None = None,
) -> None:
    """Compare the network that code builds with that of a recipe.

    Args:
        source: the module's constants and functions, with `build_model`.
        recipe: written out.
        arguments: of `build_model`.
        sizes: the shape without the batch that leaves each layer, and the input; for code that asks for sizes.

    Raises:
        Differs: they are not the same, or the code fails.
    """
    again: dict[str, list[str]] = {}
    for layer in recipe.model.layers:
        if layer.shares:
            again.setdefault(layer.shares, []).append(name_of(layer))
    applications = {
        name_in_keras(each): name_of(each) for each in reversed(recipe.model.layers) if each.kind == "applications"
    }
    recorder = _Recorder(sizes or {}, applications, again)
    module = recorder.modules()
    try:
        exec(compile(source, "network", "exec"), module)  # our own code: texts of the recipe are literals in it
        module |= {
            "project": recorder.project,
            "learned": recorder.structure(LEARNED),
            "crop": recorder.structure(SLICE),
            "reduce_axis": recorder.structure(REDUCE),
            "call_again": recorder.call_again,
            "reserve_names": lambda **counts: None,
        }
        module["build_model"](**arguments)
    except Differs:
        raise
    except Exception as error:
        raise Differs(f"{type(error).__name__}: {error}") from error
    _compare(recorder, recipe)


def _compare(recorder: _Recorder, recipe: Recipe) -> None:
    layers, built = list(recipe.model.layers), dict(recorder.built)
    prepared = {}
    for each in inputs_of(recipe.data):
        prepared[each.name] = each.name
        for _ in each.prepare:
            prepared[each.name] = built.pop(next(iter(built))).name if built else ""
    before = next(iter(prepared.values()))
    for layer in layers:
        name = name_of(layer)
        made = built.pop(name, None)
        if made is None:
            raise Differs(f"{name} is missing", name)
        inputs = tuple(prepared.get(each, each) for each in layer.inputs) or (before,)
        args = {key: value for key, value in layer.args.items() if key != "name"}
        if layer.name == SHORTCUT:
            args["like"] = made.args["like"] if layer.shares else prepared.get(args["like"], args["like"])
        own = {key: value for key, value in made.args.items() if key not in ("name", "weights")}
        args.pop("weights", None) if layer.kind == "applications" else None
        if (made.kind, made.inputs, made.shares) != (layer.name, inputs, layer.shares) or not _are_same_arguments(
            layer, own, args
        ):
            raise Differs(f"{name}: {made} instead of {layer}", name)
        before = name
    if built:
        raise Differs(f"{', '.join(built)} should not be there")
    outputs = outputs_of(recipe)
    wanted = {output.name: name_of(layers[output.index]) for output in outputs}
    found = recorder.outputs
    if isinstance(found, _Tensor):
        found = {outputs[0].name: found}
    if not isinstance(found, dict) or {key: tensor.layer for key, tensor in found.items()} != wanted:
        raise Differs("other outputs")


def _are_same_arguments(layer: KerasObject, one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether arguments are equal, in any order; a number that may have a fraction need not have one."""
    known = layer.entry.arguments or {}
    return one.keys() == other.keys() and all(
        _are_same(one[key], other[key]) or (known[key].type == "number" and is_equal_number(one[key], other[key]))
        for key in one
    )


def _are_same(one: Any, other: Any) -> bool:
    """Whether arguments are equal, in any order."""
    if isinstance(one, KerasObject) and isinstance(other, KerasObject):
        return one.name == other.name and _are_same(one.args, other.args)
    if isinstance(other, (list, tuple)) and isinstance(one, int) and len(other) == 1:
        return bool(one == other[0])
    if isinstance(one, _Layer):
        return _are_same(one.found, other)
    if isinstance(one, str) and isinstance(other, KerasObject):
        return other.is_identifier and one == other.name
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_are_same(one[key], other[key]) for key in one)
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(_are_same(*pair) for pair in zip(one, other, strict=True))
    return is_same(one, other)
