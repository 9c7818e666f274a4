"""ROC and precision-recall: areas by hand and as scikit-learn has them, and thinned curves."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import auc, average_precision_score, roc_auc_score

from cnncli.tasks.classification import roc as curves
from cnncli.tasks.classification.roc import roc_and_precision_recall


def three_classes(count=500, seed=0):
    random = np.random.default_rng(seed)
    labels = random.integers(0, 3, count)
    outputs = random.random((count, 3), dtype=np.float32)
    outputs[np.arange(count), labels] += 0.6
    return labels, outputs / outputs.sum(axis=1, keepdims=True)


def test_areas_by_hand():
    # The positive ones score 0.9 and 0.4, the others 0.5 and 0.1: three of four pairs are in order.
    labels = np.array([1, 1, 0, 0])
    roc, precision_recall = roc_and_precision_recall(labels, np.array([[0.9, 0.4, 0.5, 0.1]]), ["no", "yes"])
    [curve] = roc.per_class
    assert (curve.name, curve.auc, roc.macro_auc) == ("yes", 0.75, 0.75)
    assert list(zip(curve.fpr, curve.tpr, strict=True)) == [(0, 0), (0, 0.5), (0.5, 0.5), (0.5, 1), (1, 1)]
    # precision 1 at recall 1/2, then 2/3 at recall 1: 1/2 * 1 + 1/2 * 2/3
    assert precision_recall.macro_average_precision == pytest.approx(5 / 6)


def test_two_outputs_are_scored_by_the_second_class():
    labels = np.array([1, 1, 0, 0])
    of_two = np.array([[0.1, 0.9], [0.6, 0.4], [0.5, 0.5], [0.9, 0.1]])
    roc, _ = roc_and_precision_recall(labels, of_two.T, ["no", "yes"])
    assert [(curve.name, curve.auc) for curve in roc.per_class] == [("yes", 0.75)]


def test_areas_are_scikit_learns_one_class_against_the_rest():
    labels, outputs = three_classes()
    roc, precision_recall = roc_and_precision_recall(labels, outputs.T, ["a", "b", "c"])
    for index in range(3):
        assert roc.per_class[index].auc == pytest.approx(roc_auc_score(labels == index, outputs[:, index]))
        expected = average_precision_score(labels == index, outputs[:, index])
        assert precision_recall.per_class[index].average_precision == pytest.approx(expected)
    assert roc.macro_auc == pytest.approx(roc_auc_score(labels, outputs, multi_class="ovr"))


def test_curves_have_at_most_101_points_and_nearly_the_area_that_is_given():
    labels, outputs = three_classes(count=20_000)
    roc, precision_recall = roc_and_precision_recall(labels, outputs.T, ["a", "b", "c"])
    for curve in roc.per_class:
        assert 50 < len(curve.fpr) <= 101
        assert (curve.fpr[0], curve.tpr[0], curve.fpr[-1], curve.tpr[-1]) == (0, 0, 1, 1)
        assert np.all(np.diff(curve.fpr) >= 0)
        assert np.all(np.diff(curve.tpr) >= 0)
        assert auc(curve.fpr, curve.tpr) == pytest.approx(curve.auc, abs=2e-3)
    for curve in precision_recall.per_class:
        assert 50 < len(curve.recall) <= 101
        assert (curve.recall[0], curve.recall[-1]) == (0, 1)
        assert np.all(np.diff(curve.recall) >= 0)
        assert auc(curve.recall, curve.precision) == pytest.approx(curve.average_precision, abs=5e-3)


def test_thinning_does_not_change_the_area(monkeypatch):
    labels, outputs = three_classes(count=5000)
    thinned = roc_and_precision_recall(labels, outputs.T, ["a", "b", "c"])
    monkeypatch.setattr(curves, "MOST_POINTS", 10**9)
    roc, precision_recall = roc_and_precision_recall(labels, outputs.T, ["a", "b", "c"])
    assert [curve.auc for curve in thinned[0].per_class] == [curve.auc for curve in roc.per_class]
    assert [curve.average_precision for curve in thinned[1].per_class] == [
        curve.average_precision for curve in precision_recall.per_class
    ]
    assert len(roc.per_class[0].fpr) > 101 < len(precision_recall.per_class[0].recall)


def test_a_class_without_examples_or_without_others_is_unknown():
    labels = np.array([0, 0, 1])
    roc, precision_recall = roc_and_precision_recall(labels, np.eye(4)[[0, 0, 1]].T, ["a", "b", "c", "d"])
    assert [curve.auc for curve in roc.per_class[:2]] == [1, 1]
    assert all(curve.auc is None and not curve.fpr for curve in roc.per_class[2:])
    assert (roc.macro_auc, precision_recall.macro_average_precision) == (1, 1)  # of those that are known
    roc, _ = roc_and_precision_recall(np.array([1, 1]), np.array([[0.2, 0.7]]), ["no", "yes"])
    document = roc.to_json()
    assert document == {"macro_auc": None, "per_class": [{"class": "yes", "auc": None, "fpr": [], "tpr": []}]}


def test_outputs_that_are_infinite_still_rank():
    labels = np.array([1, 1, 0, 0])
    outputs = np.array([[np.inf], [3.0], [2.0], [-np.inf]])
    assert roc_and_precision_recall(labels, outputs.T, ["no", "yes"])[0].macro_auc == 1


@pytest.mark.parametrize(("classes", "has_points"), [(20, True), (21, False)])
def test_curves_of_up_to_20_classes_and_areas_of_more(classes, has_points):
    random = np.random.default_rng(0)
    labels = np.arange(10 * classes) % classes
    roc, _ = roc_and_precision_recall(labels, random.random((classes, len(labels))), [str(i) for i in range(classes)])
    document = roc.to_json()
    json.dumps(document, allow_nan=False)
    assert len(document["per_class"]) == classes
    assert all(bool(row["fpr"] and row["tpr"]) is has_points for row in document["per_class"])


@settings(max_examples=60)
@given(st.integers(0, 10**6), st.integers(2, 60), st.sampled_from([2, 5, 1000]))
def test_areas_without_curves_equal_scikit_learns_with_ties_too(seed, count, levels):
    random = np.random.default_rng(seed)
    positive = random.random(count) < 0.4
    positive[:2] = True, False
    scores = (random.integers(0, levels, count) / levels).astype(np.float32)
    roc, precision_recall = curves._areas("a", positive, scores)
    assert roc.auc == pytest.approx(roc_auc_score(positive, scores))
    assert precision_recall.average_precision == pytest.approx(average_precision_score(positive, scores))


@settings(max_examples=50)
@given(st.integers(0, 10**6))
def test_any_order_keeping_change_of_the_outputs_keeps_the_areas(seed):
    labels, outputs = three_classes(count=60, seed=seed)
    one, other = (roc_and_precision_recall(labels, each.T, ["a", "b", "c"]) for each in (outputs, 7 * outputs**3 - 2))
    macros = [(roc.macro_auc, precision_recall.macro_average_precision) for roc, precision_recall in (one, other)]
    assert macros[1] == pytest.approx(macros[0], abs=0.01)  # float32 may make two outputs equal
    assert all(0 <= macro <= 1 for macro in macros[0])
