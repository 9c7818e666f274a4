"""A `.keras` file from elsewhere is opened as Keras would open it, though Keras never sees the file."""

from __future__ import annotations

import importlib
import inspect

import keras
import numpy as np
import pytest
from keras import layers

from benchmarks.hostile_files import CASES, Place
from cnncli.errors import CnncliError, ModelFileError
from cnncli.inference import memory_budget
from cnncli.inference.keras_file import open_file
from cnncli.inference.model_loading import open_model
from cnncli.model_file_validation import config


def functional(shape, call):
    inputs = keras.Input(shape)
    return keras.Model(inputs, call(inputs))


def image_model(*more):
    return keras.Sequential([keras.Input((8, 8, 3)), layers.Conv2D(4, 3), *more, layers.Flatten(), layers.Dense(2)])


def compiled():
    model = image_model(layers.BatchNormalization())
    model.compile("adam", "mse", metrics=["mae"])
    model.fit(np.ones((2, 8, 8, 3)), np.ones((2, 2)), verbose=0)
    return model


def transfer():
    base = keras.applications.MobileNet(
        weights=None, include_top=False, pooling="avg", input_shape=(32, 32, 3), alpha=0.25
    )
    prepare = keras.applications.mobilenet.preprocess_input
    return functional((32, 32, 3), lambda images: layers.Dense(2)(base(prepare(images))))


def convnext():
    """ConvNeXt with a block in each of its stages."""
    return importlib.import_module("keras.src.applications.convnext").ConvNeXt(
        depths=[1, 1, 2, 1],
        projection_dims=[8, 16, 24, 32],
        weights=None,
        input_shape=(32, 32, 3),
        classes=3,
    )


def shared():
    layer = layers.Dense(8)
    return functional((8,), lambda x: layers.Add()([layer(x), layer(layers.ReLU()(layer(x)))]))


MODELS = {
    "compiled": compiled,
    "compiled within another": lambda: functional((8, 8, 3), lambda x: layers.Dense(2)(compiled()(x))),
    "nested": lambda: functional((8, 8, 3), lambda x: layers.ReLU()(functional((8, 8, 3), image_model())(x))),
    "nested application": transfer,
    "convnext": convnext,
    "shared layers": shared,
    "mixed_bfloat16": lambda: image_model(layers.Conv2D(3, 3, dtype="mixed_bfloat16"), layers.Activation("relu")),
    "bfloat16": lambda: image_model(layers.Conv2D(3, 3, dtype="bfloat16")),
    "recurrent": lambda: functional((5, 3), lambda x: layers.Bidirectional(layers.LSTM(4))(x)),
    "attention": lambda: functional((5, 6), lambda x: layers.MultiHeadAttention(2, 3)(x, x)),
    "wrapped": lambda: functional((4, 8, 8, 3), layers.TimeDistributed(layers.Conv2D(2, 3))),
    "operations": lambda: functional((8, 8, 3), lambda x: keras.ops.mean(2 * x - keras.ops.relu(x), axis=(1, 2))),
    "initializers and constraints": lambda: functional(
        (8,), layers.Dense(3, "gelu", kernel_regularizer="l2", kernel_constraint="max_norm", bias_initializer="ones")
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MODELS)
def test_opened_model_is_the_one_that_keras_opens(name, tmp_path):
    keras.utils.set_random_seed(1)
    MODELS[name]().save(tmp_path / "m.keras")
    mine = open_file(tmp_path / "m.keras").model
    other = keras.models.load_model(tmp_path / "m.keras", compile=False)

    inputs = np.random.default_rng(0).random((2, *mine.input_shape[1:])).astype(np.float32)
    outputs = [keras.ops.convert_to_numpy(model(inputs, training=False)) for model in (mine, other)]
    np.testing.assert_array_equal(*outputs)
    assert len(mine.weights) == len(other.weights)


DYNAMIC = [case for case in CASES if not case.static and case.code]


@pytest.mark.parametrize("case", DYNAMIC, ids=[case.name for case in DYNAMIC])
def test_hostile_file_is_refused_before_it_takes_memory(case, tmp_path):
    place = Place(tmp_path, tmp_path / "secret", tmp_path / "marker")
    argument = case.make(place) or str(place.file)
    with pytest.raises(CnncliError) as caught:
        open_model(argument, outputs=tmp_path / "outputs")

    assert caught.value.exit_code == case.code
    assert case.says in str(caught.value)


def test_code_in_the_compile_config_is_never_looked_at(tmp_path):
    place = Place(tmp_path, tmp_path / "secret", tmp_path / "marker")
    ignored = [case for case in CASES if not case.code]
    for case in ignored:
        case.make(place)
        model = open_file(place.file).model
        assert not model.compiled
    assert len(ignored) == 3
    assert not place.marker.exists()


def test_model_that_was_never_called_is_reported(tmp_path):
    keras.Sequential([layers.Dense(3)]).save(tmp_path / "m.keras")
    with pytest.raises(ModelFileError, match="does not contain the input shape of its network"):
        open_file(tmp_path / "m.keras")


def test_batch_size_fits_into_memory(monkeypatch):
    # the convolution's 6x6x4 numbers of 4 bytes are 576, the largest are the 8x8x3: 768; four of them are 3,072
    model = image_model()
    monkeypatch.setattr(memory_budget, "available_bytes", lambda: 3_072 * 10 + 1)
    assert memory_budget.batch_size_for(model) == 10
    monkeypatch.setattr(memory_budget, "available_bytes", lambda: 1 << 40)
    assert memory_budget.batch_size_for(model) == 128
    monkeypatch.setattr(memory_budget, "available_bytes", lambda: 0)
    assert memory_budget.batch_size_for(model) == 1


def test_no_operation_that_is_let_in_takes_a_function():
    """Whatever a newer Keras brings: an operation that calls what it is given must not get in by its module alone."""
    seen = 0
    for name in config.OPERATIONS:
        for operation in vars(importlib.import_module(f"keras.src.ops.{name}")).values():
            if isinstance(operation, type) and issubclass(operation, keras.Operation):
                parameters = inspect.signature(operation.__init__).parameters
                assert not [word for word in parameters if "func" in word or word in ("fn", "f", "body", "cond")], (
                    operation
                )
                seen += 1
    assert seen > 250
