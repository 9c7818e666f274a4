"""Grad-CAM and Grad-CAM++ on networks small enough to work out by hand."""

import keras
import numpy as np
import pytest

from cnncli.errors import RecipeError
from cnncli.interpretability.attribution import layer_for
from cnncli.interpretability.grad_cam import grad_cam
from cnncli.interpretability.layer_selection import last_maps
from cnncli.network.flatten_submodels import opened


def network(activation="softmax"):
    """One 1x1 convolution with two maps, x and 2x; their means; two classes."""
    inputs = keras.Input((2, 2, 1))
    maps = keras.layers.Conv2D(2, 1, use_bias=False, name="maps")(inputs)
    means = keras.layers.GlobalAveragePooling2D(name="means")(maps)
    outputs = keras.layers.Dense(2, activation=activation, name="out")(means)
    model = keras.Model(inputs, outputs)
    model.get_layer("maps").set_weights([np.array([[[[1.0, 2.0]]]], np.float32)])
    model.get_layer("out").set_weights([np.array([[1.0, 0.0], [-1.0, 4.0]], np.float32), np.zeros(2, np.float32)])
    return model


def network_of_places():
    """Maps x and 5 - x, and one class whose score weighs each place of each map on its own."""
    inputs = keras.Input((2, 2, 1))
    maps = keras.layers.Conv2D(2, 1, name="maps")(inputs)
    outputs = keras.layers.Dense(2, name="out")(keras.layers.Flatten()(maps))
    model = keras.Model(inputs, outputs)
    model.get_layer("maps").set_weights([np.array([[[[1.0, -1.0]]]], np.float32), np.array([0.0, 5.0], np.float32)])
    weights = np.zeros((8, 2), np.float32)
    weights[:, 1] = [1, -1, 0, 2, 0, 0, 0, 0]  # place by place: of x, of 5 - x
    model.get_layer("out").set_weights([weights, np.zeros(2, np.float32)])
    return model


IMAGE = np.array([[[[1.0], [2.0]], [[3.0], [4.0]]]], np.float32)


def test_heat_is_that_of_the_papers_equations():
    # d score_1 / d maps = [0, 4] / 4 everywhere, so the weights are [0, 1] and the sum is 2x: largest 8.
    heat = grad_cam(opened(network()), "maps", IMAGE, np.array([1]))

    np.testing.assert_allclose(heat, [[[0.25, 0.5], [0.75, 1.0]]], rtol=1e-6)


def test_plus_plus_is_that_of_its_papers_equations():
    # The gradients are the weights. Of map x (sum 10): 1 at one place, its share 1 / (2 + 10 * 1), so the weight is 1/12.
    # Of map 5 - x (sum 10): -1, which does not count, and 2, its share 4 / (8 + 10 * 8), so the weight is 2/22.
    # x / 12 + (5 - x) / 11 at x = 1, 2, 3, 4 is 59, 58, 57 and 56 parts of 132.
    heat = grad_cam(opened(network_of_places()), "maps", IMAGE, np.array([1]), plus_plus=True)

    np.testing.assert_allclose(heat, np.array([[[59, 58], [57, 56]]]) / 59, rtol=1e-6)
    # Grad-CAM's weights are the means, 1/4 and 1/4: x + 5 - x is the same everywhere.
    np.testing.assert_allclose(grad_cam(opened(network_of_places()), "maps", IMAGE, np.array([1])), np.ones((1, 2, 2)))


def test_what_speaks_against_a_class_is_not_shown():
    image = np.ones((1, 2, 2, 1), np.float32)

    # For class 0 the weights are [1, -1] / 4: 1 * x - 1 * 2x is negative everywhere.
    np.testing.assert_array_equal(grad_cam(opened(network()), "maps", image, np.array([0])), np.zeros((1, 2, 2)))


def test_sure_answer_and_frozen_network_still_give_heat():
    model = network()
    model.trainable = False
    image = np.full((1, 2, 2, 1), 50.0, np.float32)

    assert model.predict(image, verbose=0)[0, 1] == 1.0
    np.testing.assert_allclose(grad_cam(opened(model), "maps", image, np.array([1])), np.ones((1, 2, 2)))


@pytest.mark.parametrize(("places", "kind"), [((4,), "1D"), ((2, 1, 2), "3D")])
def test_signals_and_volumes_have_heat_too(places, kind):
    inputs = keras.Input((*places, 1))
    maps = getattr(keras.layers, f"Conv{kind}")(1, 1, use_bias=False, name="maps")(inputs)
    means = getattr(keras.layers, f"GlobalAveragePooling{kind}")()(maps)
    model = keras.Model(inputs, keras.layers.Dense(2, activation="softmax", name="out")(means))
    model.get_layer("maps").set_weights([np.ones((*[1] * len(places), 1, 1), np.float32)])
    model.get_layer("out").set_weights([np.array([[0.0, 3.0]], np.float32), np.zeros(2, np.float32)])
    example = np.array([1, 2, 3, 4], np.float32).reshape(1, *places, 1)

    heat = grad_cam(opened(model), "maps", example, np.array([1]))

    assert last_maps(opened(model)) == "maps"
    np.testing.assert_allclose(heat, example[..., 0] / 4, rtol=1e-6)


def test_softmax_as_a_layer_of_its_own_does_not_flatten_a_sure_answer():
    model = network(activation=None)
    apart = keras.Model(model.inputs, keras.layers.Softmax()(model.outputs[0]))
    image = np.full((1, 2, 2, 1), 50.0, np.float32)

    np.testing.assert_allclose(grad_cam(opened(apart), "maps", image, np.array([1])), np.ones((1, 2, 2)))


def test_last_layer_with_maps_is_found():
    assert last_maps(opened(network())) == "maps"


def test_layer_behind_which_there_is_no_class_is_told():
    inputs = keras.Input((2, 2, 1))
    maps = keras.layers.Conv2D(2, 1, name="maps")(inputs)
    rounded = keras.ops.argmax(maps, axis=-1)  # it has no gradient
    outputs = keras.layers.Dense(2)(keras.layers.Flatten()(keras.ops.cast(rounded, "float32")))

    with pytest.raises(RecipeError, match="no gradient leads from the class to layer `maps`"):
        grad_cam(opened(keras.Model(inputs, outputs)), "maps", IMAGE, np.array([1]))


def test_parallel_convolutions_leave_the_layer_before_them():
    tokens = keras.Input((6,), dtype="int32")
    words = keras.layers.Embedding(9, 4, name="words")(tokens)
    parts = [keras.layers.GlobalMaxPooling1D()(keras.layers.Conv1D(3, size)(words)) for size in (2, 3)]
    model = keras.Model(tokens, keras.layers.Dense(2, activation="softmax")(keras.layers.Concatenate()(parts)))

    assert layer_for(opened(model), "grad-cam", None) == "words"


def test_convolutions_that_are_joined_again_leave_what_joins_them():
    image = keras.Input((8, 8, 1))
    parts = [keras.layers.Conv2D(3, size, padding="same")(image) for size in (1, 3)]
    joined = keras.layers.Concatenate(name="joined")(parts)
    model = keras.Model(image, keras.layers.Dense(2)(keras.layers.GlobalAveragePooling2D()(joined)))

    assert layer_for(opened(model), "grad-cam", None) == "joined"
