"""A model with several outputs that are needed together, run once over its examples; targets that weigh their losses."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from cnncli.data.dataset import INPUT, Examples
from cnncli.data.encoding import Encoding, as_floats
from cnncli.data.pipeline import Batches
from cnncli.network.model_outputs import alone, by_name, output_shapes
from cnncli.recipe.keras_objects.objects import KerasObject
from cnncli.tasks.evaluation import run_once

MSE = KerasObject("losses", "mean_squared_error")
FLOATS = Encoding("floats", "numbers", as_floats)
FIRST = Encoding("first", "numbers", lambda targets: as_floats(targets)[:, :1])
# Negative targets do not count, and the second number of an example counts twice.
HEAVY = Encoding(
    "heavy", "numbers", as_floats, lambda targets: tf.cast(targets >= 0, tf.float32) * tf.constant([1.0, 2.0])
)


def examples():
    random = np.random.default_rng(0)
    inputs = random.random((11, 3), dtype=np.float32)
    return Examples({INPUT: inputs}, random.normal(size=(11, 2)).astype(np.float32))


def two_outputs():
    keras.utils.set_random_seed(1)
    inputs = keras.Input((3,))
    outputs = {"sides": keras.layers.Dense(2, name="sides")(inputs), "centre": keras.layers.Dense(1, name="c")(inputs)}
    return keras.Model(inputs, outputs)


def test_all_outputs_are_scored_by_name():
    model, data, seen = two_outputs(), examples(), []
    batches = Batches(data, batch_size=4, encodings={"sides": FLOATS, "centre": FIRST})
    losses = {"sides": MSE, "centre": MSE}
    weights = {"sides": 1.0, "centre": 0.5}
    found = run_once(
        model, data, batches, lambda *batch: seen.append(batch), loss=losses, metrics=[], loss_weights=weights
    )

    given = model.predict(data.input, verbose=0)
    np.testing.assert_allclose(np.concatenate([outputs["sides"] for _, outputs in seen]), given["sides"], rtol=1e-5)
    np.testing.assert_allclose(np.concatenate([outputs["centre"] for _, outputs in seen]), given["centre"], rtol=1e-5)
    expected = np.mean((given["sides"] - data.labels) ** 2) + 0.5 * np.mean((given["centre"] - data.labels[:, :1]) ** 2)
    assert found["loss"] == pytest.approx(float(expected), rel=1e-5)


def test_outputs_are_known_by_name():
    assert output_shapes(two_outputs()) == {"sides": (2,), "centre": (1,)}
    assert output_shapes(keras.Sequential([keras.Input((3,)), keras.layers.Dense(4)])) == {"": (4,)}
    assert alone(by_name(7)) == 7
    assert alone(by_name({"a": 7})) == {"a": 7}


@pytest.mark.parametrize("own", [None, [3.0, 0.0]])
def test_weights_of_targets_are_multiplied_with_those_of_examples(own):
    targets = np.array([[1.0, -1.0], [2.0, 2.0]], np.float32)
    data = Examples({INPUT: np.zeros((2, 3), np.float32)}, targets)
    weights = None if own is None else np.asarray(own, np.float32)
    [(_, _, found)] = Batches(data, batch_size=2, encodings={"": HEAVY}, weights=weights).dataset()
    assert found.numpy().tolist() == ([[1, 0], [1, 2]] if own is None else [[3, 0], [0, 0]])


def test_an_output_without_weights_of_its_own_has_those_of_the_examples():
    data = examples()
    [(_, _, found)] = Batches(data, batch_size=11, encodings={"a": HEAVY, "b": FLOATS}).dataset()
    assert found["b"].numpy().tolist() == [1] * 11
    assert found["a"].shape == (11, 2)
