"""Merging layers that repeat one of their inputs: reported where that is hardly intended, and nowhere else."""

import pytest

from cnncli.network.checks import check_network
from cnncli.recipe.load import load_bytes

C = "Conv2D: {name: c, filters: 4, kernel_size: 3, padding: same}"
POOLED = "GlobalAveragePooling2D: {keepdims: true}"
STRIDES = "Conv2D: {filters: 4, kernel_size: 3, padding: same, strides: 2}"


def notes(*layers, shape=(28, 28, 1)):
    rows = "".join(f"    - {layer}\n" for layer in layers)
    text = f"data: {{source: mnist-sample}}\nmodel:\n  layers:\n{rows}    - Flatten\n    - Dense: 10\n"
    text += "train: {loss: {SparseCategoricalCrossentropy: {from_logits: true}}}\n"
    return check_network(load_bytes(text.encode(), "r.yaml"), input_shape=shape, class_count=10).notes


@pytest.mark.parametrize(
    "layers",
    [
        (C, "Multiply: {from: [input, c]}"),
        (C, "Maximum: {from: [c, input]}"),
        ("Rescaling: {scale: 0.1}", C, "Add: {from: [rescaling, c]}"),
        (f"residual: {{body: [{C}]}}",),
        (C, "Conv2D: {name: one, filters: 1, kernel_size: 3, padding: same}", "Average: {from: [c, one]}"),
        (C, "MaxPooling2D: 14", f"residual: {{body: [{STRIDES}, BatchNormalization, ReLU, {C.replace('c,', 'd,')}]}}"),
    ],
)
def test_unintended_broadcast_is_reported_once_at_its_line(layers):
    [note] = notes(*layers)
    assert note.place.line == 3 + len(layers)
    assert "values are repeated" in note.message


@pytest.mark.parametrize("operation", ["Multiply", "Add"])
@pytest.mark.parametrize(
    "layers",
    [
        (C, "ReLU: {name: d}"),
        (C, POOLED, "Conv2D: {name: d, filters: 4, kernel_size: 1, activation: sigmoid}"),  # squeeze and excite
        (C, "GlobalAveragePooling2D", "Dense: {name: d, units: 4, activation: sigmoid}"),
        (C, "GlobalAveragePooling2D", "Dense: 4", "Reshape: {name: d, target_shape: [1, 1, 4]}"),
        (C, "AveragePooling2D: {name: d, pool_size: [28, 1]}"),  # coordinate attention
    ],
)
def test_context_of_the_whole_image_is_meant_to_be_repeated(operation, layers):
    assert notes(*layers, f"{operation}: {{from: [c, d]}}") == ()


def test_gate_of_one_channel_is_meant_to_be_repeated():
    gate = "Conv2D: {name: d, filters: 1, kernel_size: 7, padding: same, activation: sigmoid}"
    assert notes(C, gate, "Multiply: {from: [c, d]}") == ()


def test_outer_sum_of_channels_and_places_is_intended():
    one = "Conv2D: {name: s, filters: 1, kernel_size: 7, padding: same}"
    assert notes(C, one, "GlobalAveragePooling2D: {from: c, keepdims: true, name: g}", "Add: {from: [s, g]}") == ()
