"""What Keras offers, as people look it up."""

import pytest

from cnncli.errors import RecipeError, UsageError
from cnncli.recipe.keras_objects import browse, catalogue
from cnncli.recipe.load import load_bytes

HEAD = "data: {source: {npz: {path: a.npz}}}\nmodel:\n  input: [8, 8, 4]\n  layers:\n"
TAIL = "    - Flatten\n    - Dense: {units: $classes, activation: softmax}\n"


def complaints(text: str) -> list[str]:
    try:
        load_bytes(text.encode(), "r.yaml")
    except RecipeError as error:
        return [problem.message for problem in error.problems]
    return []


@pytest.mark.parametrize("kind", catalogue.kinds())
def test_every_example_line_loads(kind):
    count = 0
    for name in catalogue.names(kind):
        line = browse.example_line(catalogue.find(kind, name))
        count += 1
        # A merging layer's example names two layers.
        layers = "    - ReLU: {name: left}\n    - ReLU: {name: right}\n"
        section = "" if line.startswith("- ") else f"train:\n  {line}\n"
        item = f"    {line}\n" if line.startswith("- ") else ""
        # What goes together is beyond an example: losses and metrics, averaged weights and their optimizer.
        rules = ("needs probabilities", "does not fit", "needs an optimizer")
        told = [
            text for text in complaints(f"{HEAD}{layers}{item}{TAIL}{section}") if not any(r in text for r in rules)
        ]
        assert told == [], line
    assert count > 3


def test_layers_are_grouped_and_none_is_left_out():
    groups = browse.grouped("layers")
    names = [entry.name for _, entries in groups for entry in entries]

    assert "Else" not in dict(groups)
    assert dict(groups)["Convolution"][2].name == "Conv2D"
    assert len(names) == len(set(names)) > 120
    aliases = {name for name in catalogue.names("layers") if catalogue.find("layers", name).canonical != name}
    assert set(names) == set(catalogue.names("layers")) - aliases


def test_other_kinds_have_one_group_and_texts():
    assert [title for title, _ in browse.grouped("optimizers")] == [""]
    assert "adam" in browse.identifiers("optimizers")
    assert browse.grouped("activations") == []
    assert browse.counts()["activations"] == len(browse.identifiers("activations"))


def test_name_of_several_kinds_is_found_in_each():
    assert [entry.kind for entry in browse.look_up("BinaryCrossentropy")] == ["losses", "metrics"]
    assert [entry.kind for entry in browse.look_up("BinaryCrossentropy", "metrics")] == ["metrics"]


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("Conv2d", "did you mean `Conv2D`?"),
        ("Linear", "did you mean `Dense`?"),
        ("Xyzzyqq", "`cnncli layers` lists what there is"),
    ],
)
def test_unknown_name_suggests_the_nearest(name, hint):
    with pytest.raises(UsageError) as caught:
        browse.look_up(name)

    assert str(caught.value) == f"nothing in Keras is named `{name}`\n    {hint}"
    assert caught.value.exit_code == 2


def test_unknown_kind_suggests_the_nearest():
    with pytest.raises(UsageError, match="did you mean `optimizers`"):
        browse.check_kind("optimzers")


def test_arguments_say_what_they_take():
    conv = catalogue.find("layers", "Conv2D")
    adam = catalogue.find("optimizers", "Adam")
    decay = catalogue.find("schedules", "CosineDecay")

    assert browse.takes(conv, conv.arguments["filters"]) == "an integer ≥ 1"
    assert browse.takes(conv, conv.arguments["padding"]) == "one of valid, same"
    assert browse.takes(conv, conv.arguments["kernel_initializer"]) == "an initializer"
    assert browse.takes(adam, adam.arguments["learning_rate"]) == "a number > 0, or a learning-rate schedule"
    assert browse.takes(decay, decay.arguments["decay_steps"]) == "an integer ≥ 1, or `5 epochs`"


def test_aliases_are_those_of_the_class():
    assert browse.aliases(catalogue.find("layers", "MaxPooling2D")) == ["MaxPool2D"]
    assert browse.aliases(catalogue.find("layers", "Dense")) == []
