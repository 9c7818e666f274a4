"""`cnncli layers`."""

import json

import pytest
from typer.testing import CliRunner

from cnncli.cli.app import app
from cnncli.recipe.keras_objects import catalogue

runner = CliRunner()


@pytest.fixture(autouse=True)
def terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")


def layers(*arguments: str, code: int = 0):
    done = runner.invoke(app, ["layers", *arguments])
    assert done.exit_code == code, done.stderr
    return done


def test_list_is_grouped_and_names_every_layer_once():
    lines = layers().stdout.splitlines()
    names = [line.split()[0] for line in lines if line.startswith("  ") and line[2] != " "]

    assert lines[0] == "Convolution"
    assert "  Conv2D           2D convolution layer." in lines
    assert len(names) == len(set(names)) > 120
    assert "Lambda" not in names
    assert "MaxPool2D" not in names


@pytest.mark.parametrize("columns", [40, 80])
@pytest.mark.parametrize(
    "arguments", [[], ["Conv2D"], ["--kind", "metrics"], ["VGG16"], ["BinaryCrossentropy"]], ids=" ".join
)
def test_output_fits_the_terminal(monkeypatch, columns, arguments):
    monkeypatch.setenv("COLUMNS", str(columns))
    rows = layers(*arguments).stdout.splitlines()

    assert len(rows) > 10
    # A name that is longer than the line is not broken.
    longest = max(len(name) for kind in catalogue.kinds() for name in catalogue.names(kind)) + 2
    assert [row for row in rows if len(row) > columns and len(row) > longest] == []


def test_one_layer_with_its_arguments_and_a_line_that_works():
    text = layers("MaxPooling2D").stdout

    assert text.startswith(
        "MaxPooling2D, a layer\nMax pooling operation for 2D spatial data.\nAlso called MaxPool2D.\n"
    )
    assert "\n    - MaxPooling2D: 2\n" in text
    assert "\n  padding: one of valid, same; default valid\n" in text
    assert "\n  strides: " in text
    assert not text.endswith("\n\n")


def test_required_arguments_are_said():
    assert "\n  filters: an integer ≥ 1; required\n" in layers("Conv2D").stdout
    assert "\n  average: required\n" in layers("F1Score").stdout


def test_alias_says_whose_it_is():
    assert "\nAnother name of MaxPooling2D.\n" in layers("MaxPool2D").stdout


def test_text_identifier_has_no_arguments():
    text = layers("relu").stdout

    assert text.startswith("relu, an activation\n")
    assert "argument" not in text


def test_name_of_two_kinds_is_shown_for_each_unless_one_is_chosen():
    assert [line for line in layers("Hinge").stdout.splitlines() if line.startswith("Hinge")] == [
        "Hinge, a loss",
        "Hinge, a metric",
    ]
    assert "a loss" not in layers("Hinge", "--kind", "metrics").stdout


def test_refused_name_says_why():
    done = layers("Lambda")

    assert done.stdout.splitlines()[-1] == "It cannot be used in a recipe: it runs code, and a recipe holds none."


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["Conv2d"], "nothing in Keras is named `Conv2d`\n    did you mean `Conv2D`?"),
        (["BatchNorm2d"], "nothing in Keras is named `BatchNorm2d`\n    did you mean `BatchNormalization`?"),
        (
            ["Adam", "--kind", "losses"],
            "no loss in Keras is named `Adam`\n    `cnncli layers --kind losses` lists what there is",
        ),
        (["--kind", "optimizer"], "no kind of Keras object is named `optimizer`\n    did you mean `optimizers`?"),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value),
)
def test_typo_is_exit_2_with_the_nearest(arguments, message):
    done = layers(*arguments, code=2)

    assert done.stderr == f"error: {message}\n"
    assert done.stdout == ""


def test_list_as_json():
    found = json.loads(layers("--kind", "optimizers", "--json").stdout)

    assert found["keras"] == catalogue.keras_version()
    assert "adam" in found["texts"]
    assert {"name": "SGD", "group": None, "doc": "Gradient descent (with momentum) optimizer.", "aliases": []} in found[
        "names"
    ]
    assert found["kinds"]["callbacks"] == 4


def test_one_layer_as_json():
    [found] = json.loads(layers("Conv2D", "--json").stdout)["found"]
    arguments = {argument["name"]: argument for argument in found["arguments"]}

    assert found["example"] == "- Conv2D: {filters: 32, kernel_size: 3, activation: relu}"
    assert arguments["padding"]["choices"] == ["valid", "same"]
    assert arguments["strides"]["default"] == [1, 1]
    assert arguments["filters"]["required"] is True
    assert "default" not in arguments["filters"]
    assert json.loads(layers("Lambda", "--json").stdout)["found"][0]["refused"]
    assert json.loads(layers("Conv2d", "--json", code=2).stdout)["error"]["exit"] == 2
