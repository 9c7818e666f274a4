"""Networks with several inputs and shared layers: built once, counted once, seen in every call."""

import keras
import numpy as np
import pytest

from cnncli.errors import ExpectationError, RecipeError
from cnncli.network.build import build, build_symbolically, layers_matching
from cnncli.network.checks import check_shapes, freeze
from cnncli.network.entry import entering_values, entry_tensors
from cnncli.network.explain import explain
from cnncli.network.flatten_submodels import opened
from cnncli.network.outline import rows
from cnncli.network.row_text import kind_with_detail
from cnncli.network.summary import summarise, summarise_with_network
from cnncli.recipe.load import load_bytes
from cnncli.recipe.phases import phases_of
from cnncli.training.steps import known_multiply_adds

RECIPE = """\
data:
  source: {npz: {path: pairs.npz}}
  classes: 2
  inputs:
    left: {prepare: [Rescaling: {scale: 0.5}], augment: [RandomFlip: horizontal]}
    right: {prepare: [Rescaling: {scale: 0.25}]}
blocks:
  encoder: {layers: [Conv2D: {name: conv, filters: 4, kernel_size: 3}, Flatten, Dense: {name: code, units: 5}]}
model:
  input: {left: [6, 6, 1], right: [6, 6, 1]}
  layers:
    - encoder: {name: a, from: left}
    - encoder: {name: b, from: right, is: a}
    - Subtract: {name: minus, from: [a, b]}
    - Dense: {name: out, units: $classes, activation: softmax}
train: {freeze: []}
expect: {params: 377, shapes: {a: [5], b: [5], b_conv: [4, 4, 4]}}
"""
# Conv2D: 3 * 3 * 1 * 4 + 4 = 40; Dense: 64 * 5 + 5 = 325; out: 5 * 2 + 2 = 12
CONV_ADDS, CODE_ADDS = 4 * 4 * 3 * 3 * 4, 64 * 5


def loaded(*changes, text=RECIPE):
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return load_bytes(text.encode(), "pair.yaml").resolve(classes=2)


@pytest.fixture(scope="module")
def network():
    return build(loaded().recipe, input_shape={"left": (6, 6, 1), "right": (6, 6, 1)})


@pytest.fixture(scope="module")
def summarised():
    return summarise_with_network(loaded())


def test_layers_are_called_twice_and_are_there_once(network):
    names = [layer.name for layer in network.model.layers]

    assert names.count("a_conv") == 1
    assert not [name for name in names if name.startswith("b_")]
    assert network.model.count_params() == 377


def test_both_calls_have_the_same_weights(network):
    images = np.random.default_rng(0).random((3, 6, 6, 1), np.float32)
    codes = keras.Model(network.model.input, [network.tensors["a_code"], network.tensors["b_code"]])

    left, right = codes({"left": images, "right": 2 * images})  # 0.5 and 0.25 bring them to one scale
    np.testing.assert_allclose(left, right, rtol=1e-5)


def test_augmentation_changes_its_own_input_alone(network):
    images = np.random.default_rng(0).random((40, 6, 6, 1), np.float32)

    given = network.augmented({"left": images, "right": images})
    np.testing.assert_array_equal(given["right"], images)
    assert (np.asarray(given["left"]) != images).any()


def test_model_that_is_saved_gives_the_same_in_plain_keras(network, tmp_path):
    network.model.save(tmp_path / "m.keras")
    inputs = {name: np.random.default_rng(1).random((2, 6, 6, 1), np.float32) for name in ("left", "right")}

    again = keras.models.load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(again.predict(inputs, verbose=0), network.model.predict(inputs, verbose=0))


def test_parameters_are_counted_once_and_multiply_adds_for_each_call(summarised):
    found, network, _ = summarised
    layers = {layer.name: layer for layer in found.layers}

    assert (layers["a_conv"].params, layers["b_conv"].params) == (40, 0)
    assert layers["b_conv"].shares == "a_conv"
    assert layers["a_conv"].multiply_adds == layers["b_conv"].multiply_adds == CONV_ADDS
    assert found.params == 377
    assert found.multiply_adds == known_multiply_adds(network) == 2 * (CONV_ADDS + CODE_ADDS) + 5 * 2
    assert found.trainable_params == 377


def test_activations_are_counted_for_each_call(summarised):
    one = summarise(
        loaded(
            ("    - encoder: {name: b, from: right, is: a}\n", ""),
            ("from: [a, b]", "from: [a, right]"),
            ("right: [6, 6, 1]", "right: [5]"),
            ("b: [5], b_conv: [4, 4, 4]", "minus: [5]"),
        )
    )

    # With the second call: 64 of Conv2D, 64 of Flatten, 5 of Dense; its input and Rescaling have 36 each instead of 5.
    per_example = (summarised[0].activation_bytes - one.activation_bytes) // 4 // 32
    assert per_example == 64 + 64 + 5 + 2 * (36 - 5)


def test_summary_follows_each_call(summarised):
    layers = {layer.name: layer for layer in summarised[0].layers}

    assert layers["b_conv"].inputs == ("rescaling_1",)
    assert layers["b_flatten"].inputs == ("b_conv",)
    assert layers["minus"].inputs == ("a_code", "b_code")
    assert layers["b_conv"].field.size == (3, 3)


def test_closed_row_of_a_call_says_whose_weights_it_has(summarised):
    shown = {row.name: row for row in rows(summarised[0])}

    assert (shown["b"].params, shown["b"].detail, shown["b"].shares) == (0, "shared with a", "a")
    assert shown["a"].detail == ""


def test_only_layers_with_weights_share_them(summarised):
    layers = {layer.name: layer for layer in summarised[0].layers}

    assert layers["b_conv"].detail == "3×3, shared with a_conv"
    assert layers["b_flatten"].detail == ""


def test_class_and_whose_weights_it_has_are_two_parts():
    assert kind_with_detail("BatchNormalization", "shared with a_norm") == "BatchNormalization, shared with a_norm"
    assert kind_with_detail("Conv2D", "3×3, shared with a_conv") == "Conv2D 3×3, shared with a_conv"
    assert kind_with_detail("Flatten", "") == "Flatten"


def test_explanation_says_whose_weights_a_call_has(summarised):
    found, network, recipe = summarised
    explained = {layer.name: layer for layer in explain(found, network, recipe.recipe).layers}
    opened_up = {layer.name: layer for layer in explain(found, network, recipe.recipe, depth=5).layers}

    assert explained["b"].what == "encoder, 3 layers, shared with a"
    assert explained["b"].purpose == "The layers of a, called once more with the same weights."
    assert "Its weights are those of a_conv, and are counted there." in opened_up["b_conv"].notes
    assert (
        explain(found, network, recipe.recipe)
        .conclusion[0]
        .startswith("The network takes 6×6×1 numbers (left) and 6×6×1 numbers (right). ")
    )


@pytest.mark.parametrize("pattern", ["a", "b", "b_*"])
def test_freezing_one_call_freezes_the_layer(pattern):
    recipe = loaded(("freeze: []", f"freeze: [{pattern}]")).recipe
    network = build_symbolically(recipe, input_shape={"left": (6, 6, 1), "right": (6, 6, 1)})

    freeze(network, recipe, phases_of(recipe)[0])
    assert [v.path for v in network.model.trainable_variables] == ["out/kernel", "out/bias"]
    assert layers_matching(network, ["b_conv"]) == ["a_conv"]


def test_shapes_of_both_calls_can_be_expected():
    with pytest.raises(ExpectationError, match=r"expected the shape \[4, 4, 3\] after `b_conv`, got \[4, 4, 4\]"):
        check_shapes(loaded(("b_conv: [4, 4, 4]", "b_conv: [4, 4, 3]")))


def test_shape_that_does_not_fit_the_weights_is_told_at_the_second_call():
    with pytest.raises(RecipeError) as error:
        check_shapes(loaded(("right: [6, 6, 1]", "right: [6, 6, 2]")))

    [problem] = error.value.problems
    assert problem.place.called_from.line == 13
    assert "came in: 6x6x2" in problem.hint


def test_projection_of_a_residual_is_shared():
    recipe = loaded(
        (
            "Conv2D: {name: conv, filters: 4, kernel_size: 3}",
            "residual: {shortcut: auto, body: [Conv2D: {name: conv, filters: 4, kernel_size: 3, padding: same}]}",
        ),
        ("params: 377, ", ""),
        ("b_conv: [4, 4, 4]", "b_conv: [6, 6, 4]"),
    )
    network = build(recipe.recipe, input_shape={"left": (6, 6, 1), "right": (6, 6, 1)})

    convolutions = [layer.name for layer in network.model.layers if isinstance(layer, keras.layers.Conv2D)]
    assert sorted(convolutions) == ["a_conv", "a_shortcut_conv"]
    found = summarise(recipe)
    assert {layer.name: layer.shares for layer in found.layers}["b_shortcut_conv"] == "a_shortcut_conv"


def test_application_is_shared():
    recipe = loaded(
        ("    - encoder: {name: a, from: left}\n    - encoder: {name: b, from: right, is: a}\n",
         "    - MobileNetV2: {name: a, weights: null, include_top: false, alpha: 0.35, pooling: avg, from: left}\n"
         "    - MobileNetV2: {name: b, from: right, is: a}\n"),
        ("left: [6, 6, 1], right: [6, 6, 1]", "left: [32, 32, 3], right: [32, 32, 3]"),
        ("params: 377, shapes: {a: [5], b: [5], b_conv: [4, 4, 4]}", "shapes: {a: [1280], b: [1280]}"),
    )  # fmt: skip
    found = summarise(recipe)

    alone = keras.applications.MobileNetV2((32, 32, 3), weights=None, include_top=False, alpha=0.35, pooling="avg")
    assert found.params == alone.count_params() + 1280 * 2 + 2
    assert {layer.name: layer.shares for layer in found.layers}["b_Conv1"] == "Conv1"


def test_what_enters_the_first_layer_is_found_for_each_input(network):
    entries = entry_tensors(network.full_model)
    values = entering_values(
        network.full_model,
        [entry.tensor for entry in entries],
        {"left": np.full((1, 6, 6, 1), 8, np.uint8), "right": np.full((1, 6, 6, 1), 8, np.uint8)},
    )

    assert sorted(
        (entry.layer.name, *entry.inputs, float(each.max())) for entry, each in zip(entries, values, strict=True)
    ) == [
        ("a_conv", "left", 4.0),
        ("a_conv", "right", 2.0),
    ]


def test_opened_network_has_every_call_by_its_name(network):
    found = opened(network.model, network.tensors)

    assert found.layers["b_conv"] is found.layers["a_conv"]
    assert (found.seen_by("a_conv"), found.seen_by("b_conv")) == ({"left"}, {"right"})
    assert found.seen_by("minus") == {"left", "right"}
    assert "a_conv_call_2" in opened(network.model).layers  # a file does not tell the recipe's names


def test_augmentation_leaves_the_first_weights_as_they_are():
    """Layers draw their seeds one after the other; a projection is made when shapes are known, after all other layers."""
    residual = "residual: {shortcut: auto, body: [Conv2D: {filters: 3, kernel_size: 1}]}"
    head = "data: {source: mnist-sample, augment: [RandomFlip: horizontal]}"
    text = f"{head}\nmodel: {{layers: [{residual}, Flatten, Dense: {{units: 10, activation: softmax}}]}}\n"
    weights = []
    for each in (text, text.replace(", augment: [RandomFlip: horizontal]", "")):
        keras.utils.set_random_seed(1)
        weights.append(build(load_bytes(each.encode(), "r.yaml").recipe, input_shape=(28, 28, 1)).model.get_weights())

    for one, other in zip(*weights, strict=True):
        np.testing.assert_array_equal(one, other)
