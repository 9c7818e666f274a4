"""Every number beside the scores, in the form that others read."""

import json
import subprocess
import sys

import numpy as np
import pytest
from executed_lines import executed_lines

from cnncli.tasks.classification.diagnostics import Diagnostics
from cnncli.tasks.classification.scorer import ClassificationScorer
from cnncli.tasks.classification.targets import ClassTargets

KEYS = ["baseline", "top_k", "intervals", "calibration", "roc", "precision_recall"]
KEYS += ["thresholds", "best_threshold", "most_confused", "most_wrong"]


def trust(labels, outputs, names, **more):
    scorer = ClassificationScorer(ClassTargets(class_names=tuple(names)), **more)
    scorer.update(labels, np.asarray(outputs, np.float32))
    result = scorer.result(split="test", loss=0.0, metrics={}).result
    return Diagnostics(**{name: getattr(result, name) for name in Diagnostics.model_fields})


def softmax_of(count, classes, seed=0):
    random = np.random.default_rng(seed)
    labels = random.integers(0, classes, count).astype(np.int32)
    scores = random.normal(size=(count, classes))
    scores[np.arange(count), labels] += 2
    outputs = np.exp(scores)
    return labels, (outputs / outputs.sum(axis=1, keepdims=True)).astype(np.float32)


def test_document_of_many_classes():
    labels, outputs = softmax_of(200, 10)
    document = trust(labels, outputs, [str(i) for i in range(10)]).to_json()
    json.dumps(document, allow_nan=False)
    assert list(document) == KEYS
    assert list(document["top_k"]) == ["3", "5"]
    assert len(document["calibration"]["bins"]) == 15
    assert len(document["roc"]["per_class"]) == len(document["precision_recall"]["per_class"]) == 10
    assert set(document["precision_recall"]["per_class"][0]) == {"class", "average_precision", "recall", "precision"}
    low, high = document["intervals"]["accuracy"]
    assert low < np.mean(outputs.argmax(axis=1) == labels) < high


def test_document_of_two_classes_has_thresholds_and_no_top_k():
    labels, outputs = softmax_of(200, 2)
    of_one = trust(labels, outputs[:, 1:], ["no", "yes"]).to_json()
    of_two = trust(labels, outputs, ["no", "yes"]).to_json()
    assert list(of_one) == KEYS
    assert of_one["top_k"] == {}
    assert len(of_one["thresholds"]) == 101
    # At one half the sweep says what the network says.
    assert of_one["thresholds"][50]["accuracy"] == np.mean((outputs[:, 1] > 0.5) == labels)
    for key in ("thresholds", "best_threshold", "roc", "precision_recall", "most_confused"):
        assert of_one[key] == of_two[key]
    assert of_one["calibration"]["expected_calibration_error"] == pytest.approx(
        of_two["calibration"]["expected_calibration_error"], abs=1e-6
    )


def test_confidence_of_one_output_is_that_of_the_predicted_class():
    document = trust(np.array([1, 0]), [[0.25], [0.75]], ["no", "yes"]).to_json()
    assert [(row["predicted"], row["probability"]) for row in document["most_wrong"]] == [("no", 0.75), ("yes", 0.75)]


def test_outputs_that_are_no_probabilities_have_no_calibration():
    labels, outputs = softmax_of(50, 3)
    found = trust(labels, 9 * outputs - 3, ["a", "b", "c"]).to_json()
    assert found["calibration"] is None
    assert found["roc"]["macro_auc"] > 0.5
    assert {row["probability"] for row in found["most_wrong"]} == {None}
    assert trust(labels % 2, 9 * outputs[:, :1] - 3, ["a", "b"]).thresholds == ()


def test_a_softmax_that_rounds_above_1_is_a_probability():
    found = trust(np.array([0, 1, 0]), [[1.0000001, 0], [0, 1.0000001], [0.4, 0.6]], ["a", "b"])
    assert found.calibration is not None
    assert found.calibration.bins[14].count == 2


def test_one_example_and_one_class_are_enough():
    document = trust(np.array([1]), [[0.2, 0.5, 0.3]], ["a", "b", "c"]).to_json()
    json.dumps(document, allow_nan=False)
    assert document["roc"]["macro_auc"] is None
    assert document["intervals"]["accuracy"] == pytest.approx([0.2065, 1], abs=1e-4)  # Wilson's for 1 of 1
    assert document["most_wrong"] == []


def test_no_line_of_python_runs_once_for_each_example():
    names = [str(i) for i in range(10)]
    few, many = softmax_of(500, 10), softmax_of(5000, 10)
    trust(*few, names)  # imports scikit-learn

    lines = executed_lines(lambda: trust(*few, names).to_json())
    assert executed_lines(lambda: trust(*many, names).to_json()) < 1.1 * lines


def test_scikit_learn_is_imported_only_when_needed():
    code = "import sys, cnncli.tasks.classification.scorer; sys.exit('sklearn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
