"""Arguments of layers that take a flat list refuse a list within a list, at its place."""

import pytest

from cnncli.errors import RecipeError
from cnncli.recipe.load import load_bytes

RECIPE = "data: {{source: {{npz: {{path: a.npz}}}}, classes: 10}}\nmodel: {{layers: [{}, Flatten, Dense: 10]}}\n"


@pytest.mark.parametrize(
    "layer",
    [
        "Concatenate: {axis: [[1]]}",
        "Dropout: {rate: 0.5, noise_shape: [[1, 1]]}",
        "EinsumDense: {equation: 'ab,bc->ac', output_shape: [[3]]}",
        "LayerNormalization: {axis: [[1]]}",
        "RandomRotation: {factor: [[0.1, 0.2]]}",
        "Rescaling: {scale: [[2.0]]}",
        "ReLU: {max_value: [[6]]}",
        "AveragePooling2D: {pool_size: [2, [2]]}",
        "Softmax: {axis: [[1]]}",
        "Resizing: {height: [[3]], width: 3}",
    ],
)
def test_list_within_a_list_is_refused(layer):
    with pytest.raises(RecipeError) as caught:
        load_bytes(RECIPE.format(layer).encode(), "r.yaml")

    [problem] = [problem for problem in caught.value.problems if "[" in str(problem) or "brackets" in str(problem)]
    assert problem.place.line == 2
    assert problem.place.column > len("model: {layers: [")


def test_array_of_an_argument_may_have_several_axes():
    load_bytes(RECIPE.format("Normalization: {mean: [[1, 2]], variance: [[1, 1]]}").replace(
        "Dense: 10", "Dense: {units: 10, activation: softmax}").encode(), "r.yaml")  # fmt: skip
