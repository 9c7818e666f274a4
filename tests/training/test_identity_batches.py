"""Batches of some identities with some examples of each."""

from __future__ import annotations

import numpy as np
import pytest

from cnncli.data.dataset import INPUT, Examples
from cnncli.data.drawing import IdentityBatches
from cnncli.data.pipeline import Batches
from cnncli.tasks.classification.targets import INTEGERS

COUNTS = (9, 2, 5, 1, 7, 4, 6)  # examples of each identity
PEOPLE = np.random.default_rng(0).permutation(np.repeat(np.arange(7, dtype=np.int32), COUNTS))


def batches(seed: int = 3) -> Batches:
    examples = Examples({INPUT: np.arange(34, dtype=np.float32)[:, None]}, PEOPLE)
    drawing = IdentityBatches(PEOPLE, batch_size=6, examples_of_each=2)
    return Batches(examples, batch_size=6, encodings={"": INTEGERS}, seed=seed, drawing=drawing)


def drawn(given: Batches, epoch: int, first_step: int = 0) -> list[list[int]]:
    given.epoch.assign(epoch)
    return [inputs.numpy()[:, 0].astype(int).tolist() for inputs, *_ in given.dataset(first_step=first_step)]


def test_each_batch_has_some_examples_of_each_of_some_identities() -> None:
    for epoch in range(5):
        found = drawn(batches(), epoch)
        assert len(found) == 6  # 34 examples in batches of 6
        for rows in found:
            people, counts = np.unique(PEOPLE[rows], return_counts=True)
            assert len(people) == 3
            assert counts.tolist() == [2, 2, 2]


def test_examples_of_an_identity_are_not_drawn_again_before_all_have_been() -> None:
    rows = np.array(drawn(batches(), 0)).ravel()
    large = [row for row in rows if COUNTS[PEOPLE[row]] >= 6]
    assert len(set(large)) == len(large)  # three rounds of two examples
    pairs = [pair for pair in rows.reshape(-1, 2).tolist() if PEOPLE[pair[0]] == 1]
    assert all(len(set(pair)) == 2 for pair in pairs)


def test_all_identities_and_examples_come_in_time() -> None:
    given = batches()
    rows = np.concatenate([np.ravel(drawn(given, epoch)) for epoch in range(40)])
    assert set(rows) == set(range(34))
    times = np.bincount(PEOPLE[rows], minlength=7)
    assert times.min() > 0.7 * times.max()  # whatever the number of its examples


def test_the_order_is_a_pure_function_of_seed_and_epoch() -> None:
    first, second = (drawn(batches(), epoch) for epoch in (0, 1))
    assert first == drawn(batches(), 0)
    assert first != second
    assert first != drawn(batches(seed=4), 0)
    assert drawn(batches(), 1, first_step=4) == second[4:]


def test_an_example_that_is_drawn_again_takes_the_next_of_its_copies() -> None:
    copies = np.concatenate([np.arange(34), 100 + np.arange(34)]).astype(np.float32)[:, None]
    rows = np.array(drawn(batches().of(copies), 0)).reshape(-1, 2)
    alone = int(np.flatnonzero(PEOPLE == 3)[0])  # one example, twice in its batch
    pairs = [sorted(pair) for pair in rows.tolist() if pair[0] % 100 == alone]
    assert pairs
    assert all(pair == [alone, 100 + alone] for pair in pairs)


def test_sizes_that_do_not_fit_are_errors() -> None:
    for size, of_each in ((7, 2), (16, 2)):
        with pytest.raises(ValueError, match="no batch"):
            IdentityBatches(PEOPLE, batch_size=size, examples_of_each=of_each)
