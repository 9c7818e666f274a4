"""Names of runs and recipes: which are good, and what is told about the others."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from run_folders import PATTERN_HINT, fails

from cnncli import runs
from cnncli.errors import RecipeError


@pytest.mark.parametrize(
    ("name", "quoted"),
    [
        ("../../x", "'../../x'"),
        ("/etc/x", "'/etc/x'"),
        ("a/b", "'a/b'"),
        ("a\\b", r"'a\\b'"),
        ("x" * 300, "'" + "x" * 40 + "'… (300 characters)"),
        ("x" * 65, "'" + "x" * 40 + "'… (65 characters)"),
        ("🙂", "'🙂'"),
        ("", "''"),
        (".", "'.'"),
        ("..", "'..'"),
        (".hidden", "'.hidden'"),
        ("-n", "'-n'"),
        ("a b", "'a b'"),
        ("a\n", r"'a\n'"),
        ("a\0", r"'a\x00'"),
        ("\x1b[31mred", r"'\x1b[31mred'"),
        ("ünlü", "'ünlü'"),
    ],
)
def test_forbidden_run_name_is_refused_with_the_pattern(outputs: Path, name: str, quoted: str) -> None:
    with fails(RecipeError, f"a run cannot be named {quoted}", PATTERN_HINT):
        runs.create(outputs, "mnist", run_name=name)
    assert not outputs.exists()


@pytest.mark.parametrize("name", ["CON", "con", "nul.txt", "Aux.tar.gz", "COM1", "lpt9.csv", "PRN"])
def test_device_name_is_refused(outputs: Path, name: str) -> None:
    with fails(
        RecipeError,
        f"a run cannot be named '{name}': Windows keeps that name for a device",
        f"use another name, for example run-{name} (^[A-Za-z0-9][A-Za-z0-9._-]{{0,63}}$)",
    ):
        runs.create(outputs, "mnist", run_name=name)
    assert not outputs.exists()


def test_forbidden_recipe_name_is_refused(outputs: Path) -> None:
    with fails(RecipeError, "a recipe cannot be named '..'", PATTERN_HINT):
        runs.create(outputs, "..")
    assert RecipeError.exit_code == 3


@pytest.mark.parametrize("name", ["a", "0", "x" * 64, "CONSOLE", "COM10", "com", "v1.2_final-3", "a..b", "a."])
def test_ordinary_name_is_accepted(name: str) -> None:
    runs.check_name(name)


@given(
    st.one_of(
        st.text(max_size=70),
        st.text(alphabet="aB3./\\_-~:\0", max_size=70),
        st.text(alphabet="aB3._-", min_size=1, max_size=66),
    )
)
def test_any_accepted_name_is_one_folder_inside(name: str) -> None:
    try:
        runs.check_name(name)
    except RecipeError:
        return
    assert Path(os.path.normpath(Path("/outputs/mnist", name))).parent == Path("/outputs/mnist")
    assert len(os.fsencode(name)) <= 64
