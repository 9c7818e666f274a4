"""The evaluation of a model equals Keras' own."""

import json

import keras
import numpy as np
import pytest

from cnncli.data.columns import make_row_file, write_rows
from cnncli.data.dataset import INPUT, Examples
from cnncli.inference.model_loading import TrainedModel, default_loss, numbered_classes
from cnncli.inference.predict import Predictor
from cnncli.recipe.keras_objects.objects import KerasObject, read
from cnncli.tasks.classification.result import ClassificationResult
from cnncli.tasks.classification.targets import ClassTargets
from cnncli.tasks.evaluation import evaluate
from cnncli.tasks.result import read_result

NAMES = ("a", "b", "c")
CLASSES = ClassTargets(class_names=NAMES)


def examples(count=50, classes=3):
    random = np.random.default_rng(0)
    return Examples(
        {INPUT: random.random((count, 4), dtype=np.float32)}, random.integers(0, classes, count).astype(np.int32)
    )


def model(units=3, activation="softmax", scale=1.0):
    keras.utils.set_random_seed(1)
    made = keras.Sequential(
        [keras.Input((4,)), keras.layers.Dense(units, activation=activation, kernel_regularizer="l2", name="out")]
    )
    made.set_weights([weights * scale for weights in made.get_weights()])
    return made


@pytest.mark.parametrize("scale", [1.0, 100.0], ids=["usual", "very sure"])
@pytest.mark.parametrize(
    ("loss", "encode"),
    [
        ("sparse_categorical_crossentropy", lambda labels: labels),
        ("categorical_crossentropy", lambda labels: np.eye(3, dtype=np.float32)[labels]),
    ],
)
def test_loss_and_metrics_are_those_of_keras(loss, encode, scale):
    made, data = model(scale=scale), examples()
    found = evaluate(
        made,
        data,
        batch_size=16,
        loss=KerasObject("losses", loss),
        metrics=[KerasObject("metrics", "accuracy")],
        targets=CLASSES,
    )

    made.compile(loss=loss, metrics=["accuracy"])
    expected = made.evaluate(data.input, encode(data.labels), batch_size=16, verbose=0, return_dict=True)
    assert found.result.loss == pytest.approx(expected["loss"], rel=1e-5)
    assert found.result.metrics["accuracy"] == pytest.approx(expected["accuracy"])
    np.testing.assert_allclose(list(found.outputs), made.predict(data.input, verbose=0), rtol=1e-5)
    assert found.result.accuracy == pytest.approx(expected["accuracy"])


def test_targets_in_a_file_are_scored_as_those_in_memory(tmp_path):
    data = examples()
    rows = make_row_file(tmp_path, len(data), (), data.labels.dtype)
    write_rows(rows, 0, data.labels)
    how = {
        "batch_size": 16,
        "loss": KerasObject("losses", "sparse_categorical_crossentropy"),
        "metrics": [],
        "targets": CLASSES,
    }

    in_memory, in_file = (evaluate(model(), each, **how) for each in (data, Examples({INPUT: data.input}, rows)))

    assert in_file.result == in_memory.result


def test_logits_become_probabilities():
    loss, _ = read({"SparseCategoricalCrossentropy": {"from_logits": True}}, "losses")
    found = evaluate(
        model(activation=None),
        examples(),
        batch_size=16,
        loss=loss,
        metrics=[],
        targets=CLASSES,
    )

    np.testing.assert_allclose([row.sum() for row in found.outputs], 1, rtol=1e-5)


def test_one_output_tells_two_classes_apart():
    found = evaluate(
        model(units=1, activation="sigmoid"),
        examples(classes=2),
        batch_size=16,
        loss=KerasObject("losses", "binary_crossentropy"),
        metrics=[KerasObject("metrics", "accuracy")],
        targets=ClassTargets(class_names=("no", "yes")),
    )

    assert found.outputs.shape == (50, 1)
    assert found.result.accuracy == pytest.approx(found.result.metrics["accuracy"])


def test_json_has_no_nan():
    found = evaluate(
        model(),
        examples(),
        batch_size=16,
        loss=KerasObject("losses", "sparse_categorical_crossentropy"),
        metrics=[],
        targets=CLASSES,
    )
    document = ClassificationResult(**dict(found.result) | {"loss": float("nan")}).to_json()

    assert document["loss"] is None
    assert document["count"] == 50
    json.dumps(document, allow_nan=False)


def test_json_has_the_scores_and_how_far_to_trust_them():
    found = evaluate(
        model(units=1, activation="sigmoid"),
        examples(classes=2),
        batch_size=16,
        loss=KerasObject("losses", "binary_crossentropy"),
        metrics=[],
        targets=ClassTargets(class_names=("no", "yes")),
    )

    assert list(found.result.to_json()) == [
        "task", "split", "examples_sha256", "count", "loss", "metrics", "intervals", "accuracy", "macro_precision",
        "macro_recall", "macro_f1", "per_class", "confusion", "baseline", "top_k", "calibration", "roc",
        "precision_recall", "thresholds", "best_threshold", "most_confused", "most_wrong",
    ]  # fmt: skip


def test_wrong_predictions_name_their_files():
    images = 60 * np.arange(4, dtype=np.uint8)[:, None, None, None] * np.ones((1, 2, 2, 1), np.uint8)
    paths = ("no/1.png", "no/2.png", "yes/1.png", "yes/2.png")
    data = Examples({INPUT: images}, np.array([0, 0, 1, 1], np.int32), paths)
    same = keras.Sequential([keras.Input((2, 2, 1)), keras.layers.Flatten(), keras.layers.Dense(1, "sigmoid")])
    found = evaluate(
        same,
        data,
        batch_size=2,
        loss=KerasObject("losses", "binary_crossentropy"),
        metrics=[],
        targets=ClassTargets(class_names=("no", "yes")),
    )

    wrong = found.result.to_json()["most_wrong"]
    assert wrong
    assert all(row["file"] == paths[row["index"]] for row in wrong)


@pytest.mark.parametrize("last", [keras.layers.Softmax(), keras.layers.Activation("softmax")])
def test_model_that_ends_in_a_softmax_layer_gives_probabilities(last):
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3), last])
    assert default_loss(model) == KerasObject("losses", "sparse_categorical_crossentropy")


class Counting(keras.layers.Layer):
    """Counts how often Python calls it, which in a graph is once a tracing."""

    calls = 0

    def call(self, inputs):
        self.calls += 1
        return inputs


def counted_while(does):
    """How often a network was traced while something was done with it."""
    counting = Counting()
    inputs = keras.Input((4,))
    made = keras.Model(inputs, keras.layers.Dense(3, activation="softmax")(counting(inputs)))
    before = counting.calls
    does(made)
    return counting.calls - before


def test_a_smaller_last_batch_is_not_traced_anew():
    loss = KerasObject("losses", "sparse_categorical_crossentropy")

    def score(count):
        return lambda made: evaluate(made, examples(count), batch_size=16, loss=loss, metrics=[], targets=CLASSES)

    # 50 are three batches of 16 and one of 2; the scorer is a model of its own, whose making counts as well.
    assert counted_while(score(50)) == counted_while(score(16))


def test_prediction_of_fewer_examples_is_not_traced_anew():
    def predict(*counts):
        def does(made):
            predictor = Predictor(TrainedModel(made, "some.keras", numbered_classes(made)))
            for count in counts:
                predictor.outputs(np.zeros((count, 4), np.float32))

        return does

    assert counted_while(predict(16, 2, 7)) == counted_while(predict(16))


@pytest.mark.parametrize("confusion", [[], [[1]], [[1], [0, 1, 0], [0, 0, 1]]], ids=["empty", "too small", "ragged"])
def test_confusion_matrix_of_another_size_is_damaged(confusion):
    loss = KerasObject("losses", "sparse_categorical_crossentropy")
    result = evaluate(model(), examples(), batch_size=16, loss=loss, metrics=[], targets=CLASSES).result
    document = {**result.to_json(), "confusion": confusion}

    with pytest.raises(ValueError, match="`confusion` is not a square"):
        read_result(json.dumps(document).encode())


@pytest.mark.parametrize(
    ("scale", "count", "classes", "says"),
    [(0.0, 200, 3, True), (1.0, 200, 3, False), (0.0, 50, 3, False), (0.0, 200, 1, False)],
    ids=["one class for all", "several classes", "few examples", "one true class"],
)
def test_same_class_for_all_examples_is_remarked(scale, count, classes, says):
    made = model(scale=scale)
    if not scale:
        kernel, bias = made.get_weights()
        made.set_weights([kernel, bias + np.array([0, 1, 0])])
    loss = KerasObject("losses", "sparse_categorical_crossentropy")
    found = evaluate(made, examples(count, classes), batch_size=50, loss=loss, metrics=[], targets=CLASSES)

    said = [problem.message for problem in found.result.remarks()]
    assert said == [f"the network predicts class {NAMES[1]} for all 200 examples"] * says
