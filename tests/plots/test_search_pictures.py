"""The pictures of a hyperparameter search: many, few, equal and strange values."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cnncli.plots.search_coordinates import draw_search_coordinates
from cnncli.plots.search_history import draw_search_history
from cnncli.plots.search_importance import draw_search_importance
from cnncli.plots.search_slices import draw_search_slices
from cnncli.plots.searched_trials import Searched, SearchedTrial, Searching

ALL = (draw_search_history, draw_search_importance, draw_search_slices, draw_search_coordinates)

PARAMETERS = {
    "lr": Searched("learning_rate", None, 1e-4, 1e-1, True),
    "n": Searched("C1.filters", None, 4, 64, False),
    "opt": Searched("optimizer", ("adam", "{SGD: {momentum: 0.9}}"), 0, 0, False),
    "one": Searched("one value $x ☃ \x1b[31m", None, 3, 3, False),
}


def trial(number: int, value: float | None = 0.5, state: str = "complete", **params: Any) -> SearchedTrial:
    return SearchedTrial(number, state, {"lr": 1e-3, "n": 8, "opt": "adam", "one": 3, **params}, value)


def searching(*trials: SearchedTrial, **changes: Any) -> Searching:
    found = Searching(
        "mnist", "val_accuracy", "maximize", PARAMETERS, trials, {"lr": 0.7, "n": 0.3, "opt": 0.0, "one": 0.0}
    )
    return replace(found, **changes)


@pytest.mark.parametrize(
    "shown",
    [
        searching(),
        searching(trial(0)),
        searching(trial(0), trial(1)),
        searching(trial(0, None, "failed"), trial(1, 0.1, "pruned"), trial(2, None, "pruned"), importances={}),
        searching(trial(0, 1e-5), trial(1, 0.5), trial(2, 3000.0), trial(3, 1e-9, "pruned"), direction="minimize"),
        searching(trial(0, -0.5), trial(1, 0.0), trial(2, 900.0)),
        searching(*(trial(n, n / 10, n=4 + n, lr=10 ** (-4 + n / 10)) for n in range(30))),
        searching(
            trial(0, p0=0.1), trial(1, 0.9, p0=0.9), name="a very long name of a recipe " * 5,
            parameters={f"p{n}": Searched(f"a_long_name_of_a_layer_{n}.kernel_size", None, 0, 1, False) for n in range(25)},
            importances={f"p{n}": 0.04 for n in range(25)},
        ),
    ],
    ids=["none", "one", "equal", "no complete", "log scale", "outlier", "many", "many parameters"],
)  # fmt: skip
def test_any_search_is_drawn(shown: Searching) -> None:
    for draw in ALL:
        figure = draw(shown)
        if figure is not None:
            figure.canvas.draw()


def test_pictures_without_anything_to_show_are_left_out() -> None:
    nothing = searching(trial(0, None, "failed"), importances={})

    assert [draw(nothing) is not None for draw in ALL] == [True, False, False, False]


def test_the_best_is_the_first_of_equal_ones_and_never_a_pruned_one() -> None:
    trials = (trial(0, 0.2), trial(1, 0.9, "pruned"), trial(2, 0.7), trial(3, 0.7))

    best = searching(*trials).best

    assert best is not None
    assert best.number == 2
    assert searching(*trials).counts == "4 trials: 3 complete, 1 pruned"


@pytest.mark.parametrize(
    ("searched", "value", "share"),
    [
        (PARAMETERS["lr"], 1e-4, 0.0), (PARAMETERS["lr"], 10**-2.5, 0.5), (PARAMETERS["n"], 34, 0.5),
        (PARAMETERS["opt"], "adam", 0.0), (PARAMETERS["opt"], "{SGD: {momentum: 0.9}}", 1.0), (PARAMETERS["one"], 3, 0.5),
    ],
)  # fmt: skip
def test_where_a_value_lies_on_its_axis(searched: Searched, value: Any, share: float) -> None:
    assert searched.share(value) == pytest.approx(share)
