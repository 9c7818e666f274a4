"""An export computes what Keras computes in inference mode, in its own runtime, for batches of any size."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from untrained import CLASSES, untrained

from cnncli.export import about_export, export_model, large_weights
from cnncli.export.export_model import Exporter, NotExported
from cnncli.export.formats import FORMATS, Target, every_target
from cnncli.export.inference_function import inference_function
from cnncli.tasks.regression.targets import Numbers, NumberTargets

AUGMENTED = """\
data: {source: {npz: {path: a.npz}}, classes: 3, prepare: [Rescaling: {scale: $(1 / 255)}]}
model:
  input: [12, 12, 3]
  layers:
    - RandomTranslation: {height_factor: 0.4, width_factor: 0.4}
    - Conv2D: {filters: 6, kernel_size: 3}
    - BatchNormalization
    - ReLU
    - SpatialDropout2D: 0.3
    - GaussianNoise: 0.5
    - Flatten
    - Dropout: 0.4
    - Dense: {units: 3, activation: softmax}
train: {loss: sparse_categorical_crossentropy}
"""
FLOATS = [Target(each) for each in FORMATS.values()]


@pytest.fixture(autouse=True)
def _packages():
    for module in ("onnx", "tf2onnx", "onnxruntime", "ai_edge_litert"):
        pytest.importorskip(module)


def exporter(trained, tmp_path: Path, **more) -> Exporter:
    return Exporter(trained, scratch=tmp_path / "scratch", most_scored=10, **more)


def opened(target: Target, folder: Path):
    return export_model.RUNTIMES[target.format.name](folder / target.format.file)


def outputs_of(exporter: Exporter, inputs):
    return {name: value.numpy() for name, value in exporter.function(*inputs.values()).items()}


def inputs_for(exporter: Exporter, count: int):
    random = np.random.default_rng(count)
    return {
        name: (255 * random.random((count, *spec.shape[1:]))).astype(spec.dtype.as_numpy_dtype)
        for name, spec in exporter.function.inputs.items()
    }


@pytest.fixture(scope="module")
def augmented(tmp_path_factory):
    """An exporter of a network with layers that only training has, and the folder of each format."""
    folder = tmp_path_factory.mktemp("augmented")
    made = exporter(untrained(AUGMENTED, (12, 12, 3)), folder)
    for target in FLOATS:
        (folder / target.name).mkdir()
        made.export(target, folder / target.name, example=False)
    return made, folder


@pytest.mark.parametrize("target", FLOATS, ids=lambda target: target.name)
@pytest.mark.parametrize("count", [1, 2, 5])
def test_layers_for_training_alone_do_nothing(augmented, target, count):
    made, folder = augmented
    inputs = inputs_for(made, count)
    found = opened(target, folder / target.name).run(inputs)
    assert list(found) == ["probabilities"]
    assert found["probabilities"].shape == (count, 3)
    np.testing.assert_allclose(found["probabilities"], outputs_of(made, inputs)["probabilities"], atol=2e-6)


def test_export_of_keras_itself_is_wrong_for_these_layers(augmented, tmp_path):
    made, _ = augmented
    made.function.model.export(tmp_path / "model", verbose=False)
    inputs = inputs_for(made, 5)
    import tensorflow as tf

    loaded = tf.saved_model.load(str(tmp_path / "model"))
    found = loaded.serve(inputs["image"]).numpy()
    assert np.abs(found - outputs_of(made, inputs)["probabilities"]).max() > 1e-3


def test_onnx_file_describes_itself(augmented):
    import onnx

    _, folder = augmented
    model = onnx.load(folder / "onnx" / "model.onnx")
    properties = {each.key: each.value for each in model.metadata_props}
    assert json.loads(properties["class_names"]) == ["ants", "bees", "wasps"]
    assert properties["task"] == "classification"
    [entry] = json.loads(properties["inputs"])
    assert (entry["name"], entry["shape"], entry["range"]) == ("image", [None, 12, 12, 3], [0.0, 255.0])
    [given], [result] = model.graph.input, model.graph.output
    assert [dim.dim_param or dim.dim_value for dim in given.type.tensor_type.shape.dim] == ["batch", 12, 12, 3]
    assert (given.name, result.name) == ("image", "probabilities")
    assert {each.version for each in model.opset_import if not each.domain} == {18}


@pytest.mark.parametrize("target", FLOATS, ids=lambda target: target.name)
def test_about_says_how_to_use_the_export(augmented, target):
    about = json.loads((augmented[1] / target.name / "about.json").read_text())
    assert about["class_names"] == ["ants", "bees", "wasps"]
    assert (about["model"], about["runtime"], about["quantization"]) == (
        target.format.file,
        target.format.runtime,
        "none",
    )
    assert about["inputs"][0]["images"]["resize"] == "stretch"
    assert about["outputs"] == [{"name": "probabilities", "shape": [None, 3], "dtype": "float32"}]
    assert about["check"]["data"] == "random inputs"
    assert about["check"]["largest_difference"] < 1e-5


def test_mixed_precision_is_exported_in_32_bit_floats(tmp_path):
    trained = untrained(AUGMENTED, (12, 12, 3), policy="mixed_bfloat16")
    assert trained.model.compute_dtype == "bfloat16" or "bfloat16" in {
        each.compute_dtype for each in trained.model.layers
    }
    made = exporter(trained, tmp_path)
    assert {each.compute_dtype for each in made.function.model.layers} == {"float32"}
    for mine, given in zip(made.function.model.weights, trained.model.weights, strict=True):
        np.testing.assert_array_equal(mine, given)


NUMBERS = """\
data: {source: {npz: {path: a.npz}}, targets: numbers}
model: {input: [5], layers: [Dense: {units: 8, activation: gelu}, Dense: 2]}
train: {loss: mean_squared_error}
"""
LOGITS = """\
data: {source: {npz: {path: a.npz}}, classes: 3}
model:
  input: [32, 2]
  layers: [Conv1D: {filters: 4, kernel_size: 3, padding: causal, dilation_rate: 2}, GlobalMaxPooling1D, Dense: 3]
train: {loss: {SparseCategoricalCrossentropy: {from_logits: true}}}
"""
MAPS = """\
data: {source: {npz: {path: a.npz}}, targets: masks, classes: 3, windows: {size: [8, 8], overlap: 0.5}}
model: {input: [8, 8, 1], layers: [Conv2D: {filters: 3, kernel_size: 3, padding: same, activation: softmax}]}
train: {loss: sparse_categorical_crossentropy}
"""
NETWORKS = {
    "numbers": (NUMBERS, (5,), NumberTargets(numbers=Numbers(low=(0.0, 0.0), mean=(1.0, 1.0), high=(2.0, 2.0)))),
    "logits": (LOGITS, (32, 2), CLASSES),
}
NAMES = {"numbers": ("numbers", "values"), "logits": ("signal", "logits")}


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("target", FLOATS, ids=lambda target: target.name)
def test_names_say_what_goes_in_and_comes_out(network, target, tmp_path):
    text, shape, targets = NETWORKS[network]
    made = exporter(untrained(text, shape, targets=targets), tmp_path)
    (tmp_path / "out").mkdir()
    done = made.export(target, tmp_path / "out", example=False)
    assert done.agreement.relative_difference < 1e-5
    assert ((*made.function.inputs,), (*made.function.outputs.values(),)) == tuple((name,) for name in NAMES[network])


def test_output_has_another_name_than_an_input():
    text = """\
data: {source: {npz: {path: a.npz}}, classes: 3, inputs: {probabilities: {}, b: {}}}
model:
  input: {probabilities: [4], b: [4]}
  layers: [Concatenate: {from: [probabilities, b]}, Dense: {units: 3, activation: softmax}]
train: {loss: sparse_categorical_crossentropy}
"""
    function = inference_function(untrained(text, {"probabilities": (4,), "b": (4,)}))
    assert sorted(function.inputs) == ["b", "probabilities"]
    assert list(function.outputs.values()) == ["predicted_probabilities"]


def test_large_weights_come_back_where_they_belong(tmp_path, monkeypatch):
    monkeypatch.setattr(large_weights, "LARGE", 20)
    text = """\
data: {source: {npz: {path: a.npz}}, classes: 3}
model:
  input: [12, 12, 3]
  layers:
    - Conv2D: {filters: 8, kernel_size: 3, strides: 2, activation: relu}
    - SeparableConv2D: {filters: 8, kernel_size: 3, padding: same}
    - Conv2DTranspose: {filters: 4, kernel_size: 2, strides: 2}
    - Flatten
    - Dense: {units: 9, activation: relu}
    - Dense: {units: 3, activation: softmax}
train: {loss: sparse_categorical_crossentropy}
"""
    made = exporter(untrained(text, (12, 12, 3)), tmp_path)
    (tmp_path / "out").mkdir()
    done = made.export(Target(FORMATS["onnx"]), tmp_path / "out", example=False)
    assert done.agreement.relative_difference < 1e-5
    import onnx

    model = onnx.load(tmp_path / "out" / "model.onnx")
    assert [each.name for each in model.graph.input] == ["image"]


def test_texts_go_into_a_saved_model(tmp_path):
    text = """\
data: {source: {npz: {path: a.npz}}, classes: 3, prepare: [TextVectorization: {max_tokens: 9, output_sequence_length: 4}]}
model:
  input: []
  layers: [Embedding: {input_dim: 9, output_dim: 3}, GlobalAveragePooling1D, Dense: {units: 3, activation: softmax}]
train: {loss: sparse_categorical_crossentropy}
"""
    made = exporter(untrained(text, (), scale=None), tmp_path)
    (tmp_path / "out").mkdir()
    done = made.export(Target(FORMATS["saved_model"]), tmp_path / "out", example=False)
    assert done.agreement.largest_difference == 0
    assert list(made.function.inputs) == ["text"]


@pytest.mark.parametrize("kind", ["float16", "dynamic", "int8"])
@pytest.mark.parametrize("name", ["onnx", "litert"])
def test_quantized_file_is_smaller_and_decides_alike(name, kind, tmp_path):
    from cnncli.export.exported_examples import ExportExamples

    text = AUGMENTED.replace("filters: 6", "filters: 40")
    made = exporter(untrained(text, (12, 12, 3)), tmp_path)
    inputs = inputs_for(made, 64)
    made.examples = ExportExamples("test split", inputs, None, inputs)
    sizes = {}
    for target in (Target(FORMATS[name]), Target(FORMATS[name], kind)):
        folder = tmp_path / target.name
        folder.mkdir()
        done = made.export(target, folder, example=False)
        sizes[target.quantization] = done.bytes
    assert sizes[kind] < 0.65 * sizes["none"]
    assert done.agreement.share is not None
    assert done.agreement.share >= 0.95
    assert done.agreement.largest_difference > 0


def test_int8_without_examples_is_refused(tmp_path):
    made = exporter(untrained(AUGMENTED, (12, 12, 3)), tmp_path)
    with pytest.raises(NotExported, match="int8 needs training examples") as raised:
        made.export(Target(FORMATS["litert"], "int8"), tmp_path, example=False)
    assert raised.value.exit_code == 5
    assert raised.value.problems[0].hint == "name examples with --data, or export a run"


def test_disagreement_is_an_error_with_the_difference(tmp_path, monkeypatch):
    made = exporter(untrained(AUGMENTED, (12, 12, 3)), tmp_path)

    class Wrong(export_model.RUNTIMES["onnx"]):
        def run(self, inputs):
            return {name: values + np.float32(0.01) for name, values in super().run(inputs).items()}

    monkeypatch.setitem(export_model.RUNTIMES, "onnx", Wrong)
    with pytest.raises(NotExported, match=r"differ from those of Keras by up to 0\.01") as raised:
        made.export(Target(FORMATS["onnx"]), tmp_path, example=False)
    assert raised.value.exit_code == 5
    assert raised.value.is_disagreement


def test_values_that_are_not_finite_are_an_error(tmp_path, monkeypatch):
    made = exporter(untrained(AUGMENTED, (12, 12, 3)), tmp_path)

    class Wrong(export_model.RUNTIMES["saved_model"]):
        def run(self, inputs):
            return {name: values * np.float32("nan") for name, values in super().run(inputs).items()}

    monkeypatch.setitem(export_model.RUNTIMES, "saved_model", Wrong)
    with pytest.raises(NotExported, match="values that are not finite"):
        made.export(Target(FORMATS["saved_model"]), tmp_path, example=False)


def test_names_of_all_targets():
    assert [each.name for each in every_target()] == [
        "saved_model",
        *("onnx", "onnx-float16", "onnx-dynamic", "onnx-int8"),
        *("litert", "litert-float16", "litert-dynamic", "litert-int8"),
    ]


def test_folder_of_an_export_is_recognized(tmp_path):
    assert not about_export.is_export(tmp_path)
    (tmp_path / "about.json").write_text("[1]")
    assert not about_export.is_export(tmp_path)
    (tmp_path / "about.json").unlink()
    (tmp_path / "onnx-int8").mkdir()
    (tmp_path / "onnx-int8" / "about.json").write_text('{"cnncli": "1", "runtime": "onnxruntime"}')
    assert about_export.is_export(tmp_path)
