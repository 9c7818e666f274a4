"""A network in Python gives the Keras model that cnncli builds: names, configs, weights, outputs."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from network_cases import CASES, SIZES, WITHOUT, recipe
from random_networks import SHAPE, networks, recipe_of
from same_network import assert_same_network

from cnncli.conversion.to_python import to_python
from cnncli.network.build import build, build_symbolically
from cnncli.network.instantiate import shapes_alone
from cnncli.network.symbolic_shapes import resolve
from cnncli.recipe import shipped
from cnncli.recipe.known_data import declared_classes
from cnncli.recipe.load import load, load_bytes
from cnncli.recipe.sources.builtin import BUILTIN_SHAPES


def run(source: str) -> dict[str, Any]:
    module: dict[str, Any] = {"__name__": "network"}
    exec(compile(source, "network.py", "exec"), module)
    return module


@settings(max_examples=8, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
@given(networks(), st.sampled_from(["Flatten", "GlobalAveragePooling2D"]))
def test_random_network_gives_the_same_outputs(nodes, head):
    loaded = load_bytes(recipe_of(nodes, head).encode(), "r.yaml")
    keras.utils.clear_session()

    model = run(to_python(loaded, network_only=True))["build_model"]()

    assert_same_network(model, build(loaded.resolve(classes=3).recipe, input_shape=SHAPE).model)


@pytest.mark.parametrize("case", [*CASES, *SIZES, *WITHOUT])
def test_structure_gives_the_same_outputs(case):
    loaded = recipe(**{**CASES, **SIZES, **WITHOUT}[case])
    keras.utils.clear_session()

    model = run(to_python(loaded, network_only=True))["build_model"]()

    assert_same_network(model, build(resolve(loaded, SHAPE, classes=10).recipe, input_shape=SHAPE).full_model)


# What a network without weights and training examples lacks.
GIVEN = {
    "vgg16-transfer": ["model.layers.0.VGG16.weights=null"],
    "detect-transfer": ["model.layers.0.MobileNetV2.weights=null"],
    "unet-transfer": ["model.layers.0.MobileNetV2.weights=null"],
    "sentence-cnn": ["data.prepare.0.TextVectorization.vocabulary=[not, bad]"],
    "sentence-conv1d": ["data.prepare.0.TextVectorization.vocabulary=[not, bad]"],
}


@pytest.mark.parametrize("name", sorted({*shipped.names()} - {"siamese"}))
def test_shipped_recipe_gives_the_same_network(name):
    """Symbolically: the weights of ResNet-50 take memory and time."""
    loaded = load(name, GIVEN.get(name, []))
    shape = loaded.recipe.model.input or BUILTIN_SHAPES[loaded.recipe.data.source.builtin or ""]
    recipe = resolve(loaded, shape, classes=declared_classes(loaded.recipe) or 10).recipe
    keras.utils.clear_session()

    build_model = run(to_python(loaded, network_only=True))["build_model"]
    with shapes_alone():
        model = build_model()

    assert_same_network(model, build_symbolically(recipe, input_shape=shape).full_model, with_outputs=False)


def test_several_inputs_and_shared_layers_give_the_same_outputs():
    loaded = load("siamese")
    network = build(loaded.resolve(classes=2).recipe, input_shape=loaded.recipe.model.input)
    keras.utils.clear_session()

    model = run(to_python(loaded, network_only=True))["build_model"]()

    model.set_weights(network.model.get_weights())
    pair = {name: np.random.default_rng(0).random((3, 28, 28, 1), dtype=np.float32) for name in ("left", "right")}
    np.testing.assert_array_equal(model(pair), network.model(pair))
    assert [layer.name for layer in model.layers] == [layer.name for layer in network.model.layers]


def test_layers_of_the_shortcut_are_named_as_in_the_recipe():
    names = {
        layer.name for layer in run(to_python(load("resnet20-cifar10"), network_only=True))["build_model"]().layers
    }
    assert {"basic_3_shortcut_conv", "basic_3_shortcut_bn", "basic_6_add"} <= names
    assert "basic_shortcut_conv" not in names
    assert np.isfinite(len(names))


def test_layers_within_an_application_are_read_by_name():
    text = """\
data: {source: {image_folder: {path: photos}}, classes: 3}
model:
  input: [32, 32, 3]
  layers:
    - Conv2D: {name: before, filters: 3, kernel_size: 1}
    - VGG16: {name: backbone, weights: null, include_top: false}
    - GlobalAveragePooling2D: {name: last}
    - GlobalAveragePooling2D: {from: block2_pool, name: early}
    - Concatenate: {from: [early, last]}
    - Dense: {units: $classes, activation: softmax}
"""
    loaded = load_bytes(text.encode(), "app.yaml")
    keras.utils.clear_session()
    with shapes_alone():
        model = run(to_python(loaded, network_only=True))["build_model"]()
    network = build_symbolically(loaded.resolve(classes=3).recipe, input_shape=(32, 32, 3))
    assert_same_network(model, network.full_model, with_outputs=False)
