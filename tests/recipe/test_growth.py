"""Bounds on what a recipe grows to, and on how many mistakes are collected."""

from pathlib import Path

import pytest

from cnncli.errors import Problem, RecipeError
from cnncli.recipe.load import LoadedRecipe, load, load_bytes

END = "Dense: {units: $classes, activation: softmax}"


def loaded(layers: str, more: str = "") -> LoadedRecipe:
    text = f"data: {{source: mnist-sample}}\n{more}\nmodel: {{layers: [{layers}, Flatten, {END}]}}\n"
    return load_bytes(text.encode(), "r.yaml")


def problems(layers: str, more: str = "") -> list[Problem]:
    with pytest.raises(RecipeError) as caught:
        loaded(layers, more)
    return caught.value.problems


def test_a_rule_may_find_any_number_of_mistakes():
    callbacks = ", ".join(["EarlyStopping: {monitor: x}"] * 200)

    assert "and 44 more mistakes like this one" in str(problems("ReLU", f"train: {{callbacks: [{callbacks}]}}")[-1])


def test_any_number_of_warnings_hides_no_mistake():
    gate = "{layers: [Conv2D: {filters: 1, kernel_size: 1}, Multiply: {from: [input, .]}]}"
    blocks = "blocks:\n" + "".join(f"  b{index}: {gate}\n" for index in range(60))
    calls = ", ".join(f"b{index}" for index in range(60))

    assert any("`input` is the input of the network" in str(warning) for warning in loaded(calls, blocks).warnings)
    [problem] = problems(f"{calls}, Dense: {{unit: 3}}", blocks)
    assert problem.message == "Dense has no argument `unit`"


def test_a_network_with_too_many_layers_is_not_checked_any_further():
    rounds = "repeat: {times: 10, layers: [repeat: {times: 1000, layers: [ReLU]}]}"

    [problem] = problems(rounds)
    assert problem.message == "the network has more than 5,000 layers"


def test_a_mistake_in_many_rounds_ends_the_reading():
    layers = "repeat: {times: 1000, layers: [repeat: {times: 4, layers: [Dense: {if: 3.5, units: $v}]}]}"

    assert str(problems(layers)[0]).startswith("r.yaml:3:89: `if`: expected true or false, got 3.5")


def test_recipes_that_extend_each_other_are_counted_together(tmp_path: Path):
    names = ", ".join(f"k{index}: 1" for index in range(1800))  # 3,600 keys and values
    (tmp_path / "a.yaml").write_text(f"extends: b.yaml\nvars: {{{names}}}\n")
    (tmp_path / "b.yaml").write_text(f"extends: c.yaml\nvars: {{{names}}}\n")
    (tmp_path / "c.yaml").write_text(f"vars: {{{names}}}\n")

    with pytest.raises(RecipeError) as caught:
        load(str(tmp_path / "a.yaml"))

    [problem] = caught.value.problems
    assert problem.message == "more than 10,000 keys and values in this recipe and those that extend it"
    assert problem.place is not None
    assert (Path(problem.place.file).name, problem.place.line) == ("c.yaml", 1)
