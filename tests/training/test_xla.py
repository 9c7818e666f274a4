"""XLA: which networks it compiles on a GPU, and that training gives the same. Here it compiles for the processor."""

import keras
import numpy as np
import pytest
import stand_ins

from cnncli.errors import UsageError
from cnncli.network.build import build
from cnncli.recipe.load import load_bytes
from cnncli.training import fit as fitting
from cnncli.training import xla
from cnncli.training.fit import fit

RECIPE = b"""
data: {source: {npz: {path: a.npz}}, classes: 3}
model:
  input: [6, 6, 1]
  layers: [Conv2D: {filters: 4, kernel_size: 3, activation: relu}, Flatten, Dense: {units: 3, activation: softmax}]
train: {seed: 1, batch_size: 8, epochs: 1, optimizer: {SGD: {learning_rate: 0.05}}}
"""


@pytest.fixture
def gpu(monkeypatch):
    """TensorFlow says that it computes on a GPU."""
    monkeypatch.setattr(xla.tf.config, "get_visible_devices", lambda kind: [kind])


def network(*layers):
    return keras.Sequential([keras.Input((8, 8, 3)), *layers])


def trained():
    recipe = load_bytes(RECIPE, "r.yaml").recipe
    keras.utils.set_random_seed(1)
    made = build(recipe, input_shape=(6, 6, 1))
    examples = stand_ins.three_classes()
    fitted = fit(made, recipe, stand_ins.batches(examples, 3), stand_ins.batches(examples), observer=stand_ins.Silent())
    return made, fitted


def test_a_processor_computes_without_xla():
    assert not xla.compiles(network(keras.layers.Conv2D(2, 3)))


def test_a_gpu_computes_with_xla(gpu):
    assert xla.compiles(network(keras.layers.Conv2D(2, 3), keras.layers.Resizing(4, 4), keras.layers.UpSampling2D(2)))


@pytest.mark.parametrize(
    "layer",
    [
        keras.layers.UpSampling2D(2, interpolation="bicubic"),
        keras.layers.Resizing(4, 4, interpolation="lanczos3"),
        keras.layers.Resizing(4, 4, antialias=True),
        keras.layers.RandomRotation(0.1),
        keras.layers.RandomElasticTransform(),
    ],
    ids=lambda layer: layer.name,
)
def test_what_xla_lacks_is_computed_without_it(gpu, layer):
    inner = network(layer)

    assert not xla.compiles(keras.Sequential([keras.Input((8, 8, 3)), inner]))
    assert not xla.compiles(network(keras.layers.Conv2D(2, 3)), augmentation=inner)


def test_the_environment_turns_xla_on_and_off(gpu, monkeypatch):
    monkeypatch.setenv("CNNCLI_XLA", "0")
    assert not xla.compiles(network(keras.layers.Conv2D(2, 3)))
    monkeypatch.setattr(xla.tf.config, "get_visible_devices", lambda kind: [])
    monkeypatch.setenv("CNNCLI_XLA", "1")
    assert xla.compiles(network(keras.layers.Conv2D(2, 3)))
    assert not xla.compiles(network(keras.layers.RandomRotation(0.1)))
    monkeypatch.setenv("CNNCLI_XLA", "yes")
    with pytest.raises(UsageError, match="CNNCLI_XLA: expected 0 or 1, got yes"):
        xla.compiles(network(keras.layers.Conv2D(2, 3)))


def test_several_devices_compute_without_xla(gpu):
    with xla.tf.distribute.get_strategy().scope():  # the default strategy is none
        assert xla.compiles(network(keras.layers.Conv2D(2, 3)))
    with xla.tf.distribute.MirroredStrategy(["CPU:0"]).scope():
        assert not xla.compiles(network(keras.layers.Conv2D(2, 3)))


def test_training_with_xla_gives_the_same_and_is_recorded(gpu, monkeypatch):
    with_xla, told = trained()
    monkeypatch.setattr(fitting.xla, "compiles", lambda *_: False)
    without, told_without = trained()

    assert told.phases[0].to_json()["jit_compile"] is True
    assert "jit_compile" not in told_without.phases[0].to_json()
    assert told.history[0]["loss"] == pytest.approx(told_without.history[0]["loss"], rel=1e-4)
    for one, other in zip(with_xla.model.get_weights(), without.model.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)
