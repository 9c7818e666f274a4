"""The most confused classes and the surest mistakes."""

import numpy as np

from cnncli.tasks.classification.mistakes import most_confused, most_wrong, wrong_examples

NAMES = ["cat", "dog", "bird"]


def test_largest_cells_off_the_diagonal_come_first():
    matrix = [[8, 2, 0], [0, 9, 2], [5, 0, 6]]
    assert [(pair.true, pair.predicted, pair.count) for pair in most_confused(matrix, NAMES)] == [
        ("bird", "cat", 5),
        ("cat", "dog", 2),
        ("dog", "bird", 2),
    ]


def test_at_most_ten_pairs_and_none_without_mistakes():
    assert len(most_confused(np.ones((5, 5), int), list("abcde"))) == 10
    assert most_confused(np.eye(3, dtype=int), NAMES) == ()


def test_surest_mistakes_come_first_and_right_ones_not_at_all():
    labels, predicted = np.array([0, 1, 2, 0, 1]), np.array([0, 2, 0, 1, 0])
    scores = np.array([0.99, 0.6, 0.9, 0.6, 0.7])
    wrong = wrong_examples(labels, predicted, scores)
    found = most_wrong(wrong, labels, predicted, scores, NAMES, files=list("vwxyz"))
    assert [wrong.to_json() for wrong in found] == [
        {"index": 2, "file": "x", "true": "bird", "predicted": "cat", "probability": 0.9},
        {"index": 4, "file": "z", "true": "dog", "predicted": "cat", "probability": 0.7},
        {"index": 1, "file": "w", "true": "dog", "predicted": "bird", "probability": 0.6},  # the earlier of equals
        {"index": 3, "file": "y", "true": "cat", "predicted": "dog", "probability": 0.6},
    ]


def test_at_most_25_mistakes():
    labels, predicted, scores = np.zeros(40, int), np.ones(40, int), np.linspace(0.5, 1, 40)
    found = most_wrong(wrong_examples(labels, predicted, scores), labels, predicted, scores, NAMES)
    assert [wrong.index for wrong in found] == list(range(39, 14, -1))
    assert found[0].file is None


def test_scores_that_are_no_probabilities_are_not_called_so():
    [wrong] = most_wrong(np.array([0]), np.array([0]), np.array([1]), None, NAMES)
    assert wrong.probability is None
