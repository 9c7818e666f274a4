"""Scores of identities: pairs, areas, thresholds, neighbours, intervals over identities."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score, roc_curve

from cnncli.tasks.identities.identity_bootstrap import area_difference, pair_weights
from cnncli.tasks.identities.neighbours import find_neighbours
from cnncli.tasks.identities.pair_scores import Curves, error_rates, pairs_of, similarities, threshold_of
from cnncli.tasks.identities.scorer import IdentitiesScorer
from cnncli.tasks.identities.targets import IdentityTargets

INTERVALS = ("auc", "equal_error_rate", "recall_at_1")


def embedded(people: int = 12, each: int = 5, noise: float = 0.6) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors around one of each identity: float32 (count, 8), and the identities."""
    random = np.random.default_rng(0)
    labels = np.repeat(np.arange(people, dtype=np.int32), each)
    vectors = random.normal(size=(people, 8))[labels] + noise * random.normal(size=(len(labels), 8))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors.astype(np.float32), labels


def test_the_area_is_that_of_scikit_learn() -> None:
    vectors, labels = embedded()
    pairs = pairs_of(labels)
    values = similarities(vectors, pairs)
    curve = Curves(values, pairs.same).curve()
    assert curve is not None
    assert len(pairs) == 60 * 59 // 2
    assert 0.8 < curve.area < 1
    assert curve.area == pytest.approx(roc_auc_score(pairs.same, values), abs=1e-12)


def test_ties_and_weights_count_as_scikit_learn_counts_them() -> None:
    random = np.random.default_rng(1)
    values, same = random.integers(0, 6, 200) / 6, random.random(200) < 0.3
    weights = random.integers(0, 3, 200).astype(np.float64)
    curve = Curves(values, same).curve(weights)
    assert curve is not None
    assert curve.area == pytest.approx(roc_auc_score(same, values, sample_weight=weights), abs=1e-12)


def test_true_acceptance_is_the_largest_at_a_false_acceptance() -> None:
    vectors, labels = embedded()
    pairs = pairs_of(labels)
    values = similarities(vectors, pairs)
    curve = Curves(values, pairs.same).curve()
    assert curve is not None
    false, true, _ = roc_curve(pairs.same, values, drop_intermediate=False)
    for rate in (0.01, 0.1):
        assert curve.true_acceptance(rate) == pytest.approx(true[false <= rate].max(), abs=1e-12)


def test_equal_error_of_a_hand_worked_case() -> None:
    """Of one identity 0.9, 0.8, 0.4; of two 0.5, 0.3, 0.2: above 0.45 one of three is missed and one accepted."""
    values = np.array([0.9, 0.8, 0.4, 0.5, 0.3, 0.2])
    same = np.array([True, True, True, False, False, False])
    curve = Curves(values, same).curve()
    assert curve is not None
    rate, threshold = curve.equal_error
    assert rate == pytest.approx(1 / 3)
    assert threshold == pytest.approx(0.45)
    assert error_rates(values, same, threshold) == (pytest.approx(1 / 3), pytest.approx(1 / 3))


def test_many_pairs_are_sampled_as_a_pure_function() -> None:
    labels = np.repeat(np.arange(100), 10)
    pairs = pairs_of(labels, most=2000)
    assert pairs.is_sample
    assert (pairs.first < pairs.second).all()
    assert (pairs.same == (labels[pairs.first] == labels[pairs.second])).all()
    assert 1500 < pairs.same.sum() <= 2000
    assert 1950 < (~pairs.same).sum() <= 2000
    assert len(set(zip(pairs.first.tolist(), pairs.second.tolist(), strict=True))) == len(pairs)
    assert (pairs_of(labels, most=2000).first == pairs.first).all()
    every = pairs_of(labels, most=500_000)
    assert not every.is_sample
    assert len(every) == 1000 * 999 // 2


def test_all_pairs_of_one_identity_are_there_where_only_the_others_are_sampled() -> None:
    labels = np.repeat(np.arange(100), 3)
    pairs = pairs_of(labels, most=400)
    assert pairs.same.sum() == 300


def test_recall_counts_examples_with_another_of_their_identity() -> None:
    vectors = np.array([[1, 0], [0.8, 0.6], [0.6, 0.8], [0, 1]], np.float32)
    found = find_neighbours(vectors, np.array([0, 0, 1, 2]))
    assert found.nearest.tolist() == [1, 2, 1, 2]
    assert found.recall == 0.5  # of the first two, the first


def test_a_pair_of_one_identity_counts_as_often_as_it_was_drawn() -> None:
    identities = np.array([0, 0, 1])
    pairs = pairs_of(identities)
    weights = pair_weights(np.array([3.0, 2.0]), identities, pairs)
    assert weights.tolist() == [3, 6, 6]  # the pair of identity 0; two pairs of both


def test_the_better_vectors_are_found_better() -> None:
    near, labels = embedded(noise=0.3)
    far, _ = embedded(noise=1.0)
    pairs = pairs_of(labels)
    interval, p = area_difference([similarities(each, pairs) for each in (far, near)], labels.astype(np.int64), pairs)
    assert interval[0] > 0
    assert p < 0.05


def scored(threshold: float | None = 0.5) -> object:
    vectors, labels = embedded()
    scorer = IdentitiesScorer(IdentityTargets(identities=12, threshold=threshold))
    for begin in range(0, 60, 16):
        scorer.update(labels[begin : begin + 16], vectors[begin : begin + 16])
    return scorer.result(split="test", loss=1.0, metrics={}).result


def test_a_result_has_every_score_and_its_interval() -> None:
    result = scored()
    pairs = pairs_of(embedded()[1])
    assert result.auc == pytest.approx(roc_auc_score(pairs.same, similarities(embedded()[0], pairs)))
    for name in INTERVALS:
        low, high = getattr(result.intervals, name)
        assert low <= getattr(result, name) <= high
    assert (result.identities, result.same_pairs, result.different_pairs) == (12, 120, 1650)
    assert result.tar_at_far_0_01 >= result.tar_at_far_0_001
    assert result.false_acceptance is not None
    assert result.chance_of_recall == pytest.approx(4 / 59)
    assert type(result).model_validate_json(result.model_dump_json()) == result
    assert set(result.scores) >= {"auc", "recall_at_1", "equal_error_rate"}


def test_without_a_threshold_nothing_is_said_of_errors() -> None:
    result = scored(None)
    assert result.threshold is result.false_acceptance is None


def test_the_threshold_is_chosen_where_both_errors_are_equal() -> None:
    vectors, labels = embedded()
    threshold = threshold_of(vectors, labels)
    assert threshold is not None
    pairs = pairs_of(labels)
    false, missed = error_rates(similarities(vectors, pairs), pairs.same, threshold)
    assert abs(false - missed) < 0.02
    assert threshold_of(vectors, np.arange(60)) is None
