"""Give access to every layer of a model, also to those of models inside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import keras

from cnncli.network.model_inputs import inputs_of
from cnncli.network.named_calls import named_calls, sources_of

_OUTPUT = ""  # no layer has this name


@dataclass(frozen=True)
class Opened:
    """A network whose inner models are taken apart; layers and weights are the model's own.

    Attributes:
        model: raw examples -> the model's outputs.
        layers: by name, in the order of the network.
            A layer that is called several times is there once for each call.
        tensors: what leaves each layer within `model`, as Keras' symbol for it.
        sources: the names of the inputs that it is made of.
        about: the name of the input that pictures are about; of a single input that.
    """

    model: keras.Model
    layers: dict[str, Any]
    tensors: dict[str, Any]
    sources: dict[str, frozenset[str]] = field(default_factory=dict)
    about: str = ""

    @property
    def input(self) -> Any:
        """The input that pictures are about, as Keras' symbol for it."""
        return next((tensor for tensor in self.model.inputs if tensor.name == self.about), self.model.inputs[0])

    def seen_by(self, name: str) -> frozenset[str]:
        """The inputs that a layer's output is made of."""
        return self.sources.get(name, frozenset([self.about]))

    def until(self, tensors: Any) -> keras.Model:
        """Raw examples -> some of the tensors."""
        return keras.Model(inputs_of(self.model), tensors)


def opened(model: keras.Model, tensors: Mapping[str, Any] | None = None, *, about: str = "") -> Opened:
    """Reach into a model. An application that Keras' own tutorials call like a layer is a model within it.

    Of two layers of one name the inner one is called `model/layer`.

    Args:
        tensors: name of a layer in the recipe -> what leaves it; for the names of layers that are called several times.
        about: the name of the input that pictures are about; left out: the first one.
    """
    found = _opened(model, tensors)
    sources = sources_of(named_calls(found.model))
    by_name = {name: sources[id(tensor)] for name, tensor in found.tensors.items() if id(tensor) in sources}
    return replace(found, sources=by_name, about=about or found.model.inputs[0].name)


def _opened(model: keras.Model, names: Mapping[str, Any] | None) -> Opened:
    if not isinstance(model, keras.Sequential) and not any(_is_nested(layer) for layer in model.layers):
        calls = [each for each in named_calls(model, names) if isinstance(each.call.operation, keras.layers.Layer)]
        by_name = {name: call for name, call, _ in calls}
        once = len(by_name) == len(model.layers)
        recipe_order = {name: place for place, name in enumerate(names or ())}
        ordered = sorted(by_name, key=lambda name: recipe_order.get(name, -1))  # what has no name stands before
        ordered = [layer.name for layer in model.layers] if once else ordered
        operations = {name: by_name[name].operation for name in ordered}
        return Opened(model, operations, {name: _only(by_name[name].outputs) for name in ordered})
    layers: dict[str, Any] = {}
    tensors: dict[str, Any] = {}

    def call(layer: Any, *arguments: Any, **options: Any) -> Any:
        if not _is_nested(layer):
            layers[layer.name], tensors[layer.name] = layer, layer(*arguments, **options)
            return tensors[layer.name]
        inner = opened(layer)
        inside = {name: tensor for name, tensor in inner.tensors.items() if not _is_input(inner.layers[name])}
        gives = inner.until({**inside, _OUTPUT: inner.model.outputs[0]})(*arguments, **options)
        output = gives.pop(_OUTPUT)
        for name, tensor in gives.items():
            free = name if name not in layers else f"{layer.name}/{name}"
            layers[free], tensors[free] = inner.layers[name], tensor
        return output

    functional = keras.Model(model.inputs, model.outputs)
    # Every layer stands for itself, so that the weights are shared.
    whole = keras.models.clone_model(functional, clone_function=lambda layer: layer, call_function=call)
    return Opened(whole, layers, tensors)


def _only(tensors: list[Any]) -> Any:
    return tensors[0] if len(tensors) == 1 else tensors


def layers_of(model: keras.Model) -> list[Any]:
    """The layers of a model and of the models within it, in order."""
    return [inner for layer in model.layers for inner in (layers_of(layer) if _is_nested(layer) else [layer])]


def _is_nested(layer: Any) -> bool:
    return isinstance(layer, keras.Model)


def _is_input(layer: Any) -> bool:
    return isinstance(layer, keras.layers.InputLayer)
