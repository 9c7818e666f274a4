"""What answers at once: the program starts without TensorFlow."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

import cnncli as package

FIVE_MISTAKES = Path(__file__).parents[1] / "bad_inputs" / "five_mistakes.yaml"

# Only these may import TensorFlow; everything else answers without it.
COMMANDS = [
    ["--help"],
    ["--version"],
    ["train", "--help"],
    ["validate", "--static", "mnist"],
    ["show", "lenet5"],
    ["show", "resnet20-cifar10", "--resolved"],
    ["recipes"],
    ["recipes", "show", "mnist"],
    ["recipes", "copy", "mnist"],
    ["layers"],
    ["layers", "Conv2D"],
    ["schema"],
    ["runs"],
    ["validate", "--static", str(FIVE_MISTAKES)],
]


def test_these_commands_answer_without_importing_tensorflow(tmp_path):
    program = f"""
import sys
from cnncli.cli.app import app
for arguments in {COMMANDS!r}:
    code = app(arguments, prog_name="cnncli", standalone_mode=False)
    heavy = [name for name in ("tensorflow", "keras", "numpy", "matplotlib", "sklearn") if name in sys.modules]
    assert not heavy, (arguments, heavy)
    assert (code or 0) == (3 if {str(FIVE_MISTAKES)!r} in arguments else 0), (arguments, code)
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr


# The packages that are imported, with the most modules of each, and what they are for.
HELP = {
    "cnncli": 15,  # the names and summaries of commands
    "typer": 35,
    "rich": 60,  # tables and panels
    "annotated_doc": 2,  # Typer's
    "shellingham": 2,  # Typer's, for completion
}
STATIC = HELP | {
    "cnncli": 115,  # `recipe`, `errors`
    "yaml": 20,
    "pydantic": 55,  # the sections of a recipe
    "pydantic_core": 5,
    "annotated_types": 1,
    "typing_inspection": 5,
    "typing_extensions": 1,
    "cython_runtime": 1,  # PyYAML's extension, which is not used
}
BEFORE_TRAINING = {
    "cnncli": 380,  # without `plots`, `report`, `interpretability` of one task alone
    "rich": 70,
    "scipy": 90,  # TensorFlow asks it for sparse arrays
    "PIL": 40,
    "filelock": 40,  # the run's folder has a lock
}
NOT_BEFORE_TRAINING = ("matplotlib", "sklearn", "pandas", "optuna", "gradio")
COUNTED = """
import sys
from collections import Counter

def counted():
    return dict(Counter(name.partition(".")[0] for name in sys.modules if name[0] != "_"))
"""


def test_these_packages_are_imported_by_commands_that_answer_at_once(tmp_path):
    program = f"""{COUNTED}
ours = counted().keys() | sys.stdlib_module_names
from cnncli.cli.app import app
for arguments, most in ([["--help"], {HELP!r}], [["validate", "--static", "efficientnet-b0"], {STATIC!r}]):
    app(arguments, prog_name="cnncli", standalone_mode=False)
    more = {{name: count for name, count in counted().items() if name not in ours and count > most.get(name, 0)}}
    assert not more, (arguments, more)
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr


def test_what_draws_and_scores_is_not_imported_before_training(tmp_path):
    program = f"""{COUNTED}
import os
from cnncli.cli import live
from cnncli.cli.app import app

def make_listener(make=live.make_listener, **choices):
    listener = make(**choices)
    listener.epoch_begins = lambda *_: (print(counted(), flush=True), os._exit(0))
    return listener

live.make_listener = make_listener
app(["train", "mnist", "--set", "data.source=mnist-sample", "--quiet"], prog_name="cnncli", standalone_mode=False)
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    found = ast.literal_eval(done.stdout.splitlines()[-1])
    assert found["keras"]
    assert not found.keys() & NOT_BEFORE_TRAINING
    assert {name: found[name] for name, most in BEFORE_TRAINING.items() if found.get(name, 0) > most} == {}


def test_a_recipe_is_checked_without_what_is_on_disk_and_with_one_validator():
    program = """
import sys
from cnncli.recipe import schema
from cnncli.recipe.load import load
load("mnist", [])
assert "cnncli.runs" not in sys.modules
assert schema.Recipe.__pydantic_complete__ and not schema.Train.__pydantic_complete__
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr


def test_help_and_version_execute_half_the_lines_of_the_import_of_what_draws_them(tmp_path):
    program = """
from importlib import import_module
from executed_lines import executed_lines

def draw(arguments):
    return import_module("cnncli.cli.app").app(arguments, prog_name="cnncli", standalone_mode=False)

names = ("typer", "rich.console", "rich.table", "rich.panel", "rich.markdown")
libraries = executed_lines(lambda: [import_module(name) for name in names])
version = executed_lines(lambda: draw(["--version"]))
more_for_help = executed_lines(lambda: draw(["--help"]))
assert version + more_for_help < libraries / 2, (version, more_for_help, libraries)
"""
    paths = os.pathsep.join([str(Path(__file__).parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = {**os.environ, "PYTHONPATH": paths}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr


def test_version_is_that_of_the_package(cnncli):
    assert cnncli.process("--version").stdout == f"cnncli {package.__version__}\n"


def test_help_lists_commands_and_exit_codes(cnncli):
    text = " ".join(cnncli("--help", COLUMNS="200").stdout.split())

    for word in ("train", "evaluate", "visualize-filters", "validate", "7 training diverged"):
        assert word in text


@pytest.mark.parametrize(
    "command",
    [
        "train",
        "evaluate",
        "visualize-filters",
        "feature-maps",
        "maximize",
        "grad-cam",
        "predict",
        "compare",
        "validate",
        "show",
        "recipes",
        "layers",
        "schema",
        "runs",
        "reproduce",
    ],
)
def test_every_command_has_help_with_an_example(cnncli, command):
    done = cnncli(command, "--help", COLUMNS="200")

    assert done.exit_code == 0
    assert f"Example: cnncli {command}" in done.stdout


def test_no_arguments_show_the_help(cnncli):
    done = cnncli.process()

    assert "Usage: cnncli" in done.stdout + done.stderr


def test_five_mistakes_are_reported_in_one_go(cnncli):
    done = cnncli("validate", "--static", str(FIVE_MISTAKES))

    assert done.exit_code == 3
    assert len([line for line in done.stderr.splitlines() if "five_mistakes.yaml:" in line]) == 5


def test_files_of_the_user_do_not_hide_modules_of_python(tmp_path):
    for name in ("code", "random", "token", "yaml"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('hidden')", encoding="utf-8")
    command = [sys.executable, "-m", "cnncli", "recipes", "show", "lenet5"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
