"""Dead, near-duplicate and untouched filters; and the strongest."""

import keras
import numpy as np

from cnncli.interpretability.filter_diagnostics import answers_of, flat, health, strongest
from cnncli.interpretability.sample_selection import health_of
from cnncli.network.flatten_submodels import opened
from cnncli.network.kernels import kernel_of

KERNEL = np.array([[3.0, 4.0], [-4.0, 3.0], [6.0, 8.1], [1e-6, 0.0]], np.float32)  # filters x weights


def test_near_duplicates_point_the_same_way():
    # 0 and 2: (18 + 32.4) / (5 * 10.0787) = 0.99994; 0 and 1 stand at a right angle.
    found = health("c", KERNEL)

    assert found.alike == ((0, 2),)
    assert found.untouched is None
    assert str(found) == "c: 4 filters, 1 dead by their weights (3), 1 pair near-duplicate (0 and 2)"


def test_untouched_filters_are_as_they_were():
    before = KERNEL.copy()
    before[2] += 1e-7 * 8  # the smallest change that float32 shows
    found = health("c", KERNEL, initial=before)

    assert found.untouched == (0, 1, 3)


def test_filter_that_answers_the_same_everywhere_is_dead():
    low, high = np.array([0.0, -1.0, 0.99999999, 0.0]), np.array([0.0, 2.0, 1.0, 1e-3])
    found = health("c", np.eye(4, dtype=np.float32), ends=(low, high), examples=20)

    assert found.dead == (0, 2)
    assert str(found).startswith("c: 4 filters, 2 dead over 20 test examples (0, 2), no near-duplicates")


def test_activation_behind_a_normalisation_decides_what_is_dead():
    inputs = keras.Input((6, 6, 1))
    maps = keras.layers.Conv2D(2, 3, use_bias=False, name="conv")(inputs)
    normalised = keras.layers.BatchNormalization(name="norm")(maps)
    active = keras.layers.ReLU(name="relu")(normalised)
    model = keras.Model(inputs, keras.layers.Flatten()(active))
    model.get_layer("norm").set_weights([np.ones(2), np.array([0.0, -1e3]), np.zeros(2), np.ones(2)])

    model.get_layer("conv").set_weights([np.array([[1.0, 1.0]] * 9).reshape(3, 3, 1, 2) / 9])
    low, high = answers_of(opened(model), "conv", np.random.default_rng(0).random((5, 6, 6, 1)))

    assert high[0] > low[0] > 0
    assert high[1] == low[1] == 0


def test_answer_that_two_layers_take_is_the_convolutions_own():
    inputs = keras.Input((6, 6, 1))
    maps = keras.layers.Conv2D(1, 1, use_bias=False, name="conv")(inputs)
    model = keras.Model(inputs, keras.layers.Add()([keras.layers.ReLU()(maps), maps]))
    model.get_layer("conv").set_weights([np.full((1, 1, 1, 1), -1.0)])

    low, high = answers_of(opened(model), "conv", np.ones((2, 6, 6, 1)))

    assert (low, high) == ([-1.0], [-1.0])


def test_strongest_filters_come_first():
    kernel = KERNEL.T.reshape(1, 2, 1, 4)  # 1 x 2, one channel
    assert strongest(kernel, False, 2).tolist() == [2, 0]
    assert strongest(kernel, False, 9).tolist() == [2, 0, 1, 3]


def test_each_channel_of_a_depthwise_layer_has_filters_of_its_own():
    layer = keras.layers.DepthwiseConv2D(3, depth_multiplier=2)
    layer.build((None, 8, 8, 4))
    kernel, depthwise = kernel_of(layer)

    filters = flat(kernel, depthwise)

    assert filters.shape == (8, 9)
    np.testing.assert_array_equal(filters[5], kernel[:, :, 2, 1].ravel())


def test_filters_inside_a_wrapper_are_diagnosed_by_their_answers():
    conv = keras.layers.Conv2D(2, 1, use_bias=False, activation="relu")
    model = keras.Sequential([keras.Input((3, 4, 4, 1)), keras.layers.TimeDistributed(conv, name="frames")])
    conv.set_weights([np.array([1.0, -1.0]).reshape(1, 1, 1, 2)])

    [found] = health_of(model, ["frames"], initial=None, examples=np.random.default_rng(0).random((5, 3, 4, 4, 1)))

    assert (found.layer, found.count, found.dead, found.examples) == ("frames", 2, (1,), 5)


def test_gates_of_a_convolutional_lstm_are_diagnosed_by_their_weights_alone():
    model = keras.Sequential([keras.Input((3, 4, 4, 1)), keras.layers.ConvLSTM2D(2, 3, name="lstm")])

    [found] = health_of(model, ["lstm"], initial=None, examples=np.zeros((5, 3, 4, 4, 1)))

    assert (found.count, found.dead, found.examples) == (8, (), 0)
