"""Scores from labels and predictions, with numbers worked out by hand."""

import json
import subprocess
import sys

import numpy as np
import pytest

from cnncli.errors import DivergedError
from cnncli.tasks.classification.scores import classification_scores, predicted_classes

NAMES = ["cat", "dog", "bird"]


def scores():
    #            cat cat cat dog dog bird
    # predicted: cat cat dog dog cat dog
    return classification_scores(np.array([0, 0, 0, 1, 1, 2]), np.array([0, 0, 1, 1, 0, 1]), NAMES)


def test_scores_by_hand():
    result = scores()
    assert result.count == 6
    assert result.accuracy == 0.5  # 3 of 6
    assert result.confusion == [[2, 1, 0], [1, 1, 0], [0, 1, 0]]
    cat, dog, bird = result.per_class
    assert (cat.name, cat.support) == ("cat", 3)
    assert (cat.precision, cat.recall, cat.f1) == pytest.approx((2 / 3, 2 / 3, 2 / 3))
    assert (dog.precision, dog.recall, dog.f1) == pytest.approx((1 / 3, 1 / 2, 2 / 5))  # 2 * 1 / (2 + 3)
    assert (bird.recall, bird.f1, bird.support) == (0, 0, 1)


def test_precision_of_a_class_never_predicted_is_unknown():
    assert scores().per_class[2].precision is None


def test_macro_means_leave_out_what_is_unknown():
    result = scores()
    assert result.macro_precision == pytest.approx((2 / 3 + 1 / 3) / 2)
    assert result.macro_recall == pytest.approx((2 / 3 + 1 / 2 + 0) / 3)
    assert result.macro_f1 == pytest.approx((2 / 3 + 2 / 5 + 0) / 3)


def test_a_class_without_examples_has_no_recall():
    result = classification_scores(np.array([0, 0]), np.array([0, 1]), NAMES)
    _, dog, bird = result.per_class
    assert (dog.precision, dog.f1, dog.support) == (0, 0, 0)  # predicted once, never right
    assert dog.recall is None
    assert (bird.precision, bird.recall, bird.f1) == (None, None, None)
    assert result.macro_f1 == pytest.approx((2 / 3 + 0) / 2)
    assert result.confusion == [[1, 1, 0], [0, 0, 0], [0, 0, 0]]


def test_json_has_null_for_unknown_and_plain_numbers():
    text = json.dumps(scores().to_json(), allow_nan=False)
    document = json.loads(text)
    assert document["per_class"][2] == {"class": "bird", "precision": None, "recall": 0.0, "f1": 0.0, "support": 1}
    assert document["confusion"] == [[2, 1, 0], [1, 1, 0], [0, 1, 0]]
    assert list(document) == [
        "count", "accuracy", "macro_precision", "macro_recall", "macro_f1", "per_class", "confusion",
    ]  # fmt: skip


def test_odd_class_names_are_kept():
    names = ["[red]", "$x_1$", "\x1b\U0001f408"]
    result = classification_scores(np.array([0]), np.array([0]), names)
    assert [score.name for score in result.per_class] == names


def test_a_thousand_classes():
    labels = np.arange(1000)
    result = classification_scores(labels, np.roll(labels, 500), [str(number) for number in labels])
    assert (result.accuracy, result.macro_f1, len(result.confusion)) == (0, 0, 1000)


@pytest.mark.parametrize(
    ("labels", "predicted", "message"),
    [
        ([], [], "at least one; received \\(0,\\) and \\(0,\\)"),
        ([0, 1], [0], "received \\(2,\\) and \\(1,\\)"),
        ([[0, 1]], [[0, 1]], "received \\(1, 2\\)"),
        ([0, 3], [0, 1], "labels are between 0 and 2; received 0 to 3"),
        ([0, 1], [-1, 1], "predictions are between 0 and 2; received -1 to 1"),
        ([0.0, 1.0], [0, 1], "labels are integers; received float64"),
    ],
)
def test_other_labels_are_refused(labels, predicted, message):
    with pytest.raises(ValueError, match=message):
        classification_scores(np.array(labels), np.array(predicted), NAMES)


def test_the_largest_output_is_the_class_and_the_first_of_equal_ones():
    outputs = np.array([[0.2, 0.5, 0.3], [0.4, 0.2, 0.4], [0.0, 0.0, 1.0]])
    classes = predicted_classes(outputs)
    assert classes.tolist() == [1, 0, 2]
    assert classes.dtype == np.int64


def test_one_output_is_class_1_above_one_half():
    outputs = np.array([[0.49], [0.5], [0.51], [1.0], [0.0]], np.float32)
    assert predicted_classes(outputs).tolist() == [0, 0, 1, 1, 0]


def test_no_examples_have_no_classes():
    assert predicted_classes(np.zeros((0, 3))).tolist() == []


@pytest.mark.parametrize("shape", [(3,), (3, 0), (2, 2, 2)])
def test_other_outputs_are_refused(shape):
    with pytest.raises(ValueError, match="outputs are \\(examples, classes\\)"):
        predicted_classes(np.zeros(shape))


def test_an_output_that_is_not_a_number_is_no_class():
    outputs = np.ones((5, 3))
    outputs[2, 1] = outputs[4, 0] = np.nan
    with pytest.raises(DivergedError, match="not a number for 2 of 5 examples, first 2") as caught:
        predicted_classes(outputs)
    assert caught.value.exit_code == 7


def test_scikit_learn_is_imported_only_when_needed():
    code = "import sys, cnncli.tasks.classification.scores; sys.exit('sklearn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
