"""The benchmark whose processes take turns."""

import subprocess
import sys

import pytest


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "benchmarks.steps_in_turns", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_each_side_gets_a_line_with_its_ratio_to_the_first() -> None:
    done = run("lenet5:float32", "lenet5:float32,TF_CPP_MIN_LOG_LEVEL=1", "--rounds", "2", "--steps", "2")

    assert done.returncode == 0, done.stderr
    title, first, second = done.stdout.splitlines()
    assert title.startswith("2 epochs of 2 steps each; ")
    assert first.endswith("× 1.00  lenet5:float32")
    assert second.endswith("lenet5:float32,TF_CPP_MIN_LOG_LEVEL=1")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["mnist"], "`mnist` is no side: RECIPE:PRECISION[,NAME=VALUE…], such as mnist:float32"),
        (["mnist:float32", "--rounds", "1"], "--rounds: at least 2"),
        (["nosuch:float32"], "this ended with status 1; run it alone to see why: "),
    ],
)
def test_what_cannot_be_timed_is_reported(arguments: list[str], said: str) -> None:
    done = run(*arguments)

    assert done.returncode != 0
    assert said in done.stderr
