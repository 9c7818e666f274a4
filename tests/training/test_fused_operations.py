"""Fused operations compute what Keras computes in several, and Keras computes what they cannot."""

from contextlib import nullcontext

import keras
import numpy as np
import pytest
import stand_ins
import tensorflow as tf

from cnncli.network.build import build
from cnncli.recipe.load import load_bytes
from cnncli.training import fit as fitting
from cnncli.training import fused_operations
from cnncli.training.fit import fit

RECIPE = b"""
data: {source: {npz: {path: a.npz}}, classes: 3}
model:
  input: [6, 6, 1]
  layers: [Conv2D: {filters: 4, kernel_size: 3}, BatchNormalization, Flatten, Dense: {units: 3, activation: softmax}]
train: {seed: 1, batch_size: 8, epochs: 2, optimizer: {SGD: {learning_rate: 0.05, momentum: 0.5}}}
"""


def trained_once(layer, values, *, fused, compiled=False, mask=None, training=True):
    """A step of training of a layer: its output, the gradients, its moving averages, and whether the operation computed it."""
    layer = layer.__class__.from_config(layer.get_config())
    layer.build(values.shape)
    for number, weight in enumerate(layer.trainable_variables):
        weight.assign(np.linspace(0.5 + number, 1.5, values.shape[layer.axis]))
    inputs, pattern = tf.constant(values), tf.cos(tf.range(values.size, dtype="float32"))

    def step(inputs):
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            output = layer(inputs, training=training, mask=mask)
            loss = tf.reduce_sum(tf.reshape(tf.cast(output, "float32"), [-1]) * pattern)
        weights = [weight.value for weight in layer.trainable_variables]
        return output, tape.gradient(loss, [inputs, *weights])

    with fused_operations.fused(fused):
        traced = tf.function(step, jit_compile=compiled)
        operations = {operation.type for operation in traced.get_concrete_function(inputs).graph.get_operations()}
        output, gradients = traced(inputs)
    arrays = [
        np.asarray(tf.cast(each, "float32")) for each in (output, *gradients, layer.moving_mean, layer.moving_variance)
    ]
    return arrays, output.dtype, "FusedBatchNormV3" in operations


def values_of(*shape, mean=3.0, dtype="float32"):
    return np.random.default_rng(2).normal(mean, 2.0, shape).astype(dtype)


@pytest.mark.parametrize("compiled", [False, True], ids=["without XLA", "with XLA"])
@pytest.mark.parametrize(
    "options", [{}, {"scale": False}, {"center": False}, {"momentum": 0.5, "epsilon": 1e-5}], ids=str
)
@pytest.mark.parametrize("shape", [(4, 7, 3), (4, 5, 6, 3), (2, 3, 4, 5, 3), (1, 1, 1, 3)], ids=str)
def test_one_operation_computes_what_keras_computes(shape, options, compiled):
    layer = keras.layers.BatchNormalization(**options)
    expected, _, _ = trained_once(layer, values_of(*shape), fused=False)

    found, _, is_fused = trained_once(layer, values_of(*shape), fused=True, compiled=compiled)

    assert is_fused
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("shape", "reshaped"), [((4, 5, 6, 3), False), ((4, 7, 3), True), ((2, 3, 4, 5, 3), True)], ids=str
)
def test_images_are_not_reshaped_so_that_tensorflow_can_add_the_relu(shape, reshaped):
    layer = keras.layers.BatchNormalization()
    layer.build(shape)

    with fused_operations.fused():
        traced = tf.function(lambda inputs: tf.nn.relu(layer(inputs, training=True)))
        [relu] = [
            operation
            for operation in traced.get_concrete_function(tf.TensorSpec((None, *shape[1:]))).graph.get_operations()
            if operation.type == "Relu"
        ]

    assert relu.inputs[0].op.type == ("Reshape" if reshaped else "FusedBatchNormV3")


@pytest.mark.parametrize("dtype", ["mixed_float16", "mixed_bfloat16"])
def test_half_precision_is_normalized_in_float32_as_in_keras(dtype):
    values = values_of(8, 5, 5, 3, mean=300.0, dtype="float16")
    layer = keras.layers.BatchNormalization(dtype=dtype)
    expected, form, _ = trained_once(layer, values, fused=False)

    found, found_form, is_fused = trained_once(layer, values, fused=True)

    assert is_fused
    assert found_form == form
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-2, atol=1e-2)


def test_large_means_lose_no_more_than_in_keras():
    values = values_of(64, 8, 8, 3, mean=10_000.0)
    exact = values.astype("float64").reshape(-1, 3).var(axis=0)

    for fused in (False, True):
        found, _, _ = trained_once(keras.layers.BatchNormalization(momentum=0.0), values, fused=fused)
        np.testing.assert_allclose(found[-1], exact, rtol=1e-3)


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (keras.layers.BatchNormalization(axis=1), (4, 3, 5, 5)),
        (keras.layers.BatchNormalization(renorm=True), (4, 5, 5, 3)),
        (keras.layers.BatchNormalization(synchronized=True), (4, 5, 5, 3)),
        (keras.layers.BatchNormalization(), (16, 3)),
        (keras.layers.BatchNormalization(dtype="float64"), (4, 5, 5, 3)),
        (keras.layers.BatchNormalization(trainable=False), (4, 5, 5, 3)),
    ],
    ids=["axis", "renorm", "synchronized", "vectors", "float64", "frozen"],
)
def test_keras_computes_what_the_operation_cannot(layer, shape):
    dtype = "float64" if layer.compute_dtype == "float64" else "float32"
    expected, _, _ = trained_once(layer, values_of(*shape, dtype=dtype), fused=False)

    found, _, is_fused = trained_once(layer, values_of(*shape, dtype=dtype), fused=True)

    assert not is_fused
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)


def test_masked_values_and_inference_are_computed_as_in_keras():
    values, mask = values_of(4, 7, 3), tf.constant([[True] * 5 + [False] * 2] * 4)

    assert not trained_once(keras.layers.BatchNormalization(), values, fused=True, mask=mask)[2]
    assert not trained_once(keras.layers.BatchNormalization(), values, fused=True, training=False)[2]


def steps_of(optimizer, gradients, *, fused, compiled=False):
    """The weights after three steps, and the types of the operations."""
    optimizer = optimizer.__class__.from_config(optimizer.get_config())
    weights = keras.Variable(np.linspace(-1, 1, 12, dtype="float32").reshape(4, 3))
    optimizer.build([weights])

    def step(gradients):
        optimizer.apply([gradients])

    with fused_operations.fused(fused):
        traced = tf.function(step, jit_compile=compiled)
        operations = {operation.type for operation in traced.get_concrete_function(gradients).graph.get_operations()}
        for _ in range(3):
            traced(gradients)
    return weights.numpy(), operations & {"ResourceApplyAdam", "ResourceApplyKerasMomentum"}


GRADIENTS = tf.constant(np.random.default_rng(3).normal(0, 2, (4, 3)).astype("float32"))


@pytest.mark.parametrize("compiled", [False, True], ids=["without XLA", "with XLA"])
@pytest.mark.parametrize(
    "optimizer",
    [
        keras.optimizers.Adam(0.1),
        keras.optimizers.Adam(0.1, beta_1=0.5, beta_2=0.9, epsilon=0.1, clipnorm=1.0, use_ema=True),
        keras.optimizers.AdamW(keras.optimizers.schedules.CosineDecay(0.1, 5), weight_decay=0.1),
        keras.optimizers.SGD(0.1, momentum=0.9),
        keras.optimizers.SGD(0.1, momentum=0.9, nesterov=True, gradient_accumulation_steps=2),
    ],
    ids=["Adam", "Adam, every option", "AdamW", "SGD", "nesterov"],
)
def test_one_operation_steps_as_keras_does(optimizer, compiled):
    expected, _ = steps_of(optimizer, GRADIENTS, fused=False)

    found, operations = steps_of(optimizer, GRADIENTS, fused=True, compiled=compiled)

    assert operations or optimizer.gradient_accumulation_steps  # which steps within a condition, a graph of its own
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize(
    ("optimizer", "gradients"),
    [
        (keras.optimizers.Adam(0.1, amsgrad=True), GRADIENTS),
        (keras.optimizers.Adam(0.1), tf.IndexedSlices(GRADIENTS[:2], tf.constant([1, 3]), tf.constant([4, 3]))),
        (
            keras.optimizers.SGD(0.1, momentum=0.9),
            tf.IndexedSlices(GRADIENTS[:2], tf.constant([1, 3]), tf.constant([4, 3])),
        ),
        (keras.optimizers.SGD(0.1), GRADIENTS),
        (keras.optimizers.Nadam(0.1), GRADIENTS),
    ],
    ids=["amsgrad", "sparse for Adam", "sparse for SGD", "no momentum", "another optimizer"],
)
def test_keras_steps_where_the_operation_cannot(optimizer, gradients):
    expected, _ = steps_of(optimizer, gradients, fused=False)

    found, operations = steps_of(optimizer, gradients, fused=True)

    assert not operations
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("optimizer", ["Adam", "SGD"])
def test_keras_steps_in_several_replicas(optimizer, monkeypatch):
    monkeypatch.delattr(fused_operations.keras_internals, "moments_of")  # what a fused step needs
    with tf.distribute.MirroredStrategy(["CPU:0"]).scope():
        model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
        model.compile({"Adam": keras.optimizers.Adam(), "SGD": keras.optimizers.SGD(momentum=0.9)}[optimizer], "mse")

    with fused_operations.fused():
        model.fit(np.ones((4, 3)), np.ones((4, 1)), verbose=0)


def trained(text):
    recipe = load_bytes(text, "r.yaml").recipe
    keras.utils.set_random_seed(1)
    made = build(recipe, input_shape=(6, 6, 1))
    examples = stand_ins.three_classes()
    return made, fit(
        made, recipe, stand_ins.batches(examples, 3), stand_ins.batches(examples), observer=stand_ins.Silent()
    )


def test_training_says_that_it_computes_so_and_changes_nothing_for_good():
    originals = (
        keras.layers.BatchNormalization.call,
        keras.optimizers.Adam.update_step,
        keras.optimizers.SGD.update_step,
    )

    made, fitted = trained(RECIPE)

    assert fitted.phases[0].to_json()["fused_operations"] is True
    now = keras.layers.BatchNormalization.call, keras.optimizers.Adam.update_step, keras.optimizers.SGD.update_step
    assert now == originals
    assert [type(layer) for layer in made.model.layers].count(keras.layers.BatchNormalization) == 1


def test_training_gives_what_keras_gives(monkeypatch):
    made, fitted = trained(RECIPE)
    monkeypatch.setattr(fitting.fused_operations, "fused", lambda wanted: nullcontext())
    in_keras, expected = trained(RECIPE)

    for one, other in zip(made.model.get_weights(), in_keras.model.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)
    assert fitted.history[-1]["val_loss"] == pytest.approx(expected.history[-1]["val_loss"], rel=1e-4)
