"""docs/networks.md: the numbers of its first table are those of the recipes, and its excerpts stand in them."""

import re
from pathlib import Path

import pytest

from benchmarks.published_networks import recipe_lines
from cnncli.network import checks
from cnncli.recipe.load import load

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "networks.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| \[[\w-]+\]\(\.\./recipes/([\w-]+)\.yaml\) \| ([\d,]+) \| ([\d,]+) \|", PAGE, re.MULTILINE)
EXCERPTS = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
CLASSES = {"lenet5": None, "resnet20-cifar10": None, "u-net": 2, "wavenet": 2}  # None: the data has them


def test_page_has_the_recipes_that_it_describes():
    assert len(ROWS) == len({name for name, *_ in ROWS}) >= 14
    assert PAGE.count("](../recipes/") >= len(ROWS)
    assert all((ROOT / "docs" / link).exists() for link in re.findall(r"\]\((\.\./[^)#]+)\)", PAGE))


@pytest.mark.parametrize(("name", "lines", "parameters"), ROWS, ids=[row[0] for row in ROWS])
def test_lines_and_parameters_of_a_row_are_those_of_the_recipe(name, lines, parameters):
    classes = CLASSES.get(name, 1000)
    checked = checks.check_shapes(load(name, [f"data.classes={classes}"] if classes else []))

    assert f"{recipe_lines(name):,}" == lines
    assert f"{checked.trainable_params:,}" == parameters


def test_every_excerpt_is_a_part_of_a_recipe():
    recipes = "\n".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "recipes").glob("*.yaml")))

    assert len(EXCERPTS) >= 3
    assert [excerpt for excerpt in EXCERPTS if excerpt not in recipes] == []
