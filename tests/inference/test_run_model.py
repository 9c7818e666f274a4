"""A run's model, rebuilt from its recipe, is the one that Keras would open: bit for bit, or not at all."""

from __future__ import annotations

import zipfile

import keras
import numpy as np
import pytest

from cnncli.errors import ModelFileError, OutputError
from cnncli.inference.run_model import open_run
from cnncli.network.build import build
from cnncli.recipe.load import load_bytes

SHAPE = (32, 32, 3)
HEAD = f"data: {{source: {{npz: {{path: a.npz}}}}, classes: 10, %s}}\nmodel:\n  input: {list(SHAPE)}\n  layers:\n"
CLASSIFIER = "- Flatten\n- Dense: {units: 10, activation: softmax}"

NETWORKS = {
    "prepare": ("- Conv2D: {filters: 4, kernel_size: 3}\n" + CLASSIFIER,
                "prepare: [Rescaling: 0.1, Normalization: {mean: [1.0, 2, 3], variance: [4.0, 5, 6]}]"),
    "batch normalization": ("- Conv2D: {filters: 4, kernel_size: 3, use_bias: false}\n- BatchNormalization\n- ReLU\n"
                            "- SeparableConv2D: {filters: 3, kernel_size: 3}\n- BatchNormalization: {scale: false}\n"
                            "- Dropout: 0.5\n" + CLASSIFIER, "augment: [RandomFlip: horizontal]"),
    "application": ("- MobileNet: {name: backbone, weights: null, include_top: false, alpha: 0.25}\n"
                    "- GlobalAveragePooling2D\n- Dense: {units: 10, activation: softmax}", ""),
    "layers within layers": ("- Reshape: {target_shape: [32, 96]}\n- Bidirectional: {layer: {LSTM: {units: 4}}}\n"
                             "- SpectralNormalization: {layer: {Dense: {units: 5}}}\n" + CLASSIFIER, ""),
}  # fmt: skip


def recipe(layers: str, data: str = ""):
    lines = "".join(f"    {line}\n" for line in layers.splitlines())
    return load_bytes((HEAD % data + lines).encode(), "r.yaml").recipe


def trained(folder, made, *, policy="float32"):
    """A network whose every weight is some other number, saved as a run saves it."""
    keras.utils.set_random_seed(1)
    model = build(made, input_shape=SHAPE, policy=policy).model
    random = np.random.default_rng(2)
    for weight in model.weights:
        weight.assign(np.asarray(weight) + 0.1 * random.random(weight.shape))
    model.save(folder / "model.keras")
    return {"precision": policy}


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
@pytest.mark.parametrize("name", NETWORKS)
def test_rebuilt_model_is_the_one_that_keras_opens(name, policy, tmp_path):
    made = recipe(*NETWORKS[name])
    record = trained(tmp_path, made, policy=policy)
    rebuilt = open_run(tmp_path, made, record).model
    opened = keras.models.load_model(tmp_path / "model.keras", compile=False)

    images = np.random.default_rng(3).integers(0, 256, (3, *SHAPE)).astype(np.float32)
    outputs = keras.ops.convert_to_numpy(rebuilt(images, training=False))
    np.testing.assert_array_equal(outputs, keras.ops.convert_to_numpy(opened(images, training=False)))
    assert np.ptp(outputs) > 0
    assert [layer.name for layer in rebuilt.layers] == [layer.name for layer in opened.layers]
    for mine, other in zip(rebuilt.weights, opened.weights, strict=True):
        np.testing.assert_array_equal(np.asarray(mine), np.asarray(other))


def test_compiled_model_is_opened_without_its_optimizer(tmp_path):
    made = recipe(CLASSIFIER)
    model = build(made, input_shape=SHAPE).model
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(np.ones((4, *SHAPE)), np.arange(4), verbose=0)
    model.save(tmp_path / "model.keras")

    rebuilt = open_run(tmp_path, made, {"precision": {"policy": "float32", "reason": "asked for"}}).model
    np.testing.assert_array_equal(np.asarray(rebuilt.weights[0]), np.asarray(model.weights[0]))


def test_weights_of_an_application_are_not_looked_for_again(tmp_path):
    application = f"- MobileNet: {{name: backbone, weights: %s, include_top: false, alpha: 0.25}}\n{CLASSIFIER}"
    record = trained(tmp_path, recipe(application % "null"))

    assert open_run(tmp_path, recipe(application % "gone.weights.h5"), record).model.count_params() > 200_000


def test_weights_that_do_not_fit_are_reported_by_layer(tmp_path):
    record = trained(tmp_path, recipe("- Conv2D: {name: first, filters: 4, kernel_size: 3}\n" + CLASSIFIER))
    other = recipe("- Conv2D: {name: first, filters: 4, kernel_size: 5}\n- BatchNormalization\n" + CLASSIFIER)
    with pytest.raises(ModelFileError) as caught:
        open_run(tmp_path, other, record)

    # 30 x 30 x 4 numbers came into the last layer, and 28 x 28 x 4 would now
    assert str(caught.value).splitlines() == [
        f"the weights in {tmp_path}/model.keras do not fit {tmp_path}/resolved.yaml",
        "    `first` kernel: expected float32 5x5x3x4, found float32 3x3x3x4 (layers/conv2d/vars/0)",
        "    `batch_normalization` gamma: expected float32 4, found nothing (layers/batch_normalization/vars/0)",
        "    `batch_normalization` beta: expected float32 4, found nothing (layers/batch_normalization/vars/1)",
        "    `batch_normalization` moving_mean: expected float32 4, found nothing (layers/batch_normalization/vars/2)",
        "    `batch_normalization` moving_variance: expected float32 4, found nothing (layers/batch_normalization/vars/3)",
        "    and 1 more",
    ]


def test_recipe_of_a_huge_network_is_reported_before_it_takes_memory(tmp_path):
    record = trained(tmp_path, recipe(CLASSIFIER))
    with pytest.raises(ModelFileError, match="`huge` kernel: expected float32 3072x2000000000, found float32 3072x10"):
        open_run(tmp_path, recipe("- Flatten\n- Dense: {name: huge, units: 2000000000}\n" + CLASSIFIER), record)


def test_weights_that_the_recipe_has_no_layer_for_are_reported(tmp_path):
    record = trained(tmp_path, recipe("- BatchNormalization\n" + CLASSIFIER))
    with pytest.raises(ModelFileError, match="expected nothing, found float32 3"):
        open_run(tmp_path, recipe(CLASSIFIER), record)


def test_config_of_a_runs_model_is_never_read(tmp_path):
    made = recipe(CLASSIFIER)
    record = trained(tmp_path, made)
    with zipfile.ZipFile(tmp_path / "model.keras") as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(tmp_path / "model.keras", "w") as archive:
        for name in content:
            archive.writestr(name, b"no JSON" if name == "config.json" else content[name])

    assert open_run(tmp_path, made, record).model.output_shape == (None, 10)


@pytest.mark.parametrize("precision", [None, "float8", {"reason": "x"}, 3])
def test_record_without_precision_is_reported(tmp_path, precision):
    made = recipe(CLASSIFIER)
    trained(tmp_path, made)
    with pytest.raises(OutputError, match="it has no `precision`"):
        open_run(tmp_path, made, {"precision": precision})
