"""The first outputs and losses of small networks are computed by validate too, on made-up examples."""

import re

import keras
import numpy as np
import pytest

from cnncli.errors import DivergedError, RecipeError
from cnncli.recipe.load import load_bytes
from cnncli.workflow import check_without_data, first_loss, stand_in_inputs

RECIPE = """\
data:
  {data}
  source: {{npz: {{path: x.npz}}}}
  prepare: [{prepare}]
model:
  input: {shape}
  layers: [{layers}]
"""
SCALED = "Rescaling: {scale: $(1 / 255)}"
OUT = "Flatten, Dense: {units: $classes, activation: softmax}"


def checked(layers, *, shape="[8, 8, 1]", data="classes: 10", prepare=SCALED, more=""):
    text = RECIPE.format(layers=layers, shape=shape, data=data, prepare=prepare) + more
    return check_without_data(load_bytes(text.encode(), "r.yaml"))


GROWING = "Flatten, Dense: {name: big, units: 8, activation: exponential, kernel_initializer: {Constant: 9.0}}"


def test_output_that_is_not_finite_is_refused_without_data():
    with pytest.raises(DivergedError) as caught:
        checked(f"{GROWING}, Dense: {{name: out, units: 10, activation: softmax}}")

    [problem] = caught.value.problems
    assert problem.message == "the first output of `big` is not finite, before anything is trained"
    assert (problem.place.line, problem.place.column) == (7, 21)


def test_output_is_computed_where_the_number_of_classes_is_not_known():
    with pytest.raises(DivergedError, match="the first output of `big` is not finite"):
        checked(f"{GROWING}, Dense: {{name: out, units: $classes, activation: softmax}}", data="targets: classes")


def test_loss_that_is_not_finite_is_refused_without_data():
    layers = "Flatten, Dense: {name: out, units: 10, kernel_initializer: {Constant: 1e36}}"
    with pytest.raises(DivergedError, match="the first loss of `out` is not finite"):
        checked(layers, more="train: {loss: mean_squared_error}\n", data="classes: 10")


def test_regularization_loss_that_is_not_finite_is_refused_at_its_layer():
    layers = f"Conv2D: {{name: c1, filters: 64, kernel_size: 3, kernel_regularizer: {{L2: 3e38}}}}, {OUT}"
    with pytest.raises(DivergedError) as caught:
        checked(layers)

    assert "the first regularization loss of `c1` is not finite" in str(caught.value)
    assert (caught.value.problems[0].place.line, caught.value.problems[0].place.column) == (7, 12)


def test_layer_that_overflows_in_float16_alone_is_refused_in_float16_alone():
    layers = f"Conv2D: {{filters: 4, kernel_size: 3, kernel_initializer: {{Constant: 50000.0}}}}, {OUT}"
    checked(layers, more="train: {precision: float32}\n")

    with pytest.raises(DivergedError, match="the first output of"):
        checked(layers, more="train: {precision: mixed_float16}\n")


class Failing(keras.layers.Layer):
    """Fits by its shapes, and fails on values."""

    def __init__(self, limit=None, **options):
        super().__init__(**options)
        self.limit = limit

    def call(self, inputs):
        if isinstance(inputs, keras.KerasTensor) or (self.limit is not None and np.max(inputs) <= self.limit):
            return inputs
        raise ValueError("this processor cannot compute it. It must be another")

    def compute_output_spec(self, inputs):
        return keras.KerasTensor(inputs.shape, inputs.dtype)


def test_layer_that_fails_on_values_is_a_problem_at_its_place(monkeypatch):
    monkeypatch.setattr(keras.layers, "UnitNormalization", Failing)
    with pytest.raises(RecipeError) as caught:
        checked(f"Conv2D: {{filters: 4, kernel_size: 3}}, UnitNormalization: {{}}, {OUT}")

    [problem] = caught.value.problems
    assert problem.message == "Failing: this processor cannot compute it. It must be another"
    assert problem.hint == "came in: 6x6x4"
    assert (problem.place.line, problem.place.column) == (7, 50)


def test_layer_that_fails_on_some_made_up_values_says_nothing_about_those_of_the_data(monkeypatch):
    monkeypatch.setattr(keras.layers, "UnitNormalization", lambda **options: Failing(limit=0.0, **options))
    checked(f"UnitNormalization: {{}}, {OUT}")


def test_large_network_is_left_to_the_dry_run(monkeypatch):
    monkeypatch.setattr(stand_in_inputs, "_MOST_PARAMS", 100)
    monkeypatch.setattr(first_loss, "check_first_loss", None)
    checked(f"{GROWING}, Dense: {{units: 10, activation: softmax}}")


@pytest.mark.parametrize(
    ("layers", "prepare", "shape"),
    [
        ("Embedding: {input_dim: 50, output_dim: 4}, " + OUT, "", "[20]"),
        ("Embedding: {input_dim: 50, output_dim: 4}, " + OUT, "Rescaling: {scale: 1, offset: -100}", "[20]"),
        ("CategoryEncoding: {num_tokens: 10, output_mode: multi_hot}, " + OUT, "", "[20]"),
        ("Conv2D: {filters: 4, kernel_size: 3}, BatchNormalization, GlobalAveragePooling2D, " + OUT, "", "[3, 3, 1]"),
        ("Dropout: 0.5, RandomFlip: horizontal, GaussianNoise: 0.1, " + OUT, SCALED, "[8, 8, 1]"),
        ("LSTM: {units: 4, dropout: 0.5}, " + OUT, "", "[8, 2]"),
        ("Normalization: {mean: 100, variance: 50}, " + OUT, "", "[8, 8, 1]"),
    ],
    ids=["Embedding", "Embedding of shifted numbers", "categories", "1x1 maps", "random layers", "LSTM", "raw pixels"],
)
def test_network_that_trains_is_fine(layers, prepare, shape):
    assert checked(layers, prepare=prepare, shape=shape) is not None


def test_augmentation_and_several_outputs_are_computed():
    text = re.sub(r"prepare: .*", "augment: [RandomFlip: horizontal, RandomRotation: 0.1]", RECIPE)
    layers = "Flatten, Dense: {name: side, units: 10, activation: softmax}, Dense: {name: out, units: 10, activation: softmax}"
    text = text.format(layers=layers, shape="[8, 8, 1]", data="classes: 10") + "  outputs: [out, side]\n"

    assert check_without_data(load_bytes(text.encode(), "r.yaml"))


def test_nothing_is_changed_by_the_pass():
    random_state = np.random.get_state()[1].copy()
    network = checked(f"BatchNormalization, Dropout: 0.5, {OUT}").network

    assert all(variable._value is None for variable in network.full_model.variables)
    assert (np.random.get_state()[1] == random_state).all()


def test_layer_that_joins_examples_is_refused():
    layers = f"Conv2D: {{name: a, filters: 1, kernel_size: 3, padding: same}}, Concatenate: {{from: [input, a], axis: 0}}, {OUT}"
    with pytest.raises(RecipeError) as caught:
        checked(layers)

    [problem] = caught.value.problems
    assert problem.message == (
        "`concatenate` does not keep the examples of a batch apart: 2 come in, and another number leaves it"
    )
    assert problem.hint == "axis 0 is the batch: the axes of an example count from 1"


def test_layer_of_prepare_that_overflows_has_its_place():
    with pytest.raises(DivergedError) as caught:
        checked(OUT, prepare="Rescaling: 1e20, Rescaling: 1e20")

    [problem] = caught.value.problems
    assert "is not finite" in problem.message
    assert (problem.place.line, problem.place.column) == (4, 30)


def test_layer_of_augment_that_fails_has_its_place():
    text = RECIPE.format(layers=OUT, shape="[8, 8, 1]", data="classes: 10", prepare=SCALED)
    text = text.replace("prepare: [", "augment: [RandomFlip: horizontal, RandomHue: 0.5], prepare: [")
    text = text.replace(
        "  augment: [RandomFlip: horizontal, RandomHue: 0.5], prepare",
        "  augment: [RandomFlip: horizontal, RandomHue: 0.5]\n  prepare",
    )
    with pytest.raises(RecipeError) as caught:
        check_without_data(load_bytes(text.encode(), "r.yaml"))

    [problem] = caught.value.problems
    assert problem.message == "RandomHue: input must have 3 channels but input only has 1 channels"
    assert (problem.place.line, problem.place.column) == (4, 37)


def test_regularizer_that_does_not_fit_the_weights_is_refused():
    layers = f"Conv2D: {{filters: 3, kernel_size: 3, kernel_regularizer: OrthogonalRegularizer}}, {OUT}"
    with pytest.raises(RecipeError, match="Conv2D: Inputs to OrthogonalRegularizer must have rank 2"):
        checked(layers)
