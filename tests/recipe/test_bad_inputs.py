"""Every recipe in tests/bad_inputs gives exactly the report beside it."""

from pathlib import Path

import pytest

from cnncli.errors import RecipeError
from cnncli.recipe.load import load_bytes

FOLDER = Path(__file__).parents[1] / "bad_inputs"
RECIPES = sorted(FOLDER.glob("*.yaml"))


def test_there_are_bad_inputs_and_each_has_its_report():
    assert len(RECIPES) >= 21
    assert {path.stem for path in RECIPES} == {path.stem for path in FOLDER.glob("*.txt")}


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_bad_input_gives_exactly_its_report(path):
    with pytest.raises(RecipeError) as caught:
        load_bytes(path.read_bytes(), path.name)

    assert f"{caught.value}\n" == path.with_suffix(".txt").read_text(encoding="utf-8")
    assert caught.value.exit_code == 3
    assert all(problem.place is not None and problem.place.line for problem in caught.value.problems)
