"""Give access to every layer of a model, also to those of models inside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras

_OUTPUT = ""  # no layer has this name


@dataclass(frozen=True)
class Opened:
    """A network whose inner models are taken apart; layers and weights are the model's own.

    Attributes:
        model: raw examples -> the model's outputs.
        layers: by name, in the order of the network.
        tensors: what leaves each layer within `model`, as Keras' symbol for it.
    """

    model: keras.Model
    layers: dict[str, Any]
    tensors: dict[str, Any]

    def until(self, tensors: Any) -> keras.Model:
        """Raw examples -> some of the tensors."""
        inputs = self.model.inputs
        return keras.Model(inputs[0] if len(inputs) == 1 else inputs, tensors)


def opened(model: keras.Model) -> Opened:
    """Reach into a model. An application that Keras' own tutorials call like a layer is a model within it.

    Of two layers of one name the inner one is called `model/layer`.
    """
    if not isinstance(model, keras.Sequential) and not any(_is_nested(layer) for layer in model.layers):
        return Opened(model, {x.name: x for x in model.layers}, {x.name: x.output for x in model.layers})
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


def layers_of(model: keras.Model) -> list[Any]:
    """The layers of a model and of the models within it, in order."""
    return [inner for layer in model.layers for inner in (layers_of(layer) if _is_nested(layer) else [layer])]


def _is_nested(layer: Any) -> bool:
    return isinstance(layer, keras.Model)


def _is_input(layer: Any) -> bool:
    return isinstance(layer, keras.layers.InputLayer)
