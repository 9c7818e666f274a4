"""best.yaml: the recipe with the values of the best trial, which loads and trains."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from search_recipes import RECIPE, TUNE

pytest.importorskip("optuna")

from cnncli.recipe.load import load_bytes
from cnncli.recipe.search_space import setting_of
from cnncli.tune.best_recipe import base_recipe, best_recipe


def test_it_is_the_recipe_with_the_values_set() -> None:
    values = {"model.C1.kernel_size": 5, "train.optimizer.Adam.learning_rate": 1e-05}
    content = (RECIPE + TUNE).encode()

    text = best_recipe(content, "r.yaml", values, 7, ["Found by a search.", "", "  cnncli train best.yaml"])

    assert text.startswith("# Found by a search.\n#\n#   cnncli train best.yaml\nversion: 1\n")
    best = load_bytes(text.encode(), "best.yaml")
    whole = load_bytes(content, "r.yaml", [setting_of(key, value) for key, value in values.items()]).recipe
    assert best.recipe.tune is None
    assert (best.recipe.data, best.recipe.model, best.recipe.train) == (whole.data, whole.model, whole.train)
    assert best.recipe.name == "small"


def test_expectations_of_the_size_are_left_out_and_others_stay() -> None:
    best = load_bytes(best_recipe((RECIPE + TUNE).encode(), "r.yaml", {}, 7, []).encode(), "best.yaml").recipe

    assert best.expect.params is None
    assert best.expect.max_minutes == 10


def test_variables_and_blocks_stay() -> None:
    recipe = RECIPE.replace("version: 1\n", "version: 1\nvars: {width: 4}\n").replace("filters: 4", "filters: $width")

    text = best_recipe(recipe.encode(), "r.yaml", {"vars.width": 6}, 7, [])

    assert "filters: $width" in text
    assert load_bytes(text.encode(), "best.yaml").recipe.model.layers[1].args["filters"] == 6


def test_the_recipe_of_a_sweep_has_its_name_and_its_changes() -> None:
    written = load_bytes((RECIPE + TUNE).replace("name: small\n", "").encode(), "r.yaml", ["train.epochs=3"]).written

    loaded = load_bytes(base_recipe(written, "other").encode(), "recipe.yaml").recipe

    assert (loaded.name, loaded.train.epochs) == ("other", 3)
    assert loaded.tune is not None


_CHOICES: dict[str, Any] = {
    "train.optimizer": st.sampled_from(["sgd", {"SGD": {"momentum": 0.9}}, {"Adam": {"learning_rate": 1e-4}}]),
    "train.batch_size": st.integers(1, 512),
    "model.C1.filters": st.integers(1, 64),
    "model.C1.activation": st.sampled_from(["relu", "tanh", None]),
    "data.augment": st.sampled_from([[], [{"RandomRotation": 0.05}]]),
    "train.callbacks": st.sampled_from([[], [{"EarlyStopping": {"patience": 2}}]]),
    "train.optimizer.SGD.learning_rate": st.floats(1e-6, 1.0),
}


@given(values=st.fixed_dictionaries({}, optional=_CHOICES))
@settings(max_examples=60)
def test_whatever_was_best_reads_back_equal(values: dict[str, Any]) -> None:
    content = (RECIPE + TUNE).encode()

    best = load_bytes(best_recipe(content, "r.yaml", values, 7, ["x"]).encode(), "best.yaml").recipe

    whole = load_bytes(content, "r.yaml", [setting_of(key, value) for key, value in values.items()]).recipe
    assert (best.data, best.model, best.train) == (whole.data, whole.model, whole.train)
