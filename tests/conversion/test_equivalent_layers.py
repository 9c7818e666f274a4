"""Functions of keras.ops and private layers of applications become layers of a recipe that compute the same."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers, ops
from keras.src.applications.convnext import LayerScale
from keras.src.applications.inception_resnet_v2 import CustomScaleLayer

from cnncli.conversion.from_keras import from_keras
from cnncli.errors import ModelFileError
from cnncli.network.build import build
from cnncli.recipe.load import load_bytes


def layers_of(model: keras.Model) -> list[str]:
    """The layers of the recipe of a model, once it is seen that it computes the same."""
    text = from_keras(model, name="m", shown="m.keras")
    same = build(load_bytes(text.encode(), "m.yaml").recipe, input_shape=model.input_shape[1:]).model
    same.set_weights(model.get_weights())
    images = np.random.default_rng(0).random((2, *model.input_shape[1:]), dtype=np.float32)
    np.testing.assert_array_equal(same(images), model(images))
    return [line.strip("- ") for line in text.split("  layers:\n", 1)[1].split("\ntrain:")[0].splitlines()]


def ending(x: keras.KerasTensor, inputs: keras.KerasTensor) -> keras.Model:
    return keras.Model(inputs, layers.Dense(2, name="dense")(layers.Flatten(name="flatten")(x)))


def test_functions_become_layers():
    inputs = keras.Input((6, 6, 2))
    x = layers.Conv2D(2, 1, name="first")(inputs)
    y = layers.Conv2D(2, 1, name="second")(inputs)
    x = ops.relu((x + y) * 2 - 1)
    x = ops.concatenate([1 - x, ops.maximum(x, y)], axis=-1)[:, 1:-1, 2:]
    x = ops.reshape(ops.transpose(ops.square(x), (0, 3, 1, 2)), (-1, 4, 16))
    assert layers_of(ending(ops.mean(x, axis=1), inputs)) == [
        "Conv2D: {name: first, filters: 2, kernel_size: 1}",
        "Conv2D: {name: second, filters: 2, kernel_size: 1, from: input}",
        "Add: {from: [first, second]}",
        "Rescaling: 2",
        "Rescaling: {scale: 1, offset: -1}",
        "Activation: relu",
        "Rescaling: {scale: -1, offset: 1}",
        "Maximum: {from: [activation, second]}",
        "Concatenate: {from: [rescaling_2, maximum]}",
        "Cropping2D: {cropping: [[1, 1], [2, 0]]}",
        "Multiply: {from: [cropping2d, cropping2d]}",
        "Permute: {dims: [3, 1, 2]}",
        "Reshape: {target_shape: [4, 16]}",
        "GlobalAveragePooling1D",
        "Flatten",
        "Dense: 2",
    ]


def test_layers_of_applications_become_layers():
    inputs = keras.Input((4, 4, 2))
    x = layers.Conv2D(2, 1, name="conv2d")(inputs)
    x = CustomScaleLayer(scale=0.25)([inputs, x])
    assert layers_of(ending(LayerScale(0.5, 2, name="scale")(x), inputs)) == [
        "Conv2D: {filters: 2, kernel_size: 1}",
        "Rescaling: 0.25",
        "Add: {from: [input, rescaling]}",
        'EinsumDense: {name: scale, equation: "...c,c->...c", output_shape: 2, kernel_initializer: {Constant: 0.5}}',
        "Flatten",
        "Dense: 2",
    ]


@pytest.mark.parametrize(
    "function",
    [
        lambda x: ops.sin(x),
        lambda x: 1 / x,
        lambda x: x + np.ones((4, 2), "float32"),
        lambda x: x[:, ::2],
        lambda x: ops.reshape(x, (-1, 8)),
        lambda x: ops.gelu(x, approximate=True),
        lambda x: ops.mean(x, axis=(1, 3)),
        lambda x: ops.transpose(x, (1, 0, 2, 3)),
        lambda x: ops.concatenate([x, x], axis=0),
    ],
)
def test_functions_without_an_equal_layer_are_refused(function):
    inputs = keras.Input((4, 4, 2))
    x = function(layers.Conv2D(2, 1, name="conv2d")(inputs))
    with pytest.raises(ModelFileError, match=r"the function keras\.ops\."):
        from_keras(keras.Model(inputs, layers.ReLU(name="last")(x)), name="m", shown="m.keras")


def test_division_is_rescaling():
    inputs = keras.Input((4, 4, 2))
    x = layers.Conv2D(2, 1, name="conv2d")(inputs)
    assert layers_of(ending(x / 4, inputs))[1] == "Rescaling: 0.25"


def test_function_of_integers_is_refused():
    inputs = keras.Input((4,), dtype="int32")
    model = keras.Model(inputs, layers.Embedding(5, 2, name="words")(inputs + 1))
    with pytest.raises(ModelFileError, match=r"the function keras\.ops\."):
        from_keras(model, name="m", shown="m.keras")


def test_paths_with_counted_names_are_repeated_as_branches():
    keras.utils.clear_session()
    x = inputs = keras.Input((4, 4, 2))
    for number in range(1, 4):
        short = layers.ReLU()(layers.Conv2D(2, 1)(x))
        long = layers.ReLU()(layers.Conv2D(2, 1)(x))
        long = layers.Conv2D(3, 3, padding="same")(long)
        y = layers.Conv2D(2, 1)(layers.Concatenate(name=f"mixed{number}")([short, long]))
        x = layers.Activation("relu")(layers.Add()([y, x]))
    assert (
        from_keras(ending(x, inputs), name="m", shown="m.keras").split("  layers:\n", 1)[1]
        == """\
    - repeat:
        times: 3
        as: i
        layers:
          - residual:
              body:
                - branches:
                    merge: {Concatenate: {name: "mixed$(i + 1)"}}
                    paths:
                      - [Conv2D: {filters: 2, kernel_size: 1}, ReLU]
                      - - Conv2D: {filters: 2, kernel_size: 1}
                        - ReLU
                        - Conv2D: {filters: 3, kernel_size: 3, padding: same}
                - Conv2D: {filters: 2, kernel_size: 1}
          - Activation: relu
    - Flatten
    - Dense: 2
"""
    )
