"""What several replicas cannot train is refused at its line."""

import numpy as np
import pytest

from cnncli.data.dataset import Examples
from cnncli.errors import DataError, RecipeError
from cnncli.recipe.load import load_bytes
from cnncli.workflow.problem_places import placed_in
from cnncli.workflow.replica_checks import check_replicas, check_split_sizes, usable_devices

DATA = "data: {source: mnist-sample}\nmodel:\n  layers: [Flatten, Dense: {units: $classes, activation: softmax}]\n"


def refused(train, count):
    """The problems of a recipe, as text."""
    loaded = load_bytes(f"{DATA}train:\n{train}".encode(), "r.yaml")
    with pytest.raises(RecipeError) as caught, placed_in(loaded):
        check_replicas(loaded.recipe, count)
    return [str(problem) for problem in caught.value.problems]


def test_a_batch_that_cannot_be_divided_names_the_nearest_sizes():
    assert refused("  batch_size: 30\n", 4) == [
        "r.yaml:5:15: a batch of 30 examples cannot be divided into 4 equal parts\n"
        "    write 28 or 32, or use fewer devices or workers"
    ]


def test_a_batch_smaller_than_the_replicas_names_the_only_size():
    [problem] = refused("  batch_size: 3\n", 8)
    assert "write 8, or use" in problem


def test_everything_is_refused_in_one_go_each_at_its_line():
    problems = refused(
        "  batch_size: 15\n  steps_per_execution: 4\n  optimizer: {Adam: {gradient_accumulation_steps: 2}}\n", 2
    )
    assert [problem.split(": ")[0] for problem in problems] == ["r.yaml:5:15", "r.yaml:6:24", "r.yaml:7:51"]
    assert "steps_per_execution does not go with 2 replicas of the network" in problems[1]
    assert "gradient accumulation does not go with 2 replicas" in problems[2]


def test_gradient_accumulation_of_a_phase_is_refused_there():
    problems = refused(
        "  optimizer: adam\n  phases:\n    - {name: a, epochs: 1}\n"
        "    - {name: b, epochs: 1, optimizer: {SGD: {gradient_accumulation_steps: 2}}}\n",
        2,
    )
    assert [problem.split(": ")[0] for problem in problems] == ["r.yaml:8:75"]


def test_one_replica_trains_everything():
    loaded = load_bytes(f"{DATA}train: {{batch_size: 15, steps_per_execution: 4}}".encode(), "r.yaml")
    check_replicas(loaded.recipe, 1)


@pytest.mark.parametrize(
    ("train", "found", "processes", "used"),
    [
        ("{batch_size: 32}", 8, 1, 8),
        ("{batch_size: 12}", 8, 1, 6),
        ("{batch_size: 12}", 4, 2, 3),
        ("{batch_size: 7}", 4, 1, 1),
        ("{steps_per_execution: 4}", 8, 1, 1),
        ("{}", 0, 1, 1),
    ],
)
def test_as_many_gpus_train_as_can_divide_a_batch(train, found, processes, used):
    recipe = load_bytes(f"{DATA}train: {train}".encode(), "r.yaml").recipe
    assert usable_devices(recipe, found, processes) == used


class Parts:
    """Splits of a few examples."""

    windows = None

    def __init__(self, train, validation):
        self.train, self.validation = (
            Examples({"input": np.zeros((count, 2))}, np.zeros(count)) for count in (train, validation)
        )


def test_splits_need_an_example_for_each_replica():
    with pytest.raises(DataError) as caught:
        check_split_sizes(Parts(3, 2), 4)
    assert [problem.message for problem in caught.value.problems] == [
        "the training split has 3 examples, and the network 4 replicas",
        "the validation split has 2 examples, and the network 4 replicas",
    ]
    check_split_sizes(Parts(4, 4), 4)
