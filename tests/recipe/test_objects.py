"""`- Name: {args}` read against the catalogue."""

import pytest

from cnncli.recipe import catalogue
from cnncli.recipe.objects import KerasObject, Unknown, read


def faults(value, kind="layers", **known):
    found, list_of_faults = read(value, kind, **known)
    assert (found is None) == bool(list_of_faults)
    return [fault.message for fault in list_of_faults]


def test_bare_name_has_no_arguments():
    assert read("Flatten", "layers")[0] == KerasObject("layers", "Flatten")


@pytest.mark.parametrize(
    ("item", "kind", "args"),
    [
        ({"Dense": 10}, "layers", {"units": 10}),
        ({"Dropout": 0.5}, "layers", {"rate": 0.5}),
        ({"RandomFlip": "horizontal"}, "layers", {"mode": "horizontal"}),
        ({"Reshape": [28, 28, 1]}, "layers", {"target_shape": [28, 28, 1]}),
        ({"SparseTopKCategoricalAccuracy": 3}, "metrics", {"k": 3}),
        ({"Flatten": None}, "layers", {}),
    ],
)
def test_bare_value_is_the_first_positional_argument(item, kind, args):
    found, problems = read(item, kind)

    assert not problems
    assert found.args == args


def test_an_application_is_used_like_a_layer():
    found, _ = read({"VGG16": {"include_top": False}}, "layers")

    assert (found.kind, found.name) == ("applications", "VGG16")


def test_objects_nest():
    item = {
        "SGD": {
            "learning_rate": {
                "CosineDecay": {"initial_learning_rate": 0.0, "decay_steps": "10 epochs", "warmup_steps": "0.5 epochs"}
            }
        }
    }
    found, problems = read(item, "optimizers", steps_per_epoch=50)

    assert not problems
    schedule = found.args["learning_rate"]
    assert (schedule.kind, schedule.name) == ("schedules", "CosineDecay")
    assert schedule.args == {"initial_learning_rate": 0.0, "decay_steps": 500, "warmup_steps": 25}


def test_epochs_are_unknown_steps_until_the_data_is_read():
    item = {"ExponentialDecay": {"initial_learning_rate": 0.1, "decay_steps": "2 epochs", "decay_rate": 0.9}}
    found, problems = read(item, "schedules")

    assert not problems
    assert isinstance(found.args["decay_steps"], Unknown)


def test_from_names_inputs_and_is_no_argument():
    found, _ = read({"Add": {"from": ["a", "b"]}}, "layers")

    assert found.inputs == ("a", "b")
    assert found.args == {}
    assert found.as_data() == {"Add": {"from": ["a", "b"]}}


def test_unknown_number_of_classes_fits_where_a_number_is_wanted():
    assert faults({"Dense": {"units": Unknown(2)}}) == []


def test_missing_argument_is_told():
    assert faults({"Conv2D": {"kernel_size": 3}}) == ["Conv2D needs `filters`"]


def test_misspelt_required_argument_is_one_mistake():
    assert faults({"Conv2D": {"filter": 3, "kernel_size": 3}}) == ["Conv2D has no argument `filter`"]


def test_text_identifier_takes_no_arguments():
    assert faults({"adam": {"learning_rate": 0.1}}, "optimizers") == ["`adam` takes no arguments"]


def test_arguments_beside_the_name_are_told_to_be_indented():
    assert faults({"Conv2D": None, "filters": 3}) == ["one layer an item, got Conv2D, filters"]


@pytest.mark.parametrize("name", ["Lambda", "TFSMLayer", "Layer", "Wrapper", "InputLayer"])
def test_layers_that_make_no_sense_in_a_recipe_are_refused_with_the_reason(name):
    [message] = faults({name: {}})

    assert message.startswith(f"layer `{name}` cannot be used in a recipe: ")


def test_every_listed_name_can_be_found():
    count = 0
    for kind in catalogue.kinds():
        for name in catalogue.names(kind):
            count += 1
            assert not catalogue.find(kind, name).refused
    assert count > 450


def test_alias_has_the_arguments_of_its_class():
    alias, original = catalogue.find("layers", "MaxPool2D"), catalogue.find("layers", "MaxPooling2D")

    assert alias.canonical == "MaxPooling2D"
    assert alias.arguments == original.arguments
