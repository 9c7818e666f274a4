"""Whether two Keras models are the same network."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import keras
import numpy as np

from cnncli import keras_internals


def assert_same_network(
    one: keras.Model, other: keras.Model, *, with_outputs: bool = True, name: str | None = None
) -> None:
    """Compare names, classes and configs layer by layer, what each layer takes, the weights, and the outputs.

    Args:
        with_outputs: copy the weights and compute; not for networks that were built symbolically.
        name: of `one`; None: that of `other`.
    """
    assert [layer.name for layer in one.layers] == [layer.name for layer in other.layers]
    taken, taken_by_other = _inputs(one), _inputs(other)
    for layer, like in zip(one.layers, other.layers, strict=True):
        assert type(layer) is type(like)
        assert _config(layer) == _config(like), layer.name
        assert taken[layer.name] == taken_by_other[like.name], layer.name
        assert [tuple(w.shape) for w in layer.weights] == [tuple(w.shape) for w in like.weights]
    assert one.name == (name or other.name)
    assert [tensor.shape for tensor in one.outputs] == [tensor.shape for tensor in other.outputs]
    if with_outputs:
        one.set_weights(other.get_weights())
        images = np.random.default_rng(0).random((2, *one.input_shape[1:]), dtype=np.float32)
        np.testing.assert_array_equal(one(images, training=False), other(images, training=False))


def _inputs(model: keras.Model) -> dict[str, list[list[str]]]:
    """The names of what each layer takes in each of its calls."""
    taken = defaultdict(list)
    for call in keras_internals.calls_of(model):
        taken[call.operation.name].append([keras_internals.origin_of(tensor).operation.name for tensor in call.inputs])
    return taken


def _config(layer: Any) -> Any:
    return _without_inner_names(layer.get_config())


def _without_inner_names(config: Any, *, outer: bool = True) -> Any:
    """A config; a list is a tuple, and a layer within another has a name that Keras counts."""
    if isinstance(config, dict):
        return {
            key: _without_inner_names(value, outer=False)
            for key, value in config.items()
            if outer or key not in ("name", "build_config", "shared_object_id")
        }
    if isinstance(config, (list, tuple)):
        return [_without_inner_names(value, outer=False) for value in config]
    return config
