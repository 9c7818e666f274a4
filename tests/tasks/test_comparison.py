"""Runs that give numbers, compared from what their folders say."""

import json

import numpy as np
import pytest
from made_runs import evaluation

from cnncli import runs
from cnncli.errors import DataError, OutputError
from cnncli.tasks.comparison import compare
from cnncli.tasks.regression.predictions import to_csv
from cnncli.tasks.regression.scorer import RegressionScorer
from cnncli.tasks.regression.targets import NumberTargets
from cnncli.tasks.resampling import paired_bootstrap

TRUE = np.random.default_rng(0).uniform(0, 10, (60, 1)).astype(np.float32)
NOISE = np.random.default_rng(1).normal(0, 1, (60, 1)).astype(np.float32)


@pytest.fixture
def make(tmp_path):
    """Make a run's folder whose predictions are the true numbers and so much noise."""

    def made(name, noise, *, true=TRUE, width=1, **scores):
        true = np.repeat(true, width, axis=1)
        said = true + noise * NOISE
        scorer = RegressionScorer(NumberTargets.of(np.full((1, width), 5.0)))
        scorer.update(true, said)
        found = scorer.result(split="test", examples_sha256="f", loss=1.0, metrics={})
        scored = {**found.result.to_json(), **scores}
        recipe = "data: {source: {npz: {path: a.npz}}, targets: numbers}\n"
        with runs.create(tmp_path, "net", run_name=name, fields={"data": {"source": "a"}}) as run:
            run.write("evaluation.json", json.dumps(scored))
            run.write("predictions.csv", to_csv(found.targets, found.outputs))
            run.write("resolved.yaml", recipe)
            run.write("history.json", "[]")
            run.finish("completed")
        return tmp_path / "net" / name

    return made


def test_nearer_run_is_better_and_the_sentence_says_by_how_much(make):
    compared = compare([make("far", 2.0), make("near", 0.5)])

    [pair] = compared.pairs
    error = float(np.abs(NOISE).mean())
    assert pair.difference == pytest.approx(-1.5 * error, rel=1e-4)
    assert (pair.first_nearer, pair.second_nearer, pair.is_significant) == (0, 60, True)
    assert pair.sentence.startswith(
        f"net/near is better than net/far by {1.5 * error:.4g} of mean absolute error, 95% "
    )
    assert pair.sentence.endswith("significant (smaller error in 60 of 60 examples; paired bootstrap, p = 0.0004)")
    name, value, interval = compared.sides[0].measures[0]
    assert (name, value) == ("mean absolute error", pytest.approx(2 * error, rel=1e-4))
    assert interval[0] < value < interval[1]


def test_difference_of_chance_is_not_shown(make):
    others = np.random.default_rng(4).normal(0, 1, NOISE.shape) / NOISE

    [pair] = compare([make("one", 1.0), make("two", others.astype(np.float32))]).pairs

    assert pair.interval[0] < 0 < pair.interval[1]
    assert not pair.is_significant
    assert ": not significant (" in pair.sentence


def test_same_predictions_are_equal(make):
    [pair] = compare([make("one", 1.0), make("two", 1.0)]).pairs

    assert pair.sentence.startswith(
        "net/one and net/two have the same mean absolute error; 95% interval 0.000 to 0.000"
    )
    assert (pair.p, pair.is_significant) == (1.0, False)


def test_several_numbers_count_by_their_mean(make):
    [pair] = compare([make("far", 2.0, width=3), make("near", 1.0, width=3)]).pairs

    assert pair.difference == pytest.approx(-float(np.abs(NOISE).mean()), rel=1e-4)


def test_other_targets_are_no_comparison(make):
    changed = TRUE.copy()
    changed[7] += 1

    with pytest.raises(DataError) as caught:
        compare([make("one", 1.0), make("two", 1.0, true=changed)])

    assert (
        f"true number of example 7: `{TRUE[7, 0]!s}` there, `{changed[7, 0]!s}` here" in caught.value.problems[0].hint
    )


def test_numbers_and_classes_are_no_comparison_even_anyway(make, tmp_path):
    path = make("classes", 1.0)
    (path / "evaluation.json").write_text(json.dumps(evaluation(["cat", "dog"], count=60)))

    with pytest.raises(DataError, match="net/classes is a classification and net/numbers a regression: no score"):
        compare([make("numbers", 1.0), path], anyway=True)


def test_predictions_that_are_no_numbers_are_damaged(make):
    path = make("one", 1.0)
    table = (path / "predictions.csv").read_text().replace("\n3,", "\n3,x", 1)
    (path / "predictions.csv").write_text(table)

    with pytest.raises(OutputError, match="does not hold numbers"):
        compare([path, make("two", 1.0)])


def test_paired_bootstrap_is_that_of_the_mean():
    """The interval of a mean of many is about 1.96 standard errors wide on each side."""
    differences = np.random.default_rng(2).normal(0.3, 1, 400)

    (low, high), p = paired_bootstrap(differences)

    error = differences.std() / 20
    assert low == pytest.approx(differences.mean() - 1.96 * error, abs=0.1 * error)
    assert high == pytest.approx(differences.mean() + 1.96 * error, abs=0.1 * error)
    assert p < 0.001
    assert paired_bootstrap(-differences)[1] == pytest.approx(p, abs=0.001)
