"""Shipped recipes compute what the networks of keras.applications compute.

`benchmarks/published_networks.py` compares all of them; here are those that take a few seconds.
"""

import re
from dataclasses import replace
from pathlib import Path

import keras
import pytest

from benchmarks import published_networks
from benchmarks.published_networks import (
    CLASSES,
    LARGEST_DIFFERENCE,
    NETWORKS,
    compare,
    own,
    pairs,
    python_lines,
    recipe_lines,
)
from cnncli.network import checks
from cnncli.recipe.load import load

PAGE = (Path(__file__).parents[2] / "docs" / "networks.md").read_text(encoding="utf-8")
# Name -> lines and parameters.
ROWS = {
    name: (int(lines), int(parameters.replace(",", "")))
    for name, lines, parameters in re.findall(
        r"^\| ([A-Z][^|]*) \| \[[^|]* \| [^|]*\| (\d+) \| \d+ \| ([\d,]+) \|", PAGE, re.MULTILINE
    )
}
# With fewer of the same blocks, for Keras' own function of the family.
SHALLOW = {
    **NETWORKS,
    "EfficientNetB0": replace(
        NETWORKS["EfficientNetB0"],
        model="EfficientNet",
        settings=("vars.width=1.0", "vars.depth=0.3"),
        arguments={"width_coefficient": 1.0, "depth_coefficient": 0.3, "default_size": 224},
    ),
    "ConvNeXtTiny": replace(
        NETWORKS["ConvNeXtTiny"],
        model="ConvNeXt",
        settings=("vars.depths=[1, 1, 2, 1]", "vars.width=24"),
        arguments={"depths": [1, 1, 2, 1], "projection_dims": [24, 48, 96, 192]},
    ),
}


@pytest.fixture(autouse=True, scope="module")
def _keras_builds_each_network_once():
    """A comparison gives a network of Keras all its weights anew."""
    built = {}
    build = published_networks._theirs

    def theirs(network):
        key = repr((network.model, network.size, network.arguments))
        if key not in built:
            built[key] = build(network)
        return built[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(published_networks, "_theirs", theirs)
        yield


@pytest.mark.parametrize("name", ["MobileNet 0.5", "MobileNetV2 0.35", "EfficientNetB0", "Xception", "ConvNeXtTiny"])
def test_recipe_computes_what_the_network_of_keras_computes(name):
    compared = compare(SHALLOW[name])

    assert compared.difference <= LARGEST_DIFFERENCE
    assert compared.keras_params - compared.params == NETWORKS[name].extra_params


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("EfficientNetB0", "blocks.squeeze.layers.0.branches.paths.1.1.Conv2D.activation=relu"),
        ("MobileNetV2 0.35", "blocks.conv.layers.2={ReLU: 5.9}"),
    ],
)
def test_comparison_shows_another_activation(name, change):
    network = SHALLOW[name]

    compared = compare(replace(network, settings=(*network.settings, change)))

    assert compared.difference > 100 * LARGEST_DIFFERENCE


def test_comparison_refuses_another_graph():
    network = NETWORKS["MobileNetV2 0.35"]
    change = "blocks.inverted.layers.0.residual.skip=false"

    with pytest.raises(ValueError, match="does not match block_15_add"):
        compare(replace(network, settings=(*network.settings, change)))


def test_page_has_every_network_of_the_benchmark():
    assert list(ROWS) == list(NETWORKS)


@pytest.mark.parametrize("name", [name for name in ROWS if own(NETWORKS[name].recipe)])
def test_lines_of_the_page_are_those_of_a_recipe_that_is_not_shipped(name):
    assert ROWS[name][0] == recipe_lines(NETWORKS[name].recipe)
    assert load(str(own(NETWORKS[name].recipe))).recipe.about


@pytest.mark.parametrize("name", [name for name in ROWS if not own(NETWORKS[name].recipe)])
def test_lines_and_parameters_of_the_page_are_those_of_the_recipe(name):
    network = NETWORKS[name]

    checked = checks.check_shapes(
        load(
            network.recipe,
            [*network.settings, f"data.classes={CLASSES}", *(["expect={}"] if network.recipe == "resnet50" else [])],
        )
    )

    assert ROWS[name] == (recipe_lines(network.recipe), checked.params)


def test_inputs_of_a_sum_are_paired_in_any_order():
    def network(names, turned):
        first = keras.layers.Dense(3, name=names[0])(inputs := keras.Input((3,)))
        second = keras.layers.Dense(3, name=names[1])(first)
        return keras.Model(inputs, keras.layers.Add()([second, first] if turned else [first, second]))

    found = pairs(network("ab", False), network("xy", True))

    assert {mine.name: yours.name for mine, yours in found} == {"a": "x", "b": "y"}


def test_lines_are_counted_without_comments_and_docstrings():
    source = '"""Text\nof lines."""\n\n# remark\nimport os\n\n\ndef f(a,\n      b):\n    """Text."""\n    return """1\n2"""\n'

    assert python_lines(source) == 4
    assert recipe_lines("lenet5") == 11
