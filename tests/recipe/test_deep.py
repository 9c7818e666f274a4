"""Recipes of the largest networks: written out, saved with a run, and read back."""

import pytest

from cnncli.errors import RecipeError
from cnncli.recipe.load import load_bytes, load_resolved
from cnncli.recipe.write import to_yaml

LAYERS = "[Conv2D: {filters: 2, kernel_size: 3, padding: same}, ReLU]"
DEEPEST = f"""\
data: {{source: {{npz: {{path: a.npz}}}}, classes: 2}}
model:
  input: [4, 4, 2]
  layers:
{chr(10).join(f"    - repeat: {{times: {times}, layers: {LAYERS}}}" for times in (1000, 1000, 499))}
    - GlobalAveragePooling2D
    - Dense: {{units: $classes, activation: softmax}}
"""


def test_resolved_recipe_of_the_deepest_network_is_read_back(tmp_path):
    recipe = load_bytes(DEEPEST.encode(), "r.yaml").resolve(classes=2).recipe
    resolved = tmp_path / "resolved.yaml"
    resolved.write_text(to_yaml(recipe), encoding="utf-8")

    assert len(recipe.model.layers) == 5000
    assert load_resolved(resolved).resolve(classes=2).recipe == recipe


def test_file_that_a_person_writes_has_the_smaller_bounds(tmp_path):
    resolved = to_yaml(load_bytes(DEEPEST.encode(), "r.yaml").recipe)

    with pytest.raises(RecipeError, match="more than 10,000 keys and values"):
        load_bytes(resolved.encode(), "mine.yaml")


NESTED = {
    "repeat": "repeat: {{times: 1, layers: [{}]}}",
    "residual": "residual: {{body: [{}]}}",
    "branches": "branches: {{merge: Add, paths: [[], [{}]]}}",
    "paths with a condition": "branches: {{merge: Add, paths: [{{if: true, layers: [{}]}}, []]}}",
    "paths over a list": "branches: {{merge: Add, paths: [{{over: {{a: [1]}}, path: [{}]}}]}}",
}


@pytest.mark.parametrize("kind", NESTED)
def test_twenty_structures_are_nested_however_many_levels_of_yaml_they_take(kind):
    def layers_of(count: int) -> int:
        item = "Conv2D: {filters: 2, kernel_size: 1, kernel_initializer: {Constant: {value: 1}}}"
        for _ in range(count):
            item = NESTED[kind].format(item)
        end = "GlobalAveragePooling2D, Dense: {units: $classes, activation: softmax}"
        text = f"data: {{source: {{npz: {{path: a.npz}}}}, classes: 2}}\nmodel: {{layers: [{item}, {end}]}}\n"
        return len(load_bytes(text.encode(), "r.yaml").recipe.model.layers)

    assert layers_of(20) >= 3
    with pytest.raises(RecipeError, match="structures and blocks are nested too deeply"):
        layers_of(21)
