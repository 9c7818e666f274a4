from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnncli.data.splits import limit, split
from cnncli.errors import DataError

# Up to 8 classes with 3 to 60 examples each: every class is large enough for three parts.
class_counts = st.lists(st.integers(3, 60), min_size=2, max_size=8)
seeds = st.integers(0, 2**32 - 1)
quick = settings(max_examples=50)


def labels_of(counts: list[int], seed: int = 0) -> np.ndarray:
    labels = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
    return np.random.default_rng(seed).permutation(labels)


@st.composite
def possible_splits(draw: st.DrawFn) -> tuple[np.ndarray, int, int]:
    """Labels and two sizes that leave every part room for every class."""
    counts = draw(class_counts)
    kinds, total = len(counts), sum(counts)
    validation = draw(st.integers(kinds, total - 2 * kinds))
    test = draw(st.integers(kinds, total - kinds - validation))
    return labels_of(counts, draw(st.integers(0, 100))), validation, test


@quick
@given(possible_splits(), seeds)
def test_parts_are_disjoint_and_complete(possible: tuple[np.ndarray, int, int], seed: int) -> None:
    labels, validation, test = possible

    parts = split(labels, validation=validation, test=test, seed=seed)

    together = np.concatenate([parts.train, parts.validation, parts.test])
    assert np.array_equal(np.sort(together), np.arange(len(labels)))


@quick
@given(possible_splits(), seeds)
def test_counts_come_out_exactly(possible: tuple[np.ndarray, int, int], seed: int) -> None:
    labels, validation, test = possible

    parts = split(labels, validation=validation, test=test, seed=seed)

    assert (len(parts.validation), len(parts.test)) == (validation, test)


@quick
@given(possible_splits(), seeds)
def test_every_class_is_in_every_part(possible: tuple[np.ndarray, int, int], seed: int) -> None:
    labels, validation, test = possible

    parts = split(labels, validation=validation, test=test, seed=seed)

    for part in (parts.train, parts.validation, parts.test):
        assert set(labels[part]) == set(labels)


@quick
@given(st.lists(st.integers(10, 200), min_size=2, max_size=8), st.floats(0.1, 0.4), st.floats(0.1, 0.4), seeds)
def test_every_class_keeps_its_share_to_within_one(
    counts: list[int], validation: float, test: float, seed: int
) -> None:
    labels = labels_of(counts)

    parts = split(labels, validation=validation, test=test, seed=seed)

    for part in (parts.validation, parts.test):
        due = np.array(counts) * len(part) / len(labels)
        assert (np.abs(np.bincount(labels[part]) - due) < 1).all()


@quick
@given(possible_splits(), seeds)
def test_the_same_seed_gives_the_same_parts(possible: tuple[np.ndarray, int, int], seed: int) -> None:
    labels, validation, test = possible

    first, second = (split(labels, validation=validation, test=test, seed=seed) for _ in range(2))

    assert first.train.tolist() == second.train.tolist()
    assert first.test.tolist() == second.test.tolist()


def test_the_parts_of_a_seed_are_the_same_on_every_machine() -> None:
    # The raw numbers of PCG64([7, 0x53504C49]) sort 0 to 19 as 6 17 5 18 14 0 3 7 …; the labels alternate, so that two even
    # and two odd ones of these come first.
    parts = split(np.arange(20) % 2, validation=4, test=4, seed=7)

    assert parts.validation.tolist() == [5, 6, 17, 18]
    assert parts.test.tolist() == [0, 3, 7, 14]


@pytest.mark.parametrize("seed", [0, 7, 2026])
def test_a_split_does_not_depend_on_what_numpy_draws_from_its_seed(seed: int) -> None:
    drawn = np.random.default_rng(seed).uniform(size=1000)  # a user's data, made with the same seed

    test = split((np.arange(1000) % 2).astype(int), test=0.2, seed=seed).test

    assert abs(drawn[test].mean() - drawn.mean()) < 0.1  # four standard errors are 0.08


def test_another_seed_gives_other_parts() -> None:
    labels = np.arange(100) % 2

    assert split(labels, test=20, seed=1).test.tolist() != split(labels, test=20, seed=2).test.tolist()


def test_largest_remainders_get_the_examples_that_are_left() -> None:
    # 10 of 20 among 11, 6, 3 is 5.5, 3.0, 1.5: rounded down 5, 3, 1 with one left, and the first of the two halves gets it.
    labels = np.repeat([0, 1, 2], [11, 6, 3])

    parts = split(labels, validation=10, seed=3)

    assert np.bincount(labels[parts.validation]).tolist() == [6, 3, 1]


def test_shares_are_rounded_to_the_nearest_count() -> None:
    # 0.25 of 10 is 2.5, and a half goes up; 0.15 of 10 is 1.5 and becomes 2.
    parts = split(np.arange(10) % 2, validation=0.25, test=0.15, seed=0)

    assert (len(parts.train), len(parts.validation), len(parts.test)) == (5, 3, 2)


def test_a_small_class_gives_one_although_less_is_due() -> None:
    # 10 of 100 among 97 and 3 is 9.7 and 0.3.
    labels = np.repeat([0, 1], [97, 3])

    parts = split(labels, validation=10, test=10, seed=0)

    assert np.bincount(labels[parts.validation]).tolist() == [9, 1]
    assert np.bincount(labels[parts.train]).tolist() == [79, 1]


def test_what_small_classes_have_no_room_for_goes_to_the_large_one() -> None:
    # 80 of 106 among 3, 3 and 100 is 2.3, 2.3 and 75.5, but a class of 3 can give one to each part only.
    labels = np.repeat([0, 1, 2], [3, 3, 100])

    parts = split(labels, validation=80, test=10, seed=0)

    assert np.bincount(labels[parts.validation]).tolist() == [1, 1, 78]
    assert np.bincount(labels[parts.test]).tolist() == [1, 1, 8]


def test_a_part_that_is_not_asked_for_is_empty() -> None:
    parts = split(np.arange(10) % 2, test=0.2, seed=0)

    assert (len(parts.train), len(parts.validation), len(parts.test)) == (8, 0, 2)


def test_nothing_asked_for_leaves_everything_to_train() -> None:
    assert split(np.array([0, 1])).train.tolist() == [0, 1]


def test_class_too_small_for_the_parts_is_named_with_its_count() -> None:
    labels = np.repeat([0, 1], [10, 2])

    with pytest.raises(DataError) as caught:
        split(labels, validation=0.2, test=0.2, class_names=["ants", "bees"])

    assert [problem.message for problem in caught.value.problems] == [
        "class `bees` has 2 examples; train, validation and test need one each"
    ]
    assert caught.value.problems[0].path == ("data", "split")


def test_several_classes_too_small_are_reported_in_one_sentence() -> None:
    labels = np.repeat(np.arange(8), [10, 1, 1, 1, 1, 1, 1, 10])

    with pytest.raises(DataError) as caught:
        split(labels, test=0.2)

    assert str(caught.value).splitlines()[0] == (
        "6 classes have too few examples: `1` 1, `2` 1, `3` 1, `4` 1, `5` 1 and 1 more; train and test need one each"
    )


def test_part_smaller_than_the_number_of_classes_is_refused() -> None:
    with pytest.raises(DataError) as caught:
        split(np.arange(100) % 10, validation=0.05, test=0.2)

    assert str(caught.value) == (
        "validation gets 5 examples of 100, fewer than the 10 classes\n"
        "    `validation: 10` or more: each class needs one example in it"
    )


def test_parts_that_leave_nothing_to_train_are_refused() -> None:
    with pytest.raises(DataError) as caught:
        split(np.arange(100) % 10, validation=0.5, test=50)

    assert str(caught.value) == (
        "validation 50 and test 50 take so many of 100 examples that 0 are left for 10 classes\n"
        "    a smaller `validation` and `test`"
    )


def test_without_stratify_a_part_without_a_class_is_refused() -> None:
    labels = np.repeat([0, 1], [98, 2])

    with pytest.raises(DataError) as caught:
        split(labels, test=0.1, stratify=False, seed=0, class_names=["ants", "bees"])

    assert str(caught.value) == (
        "test gets no example of class `bees` (2 in all)\n    `stratify: true` gives every part its share"
    )


def test_without_stratify_counts_are_exact_and_parts_disjoint() -> None:
    parts = split(np.arange(100) % 2, validation=0.2, test=30, stratify=False, seed=5)

    assert (len(parts.train), len(parts.validation), len(parts.test)) == (50, 20, 30)
    assert len(np.unique(np.concatenate([parts.train, parts.validation, parts.test]))) == 100


@quick
@given(class_counts, st.data(), seeds)
def test_limit_keeps_every_class_and_the_count(counts: list[int], data: st.DataObject, seed: int) -> None:
    labels = labels_of(counts)
    count = data.draw(st.integers(len(counts), len(labels)))

    kept = limit(labels, count, seed=seed)

    assert len(np.unique(kept)) == count
    assert set(labels[kept]) == set(labels)


def test_limit_keeps_every_classs_share() -> None:
    labels = np.repeat([0, 1], [900, 100])

    assert np.bincount(labels[limit(labels, 50, seed=0)]).tolist() == [45, 5]


def test_a_larger_limit_holds_the_examples_of_a_smaller_one() -> None:
    labels = np.arange(100) % 2

    assert set(limit(labels, 20, seed=4)) < set(limit(labels, 40, seed=4))


def test_limit_beyond_the_examples_keeps_them_all() -> None:
    assert limit(np.array([0, 1, 1]), 10).tolist() == [0, 1, 2]


def test_limit_below_the_number_of_classes_is_refused() -> None:
    with pytest.raises(DataError) as caught:
        limit(np.arange(100) % 10, 5)

    assert str(caught.value) == ("5 examples cannot hold one of each of the 10 classes\n    `limit: 10` or more")
    assert caught.value.problems[0].path == ("data", "limit")
