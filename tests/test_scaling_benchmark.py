"""The formula of benchmarks/scaling.py, by numbers worked out by hand."""

import pytest

from benchmarks.scaling import Link, expected


@pytest.mark.parametrize(
    ("count", "size", "link", "seconds"),
    [
        (2, 100e6, Link(1e9, 0), 0.1),  # each sends the half of 0.1 GB twice
        (8, 100e6, Link(1e9, 0), 0.175),  # 2 * 7 / 8 * 0.1
        (8, 0, Link(1e9, 1e-3), 0.014),  # 14 messages
        (1, 100e6, Link(1e9, 1e-3), 0.0),
    ],
)
def test_ring_all_reduce(count, size, link, seconds):
    assert link.ring_all_reduce(size, count) == pytest.approx(seconds)


def test_expected_images_per_second():
    # 1 Gbit/s, 8 GPUs: 14 * (5e6 bytes / 8 / 0.125e9 + 50e-6) = 70.7 ms beside a step of 100 ms
    first = expected(0.1, 1.25e6, 64, (8,))[2]
    assert first == "| 1 Gbit/s Ethernet | 2,999 (59%) |"
