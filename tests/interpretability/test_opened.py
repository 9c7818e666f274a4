"""A model within a model is within reach: the transfer learning of Keras' own tutorials."""

import keras
import numpy as np
import pytest

from cnncli.inference.model_loading import open_model
from cnncli.interpretability.class_scores import head_of, probabilities
from cnncli.interpretability.feature_maps import feature_maps
from cnncli.interpretability.grad_cam import grad_cam
from cnncli.interpretability.layer_selection import last_maps, map_layers
from cnncli.interpretability.maximize import maximize
from cnncli.interpretability.sample_selection import value_range_of
from cnncli.network.flatten_submodels import Opened, opened
from cnncli.network.kernels import convolutions, find

IMAGES = np.random.default_rng(0).random((3, 12, 12, 1)).astype(np.float32)


@pytest.fixture
def inner():
    inputs = keras.Input((12, 12, 1))
    maps = keras.layers.Conv2D(4, 3, activation="relu", name="conv_a")(inputs)
    outputs = keras.layers.Conv2D(5, 3, activation="relu", name="conv_b")(keras.layers.MaxPooling2D()(maps))
    return keras.Model(inputs, outputs, name="backbone")


def with_head(tensor, inner):
    return keras.layers.Dense(3, activation="softmax")(keras.layers.GlobalAveragePooling2D()(inner(tensor)))


@pytest.fixture
def nested(inner):
    inputs = keras.Input((12, 12, 1))
    return keras.Model(inputs, with_head(keras.layers.Rescaling(2.0)(inputs), inner))


def test_score_of_a_nested_model_is_the_one_before_its_softmax(nested):
    network = opened(nested)
    head = head_of(network.model)
    scores = head.scores(network.until(head.tensor)(IMAGES)).numpy()

    shares = nested.predict(IMAGES, verbose=0)
    np.testing.assert_allclose(keras.ops.softmax(scores), shares, rtol=1e-4)
    assert np.abs(scores.sum(axis=-1) - 1).max() > 1e-3  # shares themselves would sum to 1


def test_feature_maps_inside_are_those_of_the_inner_model(nested, inner):
    [maps] = feature_maps(opened(nested), ["conv_a"], IMAGES)

    alone = keras.Model(inner.inputs, inner.get_layer("conv_a").output)
    np.testing.assert_allclose(maps, alone.predict(2 * IMAGES, verbose=0), rtol=1e-5, atol=1e-6)


def test_opened_model_gives_the_same(nested):
    np.testing.assert_allclose(opened(nested).model(IMAGES), nested(IMAGES), rtol=1e-6)
    np.testing.assert_allclose(probabilities(nested, IMAGES), nested(IMAGES), rtol=1e-4, atol=1e-6)


def test_heat_inside_is_that_of_the_same_network_in_one_piece(nested, inner):
    inputs = keras.Input((12, 12, 1))
    tensor = keras.layers.Rescaling(2.0)(inputs)
    for layer in inner.layers[1:]:
        tensor = layer(tensor)
    pooled = keras.layers.GlobalAveragePooling2D()(tensor)
    flat = keras.Model(inputs, nested.layers[-1](pooled))

    found = opened(nested)
    assert last_maps(found) == "conv_b"
    classes = np.array([0, 1, 2])
    viewer = Opened(flat, {"conv_b": inner.get_layer("conv_b")}, {"conv_b": tensor})
    np.testing.assert_allclose(
        grad_cam(found, "conv_b", IMAGES, classes), grad_cam(viewer, "conv_b", IMAGES, classes), rtol=1e-4, atol=1e-5
    )


def test_layers_inside_are_named(nested, inner):
    assert [one.name for one in convolutions(nested)] == ["conv_a", "conv_b"]
    assert find(nested, "conv_b").layer is inner.get_layer("conv_b")
    assert [name for name in map_layers(opened(nested)) if name.startswith("conv")] == ["conv_a", "conv_b"]


def test_two_models_with_layers_of_one_name_are_told_apart(inner):
    twin = keras.models.clone_model(inner)
    twin.name = "twin"
    inputs = keras.Input((12, 12, 1))
    both = keras.layers.Concatenate()([inner(inputs), twin(inputs)])
    model = keras.Model(inputs, keras.layers.Dense(3)(keras.layers.GlobalAveragePooling2D()(both)))

    found = opened(model)
    assert {"conv_a", "twin/conv_a"} <= found.tensors.keys()
    [one, other] = feature_maps(found, ["conv_a", "twin/conv_a"], IMAGES)
    assert not np.allclose(one, other)


@pytest.mark.parametrize("is_nested", [False, True], ids=["of layers", "with a model inside"])
def test_sequential_model_as_tutorials_write_it_is_seen_through(tmp_path, inner, is_nested):
    body = [inner] if is_nested else [keras.layers.Conv2D(5, 3, name="conv_b")]
    head = [keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(3, activation="softmax")]
    model = keras.Sequential([keras.Input((12, 12, 1)), keras.layers.Rescaling(1 / 255), *body, *head])
    model.save(tmp_path / "own.keras")
    trained = open_model(str(tmp_path / "own.keras"), outputs=tmp_path)
    network = opened(trained.model)

    assert head_of(network.model).tensor is not network.model.outputs[0]  # what is before the softmax
    assert grad_cam(network, last_maps(network), IMAGES, np.zeros(3, int)).shape[0] == 3
    assert maximize(network, None, [0, 2], value_range=value_range_of(trained), steps=2).inputs.shape == (2, 12, 12, 1)
    assert value_range_of(trained) == (0, 255)
    np.testing.assert_allclose(probabilities(trained.model, IMAGES), model.predict(IMAGES, verbose=0), rtol=1e-4)
