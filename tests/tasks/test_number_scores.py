"""The scores of predicted quantities, worked by hand and compared with scikit-learn."""

import math

import numpy as np
import pytest
from sklearn import metrics

from cnncli.errors import DivergedError
from cnncli.tasks.regression.predictions import to_csv
from cnncli.tasks.regression.scorer import RegressionScorer
from cnncli.tasks.regression.scores import bootstrap
from cnncli.tasks.regression.targets import NumberTargets
from cnncli.tasks.spooled_rows import SpooledRows

TRUE = np.array([[1.0], [2], [3], [6]], np.float32)
SAID = np.array([[2.0], [2], [2], [8]], np.float32)  # errors 1, 0, -1, 2


def regression_scores(true, said, training_mean, **more):
    scorer = RegressionScorer(NumberTargets.of(np.atleast_2d(training_mean)), **more)
    scorer.update(true, said)
    return scorer.result(split="test", loss=0.0, metrics={}).result


def csv_of(true, said, **more):
    return "".join(to_csv(SpooledRows.of(true), SpooledRows.of(said), **more))


def test_scores_worked_by_hand():
    scores = regression_scores(TRUE, SAID, [4.0])

    [score] = scores.per_target
    assert dict(score).items() <= dict(scores).items()
    assert scores.count == 4
    assert score.mean_absolute_error == 1  # (1 + 0 + 1 + 2) / 4
    assert score.median_absolute_error == 1
    assert score.root_mean_squared_error == pytest.approx(math.sqrt(6 / 4))
    assert score.mean_error == 0.5
    assert score.r2 == pytest.approx(1 - 6 / 14)  # the mean is 3: 4 + 1 + 0 + 9
    assert score.explained_variance == pytest.approx(1 - (6 / 4 - 0.25) / (14 / 4))
    assert scores.baseline.says == (4.0,)
    assert scores.baseline.mean_absolute_error == 2  # 3 + 2 + 1 + 2 over 4
    assert scores.baseline.root_mean_squared_error == pytest.approx(math.sqrt(18 / 4))


def test_several_numbers_are_scikit_learns_uniform_average():
    random = np.random.default_rng(3)
    true = random.normal(size=(50, 3)).astype(np.float32) * [1, 10, 100]
    said = true + random.normal(size=(50, 3))

    mean = regression_scores(true, said, [0, 0, 0])

    assert mean.mean_absolute_error == pytest.approx(metrics.mean_absolute_error(true, said))
    assert mean.root_mean_squared_error == pytest.approx(metrics.root_mean_squared_error(true, said))
    assert mean.r2 == pytest.approx(metrics.r2_score(true, said))
    assert mean.explained_variance == pytest.approx(metrics.explained_variance_score(true, said))


def test_targets_without_variance_have_no_r2():
    for true, said in ((TRUE[:1], SAID[:1]), (np.ones((4, 1)), SAID)):
        scores = regression_scores(true, said, [4.0])

        assert scores.r2 is None
        assert scores.explained_variance is None
        assert scores.to_json()["r2"] is None
        assert scores.intervals.r2 is None


def test_intervals_are_those_of_drawing_the_examples_again():
    random = np.random.default_rng(1)
    true, said = random.normal(size=(40, 2)), random.normal(size=(40, 2))

    found = bootstrap(SpooledRows.of(true), SpooledRows.of(said), true.mean(axis=0), samples=30, seed=5)

    again = np.random.default_rng(5)
    drawn = [again.integers(40, size=40) for _ in range(30)]
    for interval, measure in (
        (found.mean_absolute_error, metrics.mean_absolute_error),
        (found.root_mean_squared_error, metrics.root_mean_squared_error),
        (found.r2, metrics.r2_score),
    ):
        expected = np.percentile([measure(true[rows], said[rows]) for rows in drawn], [2.5, 97.5])
        assert interval == pytest.approx(tuple(expected))


def test_worst_are_the_largest_errors_first():
    worst = regression_scores(TRUE, SAID, [4.0], files=("a", "b", "c", "d")).worst

    assert [each.index for each in worst] == [3, 0, 2, 1]  # of equal errors the first example first
    assert worst[0].to_json() == {"index": 3, "file": "d", "true": [6.0], "predicted": [8.0], "error": [2.0]}


def test_worst_of_several_numbers_counts_each_in_its_own_spread():
    """An error of 10 in a number of thousands is smaller than one of 1 in a number of ones."""
    true = np.array([[0.0, 0], [1, 1000], [2, 2000], [3, 3000]])
    said = true + np.array([[0, 10], [1, 0], [0, 0], [0, 0]])

    assert [each.index for each in regression_scores(true, said, [0, 0]).worst][:2] == [1, 0]


def test_output_that_is_no_number_is_reported():
    said = SAID.copy()
    said[2] = np.inf

    with pytest.raises(DivergedError, match="no finite number for 1 of 4 examples, first 2"):
        regression_scores(TRUE, said, [4.0])


@pytest.mark.parametrize("shape", [(3, 1), (4, 2), (4,)])
def test_other_shapes_are_refused(shape):
    with pytest.raises(ValueError, match="received"):
        regression_scores(TRUE, np.zeros(shape), [4.0])


def test_predictions_keep_every_digit_of_float32():
    said = np.array([[0.1], [2], [1e-7], [8]], np.float32)

    lines = csv_of(TRUE, said, files=["a", "=b", "c", "d"]).splitlines()

    assert lines[:2] == ["example,true,predicted,error,file", "0,1.0,0.1,-0.9,a"]
    assert lines[2] == "1,2.0,2.0,0.0,'=b"
    assert [np.float32(line.split(",")[2]) for line in lines[1:]] == said[:, 0].tolist()


def test_predictions_of_several_numbers_have_numbered_columns():
    true, said = np.array([[1, 2]], np.float32), np.array([[1.5, 1]], np.float32)

    assert csv_of(true, said) == (
        "example,true_0,predicted_0,error_0,true_1,predicted_1,error_1\n0,1.0,1.5,0.5,2.0,1.0,-1.0\n"
    )
