"""The search space in Optuna's terms: every value that a sampler suggests is one that the recipe takes."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from search_recipes import RECIPE

optuna = pytest.importorskip("optuna")

from cnncli.errors import RecipeError  # noqa: E402
from cnncli.recipe.load import load_bytes  # noqa: E402
from cnncli.recipe.schema_tune import Parameter  # noqa: E402
from cnncli.recipe.search_space import _problems  # noqa: E402
from cnncli.tune.samplers import make_sampler  # noqa: E402
from cnncli.tune.space import Space  # noqa: E402

optuna.logging.set_verbosity(optuna.logging.ERROR)


def space(**parameters: dict[str, Any]) -> Space:
    return Space({key.replace("__", "."): Parameter.model_validate(value) for key, value in parameters.items()})


def suggested(of: Space, sampler: Any, count: int = 5) -> list[dict[str, Any]]:
    study = optuna.create_study(sampler=sampler)
    return [of.suggest(study.ask()) for _ in range(count)]


_NUMBERS = {
    "model.C1.filters": st.integers(-2, 40),
    "model.C1.strides": st.integers(0, 4),
    "train.batch_size": st.integers(0, 64),
    "train.optimizer.Adam.beta_1": st.floats(-0.5, 1.5),
    "train.optimizer.Adam.learning_rate": st.floats(-0.1, 1.0),
}


@st.composite
def _parameters(draw: st.DrawFn) -> dict[str, dict[str, Any]]:
    """Ranges and choices for some keys, right and wrong ones."""
    found = {}
    for key in draw(st.lists(st.sampled_from(sorted(_NUMBERS)), min_size=1, max_size=3, unique=True)):
        values = _NUMBERS[key]
        kind = "float" if "Adam" in key else "int"
        if draw(st.booleans()):
            found[key] = {"choice": draw(st.lists(values, min_size=1, max_size=4, unique=True))}
            continue
        low, high = draw(values), draw(values)
        found[key] = {kind: [low, high], "log": draw(st.booleans())}
        if draw(st.booleans()):
            found[key]["step"] = draw(st.integers(0, 5) if kind == "int" else st.floats(0.0, 0.5))
    return found


@given(parameters=_parameters(), seed=st.integers(0, 1000))
@example(parameters={"train.optimizer.Adam.beta_1": {"float": [0.0, 1.0], "log": False, "step": 3e-74}}, seed=0)
@settings(max_examples=60)
def test_every_sampled_value_validates_or_is_reported(parameters: dict[str, dict[str, Any]], seed: int) -> None:
    content = (
        f"{RECIPE}tune: {{parameters: {parameters!r}}}\n".replace("False", "false").replace("True", "true").encode()
    )
    try:
        loaded = load_bytes(content, "r.yaml")
    except RecipeError:
        return  # reported
    assert loaded.recipe.tune is not None
    if list(_problems(loaded.written, "r.yaml")):
        return  # reported

    found = Space(loaded.recipe.tune.parameters)

    for params in suggested(found, make_sampler("random", seed, 0)):
        load_bytes(content, "r.yaml", found.settings(params))
        values = found.values(params)
        assert list(values) == list(parameters)
        for key, value in values.items():
            written = parameters[key]
            if "choice" in written:
                assert value in written["choice"]
            else:
                low, high = written.get("int") or written["float"]
                assert low <= value <= high


def test_choices_are_kept_as_text_and_come_back_as_they_were() -> None:
    of = space(train__optimizer={"choice": ["adam", {"SGD": {"momentum": 0.9}}, None, True, 1, 1.5, "$x"]})

    kept = [params["train.optimizer"] for params in of.grid(0)]

    assert sorted(kept) == sorted(["adam", "{SGD: {momentum: 0.9}}", "null", "true", "1", "1.5", "$x"])
    values = [of.values({"train.optimizer": text})["train.optimizer"] for text in kept]
    assert {(type(value), str(value)) for value in values} == {
        (str, "adam"), (dict, "{'SGD': {'momentum': 0.9}}"), (type(None), "None"), (bool, "True"), (int, "1"), (float, "1.5"),
        (str, "$x"),
    }  # fmt: skip


def test_a_step_that_does_not_reach_the_high_end() -> None:
    of = space(a={"int": [2, 9], "step": 3}, b={"float": [0.0, 0.25], "step": 0.1})

    with warnings.catch_warnings():
        warnings.simplefilter("error")  # Optuna's, about a range that it changes
        found = suggested(of, make_sampler("random", 0, 0), 40)

    assert {params["a"] for params in found} == {2, 5, 8}
    assert {round(params["b"], 6) for params in found} == {0.0, 0.1, 0.2}


def test_a_grid_has_every_combination_once_in_an_order_of_the_seed() -> None:
    of = space(a={"int": [1, 3]}, b={"choice": ["x", "y"]}, c={"float": [0.1, 0.3], "step": 0.1})

    first, again, other = (list(of.grid(seed)) for seed in (1, 1, 2))

    assert of.grid_size == len(first) == 18
    assert len({tuple(point.items()) for point in first}) == 18
    assert first == again
    assert first != other
    assert sorted(map(str, first)) == sorted(map(str, other))


def test_a_huge_grid_has_no_point_twice() -> None:
    of = space(a={"int": [1, 3000]}, b={"int": [1, 3000]})

    grid = of.grid(5)
    points = [tuple(next(grid).items()) for _ in range(2000)]

    assert len(set(points)) == 2000
    assert len({point[0] for point in points}) > 500


@pytest.mark.parametrize("word", ["tpe", "random", "qmc"])
def test_values_are_a_function_of_seed_index_and_finished_trials(word: str) -> None:
    of = space(a={"float": [1e-4, 1.0], "log": True}, b={"choice": ["x", "y", "z"]})

    def sweep(seed: int, stop: int = 0) -> list[Any]:
        """Values of 14 trials; a new process after each, and one after `stop` trials is interrupted."""
        study, found = optuna.create_study(), []
        for index in range(14):
            study.sampler = make_sampler(word, seed, index)
            trial = study.ask()
            params = of.suggest(trial)
            if stop and index == stop:
                study.tell(trial, state=optuna.trial.TrialState.FAIL)
                study.enqueue_trial(params)
                study.sampler = make_sampler(word, seed, index)
                trial = study.ask()
                assert of.suggest(trial) == params
            found.append(params)
            study.tell(trial, params["a"] + (params["b"] == "x"))
        return found

    assert sweep(3) == sweep(3) == sweep(3, stop=12)
    assert sweep(3) != sweep(4)
    assert len({params["a"] for params in sweep(3)}) == 14
