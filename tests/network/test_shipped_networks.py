"""Shipped recipes compute what a plain implementation of the paper computes, with the same weights."""

import keras
import numpy as np
from keras import layers

from cnncli.network.build import build
from cnncli.network.symbolic_shapes import resolve
from cnncli.recipe.load import load


def built(name: str, *changes: str, classes: int = 10):
    """A network with random weights, also where they begin as zeros or ones."""
    loaded = load(name, changes)
    shape = tuple(loaded.recipe.model.input)
    model = build(resolve(loaded, shape, classes=classes).recipe, input_shape=shape).model
    random = np.random.default_rng(0)
    for layer in model.layers:
        values = [random.normal(0, 0.1, weights.shape) for weights in layer.get_weights()]
        layer.set_weights(np.abs(values) if isinstance(layer, layers.BatchNormalization) else values)
    return model


class ClassTokenAndPositions(layers.Layer):
    """What a vision transformer adds to its patches, as most implementations write it."""

    def build(self, shape):
        _, count, width = shape
        self.token = self.add_weight(shape=(1, width), name="token")
        self.positions = self.add_weight(shape=(count + 1, width), name="positions")

    def call(self, patches):
        token = keras.ops.tile(self.token[None], (keras.ops.shape(patches)[0], 1, 1))
        return keras.ops.concatenate([token, patches], axis=1) + self.positions


def vision_transformer(of):
    """Dosovitskiy et al., 2020, in the size of DeiT-Ti, with the weights of a model."""

    def same(layer, name, *inputs):
        output = layer(*inputs)
        layer.set_weights(of.get_layer(name).get_weights())
        return output

    def normalized(x, name):
        return same(layers.LayerNormalization(epsilon=1e-6), name, x)

    images = keras.Input((224, 224, 3))
    x = same(layers.Conv2D(192, 16, strides=16), "patches", images / 127.5 - 1)
    embed = ClassTokenAndPositions()
    x = embed(layers.Reshape((196, 192))(x))
    embed.set_weights([of.get_layer(f"{name}_constant").get_weights()[0] for name in ("class_token", "positions")])
    for block in ["encoder", *(f"encoder_{index}" for index in range(1, 12))]:
        y = normalized(x, f"{block}_norm")
        x = x + same(layers.MultiHeadAttention(3, 64), f"{block}_multi_head_attention", y, y)
        y = normalized(x, f"{block}_layer_normalization")
        y = same(layers.Dense(768, activation="gelu"), f"{block}_dense", y)
        x = x + same(layers.Dense(192), f"{block}_dense_1", y)
    x = normalized(x, "layer_normalization")
    return keras.Model(images, same(layers.Dense(10, activation="softmax"), "head", x[:, 0]))


def test_vit_tiny_computes_what_a_plain_implementation_does():
    model = built("vit-tiny")
    plain = vision_transformer(model)
    images = np.random.default_rng(1).uniform(0, 255, (2, 224, 224, 3)).astype(np.float32)
    images[1] /= 2

    found, expected = model.predict(images, verbose=0), plain.predict(images, verbose=0)

    assert plain.count_params() == model.count_params() == 5_717_416 - 193 * 990
    assert expected.std(axis=0).max() > 1e-3  # the images differ, and so do their outputs
    assert np.abs(found - expected).max() <= 1e-5


def test_shufflenet_mixes_the_channels_of_both_halves():
    model = built("shufflenet", "model.input=[64, 64, 3]", "vars.repeats=[2, 2, 2]")
    images = np.random.default_rng(1).uniform(0, 255, (2, 64, 64, 3)).astype(np.float32)
    joined, shuffled = keras.Model(
        model.inputs, [model.get_layer(name).output for name in ("unit_concatenate", "unit_shuffle_reshape_1")]
    ).predict(images, verbose=0)

    left, right = np.split(joined, 2, axis=-1)
    np.testing.assert_array_equal(shuffled, np.stack([left, right], axis=-1).reshape(joined.shape))
    assert np.abs(left - right).max() > 0


def test_squeeze_and_excitation_weighs_each_channel():
    model = built(
        "se-resnet50", "model.input=[32, 32, 3]", "data.source={image_folder: {path: p}}", "vars.depths=[1, 1, 1, 1]"
    )
    images = np.random.default_rng(1).uniform(0, 255, (2, 32, 32, 3)).astype(np.float32)
    name = "stage1_block1_squeeze_excite"
    (came_in, _), (reduce, bias), (expand, shift) = (
        model.get_layer(f"{name}_multiply").input,
        *(model.get_layer(f"{name}_{dense}").get_weights() for dense in ("dense", "excite")),
    )
    x, found = keras.Model(model.inputs, [came_in, model.get_layer(f"{name}_multiply").output]).predict(
        images, verbose=0
    )

    hidden = np.maximum(x.mean((1, 2)) @ reduce + bias, 0)
    assert hidden.shape == (2, 256 // 16)
    np.testing.assert_allclose(found, x / (1 + np.exp(-(hidden @ expand + shift)))[:, None, None], rtol=1e-4, atol=1e-5)


def test_wavenet_sees_the_past_alone_and_sums_all_skips():
    model = built("wavenet", "model.input=[64, 1]", "vars.layers=5", "vars.cycle=5", classes=2)
    signals = np.random.default_rng(1).uniform(-1, 1, (1, 64, 1)).astype(np.float32)
    changed = signals.copy()
    changed[0, 40] += 1
    outputs = keras.Model(model.inputs, [model.get_layer(name).output for name in ("skips", *SKIPS)])
    before, after = outputs.predict(signals, verbose=0), outputs.predict(changed, verbose=0)

    np.testing.assert_allclose(before[0], sum(before[1:]), rtol=1e-4, atol=1e-4)
    differs = np.abs(after[0] - before[0]).max(axis=(0, 2)) > 1e-6
    assert not differs[:40].any()
    assert differs[40 : 40 + 32].any()
    assert len(SKIPS) == 5


SKIPS = [f"layer{index}_skip" for index in range(5)]


def test_u_net_joins_the_centre_of_the_encoders_maps():
    model = built("u-net", "model.input=[4, 4, 1]", "vars.width=2", classes=2)
    images = np.random.default_rng(1).uniform(0, 255, (1, 4, 4, 1)).astype(np.float32)
    layers_seen = [model.get_layer(name).output for name in ("down1_conv2d_1", "up1_crop")]
    encoder, crop = keras.Model(model.inputs, layers_seen).predict(images, verbose=0)

    assert (encoder.shape, crop.shape) == ((1, 184, 184, 2), (1, 8, 8, 2))
    np.testing.assert_array_equal(crop, encoder[:, 88:-88, 88:-88])
    assert crop.std() > 0
