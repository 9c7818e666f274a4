"""validate, a dry run and training refuse the same recipes with the same words at the same places.

The recipes are those of the other tables of wrong recipes, and more. What only data can show is compared between a dry
run and training.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from cases import checks, language, making, wrong_recipes
from commands import call
from wrong_inputs import habits, recipes


def _recipe(command: str) -> str:
    """The recipe that a case validates, with `--static` or without; empty where it does something else."""
    words = [word for word in command.split() if word != "--static"]
    return words[1] if len(words) == 2 and words[0] == "validate" else ""


BAD_INPUTS = sorted((Path(__file__).parents[1] / "bad_inputs").glob("*.yaml"))
ROWS = [
    row
    for row in [*recipes.RECIPES, *habits.FORMS]
    if row.exit_code in (1, 3, 7, 8)
    and row.patch is None
    and row.command.split()[:2] in (["validate", "recipe.yaml"], ["train", "recipe.yaml"])
    and not set(row.command.split()) - {"validate", "train", "recipe.yaml", "--dry-run"}
]
CASES = [
    case
    for case in [*checks.CASES, *language.CASES]
    if case.exit_code in (1, 3, 7, 8) and len(case.commands) == 1 and _recipe(case.commands[0])
]


def refusal(*command: str) -> tuple[int, Any]:
    """The exit code of a command and the problems that it names."""
    done = call(*command, "--json", exit_code=None)
    return done.exit_code, done.json["error"]["problems"] if done.exit_code else None


def refused_alike(name: str) -> None:
    dry_run = refusal("train", name, "--dry-run")
    assert dry_run[0] in (1, 3, 4, 7, 8), dry_run
    assert refusal("train", name) == dry_run
    if dry_run[0] != 4:  # the data alone may show it
        assert refusal("validate", name) == dry_run
    assert not Path("outputs").exists()


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    making.make_data(tmp_path)
    return tmp_path


@pytest.mark.parametrize("text", wrong_recipes.RECIPES.values(), ids=wrong_recipes.RECIPES)
def test_wrong_recipe_is_refused_alike(text: str, folder: Path) -> None:
    (folder / "bad.yaml").write_text(text)
    refused_alike("bad.yaml")
    assert refusal("validate", "bad.yaml")[0] in (3, 7)


@pytest.mark.parametrize("path", BAD_INPUTS, ids=lambda path: path.stem)
def test_bad_input_is_refused_alike(path: Path, folder: Path) -> None:
    (folder / "bad.yaml").write_bytes(path.read_bytes())
    refused_alike("bad.yaml")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.what)
def test_wrong_input_is_refused_alike(row: Any, folder: Path) -> None:
    row.make(folder)
    refused_alike("recipe.yaml")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.what)
def test_case_is_refused_alike(case: Any, folder: Path) -> None:
    for file in case.files:
        if callable(file):
            file(folder)
        else:
            (folder / file[0]).write_bytes(file[1].encode() if isinstance(file[1], str) else file[1])
    refused_alike(_recipe(case.commands[0]))


def test_there_are_many_of_each() -> None:
    assert len(wrong_recipes.RECIPES) > 40
    assert min(len(BAD_INPUTS), len(ROWS), len(CASES)) > 5
