"""`- Name: {args}` read against the catalogue."""

import pytest

from cnncli.recipe.deferred import Unknown
from cnncli.recipe.keras_objects import catalogue
from cnncli.recipe.keras_objects.objects import KerasObject, read


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


def test_missing_argument_is_reported():
    assert faults({"Conv2D": {"kernel_size": 3}}) == ["Conv2D needs `filters`"]


def test_misspelt_required_argument_is_one_mistake():
    assert faults({"Conv2D": {"filter": 3, "kernel_size": 3}}) == ["Conv2D has no argument `filter`"]


def test_text_identifier_takes_no_arguments():
    assert faults({"adam": {"learning_rate": 0.1}}, "optimizers") == ["`adam` takes no arguments"]


def test_arguments_beside_the_name_are_reported_to_be_indented():
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


def test_layer_in_the_place_of_the_arguments_is_reported_how_it_is_written():
    _, [fault] = read({"TimeDistributed": {"Dense": 10}}, "layers")

    assert fault.message == "TimeDistributed has no argument `Dense`"
    assert fault.hint == "write `TimeDistributed: {layer: {Dense: …}}`; a mapping holds arguments by name"


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        ({"Dense": {"units": 3, "from": "a"}}, "Dense is an argument of another layer, so it cannot have `from`"),
        ({"VGG16": {"weights": None}}, "VGG16 cannot be an argument of another layer"),
        ("VGG16", "VGG16 cannot be an argument of another layer"),
        ({"shortcut": {"like": "a"}}, "shortcut cannot be an argument of another layer"),
        ("LSTM", "LSTM needs `units`"),
    ],
)
def test_what_cannot_stand_within_a_layer_is_reported(layer, message):
    assert faults({"TimeDistributed": {"layer": layer}}) == [message]


def test_from_belongs_to_layers_alone():
    assert faults({"Adam": {"from": "a"}}, "optimizers") == ["Adam has no argument `from`"]


@pytest.mark.parametrize("name", ["StringLookup", "IntegerLookup", "TextVectorization"])
def test_vocabulary_is_a_list_and_never_a_file(name):
    assert faults({name: {"vocabulary": "words.txt"}}) == [
        f"{name}: `vocabulary`: expected a list, got 'words.txt' (text)"
    ]


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ("Normalization", "Normalization needs `mean` and `variance`"),
        ({"Normalization": {"mean": 0.1}}, "Normalization needs `variance`"),
        ({"Discretization": {"num_bins": 3}}, "Discretization needs `bin_boundaries`"),
        ({"IntegerLookup": {"vocabulary": None}}, "IntegerLookup needs `vocabulary`"),
    ],
)
def test_what_keras_would_adapt_to_data_is_said_by_the_recipe(item, message):
    assert faults(item) == [message]


def test_score_is_one_number():
    assert faults("F1Score", "metrics") == ["F1Score needs `average`"]
    assert faults("f1_score", "metrics") == [
        "metric `f1_score` cannot be used in a recipe: it gives a number for every class; "
        "`F1Score: {average: macro}` gives one"
    ]


def test_mapping_is_never_a_serialized_object():
    item = {"class_name": "system", "module": "os", "config": {"command": "ls"}}

    assert faults({"Dense": {"units": 3, "dtype": item}}) == ["Dense: `dtype`: expected a value, got a mapping"]
    assert faults({"BatchNormalization": {"renorm": True, "renorm_clipping": {"rmax": 3.0}}}) == []


@pytest.mark.parametrize(
    ("kind", "name"), [("metrics", "mean_io_u"), ("activations", "threshold"), ("initializers", "constant")]
)
def test_text_that_needs_arguments_is_no_identifier(kind, name):
    assert catalogue.find(kind, name) is None
