"""Scoring batch by batch: the same results as at once, without holding the outputs."""

import tracemalloc
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnncli.errors import DivergedError
from cnncli.tasks import spooled_rows
from cnncli.tasks.classification import predictions as class_predictions
from cnncli.tasks.classification.scorer import ClassificationScorer
from cnncli.tasks.classification.targets import ClassTargets
from cnncli.tasks.regression import predictions as number_predictions
from cnncli.tasks.regression.scorer import RegressionScorer
from cnncli.tasks.regression.targets import NumberTargets

sizes_of_batches = st.lists(st.integers(1, 20), min_size=1, max_size=8)


def names(count):
    return [f"class {index}" for index in range(count)]


def scored(scorer, targets, outputs, *sizes, block=spooled_rows.BLOCK):
    """The scores of examples in batches of these sizes, or in one."""
    with patch.object(spooled_rows, "BLOCK", block):
        ends = np.cumsum(sizes)[:-1]
        for batch in zip(np.split(targets, ends), np.split(outputs, ends), strict=True):
            scorer.update(*batch)
        return scorer.result(split="test", loss=0.0, metrics={})


def classified(count, classes, *sizes, width=None, scale=1.0, **more):
    random = np.random.default_rng(count)
    labels = random.integers(0, classes, count).astype(np.int32)
    # Steps of 1/16, so that outputs are equal now and then.
    outputs = (random.integers(0, 17, (count, width or classes)) / 16 * scale).astype(np.float32)
    files = [f"{index}.png" for index in range(count)]
    return labels, scored(
        ClassificationScorer(ClassTargets(class_names=names(classes)), files=files), labels, outputs, *sizes, **more
    )


def measured(count, width, *sizes, **more):
    random = np.random.default_rng(count)
    targets = random.normal(2, 3, (count, width)).astype(np.float32)
    outputs = (targets + random.normal(0, 1, (count, width))).astype(np.float32)
    means = NumberTargets.of(np.arange(2.0, 2 + width)[None])
    return scored(RegressionScorer(means), targets, outputs, *sizes, **more)


@settings(max_examples=40)
@given(
    sizes_of_batches,
    st.sampled_from([(2, 1), (2, 2), (4, 4), (24, 24)]),
    st.sampled_from([1.0, 5.0]),
    st.integers(1, 99),
)
def test_a_classification_in_batches_is_that_at_once(sizes, shape, scale, block):
    classes, width = shape
    how = {"width": width, "scale": scale}
    labels, at_once = classified(sum(sizes), classes, **how)
    _, in_batches = classified(sum(sizes), classes, *sizes, block=block, **how)

    assert in_batches.result == at_once.result
    assert np.array_equal(in_batches.wrong, at_once.wrong)
    lines = [
        list(class_predictions.to_csv(labels, each.predicted, each.confidence, each.outputs, names(classes)))
        for each in (in_batches, at_once)
    ]
    assert lines[0] == lines[1]


def test_outputs_of_one_batch_that_are_no_probabilities_make_all_scores():
    outputs = np.full((20, 3), 0.25, np.float32)
    outputs[0, 0] = 5
    found = scored(ClassificationScorer(ClassTargets(class_names=names(3))), np.ones(20, int), outputs, 10, 10)

    assert found.confidence is None
    assert found.result.calibration is None
    assert {each.probability for each in found.result.most_wrong} == {None}


@settings(max_examples=15)
@given(sizes_of_batches, st.integers(1, 5), st.integers(9, 99))
def test_a_regression_in_batches_is_that_at_once(sizes, width, block):
    at_once = measured(sum(sizes), width, block=block)
    in_batches = measured(sum(sizes), width, *sizes, block=block)

    assert in_batches.result == at_once.result
    assert np.array_equal(in_batches.wrong, at_once.wrong)
    assert list(number_predictions.to_csv(in_batches.targets, in_batches.outputs)) == list(
        number_predictions.to_csv(at_once.targets, at_once.outputs)
    )


def test_errors_of_a_regression_do_not_depend_on_the_block():
    """Only the intervals may: the bootstrap draws block by block."""
    at_once, in_blocks = (measured(500, 3, **how).result for how in ({}, {"block": 100}))

    for one, other in zip(at_once.per_target, in_blocks.per_target, strict=True):
        assert dict(other) == pytest.approx(dict(one), rel=1e-9)
    for name in ("mean_absolute_error", "root_mean_squared_error"):
        assert getattr(in_blocks.baseline, name) == pytest.approx(getattr(at_once.baseline, name))
    assert in_blocks.worst == at_once.worst


def test_intervals_drawn_block_by_block_are_about_those_drawn_at_once():
    at_once, in_blocks = (measured(2000, 2, **how).result.intervals for how in ({}, {"block": 200}))

    for name in ("mean_absolute_error", "root_mean_squared_error", "r2"):
        (low, high), found = getattr(at_once, name), getattr(in_blocks, name)
        # 1,000 draws: the bounds differ by chance, by less than a fifth of the interval's width.
        assert found == pytest.approx((low, high), abs=0.2 * (high - low))
        assert found != (low, high)


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_memory_does_not_grow_with_the_outputs(task, tmp_path, monkeypatch):
    monkeypatch.setenv("CNNCLI_CACHE", str(tmp_path))
    width = 100  # 400 bytes of outputs for each example, and for a regression of targets

    def peak(count):
        random = np.random.default_rng(0)
        is_classification = task == "classification"
        scorer = (
            ClassificationScorer(ClassTargets(class_names=names(width)))
            if is_classification
            else RegressionScorer(NumberTargets.of(np.atleast_2d([0.5] * width)))
        )
        tracemalloc.start()
        for _ in range(count // 100):
            outputs = random.random((100, width), dtype=np.float32)
            targets = random.random((100, width), dtype=np.float32)
            scorer.update(outputs.argmax(axis=1) if is_classification else targets, outputs)
        scorer.result(split="test", loss=0.0, metrics={})
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    classified(20, 3)  # imports scikit-learn
    with patch.object(spooled_rows, "BLOCK", 20_000):
        growth = (peak(4000) - peak(1000)) / 3000
    assert growth < 200  # bytes for each example


@pytest.mark.parametrize(
    ("scorer", "targets", "words"),
    [
        (
            ClassificationScorer(ClassTargets(class_names=names(3))),
            np.zeros(40, int),
            "not a number for 3 of 40 examples, first 7",
        ),
        (
            RegressionScorer(NumberTargets.of(np.atleast_2d([0.0] * 3))),
            np.zeros((40, 3)),
            "no finite number for 3 of 40 examples, first 7",
        ),
    ],
    ids=["classification", "regression"],
)
def test_outputs_that_are_no_numbers_are_counted_over_all_batches(scorer, targets, words):
    outputs = np.zeros((40, 3), np.float32)
    outputs[[7, 21, 22], 1] = np.nan

    with pytest.raises(DivergedError, match=words):
        scored(scorer, targets, outputs, 10, 10, 10, 10)
