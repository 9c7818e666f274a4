"""Data and training in Python: as the recipe says."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from commands import call

from cnncli.conversion.to_python import to_python
from cnncli.errors import RecipeError
from cnncli.network.build import build_symbolically
from cnncli.network.checks import freeze
from cnncli.network.instantiate import shapes_alone
from cnncli.recipe.load import load_bytes
from cnncli.recipe.phases import phases_of

FROZEN = """\
data: {source: {image_folder: {path: photos, image_size: [32, 32]}}, classes: 2}
blocks: {b: {layers: [Conv2D: {filters: 2, kernel_size: 1}, BatchNormalization]}}
model:
  layers:
    - MobileNetV2: {name: backbone, weights: null, include_top: false}
    - b: {name: extra}
    - GlobalAveragePooling2D
    - Dense: {name: head, units: $classes, activation: softmax}
train:
  phases:
    - {name: head, freeze: [backbone]}
    - {name: tune, freeze: [backbone, extra], unfreeze: [block_16*, bn_Conv1]}
    - {name: all, freeze: [extra]}
    - {name: none, freeze: ['block_1*']}
"""


def script(source: str) -> list[str]:
    return [line.strip() for line in source.split('"__main__":')[1].splitlines()]


def test_each_phase_trains_the_layers_that_cnncli_trains():
    loaded = load_bytes(FROZEN.encode(), "frozen.yaml")
    source = to_python(loaded)
    module: dict[str, Any] = {"__name__": "frozen"}
    exec(compile(source, "frozen.py", "exec"), module)
    recipe = loaded.resolve(classes=2).recipe
    network = build_symbolically(recipe, input_shape=(32, 32, 3))
    with shapes_alone():
        keras.utils.clear_session()
        module["model"] = module["build_model"]()
        application = keras.applications.MobileNetV2(include_top=False, weights=None)
    module["backbone_layers"] = [layer.name for layer in application.layers]
    calls = [line for line in script(source) if line.startswith(("freeze(", "keep_statistics("))]
    begins = [*(index for index, line in enumerate(calls) if line.startswith("freeze(")), len(calls)]
    assert len(begins) == 5

    for phase, begin, end in zip(phases_of(recipe), begins, begins[1:], strict=False):
        freeze(network, recipe, phase)
        for line in calls[begin:end]:
            exec(line, module)
        with_weights = [layer.name for layer in network.full_model.layers if layer.variables]
        for name in with_weights:
            layer = module["model"].get_layer(name)
            assert layer.trainable == network.full_model.get_layer(name).trainable, (phase.name, name)


@pytest.mark.parametrize("stratify", [True, False])
def test_split_takes_the_share_of_each_class(stratify):
    text = f"data: {{source: mnist, split: {{stratify: {str(stratify).lower()}}}}}\n"
    text += "model: {layers: [Flatten, Dense: $classes]}\n"
    text += "train: {loss: {SparseCategoricalCrossentropy: {from_logits: true}}}"
    module: dict[str, Any] = {"__name__": "split"}
    exec(compile(to_python(load_bytes(text.encode(), "s.yaml")), "s.py", "exec"), module)
    labels = np.repeat([0, 1, 2], [50, 100, 250])

    rest, part = module["split"](labels, 0.2, seed=3)

    assert sorted([*rest, *part]) == list(range(400))
    assert len(part) == 80
    if stratify:
        assert np.bincount(labels[part]).tolist() == [10, 20, 50]
    assert module["split"](labels, 7, seed=3)[1].shape == (7,)


def data_lines(source: str, more: str = "", train: str = "") -> str:
    text = f"data: {{source: {source}{more}}}\n"
    text += "model: {input: [8, 8, 1], layers: [Flatten, Dense: {units: $classes, activation: softmax}]}\n"
    return "\n".join(script(to_python(load_bytes(f"{text}train: {{{train}}}".encode(), "d.yaml"))))


def test_each_source_is_read_as_keras_does():
    assert 'np.load("a.npz")' in data_lines("{npz: {path: a.npz}}")
    assert "rest, test = split(y, 0.1, seed=0)" in data_lines("{npz: {path: a.npz}}")
    folder = data_lines("{image_folder: {path: photos, resize: pad}}")
    assert '"photos", validation_split=0.2, subset="both"' in folder
    assert '"color_mode": "grayscale"' in folder
    assert '"pad_to_aspect_ratio": True' in folder
    assert 'read_idx("digits/t10k-labels-idx1-ubyte.gz")' in data_lines("{idx: {path: digits}}")


def test_parts_of_an_archive_are_used(tmp_path):
    np.savez(
        tmp_path / "a.npz",
        x_train=np.zeros((4, 8, 8)),
        y_train=np.zeros(4),
        x_test=np.zeros((4, 8, 8)),
        y_test=np.zeros(4),
    )
    lines = data_lines(f"{{npz: {{path: {tmp_path / 'a.npz'}}}}}", more=", class_weight: balanced")
    assert 'x_test = data["x_test"]' in lines
    assert "split(y_train, 0.1, seed=0)" in lines
    assert "class_weight=class_weight" in lines


@pytest.mark.parametrize(
    ("source", "key"),
    [("tfrecord: {path: a.tfrecord}", "tfrecord"), ("csv: {path: a.csv, image: f, label: l}", "image")],
)
def test_data_that_no_script_reads_is_refused_with_what_can_be_written(source, key):
    with pytest.raises(RecipeError) as caught:
        data_lines(f"{{{source}}}")

    [problem] = caught.value.problems
    assert problem.message == f"`{key}` cannot be written as Python"
    assert (problem.place.line, problem.hint) == (1, "`--network` writes the network alone")


def test_names_of_medmnist_are_used(tmp_path):
    images, labels = np.zeros((4, 8, 8)), np.zeros((4, 1))
    np.savez(tmp_path / "a.npz", train_images=images, train_labels=labels, test_images=images, test_labels=labels)

    lines = data_lines(f"{{npz: {{path: {tmp_path / 'a.npz'}}}}}")

    assert 'x_test = data["test_images"]' in lines
    assert 'y_train = data["train_labels"][:, 0]' in lines


def test_steps_in_epochs_are_counted_in_the_script():
    rate = "{CosineDecay: {initial_learning_rate: 0.1, decay_steps: 2.5 epochs}}"
    lines = data_lines("{npz: {path: a.npz}}", train=f"batch_size: 20, optimizer: {{SGD: {{learning_rate: {rate}}}}}")
    assert "steps_per_epoch = -(-len(y_train) // 20)" in lines
    assert "round(2.5 * steps_per_epoch)" in lines


def test_existing_files_and_recipes_are_not_overwritten(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lenet.py").write_text("mine", encoding="utf-8")
    refused = call("to-python", "lenet5", "--to", "lenet.py", exit_code=None)
    assert (refused.exit_code, (tmp_path / "lenet.py").read_text(encoding="utf-8")) == (6, "mine")
    call("to-python", "lenet5", "--to", "lenet.py", "--force")
    assert "def build_model" in (tmp_path / "lenet.py").read_text(encoding="utf-8")
    assert call("to-python", "lenet", exit_code=None).exit_code != 0
    assert "def build_model" in call("to-python", "lenet5", "--json").json["code"]
