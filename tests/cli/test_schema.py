"""`cnncli schema`."""

import json

import pytest
from typer.testing import CliRunner

from cnncli.cli.app import app
from cnncli.recipe.json_schema.recipe_schema import recipe_schema

runner = CliRunner()


@pytest.fixture(autouse=True)
def folder(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def schema(*arguments: str, code: int = 0):
    done = runner.invoke(app, ["schema", *arguments])
    assert done.exit_code == code, done.stderr
    return done


def test_stdout_is_the_schema_and_nothing_else():
    done = schema()

    assert json.loads(done.stdout) == recipe_schema()
    assert done.stderr == ""


def test_output_writes_it_and_says_how_a_recipe_leads_there(folder):
    done = schema("--output", "mine.json")

    assert json.loads((folder / "mine.json").read_text()) == recipe_schema()
    assert done.stdout == "mine.json\n"
    assert "# yaml-language-server: $schema=mine.json" in done.stderr
    assert json.loads(schema("--output", "mine.json", "--json").stdout) == {"schema": "mine.json"}


def test_older_schema_is_replaced_and_anything_else_is_not(folder):
    (folder / "old.json").write_text(
        '{\n"$schema": "http://json-schema.org/draft-07/schema#",\n"title": "A recipe of cnncli"}'
    )
    (folder / "other.json").write_text("{}")

    schema("--output", "old.json")
    done = schema("--output", "other.json", code=6)
    assert len((folder / "old.json").read_text()) > 100_000
    assert (folder / "other.json").read_text() == "{}"
    assert done.stderr == "error: --output: other.json exists already; --force overwrites it\n"


def test_folder_that_is_not_there_is_exit_6():
    assert "its folder does not exist" in schema("--output", "nowhere/schema.json", code=6).stderr
