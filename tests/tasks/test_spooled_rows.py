"""Rows that are spooled to a file when they are many."""

from contextlib import contextmanager
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnncli.tasks import spooled_rows
from cnncli.tasks.spooled_rows import SpooledRows


@contextmanager
def blocks_of(numbers):
    with patch.object(spooled_rows, "BLOCK", numbers):
        yield


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("CNNCLI_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def spooled(rows, *sizes):
    found, first = SpooledRows(), 0
    for size in sizes:
        found.append(rows[first : first + size])
        first += size
    assert first == len(rows)
    return found


@settings(max_examples=60)
@given(st.lists(st.integers(1, 9), min_size=1, max_size=12), st.integers(1, 7), st.integers(1, 40), st.booleans())
def test_rows_of_any_batches_are_read_back_by_rows_and_by_columns(sizes, width, block, is_single):
    dtype = np.float32 if is_single else np.float64
    rows = np.random.default_rng(0).random((sum(sizes), width), dtype=dtype)
    with blocks_of(block):
        found = spooled(rows, *sizes)

        assert found.shape == rows.shape
        for again in (
            np.stack(list(found)),
            np.concatenate(list(found.blocks())),
            np.concatenate(list(found.column_blocks()), axis=1),
            found.columns(0, width),
        ):
            assert again.dtype == dtype
            assert np.array_equal(again, rows)
        chosen = [len(rows) - 1, 0, len(rows) // 2]
        assert np.array_equal(found.rows(chosen), rows[chosen])
        assert [len(each) for each in found.blocks()] == found.block_sizes
        assert np.array_equal(found.columns(width - 1, width), rows[:, -1:])


def test_two_blocks_at_most_stay_in_memory_and_the_file_has_no_name(cache):
    with blocks_of(1000):
        found = spooled(np.ones((5000, 10), np.float32), *[50] * 100)

        assert found.bytes_in_memory == 2 * 1000 * 4
        assert cache.is_dir()
        assert list(cache.iterdir()) == []


def test_few_rows_never_touch_the_disk(cache):
    with blocks_of(1000):
        spooled(np.ones((100, 10)), 60, 40)

    assert not cache.exists()


def test_rows_that_the_disk_does_not_take_stay_in_memory(cache):
    cache.write_text("a file where the folder should be")
    rows = np.arange(5000.0).reshape(500, 10)
    with blocks_of(1000):
        found = spooled(rows, *[50] * 10)

        assert found.bytes_in_memory == rows.nbytes
        assert np.array_equal(found.columns(0, 10), rows)
