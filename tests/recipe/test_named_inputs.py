"""Recipes with several inputs: their names, the places of their layers, and the messages for wrong ones."""

import pytest

from cnncli.errors import RecipeError
from cnncli.recipe.load import load_bytes
from cnncli.recipe.named_inputs import inputs_of
from cnncli.recipe.write import to_yaml

RECIPE = """\
name: pair
data:
  source: {npz: {path: pairs.npz}}
  inputs:
    left: {prepare: [Rescaling: {scale: 0.5}], augment: [RandomFlip: horizontal]}
    right:
model:
  input: {left: [8, 8, 1], right: [4]}
  layers:
    - Flatten: {name: flat, from: left}
    - Concatenate: {from: [flat, right]}
    - Dense: {units: 2, activation: softmax}
"""


def read(text):
    return load_bytes(text.encode(), "pair.yaml")


def mistakes(text):
    with pytest.raises(RecipeError) as error:
        read(text)
    return [(str(problem.place).removeprefix("pair.yaml:"), problem.message) for problem in error.value.problems]


def test_inputs_have_their_own_layers_in_the_order_of_the_recipe():
    left, right = inputs_of(read(RECIPE).recipe.data)

    assert [each.name for each in left.prepare] == ["Rescaling"]
    assert [each.name for each in left.augment] == ["RandomFlip"]
    assert (right.name, list(right.prepare), right.path) == ("right", [], ("data", "inputs", "right"))


def test_resolved_recipe_loads_to_an_equal_one():
    recipe = read(RECIPE).recipe

    assert read(to_yaml(recipe)).recipe == recipe


def test_recipe_with_one_input_is_written_without_a_word_on_several():
    text = to_yaml(
        read(
            "data: mnist-sample\nmodel: {layers: [Flatten, Dense: {units: 10, activation: softmax}]}\n".replace(
                "data: mnist-sample", "data: {source: mnist-sample}"
            )
        ).recipe
    )

    assert "inputs" not in text


def test_only_one_named_input_need_not_be_named_by_the_first_layer():
    recipe = read(
        RECIPE.replace("    right:\n", "")
        .replace(", right: [4]", "")
        .replace(
            "    - Flatten: {name: flat, from: left}\n    - Concatenate: {from: [flat, right]}\n", "    - Flatten\n"
        )
    ).recipe

    assert recipe.model.layers[0].inputs == ()


OF_TABLES = "`shape` is for an input from a table, and the source is a NumPy archive"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("{name: flat, from: left}", "{name: flat}", ("10:7", "Flatten takes which input?")),
        ("from: [flat, right]", "from: [flat, input]", ("11:27", "no input is named `input`")),
        ("from: [flat, right]", "from: [flat, flat]", ("6:11", "no layer takes the input `right`")),
        ("name: flat, from", "name: right, from", ("10:23", "an input is named `right`, too")),
        ("    right:\n", "    right:\n  prepare: [Rescaling: 2]\n", ("7:12", "`prepare` stands beside `inputs`")),
        ("    right:\n", "    right:\n  augment: [RandomFlip]\n", ("7:12", "`augment` stands beside `inputs`")),
        ("right: [4]", "rigth: [4]", ("8:35", "no input is named `rigth`")),
        (", right: [4]", "", ("8:10", "`input` has no shape for right")),
        ("{left: [8, 8, 1], right: [4]}", "[8, 8, 1]", ("8:10", "`input` is one shape, and `data.inputs` has names")),
        ("left: [8, 8, 1]", "left: [8, 0, 1]", ("8:21", "`left`: expected an integer ≥ 1, got 0")),
        ("{npz: {path: pairs.npz}}", "mnist-sample", ("5:5", "`inputs`: the source `mnist-sample` has one input")),
        ("    right:\n", "    right: {prepare: [Flatten: {from: left}]}\n", ("6:33", "Flatten takes what is before it here")),
        ("    right:\n", "    right: {size: [4]}\n", ("6:13", "unknown key `size` in `data.inputs.right`")),
        ("    right:\n", "    right: {shape: [4]}\n", ("6:20", OF_TABLES)),
    ],
)  # fmt: skip
def test_mistake_is_told_at_its_place(old, new, expected):
    assert old in RECIPE
    assert expected in mistakes(RECIPE.replace(old, new, 1))


@pytest.mark.parametrize("name", ["input", "train", "test_left", "2nd", "a-b"])
def test_name_that_an_array_or_layer_cannot_have_is_an_error(name):
    text = RECIPE.replace("right:", f"{name}:").replace("flat, right", f"flat, {name}")

    [(_, message)] = [each for each in mistakes(text) if "cannot name an input" in each[1]]
    assert message.startswith(f"`{name}`")


def test_names_for_one_input_are_an_error():
    model = "{input: {a: [28, 28, 1]}, layers: [Flatten, Dense: {units: 10, activation: softmax}]}"

    [found] = mistakes(f"data: {{source: mnist-sample}}\nmodel: {model}\n")
    assert found == ("2:16", "`input` has names, and `data` has no `inputs`")


def test_branches_without_a_source_ask_for_the_input_in_each_path():
    text = RECIPE.replace(
        "    - Flatten: {name: flat, from: left}\n",
        "    - branches: {name: flat, merge: Add, paths: [[Flatten], [GlobalAveragePooling2D]]}\n",
    )

    messages = [message for _, message in mistakes(text)]
    assert {"Flatten takes which input?", "GlobalAveragePooling2D takes which input?"} <= set(messages)
