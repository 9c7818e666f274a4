"""Errors become messages and exit codes, in one place."""

import json
import signal

import pytest
from typer.testing import CliRunner

from cnncli.cli import train
from cnncli.cli.app import app
from cnncli.errors import (
    EXIT_CODES,
    CnncliError,
    DataError,
    DivergedError,
    ExpectationError,
    ModelFileError,
    NetworkError,
    OutputError,
    Place,
    Problem,
    RecipeError,
    ResourceError,
    Stopped,
    UsageError,
)

runner = CliRunner()
CHILDREN = [
    ExpectationError,
    UsageError,
    RecipeError,
    DataError,
    ModelFileError,
    OutputError,
    DivergedError,
    ResourceError,
    NetworkError,
]


def invoke_raising(monkeypatch, error, *arguments):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr("cnncli.recipe.load.load", fail)
    return runner.invoke(app, ["validate", "x.yaml", "--static", *arguments])


@pytest.mark.parametrize("kind", CHILDREN, ids=lambda kind: kind.__name__)
def test_every_error_ends_with_its_exit_code_and_its_message(monkeypatch, kind):
    done = invoke_raising(monkeypatch, kind("what is wrong", hint="what to do"))

    assert done.exit_code == kind.exit_code
    assert done.exit_code in EXIT_CODES
    assert "what is wrong" in done.stderr
    assert "    what to do" in done.stderr
    assert done.stdout == ""


def test_exit_codes_are_all_different():
    assert sorted(kind.exit_code for kind in CHILDREN) == list(range(1, 10))
    assert CnncliError.exit_code == 70


def test_error_as_json_is_one_document_on_stdout(monkeypatch):
    problem = Problem("wrong", "mend it", Place("r.yaml", 3, 4), ("train", "epochs"))
    done = invoke_raising(monkeypatch, RecipeError(problem), "--json")

    expected = {
        "file": "r.yaml",
        "line": 3,
        "column": 4,
        "path": "train.epochs",
        "message": "wrong",
        "hint": "mend it",
    }
    assert json.loads(done.stdout) == {"error": {"code": "recipe", "exit": 3, "problems": [expected]}}
    assert done.stderr == ""


def test_wrong_command_line_is_exit_2_also_as_json():
    done = runner.invoke(app, ["train", "mnist", "--epoch", "3", "--json"])

    assert done.exit_code == 2
    assert json.loads(done.stdout)["error"]["exit"] == 2
    assert runner.invoke(app, ["train"]).exit_code == 2
    assert runner.invoke(app, ["trian"]).exit_code == 2


def test_bug_shows_no_traceback_but_leaves_it_in_a_file(monkeypatch, tmp_path):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    done = invoke_raising(monkeypatch, KeyError("a bug"))

    assert done.exit_code == 70
    assert "this is a bug in cnncli" in done.stderr
    assert "Traceback" not in done.stderr
    [file] = tmp_path.glob("cnncli-bug-*.txt")
    assert str(file) in done.stderr
    assert "KeyError: 'a bug'" in file.read_text()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_signal_ends_with_its_exit_code(monkeypatch, number, code):
    done = invoke_raising(monkeypatch, Stopped(number))

    assert done.exit_code == code
    assert f"stopped by {number.name}" in done.stderr


@pytest.mark.parametrize("text", ["[/foo]", "[red]x[/red]", "\x1b[31mred", "😀", "a\nb"])
def test_users_text_is_neither_markup_nor_control(monkeypatch, text):
    done = invoke_raising(monkeypatch, DataError(f"class {text}"))

    assert done.exit_code == 4
    assert "\x1b" not in done.stderr
    assert text.split("\x1b")[0].split("\n")[0] in done.stderr


def test_train_names_its_options():
    assert train.train.__doc__
