"""How batches are divided among replicas: nothing is lost, nothing is read twice."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as some

from cnncli.data.batch_parts import Parts

COUNTS = some.integers(1, 8)


@given(COUNTS, some.integers(1, 6), some.integers(0, 200))
def test_every_example_is_in_one_part_where_parts_need_not_be_equal(count, examples_each, more):
    rows = count + more
    parts = Parts(count)
    sizes = parts.sizes(rows, count * examples_each)
    starts, lengths = parts.slices(sizes, range(count))
    read = np.concatenate([np.arange(start, start + length) for start, length in zip(starts, lengths, strict=True)])
    assert np.array_equal(read, np.arange(rows))
    assert lengths.min() >= 1
    assert lengths.max() - lengths.min() <= examples_each


@given(COUNTS, some.integers(1, 6), some.integers(0, 200))
def test_equal_parts_leave_out_fewer_examples_than_there_are_parts(count, examples_each, more):
    rows = count + more
    parts = Parts(count, are_equal=True)
    sizes = parts.sizes(rows, count * examples_each)
    assert 0 <= rows - sum(sizes) < count
    assert all(size % count == 0 and 0 < size <= count * examples_each for size in sizes)
    _, lengths = parts.slices(sizes, range(count))
    assert np.array_equal(lengths, np.repeat(np.array(sizes) // count, count))


@given(some.integers(1, 4), some.integers(1, 3), some.integers(0, 60), some.booleans())
def test_processes_together_read_what_one_process_reads(processes, replicas_each, more, are_equal):
    count = processes * replicas_each
    parts = Parts(count, are_equal=are_equal)
    sizes = parts.sizes(count + more, 2 * count)
    together = np.stack(parts.slices(sizes, range(count))).reshape(2, len(sizes), count)
    for rank in range(processes):
        own = range(rank * replicas_each, (rank + 1) * replicas_each)
        found = np.stack(parts.slices(sizes, own)).reshape(2, len(sizes), replicas_each)
        assert np.array_equal(found, together[:, :, own.start : own.stop])


def test_a_rest_that_is_too_small_for_all_parts_goes_to_the_last_batch():
    assert Parts(4).sizes(19, 8) == [8, 11]
    assert Parts(4).sizes(20, 8) == [8, 8, 4]
    assert Parts(4, are_equal=True).sizes(19, 8) == [8, 8]


def test_one_part_is_the_whole_batch():
    assert Parts().sizes(10, 4) == [4, 4, 2]
    assert [each.tolist() for each in Parts().slices([4, 4, 2], range(1))] == [[0, 4, 8], [4, 4, 2]]
