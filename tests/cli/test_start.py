"""What answers at once: the program starts without TensorFlow."""

import os
import subprocess
import sys
import time

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


@pytest.mark.parametrize("arguments", [["--help"], ["--version"]], ids=" ".join)
def test_help_and_version_take_under_0_4_seconds_of_processor_time(arguments):
    before = os.times()
    subprocess.run([sys.executable, "-m", "cnncli", *arguments], capture_output=True, check=True)
    after = os.times()

    spent = (after.children_user - before.children_user) + (after.children_system - before.children_system)
    assert spent < 0.4


def test_version_is_that_of_the_package(cnncli):
    assert cnncli("--version").stdout == f"cnncli {package.__version__}\n"


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
    done = cnncli()

    assert "Usage: cnncli" in done.stdout + done.stderr


def test_five_mistakes_are_told_in_under_a_second(cnncli):
    recipe = os.path.join(os.path.dirname(__file__), "..", "bad_inputs", "five_mistakes.yaml")
    started = time.perf_counter()
    done = cnncli("validate", "--static", recipe)
    seconds = time.perf_counter() - started

    assert done.exit_code == 3
    assert len([line for line in done.stderr.splitlines() if "five_mistakes.yaml:" in line]) == 5
    assert seconds < 3  # it takes a third of one; the rest is for a busy machine
