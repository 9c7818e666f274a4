"""What a model's outputs become, whatever it ends with."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from cnncli.errors import DataError, DivergedError, ModelFileError
from cnncli.inference.inputs import look_up
from cnncli.inference.model_loading import TrainedModel, numbered_classes
from cnncli.inference.predict import Predictor
from cnncli.network.build import build
from cnncli.recipe.load import load_bytes
from cnncli.tasks.classification.targets import ClassTargets

INPUTS = np.random.default_rng(0).normal(size=(7, 4)).astype(np.float32)
RECIPE = """\
data: {source: {npz: {path: a.npz}}, classes: %d}
model: {input: [4], layers: [%s]}
train: {loss: %s, batch_size: 5}
"""


@pytest.fixture(autouse=True)
def _here(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    np.save("x.npy", INPUTS)


def of_run(layer: str, loss: str, class_names: tuple[str, ...]) -> TrainedModel:
    """A run's network as it is before training."""
    loaded = load_bytes((RECIPE % (len(class_names), layer, loss)).encode(), "r.yaml")
    keras.utils.set_random_seed(1)
    model = build(loaded.recipe, input_shape=(4,)).model
    return TrainedModel(model, "run", ClassTargets(class_names=class_names), recipe=loaded)


def of_file(*layers: keras.Layer, inputs: tuple[int | None, ...] = (4,)) -> TrainedModel:
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.Input(inputs), *layers])
    return TrainedModel(model, "some.keras", numbered_classes(model))


def predicted(trained: TrainedModel, *, top: int = 9, files: tuple[str, ...] = ("x.npy",)):
    """Classes and outputs of all examples."""
    found = list(Predictor(trained).predict(look_up(files), top=top))
    return np.concatenate([each.classes for each in found]), np.concatenate([each.outputs for each in found])


def raw(trained: TrainedModel) -> np.ndarray:
    return np.asarray(trained.model(INPUTS, training=False))


def softmax(logits: np.ndarray) -> np.ndarray:
    exponents = np.exp(logits - logits.max(axis=1, keepdims=True))
    return exponents / exponents.sum(axis=1, keepdims=True)


def test_classes_come_by_probability_and_no_more_than_wanted():
    trained = of_run("Dense: {units: 3, activation: softmax}", "sparse_categorical_crossentropy", ("a", "b", "c"))
    classes, outputs = predicted(trained, top=2)

    np.testing.assert_array_equal(classes, np.argsort(-raw(trained), axis=1)[:, :2])
    np.testing.assert_allclose(outputs, -np.sort(-raw(trained), axis=1)[:, :2], rtol=1e-6)
    assert outputs.dtype == np.float32


def test_one_sigmoid_output_gives_both_classes():
    trained = of_run("Dense: {units: 1, activation: sigmoid}", "binary_crossentropy", ("no", "yes"))
    predictor = Predictor(trained)
    classes, outputs = predicted(trained)

    probability = raw(trained)[:, 0]
    np.testing.assert_array_equal(classes[:, 0], probability > 0.5)
    np.testing.assert_array_equal(np.sort(classes, axis=1), [[0, 1]] * 7)
    np.testing.assert_allclose(outputs[:, 0], np.maximum(probability, 1 - probability), rtol=1e-6)
    np.testing.assert_allclose(outputs.sum(axis=1), 1, rtol=1e-6)
    assert (predictor.decoder.names, predictor.decoder.gives_probabilities) == (("no", "yes"), True)


def test_logits_of_a_run_become_probabilities():
    loss = "{SparseCategoricalCrossentropy: {from_logits: true}}"
    trained = of_run("Dense: 3", loss, ("a", "b", "c"))
    classes, outputs = predicted(trained)

    expected = softmax(raw(trained))
    np.testing.assert_allclose(outputs, np.take_along_axis(expected, classes, axis=1), rtol=1e-5)


def test_one_logit_becomes_a_probability():
    trained = of_run("Dense: 1", "{BinaryCrossentropy: {from_logits: true}}", ("no", "yes"))
    classes, outputs = predicted(trained)

    np.testing.assert_allclose(outputs[:, 0], 1 / (1 + np.exp(-np.abs(raw(trained)[:, 0]))), rtol=1e-5)
    np.testing.assert_array_equal(classes[:, 0], raw(trained)[:, 0] > 0)


def test_outputs_that_are_no_probabilities_are_left_as_they_are():
    trained = of_run("Dense: {units: 2, activation: tanh}", "categorical_hinge", ("a", "b"))
    classes, outputs = predicted(trained)

    assert not Predictor(trained).decoder.gives_probabilities
    np.testing.assert_allclose(outputs, np.take_along_axis(raw(trained), classes, axis=1), rtol=1e-6)


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        ((keras.layers.Dense(3),), softmax),
        ((keras.layers.Dense(3, activation="softmax"),), lambda outputs: outputs),
        ((keras.layers.Dense(3), keras.layers.Softmax()), lambda outputs: outputs),
        ((keras.layers.Dense(3), keras.layers.Activation("softmax")), lambda outputs: outputs),
        ((keras.layers.Dense(3, activation="sigmoid"),), lambda outputs: outputs),
    ],
    ids=["logits", "softmax", "softmax layer", "activation layer", "sigmoid"],
)
def test_model_file_gives_probabilities_by_its_last_layer(layers, expected):
    trained = of_file(*layers)
    classes, outputs = predicted(trained)

    assert Predictor(trained).decoder.names == ("0", "1", "2")
    np.testing.assert_allclose(outputs, np.take_along_axis(expected(raw(trained)), classes, axis=1), rtol=1e-5)


def test_of_equal_outputs_the_first_class_is_predicted():
    trained = of_file(keras.layers.Dense(3, kernel_initializer="zeros", activation="softmax"))

    assert predicted(trained)[0].tolist() == [[0, 1, 2]] * 7


def test_outputs_without_a_class_are_called_by_their_number():
    trained = of_run("Dense: {units: 4, activation: softmax}", "sparse_categorical_crossentropy", ("a", "b"))

    assert Predictor(trained).decoder.names == ("a", "b", "2", "3")


def test_batch_size_is_the_runs_own_and_does_not_change_the_result():
    trained = of_run("Dense: {units: 3, activation: softmax}", "sparse_categorical_crossentropy", ("a", "b", "c"))
    predictor = Predictor(trained)
    own = list(predictor.predict(look_up(["x.npy"])))
    single = list(predictor.predict(look_up(["x.npy"]), batch_size=1))

    assert [len(each.names) for each in own] == [5, 2]
    assert [len(each.names) for each in single] == [1] * 7
    np.testing.assert_allclose(
        np.concatenate([each.outputs for each in own]), np.concatenate([each.outputs for each in single]), rtol=1e-5
    )


def test_networks_that_do_not_classify_files_are_refused():
    with pytest.raises(ModelFileError, match="does not classify"):
        Predictor(of_file(keras.layers.Conv2D(2, 3), inputs=(8, 8, 1)))
    first, second = keras.Input((4,)), keras.Input((4,))
    both = keras.Model([first, second], keras.layers.Dense(2)(keras.layers.Add()([first, second])))
    with pytest.raises(ModelFileError, match="takes 2 inputs"):
        Predictor(TrainedModel(both, "two.keras", numbered_classes(both)))


def test_images_for_a_network_that_takes_none_are_refused(tmp_path):
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(DataError, match="the network takes 4"):
        predicted(of_file(keras.layers.Dense(3)), files=("a.png",))


def test_network_that_gives_nan_is_reported():
    trained = of_file(keras.layers.Dense(3))
    trained.model.set_weights([np.full((4, 3), np.nan), np.zeros(3)])
    with pytest.raises(DivergedError, match="not a number"):
        predicted(trained)
