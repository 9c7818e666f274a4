"""Recipes whose labels are quantities: what follows from `targets: numbers`, and what stays right about classes."""

import pytest

from cnncli.errors import RecipeError
from cnncli.recipe.load import load_bytes
from cnncli.recipe.outputs import outputs_of
from cnncli.recipe.write import to_yaml

RECIPE = """\
data: {source: {npz: {path: photos.npz}}, targets: numbers}
model:
  input: [8, 8, 1]
  layers: [Flatten, Dense: 2]
"""


def loaded(text):
    return load_bytes(text.encode(), "recipe.yaml")


def test_numbers_get_their_own_loss_metrics_and_split():
    recipe = loaded(RECIPE).recipe

    assert [output.loss.name for output in outputs_of(recipe)] == ["mean_squared_error"]
    assert [metric.name for metric in recipe.train.metrics] == ["mean_absolute_error", "root_mean_squared_error"]
    assert recipe.data.split.stratify is False


def test_what_is_said_of_numbers_stands():
    recipe = loaded(RECIPE + "train: {loss: huber, metrics: [R2Score, mape]}\n").recipe

    assert [output.loss.name for output in outputs_of(recipe)] == ["huber"]
    assert [metric.name for metric in recipe.train.metrics] == ["R2Score", "mape"]


def test_resolved_recipe_of_numbers_loads_back_equal():
    recipe = loaded(RECIPE).recipe

    assert loaded(to_yaml(recipe)).recipe.model_copy(update={"name": recipe.name}) == recipe


def test_sigmoid_waits_for_the_range_of_the_data():
    """A position from 0 to 1 is a quantity that a sigmoid gives."""
    assert loaded(RECIPE.replace("Dense: 2", "Dense: {units: 2, activation: sigmoid}")).warnings == ()


def test_mse_of_classes_is_reported_how_to_mean_numbers():
    text = RECIPE.replace(", targets: numbers", "") + "train: {loss: mse}\n"

    [warning] = loaded(text).warnings

    assert warning.message == "mse is a loss for quantities"
    assert warning.hint.splitlines()[-1] == "for regression write `targets: numbers` in `data`"


def test_classes_in_an_expression_are_reported_apart_from_a_misspelling():
    with pytest.raises(RecipeError) as caught:
        loaded(RECIPE.replace("Dense: 2", "Dense: $(2 * classes)"))

    [problem] = caught.value.problems
    assert (problem.place.line, problem.message) == (4, "unknown name `$classes`")
    assert "`targets: numbers` has no classes" in problem.hint
