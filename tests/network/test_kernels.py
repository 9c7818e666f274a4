"""Convolutions of a model, also those that wrappers apply, and their kernels."""

import keras
import numpy as np
import pytest

from cnncli.network.kernels import convolutions, find, kernel_of


def model_of(*layers, shape=(4, 9, 9, 2)):
    return keras.Sequential([keras.Input(shape), *layers])


def test_convolution_that_a_wrapper_applies_has_the_wrappers_name():
    conv = keras.layers.Conv2D(6, 3)
    model = model_of(
        keras.layers.TimeDistributed(keras.layers.SpectralNormalization(conv), name="frames"),
        keras.layers.TimeDistributed(keras.layers.Dense(2)),
    )

    [found] = convolutions(model)

    assert (found.name, found.layer) == ("frames", conv)
    assert str(found) == "TimeDistributed SpectralNormalization Conv2D: 6 filters 3x3x2"
    assert kernel_of(found.layer)[0].shape == (3, 3, 2, 6)


def test_both_directions_of_a_convolutional_lstm_are_one_kernel():
    model = model_of(keras.layers.Bidirectional(keras.layers.ConvLSTM2D(5, 3), name="both"))

    [found] = convolutions(model)
    kernel, depthwise = kernel_of(found.layer)

    assert not depthwise
    assert kernel.shape == (3, 3, 2, 2 * 4 * 5)
    np.testing.assert_array_equal(kernel[..., 20:], found.layer.backward_layer.cell.kernel)
    assert found.gates == "5 each for the input, forget, cell and output gates, forwards and then backwards"
    assert not found.answers_by_filter


def test_convolutions_of_a_model_that_a_wrapper_applies_are_named_by_both():
    inner = model_of(keras.layers.Conv2D(3, 3, name="a"), keras.layers.Conv2D(4, 3, name="b"), shape=(9, 9, 2))
    model = model_of(keras.layers.TimeDistributed(inner, name="each"))

    assert [one.name for one in convolutions(model)] == ["each/a", "each/b"]
    assert find(model, "each/b").layer.filters == 4


@pytest.mark.parametrize(
    ("layer", "shape", "kernel", "is_depthwise", "by_filter"),
    [
        (keras.layers.Conv1D(3, 5), (9, 2), (5, 2, 3), False, True),
        (keras.layers.Conv3D(3, 2), (9, 9, 9, 2), (2, 2, 2, 2, 3), False, True),
        (keras.layers.Conv2DTranspose(3, 2), (9, 9, 2), (2, 2, 2, 3), False, True),
        (keras.layers.DepthwiseConv2D(3, depth_multiplier=2), (9, 9, 2), (3, 3, 2, 2), True, True),
        (keras.layers.SeparableConv1D(7, 3), (9, 2), (3, 2, 1), True, False),
        (keras.layers.ConvLSTM1D(3, 3), (4, 9, 2), (3, 2, 12), False, False),
    ],
)  # fmt: skip
def test_every_kind_of_convolution_has_a_kernel(layer, shape, kernel, is_depthwise, by_filter):
    [found] = convolutions(model_of(layer, shape=shape))

    array, depthwise = kernel_of(found.layer)

    assert (array.shape, depthwise, found.answers_by_filter) == (kernel, is_depthwise, by_filter)
