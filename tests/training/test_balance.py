"""Weights of examples in the loss, and epochs in which rare classes are drawn more often."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import stand_ins

from cnncli.data.balance import loss_weights, read_weights
from cnncli.data.dataset import INPUT, Examples
from cnncli.data.drawing import Oversampling
from cnncli.data.epoch_drawing import examples_per_epoch
from cnncli.data.pipeline import Batches
from cnncli.errors import DataError
from cnncli.network.build import build
from cnncli.recipe.load import load_bytes
from cnncli.recipe.schema_data import Data
from cnncli.tasks.classification.targets import INTEGERS, ClassTargets
from cnncli.training.fit import fit

COUNTS = (10, 3, 7)  # of each class; the largest has 10
LABELS = np.repeat(np.arange(3, dtype=np.int32), COUNTS)
TARGETS = ClassTargets.numbered(3)


def examples(**more: Any) -> Examples:
    """Rows of one number, the number of the example."""
    return Examples({INPUT: np.arange(20, dtype=np.float32)[:, None]}, LABELS, **more)


def data(**keys: Any) -> Data:
    return Data.model_validate({"source": {"npz": {"path": "a.npz"}}, **keys})


def oversampled(seed: int = 3) -> Batches:
    return Batches(examples(), batch_size=8, encodings={"": INTEGERS}, seed=seed, drawing=Oversampling(LABELS))


def drawn(batches: Batches, epoch: int, first_step: int = 0) -> list[int]:
    batches.epoch.assign(epoch)
    return [int(row) for inputs, *_ in batches.dataset(first_step=first_step) for row in inputs.numpy()[:, 0]]


def test_an_epoch_draws_every_class_as_often_as_the_largest() -> None:
    rows = drawn(oversampled(), 0)

    assert np.bincount(LABELS[rows]).tolist() == [10, 10, 10]
    times = np.bincount(rows, minlength=20)
    assert set(times[:10]) == {1}
    assert sorted(times[10:13]) == [3, 3, 4]  # 10 of 3 examples
    assert sorted(times[13:]) == [1, 1, 1, 1, 2, 2, 2]  # 10 of 7


def test_an_oversampled_order_is_a_pure_function_of_seed_and_epoch() -> None:
    first, second = (drawn(oversampled(), epoch) for epoch in (0, 1))

    assert first == drawn(oversampled(), 0)
    assert first != second
    assert first != drawn(oversampled(seed=4), 0)
    assert drawn(oversampled(), 1, first_step=2) == second[16:]


def test_the_steps_of_an_epoch_follow_from_what_it_draws() -> None:
    batches = oversampled()

    assert (batches.rows, batches.count, batches.steps) == (20, 30, 4)
    assert examples_per_epoch(data(balance="oversample"), TARGETS, examples(), 8) == 30
    assert examples_per_epoch(data(), TARGETS, examples(), 8) == 20
    assert drawn(batches.in_order(), 0) == list(range(20))


def test_an_example_that_is_drawn_twice_takes_the_next_of_its_copies() -> None:
    copies = np.concatenate([np.arange(20), 100 + np.arange(20)]).astype(np.float32)[:, None]

    rows = drawn(oversampled().of(copies), 0)

    for number in range(10, 20):
        taken = [row >= 100 for row in rows if row % 100 == number]
        assert taken.count(True) == len(taken) // 2  # the first, the second, the first again


def test_weights_of_examples_and_classes_are_multiplied() -> None:
    own = np.linspace(0.5, 2, 20).astype(np.float32)

    weights = loss_weights(data(class_weight={"0": 1.0, "1": 3.0, "2": 0.5}), TARGETS, examples(weights=own))

    np.testing.assert_allclose(weights, own * np.array([1, 3, 0.5])[LABELS], rtol=1e-6)
    assert loss_weights(data(), TARGETS, examples()) is None


def test_balanced_weights_are_those_of_scikit_learn() -> None:
    weights = loss_weights(data(class_weight="balanced"), TARGETS, examples())

    np.testing.assert_allclose(weights, (20 / (3 * np.array(COUNTS)))[LABELS], rtol=1e-6)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.ones((3, 2)), "w has the type float64 and the shape (3, 2); expected a weight for each example"),
        (np.array(["a", "b"]), "w has the type <U1 and the shape (2,); expected a weight for each example"),
        (np.array([1, -2.0]), "w holds -2.0 at index 1; expected a finite number ≥ 0"),
        (np.array([1, np.nan]), "w holds nan at index 1; expected a finite number ≥ 0"),
        (np.zeros(3), "every weight of w is 0: nothing would be learned"),
    ],
)
def test_wrong_weights_are_errors(array: Any, message: str) -> None:
    with pytest.raises(DataError) as caught:
        read_weights("w", array)

    assert [problem.message for problem in caught.value.problems] == [message]


# ---- training

RECIPE = """
data: {source: {npz: {path: a.npz}}, classes: 3}
model:
  input: [6, 6, 1]
  layers:
    - Flatten: {name: flat}
    - Dense: {name: hidden, units: 5, activation: relu}
    - Dense: {name: out, units: 3, activation: softmax}
"""
TRAIN = "train: {epochs: 2, batch_size: 8, seed: 1, optimizer: SGD, steps_per_execution: 1}\n"
OUTPUTS = "    - Dense: {name: aux, units: 3, activation: softmax, from: hidden}\n  outputs: [out, aux]\n"
IMAGES = stand_ins.three_classes()
WEIGHTS = np.linspace(0, 3, len(IMAGES)).astype(np.float32)


def trained(text: str, names: list[str], weights: np.ndarray | None) -> tuple[list[np.ndarray], list[dict[str, Any]]]:
    recipe = load_bytes(text.encode(), "r.yaml").recipe
    keras.utils.set_random_seed(1)
    network = build(recipe, input_shape=(6, 6, 1))
    encodings = dict.fromkeys(names, INTEGERS)
    plain = Batches(IMAGES, batch_size=8, encodings=encodings)
    given = Batches(IMAGES, batch_size=8, encodings=encodings, weights=weights)
    fitted = fit(network, recipe, given, plain, observer=stand_ins.Silent())
    return network.full_model.get_weights(), fitted.history


def with_keras(text: str, names: list[str], weights: np.ndarray) -> list[np.ndarray]:
    """The same with `fit` of Keras on arrays."""
    recipe = load_bytes(text.encode(), "r.yaml").recipe
    keras.utils.set_random_seed(1)
    network = build(recipe, input_shape=(6, 6, 1)).full_model
    losses = (
        dict.fromkeys(names, "sparse_categorical_crossentropy") if len(names) > 1 else "sparse_categorical_crossentropy"
    )
    network.compile(optimizer="SGD", loss=losses, jit_compile=False)
    labels = dict.fromkeys(names, IMAGES.labels) if len(names) > 1 else IMAGES.labels
    given = dict.fromkeys(names, weights) if len(names) > 1 else weights
    network.fit(IMAGES.input, labels, sample_weight=given, batch_size=8, epochs=2, shuffle=False, verbose=0)
    return [np.asarray(array) for array in network.get_weights()]


@pytest.mark.parametrize(("more", "names"), [("", ["out"]), (OUTPUTS, ["out", "aux"])], ids=["one", "two outputs"])
def test_training_weighs_examples_as_keras_does(more: str, names: list[str]) -> None:
    text = RECIPE + more + TRAIN

    ours, history = trained(text, names, WEIGHTS)
    plain, plain_history = trained(text, names, None)

    for own, theirs in zip(ours, with_keras(text, names, WEIGHTS), strict=True):
        np.testing.assert_allclose(own, theirs, rtol=1e-5, atol=1e-6)
    assert any(not np.allclose(own, other) for own, other in zip(ours, plain, strict=True))
    assert history[0]["loss"] != plain_history[0]["loss"]
