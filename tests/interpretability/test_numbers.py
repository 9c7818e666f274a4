"""What is looked at in a network that gives quantities: which examples, what makes a number large or small."""

import keras
import numpy as np
import pytest

from cnncli.data.dataset import INPUT, Examples
from cnncli.errors import DataError, RecipeError
from cnncli.interpretability.attribution import heat_of
from cnncli.interpretability.examples import from_split
from cnncli.interpretability.subject import subject_for
from cnncli.network.flatten_submodels import opened
from cnncli.plots.heat_sheets import draw_heat_of
from cnncli.plots.maximized_sheets import draw_maximized_of
from cnncli.tasks.regression.subject import choose
from cnncli.tasks.regression.targets import NumberTargets

TARGETS = np.array([[5.0], [1], [9], [3], [7]], np.float32)


def network(units):
    """Each unit is the sum of one half of the image, the left one first; where there is one, of the left."""
    inputs = keras.Input((4, 4, 1))
    maps = keras.layers.Conv2D(1, 1, kernel_initializer="ones", name="maps")(inputs)
    flat = keras.layers.Flatten()(maps)
    dense = keras.layers.Dense(units, name="sums")
    model = keras.Model(inputs, dense(flat))
    left = np.tile([1.0, 1, 0, 0], 4)
    dense.set_weights([np.stack([left, 1 - left][:units], axis=1), np.zeros(units)])
    return opened(model)


@pytest.fixture(scope="module")
def one():
    return subject_for(network(1), "net", NumberTargets.of(TARGETS))


@pytest.fixture(scope="module")
def two():
    return subject_for(network(2), "net", NumberTargets.of(np.hstack([TARGETS, TARGETS])))


def examples():
    inputs = np.ones((5, 4, 4, 1), np.float32) * TARGETS[:, :, None, None]
    return Examples({INPUT: inputs}, TARGETS)


def test_examples_go_from_the_smallest_target_to_the_largest():
    assert TARGETS[choose(3, TARGETS), 0].tolist() == [1, 5, 9]
    assert TARGETS[choose(12, TARGETS), 0].tolist() == [1, 3, 5, 7, 9]


def test_most_wrong_are_the_largest_errors(one):
    wrong, _ = one.mistakes(TARGETS, TARGETS + np.array([[0], [-2], [1], [0], [3]]))

    chosen = from_split(examples(), "test", "most_wrong", task="regression", wrong=wrong)

    assert chosen.names[:3] == tuple(f"example {index} of the test split" for index in (4, 1, 2))
    assert chosen.source == "examples of the test split, those with the largest errors"


@pytest.mark.parametrize("samples", ["one_per_class", "most_confused"])
def test_examples_cannot_be_chosen_by_class(samples):
    with pytest.raises(DataError, match="chooses by class, and the labels are numbers"):
        from_split(examples(), "test", samples, task="regression", wrong=np.arange(5))


@pytest.mark.parametrize("method", ["grad-cam", "smoothgrad", "occlusion"])
def test_heat_lies_on_what_makes_the_number_large(two, method):
    layer = "maps" if method == "grad-cam" else None
    image = np.random.default_rng(0).uniform(1, 2, (1, 4, 4, 1)).astype(np.float32)
    image[:, 1, :, :] = 9

    for number, (inside, outside) in enumerate([(slice(0, 2), slice(2, 4)), (slice(2, 4), slice(0, 2))]):
        heat = heat_of(two.network, method, layer, image, np.array([number]), score=two.score)[0]

        if method == "grad-cam":  # its weights are means over the map: both halves count
            assert heat[1].min() > heat[0].max()
        else:
            assert heat[:, inside].max() == 1
            assert heat[:, outside].max() < 0.5


def test_occlusion_takes_each_number_for_itself(two):
    """As odds of two classes, what both need equally would speak for neither."""
    sums = two.network.model.get_layer("sums")
    kernel, bias = sums.get_weights()
    sums.set_weights([np.repeat(kernel[:, :1], 2, axis=1), bias])  # both are the sum of the left half
    image = np.random.default_rng(0).uniform(1, 2, (1, 4, 4, 1)).astype(np.float32)
    image[:, 1, 0, :] = 9

    heat = heat_of(two.network, "occlusion", None, image, np.array([0]), score=two.score)[0]
    sums.set_weights([kernel, bias])

    assert heat[1, 0] == 1


def test_heat_tells_the_numbers_and_not_classes(tmp_path, one):
    chosen = from_split(examples(), "test", 2, task="regression")

    drawn = draw_heat_of(one, chosen, tmp_path, method="grad-cam", layer="maps")

    assert [path.name for path in drawn.files] == ["grad-cam-maps--2-examples.png"]
    assert [(each["true"], each["predicted"], each["end"]) for each in drawn.details] == [
        ([1.0], [8.0], "large"),  # eight places of 1
        ([9.0], [72.0], "large"),
    ]


def test_small_and_large_are_maximized_and_tell_the_number_itself(tmp_path, one):
    drawn = draw_maximized_of(one, tmp_path, steps=40, value_range=(0.0, 1.0))

    assert [path.name for path in drawn.files] == ["maximize-numbers--steps-40.png"]
    small, large = drawn.details
    assert (small["number"], large["number"]) == ("small", "large")
    assert 0 <= small["activation"] < small["noise"] < large["activation"] <= 8


def test_ends_are_listed_where_another_is_named(one, two):
    with pytest.raises(RecipeError) as caught:
        one.number_of("true")
    assert caught.value.problems[0].hint == "one of: small, large"
    with pytest.raises(RecipeError) as caught:
        two.number_of("small")
    assert caught.value.problems[0].hint == "one of: number 0, number 1"
