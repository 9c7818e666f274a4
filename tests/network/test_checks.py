"""What is checked of a network while the number of its classes is not known."""

import pytest

from cnncli.errors import ExpectationError, RecipeError
from cnncli.network.checks import check_shapes
from cnncli.recipe.load import load_bytes

RECIPE = """\
data: {{source: {{npz: {{path: x.npz}}}}}}
model: {{input: [8, 8, 1], layers: [{layers}]}}
"""
HEAD = "Flatten, Dense: {name: out, units: $classes, activation: softmax}"


def checked(layers=HEAD, rest=""):
    return check_shapes(load_bytes((RECIPE.format(layers=layers) + rest).encode(), "r.yaml"))


def test_parameters_are_not_told_while_the_classes_decide_them():
    assert checked().params is None
    assert checked("Flatten, Dense: {units: $(2 * classes), activation: softmax}").params is None
    assert checked("Flatten, Dense: {units: 3, activation: softmax}").params == 8 * 8 * 3 + 3


def test_mistake_that_no_number_of_classes_mends_is_reported():
    with pytest.raises(RecipeError, match="a 9-wide window does not fit in an input of 8x8x1"):
        checked(f"MaxPooling2D: 9, {HEAD}")


@pytest.mark.parametrize(
    ("layers", "rest"),
    [
        ("Flatten, Dense: $classes, Reshape: {target_shape: [2, 5]}, " + HEAD, ""),
        (HEAD, "expect: {shapes: {out: [10]}}\n"),
    ],
    ids=["reshape", "expected shape"],
)
def test_what_only_the_number_of_classes_decides_is_left_open(layers, rest):
    assert checked(layers, rest) is None
    declared = load_bytes(
        (RECIPE.format(layers=layers) + rest).replace("}}}", "}}, classes: 10}", 1).encode(), "r.yaml"
    )
    assert check_shapes(declared).class_count == 10


def test_wrong_expectation_about_a_layer_that_no_class_reaches_is_reported():
    with pytest.raises(ExpectationError, match="expected the shape"):
        checked(f"Conv2D: {{name: c, filters: 2, kernel_size: 3}}, {HEAD}", "expect: {shapes: {c: [5, 5, 2]}}\n")


def test_condition_of_a_parent_recipe_says_how_to_remove_it():
    with pytest.raises(ExpectationError) as caught:
        check_shapes(load_bytes(b"extends: vit-tiny\nvars: {depth: 1}\ndata: {classes: 10}\n", "mine.yaml"))

    [problem] = caught.value.problems
    assert problem.hint == "if the network is meant to be different, remove the condition: --set expect.params=null"
