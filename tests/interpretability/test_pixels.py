"""SmoothGrad and occlusion: which pixels count."""

import keras
import numpy as np

from cnncli.interpretability.occlusion import occlusion
from cnncli.interpretability.saliency import smoothgrad
from cnncli.network.flatten_submodels import opened


def linear(shape, weights, units=2):
    """One dense layer on the pixels; class 1 has these weights, the others none."""
    inputs = keras.Input(shape)
    outputs = keras.layers.Dense(units, activation="softmax", name="out")(keras.layers.Flatten()(inputs))
    model = keras.Model(inputs, outputs)
    kernel = np.zeros((int(np.prod(shape)), units), np.float32)
    kernel[:, 1] = np.ravel(weights)
    model.get_layer("out").set_weights([kernel, np.zeros(units, np.float32)])
    return opened(model)


def test_gradient_of_a_linear_network_is_its_weights():
    weights = np.zeros((10, 10, 2))
    weights[2, 3] = [-3.0, 1.0]  # its size is the sum over the channels: 4
    weights[5, 5] = [0.0, 2.0]
    weights[6, 6] = [1.0, 3.0]
    images = np.random.default_rng(0).random((2, 10, 10, 2)).astype(np.float32)

    heat = smoothgrad(linear((10, 10, 2), weights), images, np.array([1, 1]))

    # The 99th percentile of 100 numbers of which the largest are 4 and 4 is 4.
    expected = np.zeros((10, 10))
    expected[2, 3], expected[5, 5], expected[6, 6] = 1, 0.5, 1
    np.testing.assert_allclose(heat, [expected] * 2, atol=1e-6)


def test_same_seed_gives_the_same_saliency():
    inputs = keras.Input((6, 6, 1))
    maps = keras.layers.Conv2D(4, 3, activation="tanh")(inputs)
    network = opened(keras.Model(inputs, keras.layers.Dense(3)(keras.layers.Flatten()(maps))))
    image = np.random.default_rng(0).random((1, 6, 6, 1)).astype(np.float32)

    one, again, other = (smoothgrad(network, image, np.array([1]), seed=seed) for seed in (1, 1, 2))

    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, other)


def test_occlusion_finds_the_planted_patch():
    weights = np.zeros((24, 24, 1))
    weights[4:8, 12:16] = 1
    image = np.random.default_rng(0).uniform(0, 0.2, (1, 24, 24, 1)).astype(np.float32)
    image[0, 4:8, 12:16] = 1

    [heat] = occlusion(linear((24, 24, 1), weights), image, np.array([1]))

    assert heat[4:8, 12:16].min() > 3 * heat.mean()
    assert np.unravel_index(heat.argmax(), heat.shape)[0] in range(4, 8)
    far = heat.copy()
    far[0:12, 8:20] = 0  # a patch of 4 that touches it reaches no further than 4 around it
    np.testing.assert_array_equal(far, np.zeros((24, 24)))


def test_loss_of_a_patch_is_worked_out():
    # Four places in a row, patches of two, step 1; the image is 4 0 0 0 with mean 1; class 1 minus class 0 is the sum of w * x.
    weights = np.array([1.0, 0.0, 0.0, 1.0])
    image = np.array([4.0, 0.0, 0.0, 0.0], np.float32).reshape(1, 4, 1)

    # The whole: 4. Covered at 0-1: 1, a loss of 3. At 1-2: 4, no loss. At 2-3: 4 + 1, a loss of -1.
    # Means over the patches that cover a place: 3, 3/2, -1/2, -1; what is negative does not count; over the largest.
    heat = occlusion(linear((4, 1), weights), image, np.array([1]), patch=[2], stride=[1])

    np.testing.assert_allclose(heat, [[1, 0.5, 0, 0]], atol=1e-6)


def test_occlusion_still_tells_places_apart_where_the_probability_is_1():
    weights = np.zeros((12, 12, 1))
    weights[2:4, 2:4] = 100.0
    image = np.full((1, 12, 12, 1), 0.1, np.float32)
    image[0, 2:4, 2:4] = 1

    network = linear((12, 12, 1), weights)
    assert network.model.predict(image, verbose=0)[0, 1] == 1
    [heat] = occlusion(network, image, np.array([1]))

    assert np.unravel_index(heat.argmax(), heat.shape) in [(2, 2), (2, 3), (3, 2), (3, 3)]


def test_volumes_are_covered_by_blocks():
    weights = np.zeros((6, 6, 6, 1))
    weights[1, 4, 2] = 1
    volume = np.zeros((1, 6, 6, 6, 1), np.float32)
    volume[0, 1, 4, 2] = 1

    [heat] = occlusion(linear((6, 6, 6, 1), weights), volume, np.array([1]))

    assert heat.shape == (6, 6, 6)
    assert heat.argmax() == np.ravel_multi_index((1, 4, 2), (6, 6, 6))
    assert (heat > 0).sum() == 1  # patches of one place: a sixth of each side
