"""Scores over the folds of a cross-validation."""

import pytest

from cnncli.tasks.fold_scores import FoldedScore


def test_interval_of_a_share_does_not_leave_its_bounds():
    folds = [0.79, 0.98, 0.92]

    assert FoldedScore.of("accuracy", folds, (0.0, 1.0)).interval == (pytest.approx(0.6563, abs=1e-3), 1.0)
    assert FoldedScore.of("loss", folds).interval[1] > 1.1


def test_one_known_value_has_no_spread():
    found = FoldedScore.of("macro F1", [0.5, None])

    assert (found.mean, found.deviation, found.interval) == (0.5, None, None)
