"""`cnncli recipes`."""

import json
import os

import pytest
from typer.testing import CliRunner

from cnncli.cli.app import app
from cnncli.recipe import shipped
from cnncli.recipe.load import load

runner = CliRunner()


@pytest.fixture(autouse=True)
def folder(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    return tmp_path


def recipes(*arguments: str, code: int = 0):
    done = runner.invoke(app, ["recipes", *arguments])
    assert done.exit_code == code, done.stderr
    return done


def test_list_names_every_recipe_with_its_parameters_and_what_it_is():
    lines = recipes("list").stdout.splitlines()

    assert recipes().stdout == recipes("list").stdout
    assert lines[0].split() == ["recipe", "parameters", "what", "it", "is"]
    assert {line.split()[0] for line in lines[1:] if not line.startswith(" ")} == set(shipped.names())
    assert [" ".join(line.split()[:5]) for line in lines if line.startswith("lenet5")] == [
        "lenet5 61,706 LeNet-5 (LeCun et"
    ]
    assert any(line.startswith("alexnet ") and "varies" in line for line in lines)


def test_every_recipe_has_a_count_or_varies():
    counts = {line.split()[0]: line.split()[1] for line in recipes("list").stdout.splitlines()[1:] if line[:1].strip()}

    assert counts["resnet20-cifar10"] == "274,042"
    assert counts["resnet50"] == counts["unet-small"] == "varies"


@pytest.mark.parametrize("columns", ["20", "40", "80", "200"])
def test_list_fits_the_terminal(monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", columns)
    rows = recipes("list").stdout.splitlines()

    assert len(rows) > 5
    # Names and numbers are not broken.
    names = max(map(len, shipped.names()))
    assert max(len(row) for row in rows) <= max(int(columns), names + len("  31,030,658"))


def test_list_as_json():
    found = {row["name"]: row for row in json.loads(recipes("--json").stdout)["recipes"]}

    assert found == {row["name"]: row for row in json.loads(recipes("list", "--json").stdout)["recipes"]}
    assert found["mnist"]["params"] == 225_034
    assert found["alexnet"]["params"] == "$(58281344 + 4097 * classes)"
    assert found["resnet34"]["trainable_params"] == "$(21284672 + 513 * classes)"
    assert found["lenet5"]["about"].startswith("LeNet-5")


def test_show_prints_the_file():
    assert recipes("show", "mnist").stdout.encode() == shipped.read("mnist")
    assert json.loads(recipes("show", "mnist", "--json").stdout)["text"].encode() == shipped.read("mnist")


@pytest.mark.parametrize("command", ["show", "copy"])
def test_unknown_name_is_exit_2_with_the_nearest(command, folder):
    done = recipes(command, "mnits", code=2)

    assert done.stderr == "error: no shipped recipe is named `mnits`\n    did you mean `mnist`?\n"
    assert not list(folder.iterdir())


def test_copy_is_the_recipe_without_the_line_for_the_checkouts_schema(folder):
    done = recipes("copy", "mnist")
    original = shipped.read("mnist")

    assert (folder / "mnist.yaml").read_bytes() == original.split(b"\n", 1)[1]
    assert original.startswith(b"# yaml-language-server: ")
    assert load("mnist.yaml").recipe == load(str(shipped.folder() / "mnist.yaml")).recipe
    assert done.stdout == "mnist.yaml\n"
    assert "cnncli train mnist.yaml" in done.stderr
    assert "cnncli schema --output recipe.schema.json" in done.stderr


def test_copy_beside_a_schema_leads_to_it(folder):
    assert runner.invoke(app, ["schema", "--output", "recipe.schema.json"]).exit_code == 0
    done = recipes("copy", "lenet5", "my lenet.yaml")

    first = (folder / "my lenet.yaml").read_text().splitlines()[0]
    assert first == "# yaml-language-server: $schema=recipe.schema.json"
    assert "cnncli train 'my lenet.yaml'" in done.stderr
    assert "schema" not in done.stderr


def test_copy_into_a_folder_keeps_the_name(folder):
    (folder / "mine").mkdir()

    assert json.loads(recipes("copy", "mnist", "mine", "--json").stdout) == {"name": "mnist", "file": "mine/mnist.yaml"}
    assert (folder / "mine" / "mnist.yaml").is_file()


def test_copy_never_overwrites(folder):
    (folder / "mnist.yaml").write_text("mine")
    (folder / "link.yaml").symlink_to("nowhere.yaml")

    assert recipes("copy", "mnist", code=6).stderr == "error: mnist.yaml exists already\n    give another FILE\n"
    assert recipes("copy", "mnist", "link.yaml", code=6).stdout == ""
    assert (folder / "mnist.yaml").read_text() == "mine"
    assert not (folder / "nowhere.yaml").exists()


def test_copy_to_a_folder_that_is_not_there_is_exit_6():
    assert "its folder does not exist" in recipes("copy", "mnist", "nowhere/mine.yaml", code=6).stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_copy_to_a_folder_that_is_not_writable_is_exit_6(folder):
    (folder / "locked").mkdir(mode=0o500)

    assert "permission denied" in recipes("copy", "mnist", "locked/mine.yaml", code=6).stderr


def test_next_names_the_data_that_is_missing(cnncli):
    copied = cnncli("recipes", "copy", "vgg16-transfer")

    assert "cnncli train vgg16-transfer.yaml --set data.source.image_folder.path=YOUR_FOLDER" in copied.stderr


def test_next_names_no_data_where_it_is_there(cnncli):
    (cnncli.folder / "signals.npz").write_bytes(b"")
    copied = cnncli("recipes", "copy", "conv1d-signal")

    assert copied.stderr.splitlines()[1].strip() == "cnncli train conv1d-signal.yaml"
