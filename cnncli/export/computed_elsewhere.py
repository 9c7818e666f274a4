"""A Keras model whose outputs another runtime computes, for everything that evaluates Keras models."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from cnncli.export.inference_function import InferenceFunction
from cnncli.export.runtime import Runtime
from cnncli.network.model_inputs import inputs_of
from cnncli.network.model_outputs import alone, by_name


def model_of(runtime: Runtime, function: InferenceFunction) -> keras.Model:
    """A model with the inputs and outputs of the one that was exported.

    Args:
        function: what was exported.
    """
    inputs = inputs_of(function.model)
    return keras.Model(inputs, _Elsewhere(runtime, function)(inputs))


class _Elsewhere(keras.layers.Layer):  # type: ignore[misc]
    """Computes a batch in a runtime."""

    def __init__(self, runtime: Runtime, function: InferenceFunction) -> None:
        super().__init__(dtype="float32", autocast=False)
        self._runtime, self._function = runtime, function
        self._shapes = {name: tuple(each.shape) for name, each in by_name(_output(function.model)).items()}

    def compute_output_spec(self, inputs: Any) -> Any:
        return alone({name: keras.KerasTensor(shape, "float32") for name, shape in self._shapes.items()})

    def call(self, inputs: Any) -> Any:
        given = inputs if isinstance(inputs, dict) else {next(iter(self._function.keras_names.values())): inputs}
        tensors = [given[self._function.keras_names[name]] for name in self._function.inputs]
        found = tf.numpy_function(self._compute, tensors, [tf.float32] * len(self._shapes))
        for values, shape in zip(found, self._shapes.values(), strict=True):
            values.set_shape(shape)
        return alone(dict(zip(self._shapes, found, strict=True)))

    def _compute(self, *arrays: NDArray[Any]) -> list[NDArray[np.float32]]:
        found = self._runtime.run(dict(zip(self._function.inputs, arrays, strict=True)))
        return [np.asarray(found[self._function.outputs[name]], np.float32) for name in self._shapes]


def _output(model: keras.Model) -> Any:
    output = model.output
    return output[0] if isinstance(output, list | tuple) else output
