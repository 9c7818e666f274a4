"""The section `tune`: every mistake at its line, before the first trial."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnncli.errors import RecipeError
from cnncli.recipe import write
from cnncli.recipe.check_tune import value_count
from cnncli.recipe.language import overrides
from cnncli.recipe.language.expand import expand
from cnncli.recipe.load import load, load_bytes
from cnncli.recipe.metrics import best_direction
from cnncli.recipe.schema_tune import Parameter
from cnncli.recipe.search_space import load_with_search_space, setting_of
from cnncli.recipe.yaml.nodes import plain

RECIPE = """\
version: 1
vars: {width: 8}
data: {source: mnist-sample, split: {validation: 0.1}}
model:
  input: [28, 28, 1]
  layers:
    - Conv2D: {name: C1, filters: $width, kernel_size: 3, activation: relu}
    - Flatten
    - Dropout: {name: drop, rate: 0.2}
    - Dense: {name: out, units: 10, activation: softmax}
train: {epochs: 1, optimizer: adam}
"""


def problems_of(tmp_path: Path, tune: str) -> list[str]:
    """What is wrong with a section `tune`, each with its line below the recipe."""
    path = tmp_path / "r.yaml"
    path.write_text(RECIPE + tune)
    try:
        load_with_search_space(str(path))
    except RecipeError as error:
        first = RECIPE.count("\n")
        return [f"{each.place.line - first}:{each.place.column}: {each.message}" for each in error.problems]
    return []


def test_all_mistakes_are_told_at_once_each_at_its_line(tmp_path: Path) -> None:
    told = problems_of(
        tmp_path,
        """\
tune:
  metric: val_acuracy
  direction: maximise
  parameters:
    train.optimiser.Adam.learning_rate: {float: [1e-4, 1e-1], log: true}
    train.optimizer.Adam.learning_rate: {float: [0, 1], log: true}
    vars.widht: {int: [4, 8]}
    vars.width: {int: [8, 4]}
    model.C2.filters: {int: [4, 8]}
    model.C1.filters: {int: [0, 8]}
    model.drop.rate: {float: [0.0, 1.5]}
    train.batch_size: {chioce: [1, 2]}
    train.epochs: {int: [1, 2], float: [1, 2]}
    data.split.seed: {int: [1, 2]}
    train.loss: {choice: [categorical_crossentropy, 7]}
""",
    )

    assert told == [
        "2:11: `metric`: no validation metric is named `val_acuracy`",
        "3:14: `direction`: unknown choice 'maximise' (text)",
        "5:5: `train.optimiser.Adam.learning_rate`: unknown key `optimiser` in `train`",
        "6:50: `float`: a logarithmic range cannot begin at 0",
        "7:5: `vars.widht`: no variable is named `widht`",
        "8:23: `int`: the low end 8 is above the high end 4",
        "9:5: `model.C2.filters`: no layer is named `C2`",
        "10:23: `model.C1.filters: 0`: Conv2D: `filters`: expected an integer ≥ 1, got 0",
        "11:22: `model.drop.rate: 1.5`: Dropout: `rate`: expected a number, 0 ≤ rate < 1, got 1.5",
        "12:24: unknown key `chioce`",
        "13:19: expected one of `choice`, `int` and `float`, got `int` and `float`",
        "14:22: `data.split.seed` cannot be searched",
        "15:17: `train.loss: 7`: expected a loss, got 7",
    ]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("metric: accuracy", "`metric`: no validation metric is named `accuracy`"),
        ("metric: test_accuracy", "`metric`: no validation metric is named `test_accuracy`"),
        (
            "metric: val_loss\n  direction: maximize",
            "`direction`: maximize is wrong for `val_loss`: a low value is best",
        ),
        ("sampler: tpee", "`sampler`: unknown choice 'tpee' (text)"),
        ("sampler: grid", "`model.drop.rate`: the sampler `grid` needs a step for a range of numbers"),
        ("trials: 0", "`trials`: expected an integer ≥ 1, got 0"),
    ],
)
def test_wrong_searches(tmp_path: Path, lines: str, message: str) -> None:
    tune = f"tune:\n  {lines}\n  parameters:\n    model.drop.rate: {{float: [0.0, 0.5]}}\n"

    assert [each.partition(": ")[2] for each in problems_of(tmp_path, tune)] == [message]


@pytest.mark.parametrize(
    ("parameter", "message"),
    [
        ("{}", "expected one of `choice`, `int` and `float`, got none of them"),
        ("3", "expected a mapping of values, got 3"),
        ("{choice: []}", "`choice`: expected a list of values, got an empty list"),
        ("{choice: [1, 2, 1]}", "`choice`: 1 is given twice"),
        ("{choice: [1, 2], log: true}", "`log` belongs to a range, not to `choice`"),
        ("{choice: [$classes, 2]}", "`choice`: `$classes` is not known before the data is read"),
        ("{int: [1, 2.5]}", "`int`: expected two integers, [low, high], got [1, 2.5]"),
        ("{int: 4}", "`int`: expected two integers, [low, high], got 4"),
        ("{int: [1, 9], step: 0}", "`step`: expected an integer ≥ 1, got 0"),
        ("{int: [1, 9], step: 2, log: true}", "`step` does not go with `log`"),
        ("{int: [1, 9], step: 10}", "`step`: 10 is larger than the range from 1 to 9"),
        ("{float: [0, 1], step: 1e-300}", "`step`: 1e-300 makes more than 1,000,000 values"),
        ("{float: [0.1, .inf]}", "`float`: expected two numbers, [low, high], got [0.1, inf]"),
        ("{float: [0.1, 0.2], log: 1}", "`log`: expected true or false, got 1"),
    ],
)
def test_wrong_values(tmp_path: Path, parameter: str, message: str) -> None:
    told = problems_of(tmp_path, f"tune:\n  parameters:\n    train.batch_size: {parameter}\n")

    assert [each.partition(": ")[2] for each in told] == [message]


def test_a_parameter_that_another_one_replaces(tmp_path: Path) -> None:
    told = problems_of(
        tmp_path,
        """\
tune:
  parameters:
    train.optimizer: {choice: [adam, sgd]}
    train.optimizer.Adam.learning_rate: {float: [1e-4, 1e-1]}
""",
    )

    assert told == ["3:5: `train.optimizer`: another parameter replaces what it sets"]


def test_choices_may_be_of_any_kind(tmp_path: Path) -> None:
    assert not problems_of(
        tmp_path,
        """\
tune:
  parameters:
    train.optimizer: {choice: [adam, {SGD: {momentum: 0.9}}]}
    data.augment: {choice: [[], [RandomRotation: 0.05]]}
    model.C1.filters: {choice: [$width, $(2 * width)]}
    train.reuse_features: {choice: [true, false]}
""",
    )


def test_a_mistake_elsewhere_hides_none_of_the_search_space(tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    tune = "tune: {parameters: {train.batch_size: {int: [0, 8]}}}\n"
    path.write_text(RECIPE.replace("epochs: 1", "epochs: -1") + tune)

    with pytest.raises(RecipeError) as error:
        load_with_search_space(str(path))

    assert [problem.message for problem in error.value.problems] == [
        "`epochs`: expected an integer ≥ 1, got -1",
        "`train.batch_size: 0`: `batch_size`: expected an integer ≥ 1, got 0",
    ]


def test_a_child_replaces_the_values_of_a_parameter(tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text(RECIPE + "tune: {parameters: {train.batch_size: {int: [1, 8], log: true}}}\n")
    child = tmp_path / "c.yaml"
    child.write_text("extends: p.yaml\ntune: {trials: 3, parameters: {train.batch_size: {choice: [2]}}}\n")

    loaded = load(str(child))

    assert loaded.recipe.tune is not None
    assert loaded.recipe.tune.trials == 3
    assert loaded.recipe.tune.parameters["train.batch_size"].choice == [2]
    child.write_text("extends: p.yaml\ntune: null\n")
    assert load(str(child)).recipe.tune is None


def test_a_resolved_recipe_reads_back_equal() -> None:
    tune = "tune: {parameters: {train.batch_size: {choice: [2, '$x']}, train.epochs: {int: [1, 3]}}}\n"
    recipe = load_bytes((RECIPE + tune.replace("'$x'", "'$$x'")).encode(), "r.yaml").recipe

    again = load_bytes(write.to_yaml(recipe).encode(), "r.yaml").recipe

    assert again == recipe


@pytest.mark.parametrize(
    ("name", "direction"),
    [
        ("val_loss", "minimize"), ("val_accuracy", "maximize"), ("val_mean_absolute_error", "minimize"),
        ("val_mean_io_u", "maximize"), ("val_categorical_crossentropy", "minimize"), ("val_r2_score", "maximize"),
        ("val_out_loss", "minimize"), ("val_mine", None),
    ],
)  # fmt: skip
def test_metrics_tell_their_direction(name: str, direction: str | None) -> None:
    assert best_direction(name) == direction


@pytest.mark.parametrize(
    ("written", "count"),
    [
        ({"choice": [1, "a", None]}, 3), ({"int": [2, 8]}, 7), ({"int": [2, 9], "step": 3}, 3),
        ({"float": [0.1, 0.3], "step": 0.1}, 3), ({"float": [0.0, 1.0], "step": 0.1}, 11), ({"float": [2, 2]}, 1),
        ({"float": [0, 1]}, float("inf")),
    ],
)  # fmt: skip
def test_number_of_values(written: dict[str, Any], count: float) -> None:
    assert value_count(Parameter.model_validate(written)) == count


_TEXTS = st.text(st.characters(categories=("L", "N", "P", "S", "Zs")), max_size=8)
_SCALARS = st.none() | st.booleans() | st.integers(-(2**31), 2**31) | st.floats(-1e300, 1e300) | _TEXTS
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", min_size=1, max_size=3), inner, max_size=3)
    ),
    max_leaves=5,
)


@given(value=_VALUES)
@settings(max_examples=75)
def test_a_setting_holds_its_value(value: Any) -> None:
    """What a choice holds reaches the recipe unchanged, dollar signs and quotes included."""
    tree = load_bytes(RECIPE.encode(), "r.yaml").written

    changed = overrides.apply(tree, [setting_of("train.loss", value)])

    assert plain(expand(changed).root)["train"]["loss"] == value
