"""What answers at once: the program starts without TensorFlow."""

import os
import resource
import subprocess
import sys

import pytest

import cnncli as package

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
]


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_command_answers_without_importing_tensorflow(arguments, tmp_path):
    program = f"""
import sys
from cnncli.cli.app import app
code = app({arguments!r}, prog_name="cnncli", standalone_mode=False)
heavy = [name for name in ("tensorflow", "keras", "numpy", "matplotlib", "sklearn") if name in sys.modules]
assert not heavy, heavy
sys.exit(code or 0)
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr


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


def processor_seconds(*arguments: str) -> float:
    """Of a Python process; the least of three, as a busy machine only adds to it."""

    def once() -> float:
        before = processor_seconds_of_children()
        subprocess.run([sys.executable, *arguments], capture_output=True, check=True)
        return processor_seconds_of_children() - before

    return min(once() for _ in range(3))


def processor_seconds_of_children() -> float:
    """What a busy machine does not change much, as it does the time on the clock."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@pytest.mark.parametrize("arguments", [["--help"], ["--version"]], ids=" ".join)
def test_help_and_version_take_less_than_twice_the_import_of_what_draws_them(arguments):
    libraries = processor_seconds("-c", "import typer, rich.console, rich.table, rich.panel, rich.markdown")

    assert processor_seconds("-m", "cnncli", *arguments) < 2 * libraries  # it is 1.4 times; 0.2 s where that takes 0.15


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


def test_five_mistakes_are_reported_in_under_a_second(cnncli):
    recipe = os.path.join(os.path.dirname(__file__), "..", "bad_inputs", "five_mistakes.yaml")
    before = processor_seconds_of_children()
    done = cnncli.process("validate", "--static", recipe)
    seconds = processor_seconds_of_children() - before

    assert done.exit_code == 3
    assert len([line for line in done.stderr.splitlines() if "five_mistakes.yaml:" in line]) == 5
    assert 0 < seconds < 3  # it takes a third to two thirds of one, by the machine's state


def test_files_of_the_user_do_not_hide_modules_of_python(tmp_path):
    for name in ("code", "random", "token", "yaml"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('hidden')", encoding="utf-8")
    command = [sys.executable, "-m", "cnncli", "recipes", "show", "lenet5"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
