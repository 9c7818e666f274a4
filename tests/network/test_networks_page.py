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
ON_PAGE = {name: (lines, parameters) for name, lines, parameters in ROWS}
EXCERPTS = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
CLASSES = {"lenet5": None, "resnet20-cifar10": None, "u-net": 2, "wavenet": 2}  # None: the data has them
# Worked out from the papers' tables; published by the papers or by the frameworks' own documentation.
PUBLISHED = {
    "alexnet": (62_378_344, 62_378_344),
    "googlenet": (6_998_552, 6_998_552),
    "resnet18": (None, 11_689_512),
    "resnet34": (None, 21_797_672),
    "resnet50": (None, 25_557_032),
    "se-resnet50": (None, 28_088_024),
    "shufflenet": (None, 2_278_604),
    "squeezenet": (1_235_496, 1_235_496),
    "vit-tiny": (5_717_416, 5_717_416),
    "vgg16": (138_357_544, 138_357_544),
    "resnet20-cifar10": (None, 272_474),
    "mobilenet-v1": (4_253_864, 4_231_976),
    "mobilenet-v2": (3_538_984, 3_504_872),
    "efficientnet-b0": (5_330_564, 5_288_548),
    "densenet121": (8_062_504, 7_978_856),
    "xception": (22_910_480, 22_855_952),
    "inception-v3": (23_851_784, 23_817_352),
    "convnext-tiny": (28_589_128, 28_589_128),
}


def test_page_has_the_recipes_that_it_describes():
    assert len(ROWS) == len({name for name, *_ in ROWS}) >= 14
    assert PAGE.count("](../recipes/") >= len(ROWS)
    assert all((ROOT / "docs" / link).exists() for link in re.findall(r"\]\((\.\./[^)#]+)\)", PAGE))


@pytest.mark.parametrize("name", sorted({*ON_PAGE, *PUBLISHED}))
def test_network_has_the_parameters_that_the_page_and_its_paper_give(name):
    classes = CLASSES.get(name, 1000)
    checked = checks.check_shapes(load(name, [f"data.classes={classes}"] if classes else []))

    params, trainable = PUBLISHED.get(name, (None, None))
    assert params in (None, checked.params)
    assert trainable in (None, checked.trainable_params)
    if name in ON_PAGE:
        assert ON_PAGE[name] == (f"{recipe_lines(name):,}", f"{checked.trainable_params:,}")


def test_every_excerpt_is_a_part_of_a_recipe():
    recipes = "\n".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "recipes").glob("*.yaml")))

    assert len(EXCERPTS) >= 3
    assert [excerpt for excerpt in EXCERPTS if excerpt not in recipes] == []
