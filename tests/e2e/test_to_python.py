"""`cnncli to-python`: the code trains without cnncli, and takes the weights of a run."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from commands import CommandLine, call

from cnncli.data.sources.builtin import SAMPLE_FILE

RECIPE = """\
name: two-phases
data:
  source: mnist-sample
  limit: 600
  class_weight: balanced
  prepare: [Rescaling: {scale: $(1 / 255)}]
  augment: [RandomTranslation: {height_factor: 0.1, width_factor: 0.1}]
vars: {width: 4}
blocks:
  conv:
    params: [filters]
    layers: [Conv2D: {filters: $filters, kernel_size: 3}, BatchNormalization, ReLU]
model:
  layers:
    - conv: {name: stem, filters: $width}
    - MaxPooling2D: 4
    - conv: $(2 * width)
    - GlobalAveragePooling2D
    - Dense: {name: aux, units: $classes, activation: softmax}
    - Dense: {name: main, units: $classes, activation: softmax, from: global_average_pooling2d}
  outputs: [main, aux]
train:
  seed: 1
  batch_size: 64
  loss: {main: categorical_crossentropy, aux: categorical_crossentropy}
  loss_weights: {aux: 0.5}
  metrics: [categorical_accuracy]
  phases:
    - name: head
      epochs: 1
      freeze: [stem]
      optimizer: {SGD: {learning_rate: {CosineDecay: {initial_learning_rate: 0.1, decay_steps: 1 epoch}}}}
    - {name: all, epochs: 1, callbacks: [EarlyStopping: {monitor: val_main_categorical_accuracy, patience: 1}]}
"""


def run(script: Path) -> str:
    """What a script prints in a process without cnncli."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    block = "import sys; sys.modules['cnncli'] = None; import runpy; runpy.run_path(sys.argv[1], run_name='__main__')"
    done = subprocess.run(
        [sys.executable, "-c", block, script.name],
        cwd=script.parent, env=environment, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def test_script_trains_all_phases_and_saves_the_main_output(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = RECIPE.replace("  class_weight: balanced\n", "")  # Keras weighs the classes of one output only
    (tmp_path / "two.yaml").write_text(text, encoding="utf-8")
    call("to-python", "two.yaml", "--to", "two.py")

    last = run(tmp_path / "two.py").strip().splitlines()[-1]

    assert "main_categorical_accuracy" in ast.literal_eval(last)
    model = keras.models.load_model(tmp_path / "two-phases.keras")
    assert model.output_shape == (None, 10)
    assert model(np.zeros((1, 28, 28, 1), "uint8")).shape == (1, 10)


def test_weights_of_a_run_fit_the_network(trained: CommandLine):
    source = trained("to-python", "small/first").stdout
    [line] = [line for line in source.splitlines() if 'load_weights("outputs' in line]
    file = trained.folder / line.split('"')[1]
    module: dict = {"__name__": "small"}
    exec(compile(source, "small.py", "exec"), module)

    model = module["build_model"]()
    model.load_weights(file)

    digits = np.random.default_rng(0).integers(0, 256, (4, 28, 28, 1)).astype("uint8")
    np.testing.assert_array_equal(model(digits, training=False), keras.models.load_model(file)(digits, training=False))


def test_nothing_but_the_answer_is_printed_where_sizes_need_keras(tmp_path):
    command_line = CommandLine(tmp_path)
    code = command_line.process("to-python", "mobilenet-v2", "--network")  # TensorFlow writes to the descriptor
    recipe = command_line("show", "mobilenet-v2", "--resolved")

    assert (code.exit_code, code.stderr) == (0, "")
    assert (recipe.exit_code, recipe.stderr) == (0, "")


TEXTS = """\
name: texts
data:
  source: {text_folder: {path: texts}}
  prepare: [TextVectorization: {max_tokens: 50, output_sequence_length: 6}]
model:
  layers: [Embedding: {input_dim: 50, output_dim: 4}, GlobalMaxPooling1D, Dense: {units: $classes, activation: softmax}]
train: {seed: 1, epochs: 1, batch_size: 8}
"""


def test_script_learns_its_vocabulary_from_the_training_texts(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for kind in ("good", "bad"):
        (tmp_path / "texts" / kind).mkdir(parents=True)
        for number in range(10):
            (tmp_path / "texts" / kind / f"{number}.txt").write_text(f"a {kind} film, number {number}")
    (tmp_path / "texts.yaml").write_text(TEXTS)
    call("to-python", "texts.yaml", "--to", "texts.py")

    run(tmp_path / "texts.py")

    model = keras.models.load_model(tmp_path / "texts.keras")
    assert {"good", "bad", "film"} <= set(model.get_layer("text_vectorization").get_vocabulary())
    assert model.predict(np.array(["a good film"], object), verbose=0).shape == (1, 2)


def test_script_reconstructs_its_inputs_and_undoes_the_noise(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    digits = np.load(SAMPLE_FILE)["x_train"][:300, ::2, ::2, None]  # (300, 14, 14, 1)
    np.savez("digits.npz", x=digits)
    (tmp_path / "clean.yaml").write_text("""\
name: clean
data:
  source: {npz: {path: digits.npz}}
  targets: input
  prepare: [Rescaling: {scale: $(1 / 255)}]
  augment: [Rescaling: $(1 / 255), GaussianNoise: 0.3, Rescaling: 255]
model: {input: [14, 14, 1], layers: [Conv2D: {filters: 1, kernel_size: 1}]}
train: {seed: 1, epochs: 15, batch_size: 16, optimizer: {Adam: 0.05}}
""")
    call("to-python", "clean.yaml", "--to", "clean.py")

    scores = ast.literal_eval(run(tmp_path / "clean.py").strip().splitlines()[-1])

    # The best that one weight can do against noise of a variance of 0.09: the share variance / (variance + 0.09) of the input.
    variance = float((digits / 255).var())
    assert scores["loss"] == pytest.approx(variance * 0.09 / (variance + 0.09), rel=0.15)


def test_network_that_keras_cannot_build_says_why_it_has_no_python(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    body = "residual: {skip: $(here.channels == 1), body: [Conv2D: {filters: 4, kernel_size: 3}]}"
    ending = "Conv2D: {filters: $here.channels, kernel_size: 1}\n    - Flatten\n    - Dense: {units: 10, activation: softmax}"
    text = f"data: {{source: mnist-sample}}\nmodel:\n  layers:\n    - {body}\n    - {ending}\n"
    Path("r.yaml").write_text(text)

    done = call("to-python", "r.yaml", "--network", exit_code=3)

    assert done.stderr.startswith("r.yaml:4:7: Add: Inputs have incompatible shapes.")
