"""A trained model as a function of named tensors: inference mode, 32-bit floats, names that say what goes in and out."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf

from cnncli import keras_internals
from cnncli.inference.model_loading import TrainedModel
from cnncli.inputs import kind_of
from cnncli.network.model_outputs import ALONE, by_name
from cnncli.network.whole_images import over_whole_images

_NAMES_OF_FORMS = {"inputs": "reconstruction", "numbers": "values"}


@dataclass(frozen=True, eq=False)
class InferenceFunction:
    """A model as a function of tensors by name.

    Attributes:
        model: computes in 32-bit floats.
        inputs: of a batch of any size, by the name that the export has for them.
        keras_names: of the same inputs in the model.
        outputs: names of the outputs, by those that the model has for them.
    """

    model: keras.Model
    inputs: Mapping[str, tf.TensorSpec]
    keras_names: Mapping[str, str]
    outputs: Mapping[str, str]

    def __call__(self, *tensors: Any) -> dict[str, Any]:
        """Compute outputs by name from inputs in the order of `inputs`; can be traced."""
        given = {self.keras_names[name]: each for name, each in zip(self.inputs, tensors, strict=True)}
        found = by_name(self.model(given if len(given) > 1 else next(iter(given.values())), training=False))
        return {self.outputs[name]: tf.cast(value, tf.float32) for name, value in found.items()}

    @property
    def signature(self) -> list[tf.TensorSpec]:
        """The inputs in their order, each with its name."""
        return list(self.inputs.values())

    def frozen(self) -> tf.types.experimental.ConcreteFunction:
        """The same as a graph, whose variables have become constants."""
        from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

        concrete = tf.function(self, autograph=False).get_concrete_function(*self.signature)
        return convert_variables_to_constants_v2(concrete, lower_control_flow=False)


def inference_function(trained: TrainedModel) -> InferenceFunction:
    """The function of a trained model."""
    model = _functional(over_whole_images(in_float32(trained.network), trained.windows))
    tensors = {tensor.name: tensor for tensor in model.inputs}
    if len(tensors) > 1 or trained.names_its_inputs:
        names = _as_identifiers(list(tensors))
    else:
        [tensor] = model.inputs
        word = kind_of(tuple(tensor.shape[1:])).WORD
        names = {word.rpartition(" ")[2]: tensor.name}  # `numbers` of a row of numbers
    specs = {
        name: tf.TensorSpec((None, *tensors[own].shape[1:]), tensors[own].dtype, name) for name, own in names.items()
    }
    # Names of an ONNX graph are unique.
    outputs = {
        own: f"predicted_{name}" if name in names else name for own, name in _output_names(trained, model).items()
    }
    return InferenceFunction(model, specs, names, outputs)


def _as_identifiers(names: Sequence[str]) -> dict[str, str]:
    """Names that signatures of TensorFlow can have -> the given ones."""
    found: dict[str, str] = {}
    for name in names:
        own = re.sub(r"\W", "_", name, flags=re.ASCII)
        own = own if own[:1].isalpha() else f"input_{own}"
        while own in found:
            own += "_"
        found[own] = name
    return found


def _functional(model: keras.Model) -> keras.Model:
    """The same network with one output, or with several by name: those of a list are called `output_0`, `output_1`, …"""
    outputs = model.outputs
    if isinstance(model, keras.Sequential):  # an opened one has no `output`
        return keras.Model(model.inputs[0], outputs[0])
    if not isinstance(model.output, list | tuple):
        return model
    named = {f"output_{number}": output for number, output in enumerate(outputs)}
    return keras.Model(model.input, named if len(outputs) > 1 else outputs[0])


def _output_names(trained: TrainedModel, model: keras.Model) -> dict[str, str]:
    if isinstance(model.output, Mapping):
        return {name: name for name in model.output}
    form = trained.about.outputs if trained.about else "output"
    return {ALONE: _NAMES_OF_FORMS.get(form, form)}


def in_float32(model: keras.Model) -> keras.Model:
    """The same network with the same weights, which computes in 32-bit floats."""
    if all(layer.compute_dtype not in ("bfloat16", "float16") for layer in keras_internals.all_layers(model)):
        return model
    text = json.dumps(model.get_config())
    for policy in ("mixed_bfloat16", "mixed_float16", "bfloat16", "float16"):
        text = text.replace(json.dumps(policy), json.dumps("float32"))
    same = type(model).from_config(json.loads(text))
    same.set_weights(model.get_weights())
    return same
