"""Applications within a recipe's network: their own layers, once preprocessed, with their weights."""

from __future__ import annotations

import re
import sys
from collections import Counter

import h5py
import keras
import numpy as np
import pytest

from cnncli.errors import ModelFileError, RecipeError
from cnncli.network.build import Network, build, build_symbolically
from cnncli.network.instantiate import shapes_alone
from cnncli.network.symbolic_shapes import resolve
from cnncli.recipe.load import load_bytes

SHAPE = (32, 32, 3)


def loaded(layers: str):
    text = f"data: {{source: {{npz: {{path: a.npz}}}}}}\nmodel: {{input: {list(SHAPE)}, layers: [{layers}]}}\n"
    return load_bytes(f"{text}train: {{loss: mean_squared_error}}\n".encode(), "r.yaml").recipe


def network(name: str, weights: str = "null") -> Network:
    item = f"{name}: {{name: backbone, weights: {weights}, include_top: false}}"
    return build(loaded(f"{item}, Identity: {{name: end}}"), input_shape=SHAPE)


def preprocessing_of(name: str):
    return sys.modules[getattr(keras.applications, name).__module__].preprocess_input


def alone(name: str) -> keras.Model:
    return getattr(keras.applications, name)(name="backbone", weights=None, include_top=False, input_shape=SHAPE)


def uncounted(names):
    """Without the numbers by which Keras tells layers without a name apart."""
    return [re.sub(r"_\d+$", "", name) for name in names]


def kinds(model: keras.Model) -> Counter[str]:
    return Counter(type(operation).__name__ for operation in model.operations)


@pytest.mark.parametrize(
    "name", ["VGG16", "MobileNetV2", "ResNet50V2", "EfficientNetB0", "DenseNet121", "ConvNeXtTiny"]
)
def test_application_is_inlined_with_its_preprocessing_once(name):
    item = f"{name}: {{name: backbone, weights: null, include_top: false}}"
    built = build_symbolically(loaded(item), input_shape=SHAPE)
    with shapes_alone():
        same = alone(name)
        images = keras.Input(SHAPE)
        prepared = keras.Model(images, preprocessing_of(name)(images))

    assert uncounted(built.groups["backbone"]) == uncounted(layer.name for layer in same.layers[1:])
    assert kinds(built.model) == kinds(same) + kinds(prepared) - Counter(InputLayer=1)
    assert built.output_shape("backbone") == same.output_shape[1:]
    assert built.model.count_params() == same.count_params() > 10**6


@pytest.mark.parametrize("name", ["MobileNet", "EfficientNetB0"])
def test_inlined_application_gives_what_it_gives_alone(name, tmp_path):
    keras.utils.set_random_seed(3)
    same = alone(name)
    for weight in same.weights:  # EfficientNet's own normalization begins as nothing
        weight.assign(weight + 0.01 * np.random.default_rng(3).random(weight.shape))
    same.save_weights(tmp_path / "own.weights.h5")
    images = np.random.default_rng(0).integers(0, 256, (2, *SHAPE)).astype(np.float32)

    built = network(name, str(tmp_path / "own.weights.h5"))

    expected = same(preprocessing_of(name)(images.copy()), training=False)
    np.testing.assert_allclose(built.model(images, training=False), expected, rtol=1e-4, atol=1e-5)
    assert np.ptp(expected) > 0


def test_application_beside_layers_of_the_names_that_keras_would_give_its_own():
    layers = "Subtract: {from: [input, input]}, Rescaling: 2, EfficientNetB0: {weights: null, include_top: false}"

    built = build_symbolically(loaded(f"{layers}, Normalization: {{mean: 1, variance: 2}}"), input_shape=SHAPE)

    names = [layer.name for layer in built.model.layers]
    assert names[:5] == ["input", "subtract", "rescaling", "rescaling_1", "normalization_1"]
    assert names[-1] == "normalization"


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        (
            "VGG16: {weights: null, include_top: false}, Flatten: {name: block1_conv1}",
            "two layers are named `block1_conv1`",
        ),
        (
            "VGG16: {weights: null, include_top: false},"
            " VGG16: {name: again, from: input, weights: null, include_top: false}, Add: {from: [again, vgg16]}",
            "VGG16 brings a layer named `block1_conv1`, and there is one",
        ),
    ],
)
def test_layer_of_a_name_that_an_application_has_is_reported(layers, message):
    with pytest.raises(RecipeError, match=message):
        build_symbolically(loaded(layers), input_shape=SHAPE)


def test_weights_file_that_leads_to_another_file_is_refused_before_keras_sees_it(tmp_path):
    with h5py.File(tmp_path / "secret.h5", "w") as secret:
        secret["vars"] = np.zeros(3)
    file = tmp_path / "own.weights.h5"
    alone("MobileNet").save_weights(file)
    with h5py.File(file, "a") as weights:
        weights["layers/more"] = h5py.ExternalLink("secret.h5", "/vars")

    with pytest.raises(ModelFileError, match="holds a link in its weights, `layers/more`") as caught:
        network("MobileNet", str(file))

    assert caught.value.problems[0].path == ("model", "layers", 0, "MobileNet", "weights")


def test_weights_file_that_is_none_is_reported(tmp_path):
    file = tmp_path / "own.weights.h5"
    file.write_bytes(b"<html>404</html>")
    with pytest.raises(ModelFileError, match="it is not an HDF5 file, or cut short"):
        network("MobileNetV2", str(file))


def test_sizes_are_known_after_an_application_whose_layers_keras_counts():
    # MobileNetV3 has layers without a name, which Keras calls add, add_1, …
    text = """
data: {source: {npz: {path: a.npz}}, classes: 3}
model:
  input: [64, 64, 3]
  layers:
    - MobileNetV3Small: {weights: null, include_top: false, minimalistic: true}
    - residual: {body: [Conv2D: {filters: $here.channels, kernel_size: 1}]}
    - Conv2D: {name: last, filters: $(here.channels // 2), kernel_size: 1}
    - Flatten
    - Dense: {units: $classes, activation: softmax}
"""
    loaded = load_bytes(text.encode(), "r.yaml")
    recipe = resolve(loaded, (64, 64, 3)).recipe

    network = build_symbolically(recipe, input_shape=(64, 64, 3))
    assert network.output_shape("last") == (2, 2, 288)
    assert network.output_shape("add") == (2, 2, 576)


def test_efficientnet_v2_has_the_name_of_the_recipe():
    # Keras 3.15 finds its blocks by its own name.
    item = "EfficientNetV2B0: {name: backbone, weights: null, include_top: false}"
    assert build_symbolically(loaded(item), input_shape=SHAPE).output_shape("backbone") == (1, 1, 1280)
