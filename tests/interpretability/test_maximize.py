"""Activation maximisation climbs, and is the same for the same seed."""

import keras
import numpy as np
import pytest

from cnncli.interpretability.maximize import maximize, on_small_canvas
from cnncli.network.flatten_submodels import opened


@pytest.fixture(scope="module")
def network():
    """A trained-like network with fixed weights: an edge filter and a spot filter, a second layer on both, two classes."""
    keras.utils.set_random_seed(3)
    inputs = keras.Input((24, 24, 1))
    tensor = keras.layers.Rescaling(1 / 255)(inputs)
    tensor = keras.layers.Conv2D(2, 3, activation="relu", name="first")(tensor)
    tensor = keras.layers.Conv2D(6, 3, strides=2, activation="relu", name="second")(tensor)
    pooled = keras.layers.GlobalAveragePooling2D()(tensor)
    model = keras.Model(inputs, keras.layers.Dense(2, activation="softmax", name="out")(pooled))
    edge = np.array([[-1, 0, 1]] * 3) / 3
    spot = np.array([[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]]) / 8
    model.get_layer("first").set_weights([np.stack([edge, spot], -1)[:, :, None], np.array([-0.15, -0.4])])
    return opened(model)


def mean_activation(network, layer, filter_number, images):
    until = keras.Model(network.model.inputs, network.tensors[layer])
    return float(until.predict(images, verbose=0)[..., filter_number].mean())


def test_activation_is_at_least_five_times_that_of_noise(network):
    noise = np.random.default_rng(5).uniform(0, 255, (64, 24, 24, 1)).astype(np.float32)

    found = maximize(network, "first", [0, 1], value_range=(0, 255), steps=60)

    for number, image in enumerate(found.inputs):
        reached = mean_activation(network, "first", number, image[None])
        assert reached == pytest.approx(found.activations[number], rel=1e-4)
        on_noise = mean_activation(network, "first", number, noise)
        assert found.noise[number] == pytest.approx(on_noise, rel=0.15)  # 16 other noises
        assert reached > 5 * on_noise


def test_a_filter_that_is_0_at_the_start_is_climbed_too():
    inputs = keras.Input((8, 8, 1))
    maps = keras.layers.Conv2D(1, 3, activation="relu", name="high")(inputs)
    model = keras.Model(inputs, maps)
    model.get_layer("high").set_weights([np.full((3, 3, 1, 1), 1 / 9, np.float32), np.array([-0.8], np.float32)])

    found = maximize(opened(model), "high", [0], value_range=(0, 1), steps=40)

    assert found.noise[0] == 0
    assert found.activations[0] > 0.1
    assert model.get_layer("high").activation is keras.activations.relu


def test_examples_stay_in_their_range(network):
    found = maximize(network, "second", range(6), value_range=(10, 20), steps=10)

    assert found.inputs.shape == (6, 24, 24, 1)
    assert found.inputs.min() >= 10
    assert found.inputs.max() <= 20


def test_same_seed_gives_the_same_example_and_another_a_different_one(network):
    one, again, other = (maximize(network, "second", [2], value_range=(0, 255), steps=8, seed=s) for s in (1, 1, 2))

    np.testing.assert_array_equal(one.inputs, again.inputs)
    np.testing.assert_array_equal(one.activations, again.activations)
    assert not np.array_equal(one.inputs, other.inputs)


def test_score_of_a_class_rises_above_that_of_noise(network):
    found = maximize(network, None, [0, 1], value_range=(0, 255), steps=40)

    scores = network.until(network.tensors["second"])(found.inputs)
    kernel, bias = network.layers["out"].get_weights()
    by_hand = np.mean(scores, axis=(1, 2)) @ kernel + bias
    np.testing.assert_allclose(found.activations, np.diag(by_hand), rtol=1e-3)
    assert (found.activations > found.noise).all()


def test_filter_of_a_large_network_gets_a_small_canvas():
    inputs = keras.Input((224, 224, 3))
    maps = keras.layers.Conv2D(4, 3, padding="same", name="near")(inputs)
    pooled = keras.layers.MaxPooling2D(16, name="pooled")(maps)
    far = keras.layers.Conv2D(4, 3, padding="same", name="far")(pooled)
    flat = keras.layers.Flatten(name="flat")(far)
    network = opened(keras.Model(inputs, keras.layers.Dense(5, name="units")(flat)))

    names = ["near", "pooled", "far", "flat", "units"]
    sides = [on_small_canvas(network, name).inputs[0].shape[1] for name in names]

    # 64 at least; 8 places of 16 pixels; behind Flatten nothing but the network's own size will do.
    assert sides == [64, 128, 128, 224, 224]


@pytest.mark.parametrize(("places", "kind"), [((30,), "1D"), ((8, 8, 8), "3D")])
def test_signals_and_volumes_are_climbed_too(places, kind):
    inputs = keras.Input((*places, 2))
    maps = getattr(keras.layers, f"Conv{kind}")(3, 3, activation="relu", name="maps")(inputs)
    found = maximize(opened(keras.Model(inputs, maps)), "maps", [0, 2], value_range=(-1, 1), steps=30)

    assert found.inputs.shape == (2, *places, 2)
    assert (found.activations > found.noise).all()
