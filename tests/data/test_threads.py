"""Work that is done in several threads, where it is worth it."""

from __future__ import annotations

import threading

import pytest

from cnncli.data import threads
from cnncli.data.threads import in_threads


def _thread_of(item: int) -> threading.Thread:
    return threading.current_thread()


@pytest.mark.parametrize(("short", "parts", "stays"), [(60.0, 1, True), (0.0, 1, False), (30.0, 2, True)])
def test_work_of_a_moment_stays_in_the_calling_thread_and_long_work_does_not(
    monkeypatch: pytest.MonkeyPatch, short: float, parts: int, stays: bool
) -> None:
    monkeypatch.setattr(threads, "_SHORT", short)

    found = set(in_threads(_thread_of, range(40), parts=parts))

    assert (found == {threading.current_thread()}) == stays


@pytest.mark.parametrize("short", [60.0, 0.0])
def test_results_come_in_the_order_of_the_items(monkeypatch: pytest.MonkeyPatch, short: float) -> None:
    monkeypatch.setattr(threads, "_SHORT", short)

    for count in (0, 1, 4, 40):
        assert list(in_threads(lambda item: item, range(count))) == list(range(count))


@pytest.mark.parametrize(
    ("seconds", "count", "cores", "quota", "is_used"),
    [
        (0.002, 1000, 2, None, True),
        (0.002, 1000, 1, None, False),
        (0.002, 1000, 8, 1.5, False),
        (0.002, 400, 2, None, False),
        (0.02, 400, 2, None, False),
    ],
    ids=["much short work", "one core", "time of one core", "little work", "long work"],
)
def test_much_short_work_is_done_elsewhere(
    monkeypatch: pytest.MonkeyPatch, seconds: float, count: int, cores: int, quota: float | None, is_used: bool
) -> None:
    now = [0.0]
    monkeypatch.setattr(threads, "allowed_cores", lambda: cores)
    monkeypatch.setattr(threads, "core_quota", lambda: quota)
    monkeypatch.setattr(threads.time, "perf_counter", lambda: now[0])

    def here(item: int) -> tuple[str, int]:
        now[0] += seconds
        return "here", item

    found = list(in_threads(here, range(count), elsewhere=lambda item: ("elsewhere", item)))

    assert [item for _, item in found] == list(range(count))
    assert ("elsewhere" in {place for place, _ in found}) == is_used


def test_long_work_is_done_in_threads_even_if_its_first_item_is_short(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(threads, "allowed_cores", lambda: 2)
    monkeypatch.setattr(threads.time, "perf_counter", lambda: now[0])

    def work(item: int) -> threading.Thread:
        now[0] += 0.5 if item else 0.0
        return threading.current_thread()

    assert set(in_threads(work, range(40))) > {threading.current_thread()}
