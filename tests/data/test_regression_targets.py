"""Labels that are quantities: read from arrays, split without classes, and refused with what to do."""

import numpy as np
import pytest

from cnncli.data.load import load, load_for_model, parse_source
from cnncli.data.splits import split
from cnncli.data.targets import read_targets
from cnncli.errors import DataError
from cnncli.recipe.schema_data import Data
from cnncli.tasks.regression.targets import Numbers, NumberTargets


def images(count, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, 4, 4), dtype=np.uint8)


def save(folder, **arrays):
    path = folder / "photos.npz"
    np.savez(path, **arrays)
    return str(path)


def data(path, **more):
    return Data.model_validate({"source": {"npz": {"path": path}}, "targets": "numbers", **more})


def told(path, **more):
    with pytest.raises(DataError) as caught:
        load(data(path, **more))
    return [problem.message for problem in caught.value.problems]


@pytest.mark.parametrize(
    "targets",
    [np.linspace(-1, 2, 40), np.linspace(-1, 2, 40).reshape(-1, 1), np.arange(40), np.ones((40, 3)) * np.c_[:40]],
    ids=["floats", "column", "integers", "three"],
)
def test_numbers_become_float32_columns(tmp_path, targets):
    splits = load(data(save(tmp_path, x=images(40), y=targets)))

    parts = [part.examples.labels for part in splits.parts]
    assert {part.dtype for part in parts} == {np.dtype(np.float32)}
    assert [part.shape for part in parts] == [(count, targets.reshape(40, -1).shape[1]) for count in (32, 4, 4)]
    assert sorted(np.concatenate(parts)[:, 0]) == sorted(targets.reshape(40, -1)[:, 0].astype(np.float32))
    assert splits.targets.class_names == ()


def test_record_tells_the_range_and_mean_of_the_training_targets(tmp_path):
    path = save(tmp_path, x_train=images(4), y_train=[1.0, 2, 3, 6], x_test=images(2, 1), y_test=[9.0, -9])

    record = load(data(path, split={"validation": 1})).as_json()

    left = load(data(path, split={"validation": 1})).train.labels[:, 0]
    assert len(left) == 3
    assert record["numbers"] == {"low": [left.min()], "mean": [pytest.approx(left.mean())], "high": [left.max()]}
    assert record["counts"] == {"train": [3], "validation": [1], "test": [2]}
    assert record["class_names"] == []


def targets(low, mean, high):
    return NumberTargets(numbers=Numbers(low=low, mean=mean, high=high))


def test_numbers_say_themselves():
    assert str(targets((2.0,), (6.94,), (12.0,))) == "numbers from 2 to 12, mean 6.94"
    assert str(targets((0.0, -1.0), (0.5, 0.0), (1.0, 1.0))) == ("2 numbers from 0 to 1, mean 0.5; -1 to 1, mean 0")
    assert read_targets(targets((2.0,), (6.94,), (12.0,)).to_json()) == targets((2.0,), (6.94,), (12.0,))


def test_everything_wrong_with_targets_is_reported_at_once(tmp_path):
    path = save(
        tmp_path,
        x_train=images(4),
        y_train=[1, np.nan, 2, np.nan],
        x_val=images(2, 1),
        y_val=[np.inf, 0],
        x_test=images(2, 2),
        y_test=[1.0, 2, 3],
    )

    assert told(path) == [
        "y_train has 2 NaN, first at index 1",
        "y_val has 1 infinite value, first at index 0",
        "x_test has 2 examples, y_test has 3 labels",
    ]


@pytest.mark.parametrize(
    ("targets", "message"),
    [
        (np.zeros((20, 2, 2)), "y has the shape (20, 2, 2); targets are numbers, one or several for each example"),
        (np.array(["a"] * 20), "y holds text; targets are numbers, one or several for each example"),
        (np.full(20, 3.5), "y holds one number only: every target is 3.5"),
        (np.c_[:20] * [1, 0], "y holds one number only in column 1: every target is 0"),
    ],
)
def test_wrong_targets_are_reported(tmp_path, targets, message):
    [found] = told(save(tmp_path, x=images(20), y=targets))

    assert found.startswith(message)


def test_parts_have_as_many_numbers(tmp_path):
    path = save(tmp_path, x_train=images(4), y_train=np.eye(4)[:, :2], x_test=images(2, 1), y_test=[1.0, 2])

    assert told(path) == ["y_test has 1 number for each example; y_train has 2 numbers"]


def test_no_part_is_left_empty(tmp_path):
    path = save(tmp_path, x=images(4), y=np.arange(4.0))

    assert told(path, split={"validation": 0.1, "test": 4}) == [
        "validation gets no example of 4",
        "of 4 examples none is left to train on: validation 0 and test 4",
    ]


def test_split_follows_from_the_seed_and_not_from_the_targets(tmp_path):
    some, others = (
        load(data(save(tmp_path, x=images(50), y=targets))).test.input
        for targets in (np.arange(50.0), np.arange(50.0)[::-1] ** 2)
    )

    assert np.array_equal(some, others)


def test_split_does_not_sort_targets_that_were_drawn_with_the_same_seed():
    drawn = np.random.default_rng(0).uniform(0, 1, 1000)

    test = split(np.zeros(1000, int), test=0.2, stratify=False, class_names=()).test

    assert abs(drawn[test].mean() - drawn.mean()) < 0.1  # of sorted ones it is 0.4


def test_limit_keeps_so_many_training_examples(tmp_path):
    path = save(tmp_path, x=images(50), y=np.arange(50.0))

    assert [len(part.examples) for part in load(data(path, limit=7)).parts] == [7, 5, 5]


def test_copies_with_two_targets_are_reported(tmp_path):
    x = images(20)
    x[7] = x[3]

    notes = load(data(save(tmp_path, x=x, y=np.arange(20.0)))).notes

    assert [note.message for note in notes] == ["1 image of x is there with two labels"]


def test_other_data_of_a_model_has_its_numbers(tmp_path):
    path = save(tmp_path, x=images(3), y=[1.5, 1.5, 1.5])
    one, two = targets((0.0,), (1.0,), (2.0,)), targets((0.0, 0.0), (1.0, 1.0), (2.0, 2.0))

    examples, *_ = load_for_model(parse_source(path), targets=one, input_shape=(4, 4, 1))

    assert examples.labels.tolist() == [[1.5]] * 3
    with pytest.raises(DataError, match="y has 1 number for each example; the model has 2 numbers"):
        load_for_model(parse_source(path), targets=two, input_shape=(4, 4, 1))
    with pytest.raises(DataError, match="the labels of this data are classes"):
        load_for_model(parse_source("mnist-sample"), targets=one, input_shape=(4, 4, 1))


@pytest.mark.parametrize("targets", [np.linspace(0, 1, 20), np.ones((20, 3)) / 3], ids=["fractions", "rows"])
def test_quantities_for_classes_are_reported_how_to_be_meant(tmp_path, targets):
    with pytest.raises(DataError) as caught:
        load(Data.model_validate({"source": {"npz": {"path": save(tmp_path, x=images(20), y=targets)}}}))

    [problem] = caught.value.problems
    assert problem.hint == "if they are quantities, not classes, write `targets: numbers` in `data`"
