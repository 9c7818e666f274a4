"""Training examples are known again in part, in another order, scale, type or container; others are not."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from cnncli.data.sketch import Overlap, Sketch, overlap_of, sketch_of

Array = np.ndarray[Any, Any]


def images(count: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).integers(0, 256, (count, 10, 10, 1), dtype=np.uint8)


def known(inputs: Array) -> Sketch:
    sketch = sketch_of(inputs)
    assert sketch is not None
    return sketch


def test_half_of_the_training_examples_among_new_ones() -> None:
    train = images(400)
    given = np.concatenate([train[100:200], images(100, seed=1)])[np.random.default_rng(2).permutation(200)]

    assert overlap_of(known(train), given) == Overlap(0.5, 100, 200, is_exact=True)


@pytest.mark.parametrize(
    "change",
    [
        lambda x: x.astype(np.float32) / 255,
        lambda x: x.astype(np.float64) / 127.5 - 1,
        lambda x: x.astype(np.uint16) * 257,
        lambda x: x.astype(np.float16),
        lambda x: (x / 255 - 0.1307) / 0.3081,
    ],
    ids=["0 to 1", "-1 to 1", "16 bits", "float16", "standardised"],
)
def test_another_scale_or_type_shows_the_same(change: Callable[[Array], Array]) -> None:
    train = images(300)

    assert overlap_of(known(train), change(train[:50])) == Overlap(1.0, 50, 50, is_exact=True)


def test_new_examples_are_not_known() -> None:
    assert overlap_of(known(images(300)), images(300, seed=1)) is None


def test_blank_examples_do_not_count() -> None:
    blank = np.zeros((20, 10, 10, 1), np.uint8)
    blank[10:] = 255
    sketch = known(np.concatenate([images(100), blank]))

    assert overlap_of(sketch, blank) is None
    assert overlap_of(sketch, np.concatenate([blank, images(20)])) == Overlap(1.0, 20, 20, is_exact=True)


def test_of_many_training_examples_the_share_is_estimated() -> None:
    train = images(30_000)
    given = np.concatenate([train[:1500], images(1500, seed=1)])

    overlap = overlap_of(known(train), given)

    assert overlap is not None
    assert not overlap.is_exact
    assert 0.35 < overlap.share < 0.65
    assert overlap_of(known(train), images(3000, seed=1)) is None


def test_sketch_of_many_is_small_and_comes_back_from_the_record() -> None:
    sketch = known(images(30_000))
    text = json.dumps(sketch.as_json())

    assert len(text) < 20_000
    assert Sketch.from_json(json.loads(text)) == sketch


def test_large_examples_are_reported_by_some_of_their_values() -> None:
    train = np.random.default_rng(0).integers(0, 256, (20, 90, 90, 3), dtype=np.uint8)

    assert overlap_of(known(train), train[5:9]) == Overlap(1.0, 4, 4, is_exact=True)


def test_short_rows_may_be_equal_by_chance() -> None:
    assert sketch_of(np.random.default_rng(0).integers(0, 3, (100, 5))) is None


@pytest.mark.parametrize("value", [None, 3, {}, {"count": 1, "sampled": 2, "digests": ""}, {"count": "a"}])
def test_what_is_no_sketch_is_none(value: Any) -> None:
    assert Sketch.from_json(value) is None


def test_damaged_digests_tell_nothing() -> None:
    train = images(10)

    assert overlap_of(replace(known(train), digests="?"), train) is None
