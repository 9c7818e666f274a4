"""`cnncli show`."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cnncli.cli.app import app
from cnncli.recipe import shipped
from cnncli.recipe.load import load, load_bytes

runner = CliRunner()

RECIPE = """\
# a comment
vars: {width: 8}
data: {source: {npz: {path: a.npz}}}
model:
  input: [8, 8, 1]
  layers:
    - repeat: {times: 2, layers: [Conv2D: {filters: $width, kernel_size: 3}]}
    - Flatten
    - Dense: {units: $classes, activation: softmax}
"""


@pytest.fixture
def recipe(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(RECIPE, encoding="utf-8")
    return str(path)


def show(*arguments: str, code: int = 0):
    done = runner.invoke(app, ["show", *arguments])
    assert done.exit_code == code, done.stderr
    return done


def test_recipe_is_shown_as_it_is(recipe):
    assert show(recipe).stdout == RECIPE
    assert show("mnist").stdout.encode() == shipped.read("mnist")


def test_recipe_with_mistakes_is_shown_too(tmp_path):
    (tmp_path / "broken.yaml").write_text("epochs: [", encoding="utf-8")

    assert show(str(tmp_path / "broken.yaml")).stdout == "epochs: [\n"


def test_set_shows_the_tree_with_the_change_and_its_structure(recipe):
    text = show(recipe, "--set", "vars.width=16").stdout

    assert "vars: {width: 16}" in text
    assert "- repeat:" in text
    assert load_bytes(text.encode(), "mine.yaml").recipe == load(recipe, ["vars.width=16"]).recipe


@pytest.mark.parametrize("name", ["lenet5", "alexnet", "resnet20-cifar10"])
def test_resolved_recipe_loads_back_equal(name):
    text = show(name, "--resolved").stdout

    assert "vars:" not in text
    assert (
        load_bytes(text.encode(), "r.yaml").recipe == load(name).resolve(classes={"alexnet": None}.get(name, 10)).recipe
    )


def test_resolved_recipe_keeps_what_only_the_data_tells(recipe):
    assert "units: $classes" in show(recipe, "--resolved").stdout
    assert "units: 7" in show(recipe, "--resolved", "--set", "data.classes=7").stdout


def test_json_is_the_recipe_as_data(recipe):
    plain = json.loads(show(recipe, "--json").stdout)
    resolved = json.loads(show(recipe, "--json", "--resolved").stdout)

    assert plain["vars"] == {"width": 8}
    assert resolved["model"]["layers"][0]["Conv2D"]["filters"] == 8
    assert resolved["model"]["layers"][-1]["Dense"]["units"] == "$classes"
    assert resolved["train"]["epochs"] == 10


def test_layers_that_depend_on_the_classes_cannot_be_written_out(tmp_path):
    path = tmp_path / "open.yaml"
    path.write_text(RECIPE.replace("times: 2", "times: $classes"), encoding="utf-8")

    done = show(str(path), "--resolved", code=3)
    assert done.stderr.splitlines() == [
        f"{path}:7:23: this depends on `$classes`, which is known only after the data is read",
        "    set the number of classes: --set data.classes=10",
    ]
    assert "Conv2D" in show(str(path), "--resolved", "--set", "data.classes=3").stdout


def test_mistake_is_exit_3_with_its_place(recipe):
    assert show(recipe, "--resolved", "--set", "train.epochs=0", code=3).stdout == ""
    assert "recipe not found" in show("nowhere.yaml", code=3).stderr


def test_examples_are_read_from_any_folder(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)

    assert show("lenet5", "--resolved").stdout.startswith("version: 1\nname: lenet5\n")
    assert not list(Path().iterdir())
