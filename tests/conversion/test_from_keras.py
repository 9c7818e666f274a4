"""A recipe from a Keras model builds the same network: names, configs, outputs."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest
from commands import call
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from keras import layers
from random_networks import SHAPE, networks, recipe_of
from same_network import assert_same_network

from cnncli.conversion.from_keras import from_keras
from cnncli.errors import ModelFileError
from cnncli.network.build import build, build_symbolically
from cnncli.network.instantiate import shapes_alone
from cnncli.network.symbolic_shapes import resolve
from cnncli.recipe import shipped
from cnncli.recipe.load import load, load_bytes
from cnncli.recipe.sources.builtin import BUILTIN_SHAPES


@settings(max_examples=8, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
@given(networks(), st.sampled_from(["Flatten", "GlobalAveragePooling2D"]))
def test_random_network_comes_back(nodes, head):
    model = build(
        load_bytes(recipe_of(nodes, head).encode(), "r.yaml").resolve(classes=3).recipe, input_shape=SHAPE
    ).model

    text = from_keras(model, name="r", shown="r.keras")

    again = load_bytes(text.encode(), "again.yaml").recipe
    assert_same_network(build(again, input_shape=SHAPE).model, model)


@pytest.mark.parametrize("name", [name for name in shipped.names() if name != "siamese"])
def test_shipped_recipe_comes_back(name):
    loaded = load(name)
    shape = loaded.recipe.model.input or BUILTIN_SHAPES[loaded.recipe.data.source.builtin or ""]
    recipe = resolve(loaded, shape, classes=loaded.recipe.data.source.settings.class_count() or 10).recipe
    network = build_symbolically(recipe, input_shape=shape)

    text = from_keras(network.full_model, name=recipe.name, shown="m.keras")

    again = build_symbolically(load_bytes(text.encode(), "again.yaml").recipe, input_shape=shape)
    # The recipe of a model alone does not say that boxes need all of its outputs.
    name = f"{network.full_model.name}_with_all_outputs" if loaded.recipe.data.targets == "boxes" else None
    assert_same_network(again.full_model, network.full_model, with_outputs=False, name=name)


@pytest.mark.parametrize("application", ["MobileNetV2", "ResNet50"])
def test_application_comes_back_with_its_repeats(application):
    with shapes_alone():
        model = getattr(keras.applications, application)(weights=None, input_shape=(64, 64, 3))
    text = from_keras(model, name="app", shown="app.keras")
    assert text.count("- repeat:") >= 3
    assert text.count("\n") < 2 * len(model.layers)


def application_recipe(application: str, more: str = "") -> str:
    return f"""
data: {{source: {{npz: {{path: data.npz}}}}, classes: 3}}
model:
  input: [80, 80, 3]
  layers:
    - {application}: {{weights: null, include_top: false{more}}}
    - GlobalAveragePooling2D
    - Dense: {{units: 3, activation: softmax}}
"""


@pytest.mark.parametrize("application", ["MobileNetV2", "ConvNeXtTiny", "EfficientNetB0"])
def test_application_with_its_preprocessing_comes_back(application):
    recipe = load_bytes(application_recipe(application).encode(), "r.yaml").recipe
    model = build_symbolically(recipe, input_shape=(80, 80, 3)).full_model

    text = from_keras(model, name="r", shown="r.keras")

    assert load_bytes(text.encode(), "again.yaml").recipe.model == recipe.model


def test_saved_application_comes_back_with_equal_outputs(tmp_path):
    recipe = load_bytes(application_recipe("MobileNet", ", alpha: 0.25").encode(), "r.yaml").recipe
    model = build(recipe, input_shape=(80, 80, 3)).model
    model.save(tmp_path / "r.keras")

    text = call("from-keras", tmp_path / "r.keras").stdout

    again = load_bytes(text.encode(), "again.yaml").recipe
    assert again.model == recipe.model
    assert_same_network(build(again, input_shape=(80, 80, 3)).model, model)


def test_application_of_keras_own_tutorials_comes_back():
    x = inputs = keras.Input((32, 32, 3))
    x = keras.applications.vgg16.preprocess_input(layers.RandomFlip(name="random_flip")(x))
    with shapes_alone():
        x = keras.applications.VGG16(weights=None, include_top=False, input_shape=(32, 32, 3))(x, training=False)
        x = layers.Dense(2, activation="softmax", name="dense")(layers.Flatten(name="flatten")(x))
    assert "    - VGG16: {weights: null, include_top: false}\n    - Flatten\n" in from_keras(
        keras.Model(inputs, x), name="m", shown="m.keras"
    )


def test_part_of_an_application_is_refused_with_its_functions():
    inputs = keras.Input((32, 32, 3))
    x = keras.applications.vgg16.preprocess_input(inputs)
    for number in range(30):
        x = layers.ReLU(name=f"relu{number}")(x)
    with pytest.raises(ModelFileError, match=r"the function keras\.ops\.stack"):
        from_keras(keras.Model(inputs, layers.Flatten(name="flatten")(x)), name="m", shown="m.keras")


def written(model: keras.Model) -> str:
    """The layers of the recipe of a model."""
    text = from_keras(model, name="m", shown="m.keras")
    return text.split("  layers:\n", 1)[1].split("\ntrain:")[0].rstrip()


def test_arguments_that_are_defaults_are_left_out():
    model = keras.Sequential(
        [
            keras.Input((16, 16, 3)),
            layers.Conv2D(
                4, (3, 3), strides=(1, 1), activation="relu", kernel_initializer="glorot_uniform", name="conv2d"
            ),
            layers.MaxPooling2D((2, 2), name="max_pooling2d"),
            layers.Conv2D(4, (3, 5), kernel_regularizer=keras.regularizers.L2(0.5), name="second"),
            layers.Dropout(0.5, name="dropout"),
            layers.Flatten(name="flatten"),
            layers.Dense(5, activation="softmax", name="dense"),
        ]
    )
    assert (
        written(model)
        == """\
    - Conv2D: {filters: 4, kernel_size: 3, activation: relu}
    - MaxPooling2D
    - Conv2D: {name: second, filters: 4, kernel_size: [3, 5], kernel_regularizer: {L2: 0.5}}
    - Dropout: 0.5
    - Flatten
    - Dense: {units: 5, activation: softmax}"""
    )


def test_long_layers_go_on_below_their_first_argument():
    initializer = keras.initializers.VarianceScaling(2.0, "fan_out", "untruncated_normal")
    options = {"kernel_initializer": initializer, "kernel_regularizer": keras.regularizers.L2(0.5), "use_bias": False}
    model = keras.Sequential([keras.Input((8, 8, 3)), layers.Conv2D(4, 3, name="a_name", **options)])
    assert (
        written(model)
        == """\
    - Conv2D: {name: a_name, filters: 4, kernel_size: 3, use_bias: false,
               kernel_initializer: {VarianceScaling: {scale: 2.0, mode: fan_out, distribution: untruncated_normal}},
               kernel_regularizer: {L2: 0.5}}"""
    )


def test_equal_rounds_become_a_repeat_and_numbers_its_variables():
    x = inputs = keras.Input((8, 8, 3))
    for number, filters in enumerate([4, 8, 16]):
        y = layers.Conv2D(filters, 3, padding="same", name=f"block{number + 1}_conv")(x)
        y = layers.ReLU(name=f"block{number + 1}_relu")(y)
        x = layers.Concatenate(name=f"block{number + 1}_out")([x, y])
    outputs = layers.Dense(2, activation="softmax", name="dense")(layers.Flatten(name="flatten")(x))
    assert (
        written(keras.Model(inputs, outputs))
        == """\
    - repeat:
        over: {filters: [4, 8, 16]}
        as: i
        layers:
          - Conv2D: {name: "block$(i + 1)_conv", filters: $filters, kernel_size: 3, padding: same}
          - ReLU: {name: "block$(i + 1)_relu"}
          - Concatenate: {name: "block$(i + 1)_out", from: [".", "block$(i + 1)_relu"]}
    - Flatten
    - Dense: {units: 2, activation: softmax}"""
    )


def test_letters_that_count_become_a_variable():
    x = inputs = keras.Input((8, 8, 3))
    for letter in "bcd":
        y = layers.Conv2D(3, 3, padding="same", name=f"block2{letter}_conv")(x)
        x = layers.Add(name=f"block2{letter}_add")([layers.ReLU(name=f"block2{letter}")(y), x])
    outputs = layers.Dense(2, activation="softmax", name="dense")(layers.Flatten(name="flatten")(x))
    assert (
        written(keras.Model(inputs, outputs))
        == """\
    - repeat:
        over: {letter: [b, c, d]}
        layers:
          - Conv2D: {name: "block2$(letter)_conv", filters: 3, kernel_size: 3, padding: same}
          - ReLU: {name: "block2$(letter)"}
          - Add: {name: "block2$(letter)_add", from: ["block2$(letter)", "."]}
    - Flatten
    - Dense: {units: 2, activation: softmax}"""
    )


def test_models_within_models_are_taken_apart():
    inner_input = keras.Input((4, 4, 2))
    inner = keras.Model(
        inner_input, layers.Conv2D(3, 1, name="inside")(layers.ReLU(name="first")(inner_input)), name="inner"
    )
    tail = keras.Sequential(
        [layers.Flatten(name="flatten"), layers.Dense(2, activation="softmax", name="head")], name="tail"
    )
    inputs = keras.Input((4, 4, 2))
    model = keras.Model(inputs, tail(inner(layers.Rescaling(2.0, name="rescaling")(inputs))))

    recipe = load_bytes(from_keras(model, name="m", shown="m.keras").encode(), "m.yaml").recipe
    same = build(recipe, input_shape=(4, 4, 2)).model

    assert [layer.name for layer in recipe.data.prepare] == ["Rescaling"]
    same.set_weights(model.get_weights())
    images = np.random.default_rng(0).random((2, 4, 4, 2), dtype=np.float32)
    np.testing.assert_array_equal(same(images), model(images))


def test_every_layer_that_a_recipe_cannot_hold_is_named(tmp_path):
    inputs = keras.Input((4, 4, 1))
    x = layers.Lambda(lambda x: x, name="first_lambda", output_shape=(4, 4, 1))(inputs)
    x = layers.Lambda(lambda x: x, name="second_lambda", output_shape=(4, 4, 1))(keras.ops.cos(keras.ops.sin(x)))
    model = keras.Model(inputs, layers.Flatten(name="flatten")(x))
    model.save(tmp_path / "m.keras")

    done = call("from-keras", tmp_path / "m.keras", exit_code=None)

    assert done.exit_code == ModelFileError.exit_code
    for name in ("first_lambda", "second_lambda", "keras.ops.sin", "keras.ops.cos"):
        assert name in done.stderr
    assert "Traceback" not in done.stderr


def test_several_inputs_and_shared_layers_come_back():
    left, right = keras.Input((4, 4, 1), name="left"), keras.Input((4, 4, 1), name="right")
    given = keras.Input((4, 4, 1))
    encoder = keras.Model(given, layers.Flatten(name="flat")(layers.Conv2D(2, 3, name="first")(given)), name="encoder")
    shared = layers.Dense(3, activation="relu", name="shared")
    difference = layers.Subtract(name="difference")([shared(encoder(left)), shared(encoder(right))])
    model = keras.Model([left, right], layers.Dense(2, activation="softmax", name="head")(difference))

    text = from_keras(model, name="pairs", shown="pairs.keras")

    assert text.count("is: ") == 3
    recipe = load_bytes(text.encode(), "pairs.yaml").recipe
    same = build(recipe, input_shape=recipe.model.input).model
    same.set_weights(model.get_weights())
    images = np.random.default_rng(0).random((2, 2, 4, 4, 1), dtype=np.float32)
    np.testing.assert_array_equal(same(dict(zip(("left", "right"), images, strict=True))), model(list(images)))


def test_siamese_recipe_comes_back():
    loaded = load("siamese")
    shape = loaded.recipe.model.input
    network = build(loaded.resolve(classes=2).recipe, input_shape=shape)

    text = from_keras(network.full_model, name="siamese", shown="m.keras")

    same = build(load_bytes(text.encode(), "again.yaml").recipe, input_shape=shape)
    same.model.set_weights(network.model.get_weights())
    pair = {name: np.random.default_rng(0).random((3, 28, 28, 1), dtype=np.float32) for name in ("left", "right")}
    np.testing.assert_array_equal(same.model(pair), network.model(pair))


def test_names_that_a_recipe_cannot_have_are_named():
    inputs = keras.Input((4,))
    x = layers.Dense(2, name="input")(layers.Dense(3, name="it's")(layers.ReLU(name="a*b")(inputs)))
    with pytest.raises(ModelFileError) as caught:
        from_keras(keras.Model(inputs, x), name="m", shown="m")
    assert len(caught.value.problems) == 3
    for name in ("`it's`", "`a*b`", "`input`"):
        assert name in str(caught.value)


def test_inputs_without_fixed_sizes_are_named():
    model = keras.Sequential([keras.Input((None, None, 3)), layers.Conv2D(2, 3), layers.GlobalAveragePooling2D()])
    with pytest.raises(ModelFileError, match="the input of m is"):
        from_keras(model, name="m", shown="m")


def test_file_is_written_and_never_replaced(tmp_path):
    model = keras.Sequential([keras.Input((28, 28, 1)), layers.Flatten(), layers.Dense(10, activation="softmax")])
    model.save(tmp_path / "net.keras")
    call("from-keras", tmp_path / "net.keras", "--to", tmp_path / "net.yaml")

    loaded = load(str(tmp_path / "net.yaml"))
    assert loaded.recipe.data.source.builtin == "mnist"
    assert loaded.recipe.name == "net"
    again = call("from-keras", tmp_path / "net.keras", "--to", tmp_path / "net.yaml", "--force", exit_code=None)
    assert again.exit_code != 0
    assert "never overwritten" in again.stderr


def test_example_of_the_documentation_is_what_the_command_writes():
    x = inputs = keras.Input((32, 32, 3))
    x = layers.Rescaling(1 / 255, name="rescaling")(x)
    for number, filters in enumerate([32, 64, 128], start=1):
        x = layers.Conv2D(filters, 3, padding="same", activation="relu", name=f"conv{number}")(x)
        x = layers.BatchNormalization(name=f"norm{number}")(x)
        x = layers.MaxPooling2D(name=f"pool{number}")(x)
    x = layers.Dense(10, activation="softmax", name="dense")(layers.Flatten(name="flatten")(x))
    page = (Path(__file__).parents[2] / "docs" / "keras-code.md").read_text(encoding="utf-8")
    assert from_keras(keras.Model(inputs, x), name="photos", shown="photos.keras") in page
