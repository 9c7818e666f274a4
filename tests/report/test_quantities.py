"""What the page of a run tells whose network gives numbers."""

from itertools import pairwise

import numpy as np
import pytest
from made_runs import png
from reading import Read

from cnncli import report
from cnncli.tasks.regression.scorer import RegressionScorer
from cnncli.tasks.regression.targets import NumberTargets

NUMBERS = {"low": [1.0], "mean": [4.0], "high": [6.0]}


def evaluation(width=1):
    true = np.array([[1.0], [2], [3], [6]]).repeat(width, axis=1)
    said = np.array([[2.0], [2], [2], [8]]).repeat(width, axis=1)  # errors 1, 0, -1, 2
    scorer = RegressionScorer(NumberTargets.of(np.full((1, width), 4.0)), files=["a.png", "b.png", "c.png", "d.png"])
    scorer.update(true, said)
    metrics = {"mean_absolute_error": 1.0, "log_cosh_error": 0.5}
    return scorer.result(split="test", examples_sha256="f", loss=1.5, metrics=metrics).result.to_json()


@pytest.fixture
def page(make_run):
    def make(*, width=1, **fields):
        data = {
            "source": "discs.npz",
            "fingerprint": "f",
            "counts": {"train": [4]},
            "task": "regression",
            "numbers": NUMBERS,
        }
        given = {"class_names": [], "data": data, "scored": evaluation(width), **fields}
        return Read(report.page([report.read(make_run(**given))]).html)

    return make


def test_head_tells_the_error_its_interval_and_what_the_mean_reaches(page):
    found = page()

    facts = {one.text: other.text for one, other in pairwise(found.all("dt", "dd")) if one.tag == "dt"}
    low, high = evaluation()["intervals"]["mean_absolute_error"]
    assert (
        facts["Test mean absolute error"]
        == f"195% interval {low:.4f} to {high:.4f}; always predicting the training mean, 4, has 2"
    )
    assert facts["R²"].startswith("0.571495% interval ")  # 1 - 6 / 14
    assert facts["Targets"] == "1 to 6, mean 4"
    assert "Classes" not in facts


def test_scores_are_told_once_and_not_in_percent(page):
    rows = {row[0]: row[1] for row in page().rows("More scores")}

    assert list(rows) == [
        "log cosh error",
        "median absolute error",
        "root mean squared error",
        "mean error (predicted minus true)",
        "explained variance",
        "root mean squared error of always predicting the training mean",
    ]
    assert rows["median absolute error"] == "1"
    assert not any("%" in cell for row in page(name="again").rows("More scores") for cell in row)


def test_largest_errors_are_told_with_their_files(page):
    found = page()

    assert found.rows("Largest errors") == [
        ["d.png", "6", "8", "2"],
        ["a.png", "1", "2", "1"],
        ["c.png", "3", "2", "-1"],
        ["b.png", "2", "2", "0"],
    ]
    assert "Most confident errors" not in found.text


def test_several_numbers_have_a_row_each(page):
    rows = page(width=2).rows("Scores by target")

    assert [row[:2] for row in rows] == [["0", "1"], ["1", "1"]]


def test_pictures_stand_with_the_evaluation(page):
    found = page(pictures={"predicted.png": png(), "residuals.png": png(), "worst.png": png()})

    assert [image.attributes["alt"] for image in found.all("img")] == [
        "Predicted values over true values",
        "Errors over true values",
        "Examples with the largest errors",
    ]
