"""Multi-label classification: targets, scores and decoding, with values that were worked out by hand or by scikit-learn."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import f1_score, hamming_loss, precision_score, recall_score

from cnncli.data.targets import read_targets
from cnncli.errors import DataError, DivergedError
from cnncli.tasks.multilabel.decoding import LabelDecoder
from cnncli.tasks.multilabel.scorer import MultilabelScorer
from cnncli.tasks.multilabel.subject import choose
from cnncli.tasks.multilabel.targets import LabelTargets
from cnncli.tasks.result import read_result

NAMES = ("cat", "dog", "=1+1")
TRUE = np.array([[1, 1, 0], [0, 1, 0], [1, 0, 0], [0, 0, 0]], np.uint8)
SAID = np.array([[0.9, 0.8, 0.1], [0.2, 0.4, 0.1], [0.7, 0.6, 0.2], [0.1, 0.3, 0.0]], np.float32)


def multilabel_scores(true, said, names, *, batch=1000):
    scorer = MultilabelScorer(LabelTargets(class_names=names))
    for first in range(0, len(true), batch):
        scorer.update(true[first : first + batch], said[first : first + batch])
    return scorer.result(split="test", loss=0.0, metrics={}).result


@pytest.mark.parametrize("dtype", [np.bool_, np.uint8, np.int64, np.float32])
def test_zeros_and_ones_of_any_type_become_bytes(dtype):
    found = LabelTargets.read("y", TRUE.astype(dtype))

    assert (found.dtype, found.tolist()) == (np.uint8, TRUE.tolist())


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.array([0, 1, 2]), r"y has the type int64 and the shape \(3,\)"),
        (np.ones((3, 1)), r"2 labels or more"),
        (np.array([[0, 1], [0.5, 1]]), "y holds 0.5 at index 1, column 0"),
        (np.array([[0, 1], [0, np.nan]]), "y holds nan at index 1, column 1"),
        (np.array([["a", "b"]]), "y has the type"),
    ],
    ids=["classes", "one column", "probabilities", "NaN", "text"],
)
def test_other_labels_are_refused(array, message):
    with pytest.raises(DataError, match=message):
        LabelTargets.read("y", array)


def test_labels_that_never_occur_are_reported():
    notes = LabelTargets(class_names=NAMES).part_notes({"y_train": TRUE, "y_test": TRUE[3:]}, "y_train")

    assert [note.message for note in notes] == [
        "y_train has no example with label =1+1",
        "y_test has no example with label cat, dog, =1+1",
    ]


def test_description_is_read_back_from_a_record():
    targets = LabelTargets(class_names=NAMES)
    assert read_targets({**targets.to_json(), "fingerprint": "ab"}) == targets


def test_scores_are_those_worked_out_by_hand():
    scores = multilabel_scores(TRUE, SAID, NAMES)

    # cat: 2 of 2 found, none too many. dog: 1 of 2 found, 1 too many. =1+1: no examples, no predictions.
    found = [(row.precision, row.recall, row.f1, row.support) for row in scores.per_label]
    assert found == [(1, 1, 1, 2), (0.5, 0.5, 0.5, 2), (None, None, None, 0)]
    assert scores.macro_f1 == 0.75
    assert scores.micro_f1 == 0.75  # 3 right, 4 predicted, 4 true
    assert scores.exact_match == 0.5
    assert scores.hamming_loss == pytest.approx(2 / 12)
    assert [(pair.first, pair.second, pair.count) for pair in scores.together] == [("cat", "dog", 1)]
    wrong = [(each.index, each.true, each.predicted) for each in scores.most_wrong]
    assert wrong == [(2, ("cat",), ("cat", "dog")), (1, ("dog",), ())]  # losses 1.496 and 1.245, over three labels


@settings(max_examples=40)
@given(st.integers(1, 60), st.integers(2, 6), st.integers(0, 1000))
def test_scores_are_those_of_scikit_learn(count, labels, seed):
    random = np.random.default_rng(seed)
    true = (random.random((count, labels)) < random.random(labels)).astype(np.uint8)
    said = random.random((count, labels)).astype(np.float32)
    scores = multilabel_scores(true, said, [str(index) for index in range(labels)])

    predicted = said > 0.5
    assert scores.hamming_loss == pytest.approx(hamming_loss(true, predicted))
    for name, function in (
        ("micro_f1", f1_score),
        ("micro_precision", precision_score),
        ("micro_recall", recall_score),
    ):
        expected = function(true, predicted, average="micro", zero_division=np.nan)
        assert getattr(scores, name) == pytest.approx(expected, nan_ok=True) or np.isnan(expected)
    known = [row.f1 for row in scores.per_label if row.f1 is not None and not np.isnan(row.f1)]
    assert (scores.macro_f1 or 0) == pytest.approx(np.mean(known) if known else 0)
    assert multilabel_scores(true, said, [str(index) for index in range(labels)], batch=7) == scores
    low, high = scores.intervals.macro_f1
    assert 0 <= low <= high <= 1


def test_result_is_read_back_equal():
    scorer = MultilabelScorer(LabelTargets(class_names=NAMES))
    scorer.update(TRUE, SAID)
    result = scorer.result(split="test", loss=0.3, metrics={"auc": float("nan")}).result

    again = read_result(result.model_dump_json(by_alias=True).encode())

    assert again == result
    assert again.metrics == {"auc": None}


def test_output_that_is_not_a_number_ends_the_evaluation():
    with pytest.raises(DivergedError, match="not a number for 1 of 4 examples, first 2"):
        multilabel_scores(TRUE, np.where(np.arange(4)[:, None] == 2, np.nan, SAID), NAMES)


def test_predictions_are_the_labels_above_the_threshold():
    decoder = LabelDecoder(LabelTargets(class_names=NAMES), "probabilities", 3)

    indices, values = decoder.decode(["a", "b", "c", "d"], SAID, 3)
    rows = [(row.tolist(), each.tolist()) for row, each in zip(indices, values, strict=True)]

    assert decoder.row(*rows[0]) == ("cat, dog", "0.8000", "=1+1 0.1000")
    assert decoder.row(*rows[3])[:2] == ("none", "–")
    assert decoder.item(*rows[2])["labels"] == ["cat", "dog"]
    assert decoder.columns(3) == ["labels", *NAMES]
    assert decoder.cells(*rows[0]) == ["cat|dog", "0.9", "0.8", "0.1"]
    tally = decoder.tally()
    tally.add(indices, values)
    assert str(tally) == "cat (2), dog (2), none (2)"


def test_examples_are_chosen_by_label_and_by_loss():
    assert choose(2, TRUE).tolist() == [0, 2]  # the first cat, which is the first dog too, then the second cat
    assert choose("one_per_class", TRUE).tolist() == [0]
    assert choose("most_wrong", TRUE, np.array([1, 2])).tolist() == [1, 2]
    with pytest.raises(DataError, match="pairs of classes"):
        choose("most_confused", TRUE)
