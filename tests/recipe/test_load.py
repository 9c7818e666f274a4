"""A recipe's file -> a checked Recipe."""

import pytest
import yaml
from executed_lines import executed_lines

from cnncli.errors import RecipeError
from cnncli.recipe import shipped
from cnncli.recipe.keras_objects.objects import KerasObject
from cnncli.recipe.load import load, load_bytes
from cnncli.recipe.outputs import outputs_of
from cnncli.recipe.write import to_yaml

SMALL = b"""
data: {source: mnist-sample}
model:
  layers:
    - Flatten
    - Dense: {units: $classes, activation: softmax}
"""


def small(more: str = "", **known):
    return load_bytes(SMALL + more.encode(), "small.yaml").resolve(**known)


def messages(content: str, settings=()):
    with pytest.raises(RecipeError) as caught:
        load_bytes(content.encode(), "recipe.yaml", settings)
    return [str(problem).splitlines()[0] for problem in caught.value.problems]


def test_shipped_recipes_load():
    names = shipped.names()

    assert len(names) >= 5
    for name in names:
        assert load(name).recipe.name == name


def test_name_comes_from_the_file_when_it_is_not_said():
    assert small().recipe.name == "small"


def test_file_that_cannot_name_a_folder_gives_a_safe_name():
    assert load_bytes(SMALL, "/tmp/my recipe (1).yaml").recipe.name == "my-recipe--1-"


def test_defaults_are_those_of_the_reference():
    train = small().recipe.train

    assert (train.epochs, train.batch_size, train.precision, train.device) == (10, 32, "auto", "auto")
    assert train.optimizer == KerasObject("optimizers", "adam")


def test_layers_get_the_names_that_keras_would_give():
    recipe = load("mnist").recipe

    names = [layer.args["name"] for layer in recipe.model.layers]
    assert names == ["conv2d", "max_pooling2d", "conv2d_1", "max_pooling2d_1", "flatten", "dense", "dense_1"]


def test_classes_are_filled_in_when_they_are_known():
    loaded = load_bytes(SMALL.replace(b"mnist-sample", b"{npz: {path: a.npz}}"), "small.yaml")

    assert loaded.resolve(classes=7).recipe.model.layers[-1].args["units"] == 7


def test_loss_follows_from_the_last_layer():
    assert outputs_of(small().recipe)[0].loss.name == "sparse_categorical_crossentropy"
    binary = SMALL.replace(b"units: $classes, activation: softmax", b"units: 1, activation: sigmoid")
    two_classes = binary.replace(b"source: mnist-sample", b"source: {npz: {path: a.npz}}")
    assert outputs_of(load_bytes(two_classes, "b.yaml").recipe)[0].loss.name == "binary_crossentropy"


def test_set_changes_a_value_and_is_the_place_of_its_mistake():
    assert load("mnist", ["train.epochs=3"]).recipe.train.epochs == 3
    with pytest.raises(RecipeError) as caught:
        load("mnist", ["train.epochs=three"])
    assert str(caught.value) == "--set train.epochs=three: `epochs`: expected an integer, got 'three' (text)"


def test_set_replaces_a_builtin_source_by_a_file():
    recipe = load("mnist", ["data.source.npz.path=digits.npz"]).recipe

    assert recipe.data.source.npz.path == "digits.npz"
    assert recipe.data.source.builtin is None


def test_vars_are_used_in_order_and_keep_their_type():
    content = SMALL.replace(b"data:", b"vars: {width: 8, wide: $(2 * width), act: relu}\ndata:")
    content = content.replace(b"    - Flatten\n", b"    - Flatten\n    - Dense: {units: $wide, activation: $act}\n")

    assert load_bytes(content, "v.yaml").recipe.model.layers[1].args["units"] == 16


def test_mistakes_in_the_network_do_not_hide_those_elsewhere():
    content = """
data: {source: mnist}
model: {layers: [Flaten, Dense: {units: 10, activation: softmax}]}
train: {callbacks: [EarlyStopping: {monitor: val_los}]}
"""
    assert messages(content) == [
        "recipe.yaml:3:18: unknown layer `Flaten`",
        "recipe.yaml:4:46: EarlyStopping: nothing named `val_los` is measured",
    ]


def test_warnings_do_not_stop():
    loaded = small(
        "train: {optimizer: {SGD: {learning_rate: 2.0}}, epochs: 2, callbacks: [EarlyStopping: {patience: 5}]}\n"
    )

    assert [str(warning).splitlines()[0] for warning in loaded.warnings] == [
        "small.yaml:7:42: a learning rate of 2 is very large",
        "small.yaml:7:98: EarlyStopping: a patience of 5 cannot run out in 2 epochs",
    ]


def test_resolved_recipe_keeps_dollar_signs_and_texts_that_look_like_numbers():
    content = SMALL.replace(b"mnist-sample", b"{npz: {path: 'a$$b 1e-3 no.npz'}}")
    recipe = load_bytes(b"name: '1e-3'\nabout: 'costs $5: yes'\n" + content, "r.yaml").resolve(classes=3).recipe

    assert recipe.data.source.npz.path == "a$b 1e-3 no.npz"
    assert load_bytes(to_yaml(recipe).encode(), "r.yaml").recipe == recipe


def test_resolved_recipe_is_yaml_that_others_read():
    recipe = load("lenet5").resolve(classes=10).recipe

    assert yaml.safe_load(to_yaml(recipe))["model"]["layers"][0]["Conv2D"]["filters"] == 6


def test_work_grows_with_the_number_of_layers():
    def lines_to_load(blocks):
        depths = [blocks] * 4
        return executed_lines(lambda: load("resnet18", [f"vars.depths={depths}"]))

    lines_to_load(1)  # imports
    ten, twenty, forty = (lines_to_load(blocks) for blocks in (10, 20, 40))
    assert forty - twenty < 2.1 * (twenty - ten)


def test_unknown_layer_in_a_list_moves_no_place_of_what_rules_find_behind_it():
    recipe = """version: 1
data:
  source: shapes-sample
  targets: masks
  augment:
    - RandomFlp: horizontal
    - Reshape: [3, 3]
    - RandomFli: x
    - Flatten
model:
  layers: [Conv2D: {filters: $classes, kernel_size: 1, activation: softmax}]
"""
    with pytest.raises(RecipeError) as caught:
        load_bytes(recipe.encode(), "a.yaml")

    found = [(str(problem.place), problem.message.split()[0]) for problem in caught.value.problems]
    assert found == [
        ("a.yaml:6:7", "unknown"),
        ("a.yaml:7:7", "Reshape"),
        ("a.yaml:8:7", "unknown"),
        ("a.yaml:9:7", "Flatten"),
    ]
