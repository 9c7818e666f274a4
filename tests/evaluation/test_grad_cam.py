"""Grad-CAM on a network small enough to work out by hand."""

import keras
import numpy as np

from cnncli.evaluation.grad_cam import grad_cam, last_maps


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


def test_heat_is_that_of_the_papers_equations():
    image = np.array([[[[1.0], [2.0]], [[3.0], [4.0]]]], np.float32)

    # d score_1 / d maps = [0, 4] / 4 everywhere, so the weights are [0, 1] and the sum is 2x: largest 8.
    heat = grad_cam(network(), "maps", image, np.array([1]))

    np.testing.assert_allclose(heat, [[[0.25, 0.5], [0.75, 1.0]]], rtol=1e-6)


def test_what_speaks_against_a_class_is_not_shown():
    image = np.ones((1, 2, 2, 1), np.float32)

    # For class 0 the weights are [1, -1] / 4: 1 * x - 1 * 2x is negative everywhere.
    np.testing.assert_array_equal(grad_cam(network(), "maps", image, np.array([0])), np.zeros((1, 2, 2)))


def test_sure_answer_and_frozen_network_still_give_heat():
    model = network()
    model.trainable = False
    image = np.full((1, 2, 2, 1), 50.0, np.float32)

    assert model.predict(image, verbose=0)[0, 1] == 1.0
    np.testing.assert_allclose(grad_cam(model, "maps", image, np.array([1])), np.ones((1, 2, 2)))


def test_last_layer_with_maps_is_found():
    assert last_maps(network()) == "maps"
