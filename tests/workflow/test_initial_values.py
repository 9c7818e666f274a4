"""Initializers are drawn at the shapes of their weights, in the number format in which the layer computes."""

import pytest

from cnncli.errors import RecipeError
from cnncli.recipe.load import load_bytes
from cnncli.workflow import check_without_data

RECIPE = """\
data: {{classes: 10, source: {{npz: {{path: x.npz}}}}}}
model:
  input: [8, 8, 3]
  layers:
  - Conv2D: {{filters: 8, kernel_size: 3, {argument}: {initializer}}}
  - Flatten
  - Dense: {{units: 10, activation: softmax}}
train: {{precision: {precision}}}
"""


@pytest.fixture(autouse=True)
def weights_alone(monkeypatch):
    """Without the pass through the network, whose numbers are too large where the weights only just are not."""
    monkeypatch.setattr("cnncli.workflow.preflight.try_stand_ins", lambda *_: None)


def checked(initializer, argument="kernel_initializer", precision="float32", **changes):
    text = RECIPE.format(initializer=initializer, argument=argument, precision=precision)
    for before, after in changes.values():
        text = text.replace(before, after)
    return check_without_data(load_bytes(text.encode(), "r.yaml"))


@pytest.mark.parametrize(
    ("initializer", "precision", "name"),
    [
        ("{RandomNormal: {stddev: 2e38}}", "float32", "RandomNormal"),
        ("{RandomNormal: {stddev: 1.2e38}}", "float32", "RandomNormal"),
        ("{TruncatedNormal: {stddev: 3e38}}", "float32", "TruncatedNormal"),
        ("{RandomUniform: {minval: -3e38, maxval: 3e38}}", "float32", "RandomUniform"),
        ("{Constant: 1e6}", "mixed_float16", "Constant"),
        ("{Orthogonal: {gain: 1e7}}", "mixed_float16", "Orthogonal"),
        ("{VarianceScaling: {scale: 1e12}}", "mixed_float16", "VarianceScaling"),
    ],
)
def test_weights_that_are_not_finite_are_refused_at_the_initializer(initializer, precision, name):
    with pytest.raises(RecipeError) as caught:
        checked(initializer, precision=precision)

    [problem] = caught.value.problems
    number_format = precision.removeprefix("mixed_")
    assert problem.message == f"{name} gives weights that are not finite in {number_format}"
    assert (problem.place.line, problem.place.column) == (5, 62)
    assert problem.hint == f"{number_format} holds numbers up to {'65,504' if number_format == 'float16' else '3.4e38'}"


def test_initializer_of_a_bias_is_refused_too():
    with pytest.raises(RecipeError, match="Constant gives weights that are not finite in float16"):
        checked("{Constant: 1e6}", "bias_initializer", "mixed_float16")


@pytest.mark.parametrize(
    ("initializer", "precision"),
    [
        ("{Constant: 1e6}", "float32"),
        ("{Constant: 1e6}", "mixed_bfloat16"),
        ("{Constant: 60000}", "mixed_float16"),
        ("{RandomNormal: {stddev: 1e30}}", "float32"),
        # one over the fan in of 27 makes it small enough
        ("{VarianceScaling: {scale: 2e9}}", "mixed_float16"),
        ("he_normal", "mixed_float16"),
    ],
)
def test_weights_that_are_finite_are_fine(initializer, precision):
    checked(initializer, precision=precision)


def test_last_layer_and_a_layer_with_a_number_format_of_its_own_compute_in_float32():
    own = {"own": ("kernel_size: 3,", "kernel_size: 3, dtype: float32,")}
    checked("{Constant: 1e6}", precision="mixed_float16", **own)
    last = {"last": ("softmax}", "softmax, bias_initializer: {Constant: 1e6}}")}
    checked("zeros", precision="mixed_float16", **last)


def test_weights_of_a_huge_layer_are_not_drawn_as_a_whole():
    layers = "Flatten, Dense: {units: 3000, kernel_initializer: {Orthogonal: {gain: 1e9}}}, "
    text = f"""\
data: {{classes: 10, source: {{npz: {{path: x.npz}}}}}}
model: {{input: [100, 100, 1], layers: [{layers} Dense: {{units: 10, activation: softmax}}]}}
train: {{precision: mixed_float16}}
"""
    with pytest.raises(RecipeError, match="Orthogonal gives weights that are not finite in float16"):
        check_without_data(load_bytes(text.encode(), "r.yaml"))


def test_layer_within_a_layer_and_a_list_of_layers_are_looked_at():
    layers = [
        "TimeDistributed: {layer: {Dense: {units: 4, kernel_initializer: {RandomNormal: {stddev: 2e38}}}}}",
        "RNN: {cell: {StackedRNNCells: {cells: [{GRUCell: {units: 4, bias_initializer: {RandomNormal: {stddev: 2e38}}}}]}}}",
    ]
    for layer in layers:
        text = f"""\
data: {{classes: 10, source: {{npz: {{path: x.npz}}}}}}
model: {{input: [9, 3], layers: [{layer}, Flatten, Dense: {{units: 10, activation: softmax}}]}}
"""
        with pytest.raises(RecipeError, match="RandomNormal gives weights that are not finite in float32"):
            check_without_data(load_bytes(text.encode(), "r.yaml"))


def test_initializer_is_tried_where_the_shapes_are_not_known():
    with pytest.raises(RecipeError, match="RandomNormal gives weights that are not finite"):
        checked("{RandomNormal: {stddev: 2e38}}", input=("  input: [8, 8, 3]\n", ""))


@pytest.mark.parametrize(
    ("initializer", "argument", "message"),
    [
        ("identity", "kernel_initializer", "identity: Identity matrix initializer can only be used for 2D matrices"),
        (
            "{Orthogonal: {gain: 2}}",
            "bias_initializer",
            "Orthogonal: The tensor to initialize must be at least two-dimensional",
        ),
        ("orthogonal", "bias_initializer", "orthogonal: The tensor to initialize must be at least two-dimensional"),
    ],
)
def test_initializer_that_does_not_fit_the_weights_is_refused(initializer, argument, message):
    with pytest.raises(RecipeError) as caught:
        checked(initializer, argument)

    [problem] = caught.value.problems
    assert problem.message.startswith(message)
    assert problem.place.line == 5
    assert problem.hint in ("the weights: 3x3x3x8", "the weights: 8")
