"""What a model file says about its model comes back equal, and fits the network or is refused."""

from __future__ import annotations

import json
import zipfile
from dataclasses import fields

import keras
import pytest

from benchmarks.hostile_files import about as described
from cnncli.data.images import Form
from cnncli.data.scales import Scale
from cnncli.errors import ModelFileError
from cnncli.inference.model_description import About, describe, read_about, save
from cnncli.recipe.load import load, load_bytes
from cnncli.recipe.outputs import outputs_of
from cnncli.recipe.shipped import names
from cnncli.tasks.classification.targets import ClassTargets
from cnncli.tasks.regression.targets import Numbers, NumberTargets

RECIPE = """\
data: {source: {npz: {path: a.npz}}, %s}
model: {input: [8, 8, 3], layers: [Flatten, Dense: {units: %d, activation: %s}]}
train: {loss: %s, batch_size: 5}
"""


def network(units, shape=(8, 8, 3)):
    return keras.Sequential([keras.Input(shape), keras.layers.Flatten(), keras.layers.Dense(units)])


def of(units, *, classes=(), numbers=None, activation="softmax", loss="sparse_categorical_crossentropy", **known):
    data = "targets: numbers" if numbers else f"classes: {len(classes)}"
    recipe = load_bytes((RECIPE % (data, units, activation, loss)).encode(), "r.yaml").recipe
    targets = NumberTargets(numbers=numbers) if numbers else ClassTargets(class_names=classes)
    return describe(recipe, targets=targets, input_shape=(8, 8, 3), **known)


def again(about: About, units: int) -> About:
    return read_about(about.to_bytes(), network(units), "m.keras")


@pytest.mark.parametrize(
    "classes",
    [
        ("a", "b", "c"),
        ("日本", "e\u0301", "é"),
        ("\x1b[31mred", "tab\t", "x" * 255),
        ("\udcff", "$(1 + 1)", ""),
        tuple(str(number) for number in range(10_000)),
    ],
    ids=["letters", "unicode", "control characters", "not UTF-8", "10,000"],
)
def test_class_names_come_back_as_they_are(classes):
    about = of(len(classes), classes=classes)
    assert again(about, len(classes)).targets.class_names == classes


def test_everything_comes_back_equal():
    about = of(3, classes=("a", "b", "c"), input_range=Scale(-1.5, 2.0, 1.0, 0.4, 20))
    assert again(about, 3) == about


def test_numbers_come_back_equal():
    numbers = Numbers(low=(0.0, -1.0), mean=(0.5, 0.1), high=(1.0, 2.0))
    about = of(2, numbers=numbers, activation="linear", loss="mean_squared_error")
    found = again(about, 2)
    assert (found.outputs, found.targets) == ("numbers", NumberTargets(numbers=numbers))


def test_every_field_of_the_image_form_travels():
    form = json.loads(of(2, classes=("a", "b")).to_bytes())["images"]
    assert form.keys() == {field.name for field in fields(Form)}


@pytest.mark.parametrize(
    ("activation", "loss", "expected"),
    [
        ("softmax", "sparse_categorical_crossentropy", "probabilities"),
        ("linear", "{SparseCategoricalCrossentropy: {from_logits: true}}", "logits"),
        ("tanh", "categorical_hinge", "scores"),
    ],
)
def test_kind_of_output_is_reported(activation, loss, expected):
    assert of(2, classes=("a", "b"), activation=activation, loss=loss).outputs == expected


@pytest.mark.parametrize("name", names())
def test_description_of_a_shipped_recipe_is_read(name):
    recipe = load(name).recipe
    if outputs_of(recipe)[0].loss is None:
        pytest.skip("its output is no row of numbers")
    about = describe(
        recipe, targets=ClassTargets(class_names=("a", "b", "c")), input_shape=recipe.model.input or (28, 28, 1)
    )
    assert About.model_validate(json.loads(about.to_bytes())) == about


def test_same_description_has_the_same_bytes():
    assert of(2, classes=("a", "b")).to_bytes() == of(2, classes=("a", "b")).to_bytes()


def test_plain_keras_opens_the_file_and_drops_the_member(tmp_path):
    path = tmp_path / "m.keras"
    save(network(2), path, of(2, classes=("a", "b")))
    assert "cnncli.json" in zipfile.ZipFile(path).namelist()
    keras.saving.load_model(path).save(path)
    assert "cnncli.json" not in zipfile.ZipFile(path).namelist()


@pytest.mark.parametrize(
    ("classes", "units", "fits"),
    [(2, 1, True), (3, 1, False), (3, 3, True), (2, 3, True), (4, 3, False)],
)
def test_class_names_fit_the_outputs(classes, units, fits):
    content = described(class_names=[str(number) for number in range(classes)])
    if fits:
        read_about(content, network(units, (28, 28, 1)), "m.keras")
        return
    with pytest.raises(ModelFileError, match="`class_names` has"):
        read_about(content, network(units, (28, 28, 1)), "m.keras")


def test_two_outputs_are_not_described():
    inputs = keras.Input((28, 28, 1))
    flat = keras.layers.Flatten()(inputs)
    model = keras.Model(inputs, [keras.layers.Dense(10)(flat), keras.layers.Dense(10)(flat)])
    with pytest.raises(ModelFileError, match="one input and one output, and the network has 1 and 2"):
        read_about(described(), model, "m.keras")


def test_error_says_where_and_what_to_do():
    with pytest.raises(ModelFileError) as error:
        read_about(described(batch_size="many"), network(10, (28, 28, 1)), "m.keras")
    [problem] = error.value.problems
    assert problem.message.startswith("the cnncli.json in m.keras is damaged: `batch_size`: ")
    assert "save it again with plain Keras" in problem.hint
