"""What differs between two recipes, and what does not count."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cnncli.recipe.differences import ABSENT, differences


def told(first: Any, second: Any) -> list[tuple[str, str, Any, Any]]:
    return [(each.key, each.layer, each.first, each.second) for each in differences(first, second)]


def layers(*items: Any) -> dict[str, Any]:
    return {"model": {"layers": list(items)}}


def conv(name: str, filters: int) -> dict[str, Any]:
    return {"Conv2D": {"filters": filters, "name": name}}


def test_value_is_reported_with_its_key():
    assert told({"train": {"epochs": 3, "seed": 1}}, {"train": {"epochs": 5, "seed": 1}}) == [
        ("train.epochs", "", 3, 5)
    ]


def test_key_of_one_alone_is_absent_in_the_other():
    assert told({"data": {"limit": 100}}, {"data": {}}) == [("data.limit", "", 100, ABSENT)]
    assert told({"data": {}}, {"data": {"limit": None}}) == [("data.limit", "", ABSENT, None)]


def test_other_object_is_one_difference():
    first, second = {"SGD": {"learning_rate": 0.1}}, {"Adam": {"learning_rate": 0.1}}

    assert told({"train": {"optimizer": first}}, {"train": {"optimizer": second}}) == [
        ("train.optimizer", "", first, second)
    ]
    assert told({"train": {"optimizer": "adam"}}, {"train": {"optimizer": second}}) == [
        ("train.optimizer", "", "adam", second)
    ]


def test_argument_of_a_layer_is_reported_with_position_and_name():
    assert told(layers("Flatten", conv("C1", 6)), layers("Flatten", conv("C1", 16))) == [
        ("model.layers.1.Conv2D.filters", "C1", 6, 16)
    ]


def test_layer_put_in_between_is_one_difference():
    first = layers(conv("C1", 6), conv("C3", 16), {"Dense": {"units": 10, "name": "out"}})
    second = layers(conv("C1", 6), {"Dropout": {"rate": 0.5, "name": "drop"}}, *first["model"]["layers"][1:])

    assert told(first, second) == [("model.layers.1", "drop", ABSENT, {"Dropout": {"rate": 0.5, "name": "drop"}})]
    assert told(second, first) == [("model.layers.1", "drop", {"Dropout": {"rate": 0.5, "name": "drop"}}, ABSENT)]


def test_layers_are_paired_by_name_before_place():
    first = layers(conv("a", 4), conv("b", 8))
    second = layers(conv("b", 9))

    assert told(first, second) == [
        ("model.layers.0", "a", conv("a", 4), ABSENT),
        ("model.layers.0.Conv2D.filters", "b", 8, 9),
    ]


def test_name_alone_is_no_difference():
    assert told(layers(conv("conv2d", 4), conv("conv2d_1", 4)), layers(conv("conv2d_7", 4), conv("mine", 4))) == []


def test_layer_that_has_a_given_name_in_one_is_called_by_the_other():
    assert told(layers(conv("C1", 6)), layers(conv("conv2d", 8))) == [("model.layers.0.Conv2D.filters", "C1", 6, 8)]


def test_numbers_of_a_shape_are_one_value():
    assert told({"model": {"input": [28, 28, 1]}}, {"model": {"input": [32, 32, 3]}}) == [
        ("model.input", "", [28, 28, 1], [32, 32, 3])
    ]


def test_what_changes_nothing_of_the_training_is_left_out():
    assert (
        told({"name": "a", "about": "x", "expect": {"params": 1}, "visualize": []}, {"name": "b", "version": 1}) == []
    )


def test_one_and_one_point_zero_are_one_value():
    assert told({"train": {"clip": 1}}, {"train": {"clip": 1.0}}) == []


plain = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.text("ab", max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["Conv2D", "name", "a"]), inner, max_size=3),
    max_leaves=12,
)  # fmt: skip


@given(plain)
def test_recipe_does_not_differ_from_itself(value):
    assert differences({"data": value}, {"data": value}) == []


@given(plain, plain)
def test_anything_can_be_compared_both_ways(first, second):
    there, back = differences({"data": first}, {"data": second}), differences({"data": second}, {"data": first})

    assert bool(there) == bool(back)
