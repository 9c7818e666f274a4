"""Models of Keras alone, saved and opened again, have inputs and outputs with names as others have."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from cnncli.export.export_model import Exporter, NotExported
from cnncli.export.formats import FORMATS, Target
from cnncli.export.inference_function import inference_function
from cnncli.export.predict_script import predict_script
from cnncli.inference.model_loading import open_model

SAVED_MODEL = Target(FORMATS["saved_model"])


def opened(model: keras.Model, folder):
    model.save(folder / "plain.keras")
    return open_model(str(folder / "plain.keras"), outputs=folder)


def test_sequential_model(tmp_path):
    trained = opened(keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="softmax")]), tmp_path)
    function = inference_function(trained)
    rows = np.random.default_rng(0).normal(size=(2, 4)).astype(np.float32)
    found = function(rows)
    assert list(function.inputs) == ["numbers"]
    assert list(found) == ["output"]
    np.testing.assert_allclose(found["output"], trained.network(rows), rtol=1e-6)


def test_outputs_of_a_list_are_numbered(tmp_path):
    row = keras.Input((4,))
    function = inference_function(
        opened(keras.Model(row, [keras.layers.Dense(2)(row), keras.layers.Dense(3)(row)]), tmp_path)
    )
    found = function(np.ones((5, 4), np.float32))
    assert {name: tuple(values.shape) for name, values in found.items()} == {"output_0": (5, 2), "output_1": (5, 3)}


def test_network_that_gives_nan_in_keras_is_not_the_fault_of_the_export(tmp_path):
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    model.layers[0].kernel.assign(np.full((4, 3), np.nan))
    (tmp_path / "export").mkdir()
    exporter = Exporter(opened(model, tmp_path), scratch=tmp_path / "scratch", most_scored=1)
    with pytest.raises(NotExported, match="the network gives values that are not finite, in Keras too"):
        exporter.export(SAVED_MODEL, tmp_path / "export", example=False)


def test_script_reads_arrays_of_any_size(tmp_path):
    function = inference_function(
        opened(keras.Sequential([keras.Input((None, 3)), keras.layers.Conv1D(2, 1)]), tmp_path)
    )
    script = predict_script(SAVED_MODEL, function.inputs, ["output"], form=None, decoder=None)
    assert "reshape" not in script
    assert "np.load(file).astype(np.float32)" in script


def test_network_of_16_bit_floats_computes_in_32(tmp_path):
    row = keras.Input((4,), dtype="float16")
    function = inference_function(
        opened(keras.Model(row, keras.layers.Dense(3, dtype="float16", bias_initializer="ones")(row)), tmp_path)
    )
    assert {layer.compute_dtype for layer in function.model.layers} == {"float32"}
    assert [spec.dtype.name for spec in function.inputs.values()] == ["float32"]


def test_names_of_inputs_are_those_that_signatures_can_have(tmp_path):
    rows = [keras.Input((2,), name=name) for name in ("a b", "a-b", "é")]
    trained = opened(keras.Model(rows, keras.layers.Concatenate()(rows)), tmp_path)
    function = inference_function(trained)
    assert dict(function.keras_names) == {"a_b": "a b", "a_b_": "a-b", "input__": "é"}
    exporter = Exporter(trained, scratch=tmp_path / "scratch", most_scored=1)
    (tmp_path / "export").mkdir()
    exporter.export(SAVED_MODEL, tmp_path / "export", example=False)
