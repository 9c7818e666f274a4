"""Where the positions of a layer's output lie: maps, tokens of patches, sequences; and heat at these places."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from cnncli.errors import ModelFileError
from cnncli.inputs import IMAGE, SIGNAL, TOKENS
from cnncli.interpretability.attribution import heat_of, layer_for
from cnncli.interpretability.feature_maps import feature_maps
from cnncli.interpretability.grad_cam import grad_cam
from cnncli.interpretability.layer_selection import check_input, drawn_layers, last_maps, layers_to_show
from cnncli.interpretability.places import Places, input_kind, places_of
from cnncli.network.flatten_submodels import opened


def patches(inputs, channels=3):
    """Patches of 2x2 pixels as tokens: an image of 4x6 gives 2 x 3 of them."""
    maps = layers.Conv2D(channels, 2, strides=2, use_bias=False, name="patches")(inputs)
    return layers.Reshape((-1, channels), name="tokens")(maps)


def transformer(*, first=1, last=0, reads="class token"):
    """A vision transformer with some tokens that are no patches at both ends."""
    keras.utils.set_random_seed(1)
    inputs = keras.Input((4, 6, 1))
    tokens = patches(inputs)
    extra = layers.Dense(3, name="extra")(ops.zeros_like(tokens[:, : max(first, 1)]))
    parts = [extra] * (first > 0) + [tokens] + [extra] * (last > 0)
    joined = layers.Concatenate(axis=1, name="joined")(parts)
    normal = layers.LayerNormalization(name="normal")(joined)
    attention = layers.MultiHeadAttention(1, 4, name="attention")(normal, normal)
    summed = layers.Add(name="summed")([joined, attention])
    if reads == "class token":
        read = layers.Flatten()(layers.Cropping1D((0, 6 + last), name="cls")(summed))
    else:
        read = layers.GlobalAveragePooling1D()(summed)
    return opened(keras.Model(inputs, layers.Dense(2, activation="softmax", name="out")(read)))


def test_tokens_lie_on_the_grid_of_the_maps_that_they_were_made_from():
    network = transformer()

    assert places_of(network, "patches") == Places((2, 3))
    assert places_of(network, "tokens") == Places((2, 3), are_tokens=True)
    for name in ("joined", "normal", "attention", "summed"):
        assert places_of(network, name) == Places((2, 3), before=1, are_tokens=True)
    assert str(places_of(network, "summed")) == "tokens on a grid of 2 × 3, without the first one"
    assert places_of(network, "out") is None


def test_tokens_at_the_end_are_left_out_too():
    places = places_of(transformer(first=2, last=2, reads="all"), "summed")

    assert places == Places((2, 3), before=2, after=2, are_tokens=True)
    assert str(places) == "tokens on a grid of 2 × 3, without the first 2 and the last 2"


def test_cropping_takes_the_first_tokens_away():
    inputs = keras.Input((4, 6, 1))
    tokens = patches(inputs)
    joined = layers.Concatenate(axis=1)([layers.Cropping1D((0, 5))(tokens), tokens])
    cut = layers.Cropping1D((1, 0), name="cut")(joined)
    network = opened(keras.Model(inputs, layers.Dense(2, name="after")(cut)))

    assert places_of(network, "after") == Places((2, 3), are_tokens=True)


def test_maps_of_tokens_are_laid_out_row_by_row():
    network = transformer()
    images = np.random.default_rng(0).random((2, 4, 6, 1)).astype(np.float32)

    [maps, joined] = feature_maps(network, ["patches", "joined"], images)

    np.testing.assert_array_equal(places_of(network, "joined").on_grid(joined), maps)


def test_tokens_whose_reshape_mixes_channels_have_no_known_place():
    inputs = keras.Input((4, 6, 1))
    maps = layers.Conv2D(4, 2, strides=2)(inputs)
    model = keras.Model(inputs, layers.Dense(5, name="steps")(layers.Reshape((2, 12))(maps)))

    places = places_of(opened(model), "steps")

    assert places == Places((2,), are_tokens=True, is_known=False)
    assert places.on_grid(np.zeros((7, 2, 5))).shape == (7, 2, 5)
    assert str(places) == "tokens without a known place, position across"


def test_tokens_that_swapped_axes_are_not_placed():
    inputs = keras.Input((4, 6, 1))
    model = keras.Model(inputs, layers.Permute((2, 1), name="swapped")(patches(inputs, channels=6)))

    assert not places_of(opened(model), "swapped").is_known


def test_class_token_of_a_signal_is_no_place():
    inputs = keras.Input((12, 2))
    maps = layers.Conv1D(3, 2, strides=2)(inputs)
    extra = layers.Dense(3)(layers.Cropping1D((0, 5))(maps))
    model = keras.Model(inputs, layers.Concatenate(axis=1, name="joined")([extra, maps]))

    network = opened(model)

    assert input_kind(network) is SIGNAL
    assert places_of(network, "joined") == Places((6,), before=1)


def test_heat_of_tokens_is_that_of_the_same_maps():
    # A head that takes the mean of the tokens: tokens and maps have the same gradients.
    keras.utils.set_random_seed(1)
    inputs = keras.Input((4, 6, 1))
    pooled = layers.GlobalAveragePooling1D()(patches(inputs))
    network = opened(keras.Model(inputs, layers.Dense(2, activation="softmax")(pooled)))
    images = np.random.default_rng(0).random((3, 4, 6, 1)).astype(np.float32)
    classes = np.array([0, 1, 1])

    heat = grad_cam(network, "tokens", images, classes)

    assert heat.shape == (3, 2, 3)
    assert heat.any()
    np.testing.assert_allclose(heat, grad_cam(network, "patches", images, classes), rtol=1e-5)


def test_each_token_is_weighted_by_its_own_gradient():
    # Two patches of one channel that give 2 and -3, and a score of the first minus the second: 2 * 1 and -3 * -1.
    inputs = keras.Input((1, 2, 1))
    tokens = layers.Reshape((2, 1), name="tokens")(layers.Conv2D(1, 1, use_bias=False, name="conv")(inputs))
    model = keras.Model(inputs, layers.Dense(1, activation="sigmoid", use_bias=False)(layers.Flatten()(tokens)))
    model.set_weights([np.ones((1, 1, 1, 1)), np.array([[1.0], [-1.0]])])
    image = np.array([2.0, -3.0], np.float32).reshape(1, 1, 2, 1)

    np.testing.assert_allclose(grad_cam(opened(model), "tokens", image, np.array([1])), [[[2 / 3, 1]]])
    assert not grad_cam(opened(model), "conv", image, np.array([1])).any()


def test_default_layer_of_a_class_token_stands_before_the_last_attention():
    # Of what leaves the last block the head reads the class token alone: no gradient leads to the patches there.
    assert layer_for(transformer(), "grad-cam", None) == "normal"
    assert layer_for(transformer(reads="all"), "grad-cam", None) == "summed"


def words(length=6):
    """A network whose score of class 1 is the number of 2s in a sequence."""
    inputs = keras.Input((length,))
    embedded = layers.Embedding(4, 3, name="embedded")(inputs)
    maps = layers.Conv1D(1, 1, use_bias=False, name="maps")(embedded)
    model = keras.Model(
        inputs, layers.Dense(2, activation="softmax", name="out")(layers.GlobalAveragePooling1D(name="pool")(maps))
    )
    model.get_layer("embedded").set_weights([np.eye(4, 3, dtype=np.float32)])
    model.get_layer("maps").set_weights([np.array([0.0, 0.0, 1.0], np.float32).reshape(1, 3, 1)])
    model.get_layer("out").set_weights([np.array([[0.0, 6.0]], np.float32), np.zeros(2, np.float32)])
    return opened(model)


SENTENCES = np.array([[1, 2, 0, 1, 2, 0], [2, 1, 1, 3, 3, 3]], np.int32)


def test_whole_numbers_that_enter_an_embedding_are_a_sequence():
    network = words()

    check_input(network, "the network")
    assert input_kind(network) is TOKENS
    assert input_kind(transformer()) is IMAGE
    assert (last_maps(network), layers_to_show(network, None)) == ("maps", ["maps"])
    assert drawn_layers(network) == ["embedded", "maps", "pool", "out"]


def test_row_of_numbers_has_no_pictures():
    inputs = keras.Input((6,))
    network = opened(keras.Model(inputs, layers.Dense(2)(inputs)))

    with pytest.raises(ModelFileError, match="that is no signal, image, volume or text"):
        check_input(network, "the network")


@pytest.mark.parametrize("layer", ["embedded", "maps"])
def test_heat_of_a_sequence_lies_on_the_tokens_that_decide(layer):
    network = words()

    heat = grad_cam(network, layer, SENTENCES, np.array([1, 1]))

    np.testing.assert_array_equal(heat, SENTENCES == 2)


def test_occlusion_replaces_one_token_by_padding():
    network = words()

    heat = heat_of(network, "occlusion", None, SENTENCES, np.array([1, 1]))

    np.testing.assert_allclose(heat, SENTENCES == 2, atol=1e-5)


def test_smoothgrad_of_whole_numbers_is_refused():
    with pytest.raises(ModelFileError, match="SmoothGrad needs a gradient with respect to the input"):
        layer_for(words(), "smoothgrad", None)
