"""Layers are computed by other operations with the same results, and are themselves again afterwards."""

from __future__ import annotations

from unittest.mock import patch

import keras
import numpy as np
import pytest

from benchmarks.exported_layers import LARGEST_DIFFERENCE, outcome
from benchmarks.layer_cases import Case
from cnncli.export import equivalent_calls as calls
from cnncli.export.formats import FORMATS, Target

_VOLUME, _IMAGE, _SERIES = (5, 6, 7, 4), (6, 7, 2), (5, 3)
CASES = [
    Case('MaxPooling3D(3, strides=2, padding="same")', _VOLUME),
    Case('AveragePooling3D((2, 3, 2), strides=(1, 2, 2), padding="same")', _VOLUME),
    Case("AdaptiveMaxPooling3D((2, 4, 3))", _VOLUME),
    Case("AdaptiveAveragePooling3D((3, 2, 3))", _VOLUME),
    Case('Conv3D(4, (2, 1, 3), groups=2, dilation_rate=(2, 1, 1), padding="same")', _VOLUME),
    Case('Conv3D(4, 2, groups=4, strides=(1, 2, 1), activation="relu")', _VOLUME),
    Case('Conv1DTranspose(3, 3, dilation_rate=2, activation="relu")', _SERIES),
    Case('Conv2DTranspose(3, (2, 3), dilation_rate=2, padding="same", use_bias=False)', _IMAGE),
    Case('Resizing(9, 4, interpolation="bicubic")', _IMAGE),
    Case('Resizing(9, 4, interpolation="lanczos5", antialias=True)', _IMAGE),
    Case("Resizing(3, 4, antialias=True)", _IMAGE),
    Case('UpSampling2D((2, 3), interpolation="lanczos3")', _IMAGE),
    Case('UpSampling2D((2, 3), interpolation="bilinear")', (None, None, 2)),
    Case("LSTM(3, return_sequences=True, go_backwards=True, dropout=0.3)", _SERIES),
    Case("Bidirectional(GRU(3))(Masking(0.0)(x))", _SERIES),
    Case("RNN([GRUCell(3), LSTMCell(2, recurrent_dropout=0.3)])", _SERIES),
    Case("IntegerLookup(vocabulary=[2, 3, 5], num_oov_indices=2, mask_token=0)", (4,), "counts"),
    Case('CategoryEncoding(7, output_mode="count")', (4,), "counts"),
    Case("CategoryEncoding(7)", (4,), "counts"),
    Case('EinsumDense("ab,cd->acd", output_shape=(2, 3))', (1,)),
    Case('EinsumDense("abc,de->adeb", output_shape=(4, 2, 5), bias_axes="b", activation="relu")', _SERIES),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.code)
def test_equivalent_call_gives_the_same(case):
    model, examples = case.model(), case.examples(3)
    before = {id(layer): dict(vars(layer)) for layer in model.layers}
    expected = np.asarray(model(examples, training=False))

    with calls.equivalent_calls(model, "litert"):
        changed = [
            layer for layer in calls.keras_internals.all_layers(model) if dict(vars(layer)) != before.get(id(layer))
        ]
        found = np.asarray(model(examples, training=False))

    assert changed
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5 * np.max(np.abs(expected)))
    assert {id(layer): dict(vars(layer)) for layer in model.layers} == before
    np.testing.assert_array_equal(model(examples, training=False), expected)


def test_attributes_are_as_before_after_an_error():
    model = Case("LSTM(3)", _SERIES).model()

    def fail():
        assert model.layers[-1].unroll
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), calls.equivalent_calls(model, "litert"):
        fail()

    assert not model.layers[-1].unroll


def test_recurrent_layers_are_unrolled_up_to_a_length():
    with patch.object(calls, "LONGEST_UNROLLED", 4):
        assert calls.is_short(Case("LSTM(3)", (4, 3)).model().layers[-1])
        assert not calls.is_short(Case("LSTM(3)", (5, 3)).model().layers[-1])
    assert not calls.is_short(Case("LSTM(3)", (None, 3)).model().layers[-1])


def test_onnx_holds_groups_loops_celu_and_bins(tmp_path):
    """Operations that tf2onnx alone does not convert, in one network."""
    for module in FORMATS["onnx"].packages:
        pytest.importorskip(module)
    inputs = keras.Input((6, 6, 4), name="input")
    maps = keras.layers.Conv2D(4, 3, groups=2, activation="celu")(inputs)
    steps = keras.layers.GRU(2, return_sequences=True, dropout=0.2)(keras.layers.Reshape((-1, 4))(maps))
    bins = keras.layers.Discretization([-1.0, 0.0, 1.5])(keras.layers.RandomHue(0.5)(inputs)[..., :2])
    model = keras.Model(inputs, keras.layers.Flatten()(steps) + keras.ops.mean(keras.ops.cast(bins, "float32")))

    found = outcome(model, Target(FORMATS["onnx"]), Case("", (6, 6, 4)).examples(5), tmp_path)

    assert found.error == ""
    assert found.difference < LARGEST_DIFFERENCE
