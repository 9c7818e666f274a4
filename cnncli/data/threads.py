"""Apply a function to many items in a few threads."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from operator import length_hint
from typing import TypeVar

from cnncli.runs.machine import allowed_cores, core_quota

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")
_MOST_THREADS = 16
# Threads that work for a moment each wait for the lock of Python: 20,000 JPEGs of 32x32 took 5.8 s in one thread, 7.0 s in two.
_SHORT = 5e-4  # seconds
_TRIED, _LONG_ONES = 4, 2  # items after which is decided; fewer where so many were not short
_ELSEWHERE = 3e-3  # seconds of a part: of longer ones most is done without the lock, and their results are large
_WORTH = 0.75  # seconds of work for a process, which takes 0.3 s to start


def in_threads(
    work: Callable[[_Item], _Result],
    items: Iterable[_Item],
    *,
    parts: int = 1,
    elsewhere: Callable[[_Item], _Result] | None = None,
) -> Generator[_Result, None, None]:
    """Yield `work(item)` in the order of the items; an exception, Ctrl-C too, drops what has not begun.

    Unless two of the first items take half a millisecond or more for each of their parts, all are done in the calling thread.

    Args:
        items: their number counts for `elsewhere`, where they tell it.
        parts: how many pieces of work an item is, such as files.
        elsewhere: does the same, and waits for another process meanwhile; used where much is left of parts of at most 3 ms.
    """
    waiting = iter(items)
    times: list[float] = []  # for each part
    for item in islice(waiting, _TRIED):
        started = time.perf_counter()
        result = work(item)
        times.append((time.perf_counter() - started) / parts)
        yield result
        if _are_long(times):
            break
    fastest = min(times, default=math.inf)  # the others may have waited for modules and for other programs
    processes = _processes(fastest * parts * length_hint(waiting)) if elsewhere and fastest < _ELSEWHERE else 1
    if elsewhere and processes > 1:
        work, threads = elsewhere, processes
    elif _are_long(times):
        threads = min(allowed_cores(), _MOST_THREADS)
    else:
        yield from map(work, waiting)
        return
    pool = ThreadPoolExecutor(threads)
    try:
        yield from pool.map(work, waiting)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _are_long(times: Sequence[float]) -> bool:
    return sum(each >= _SHORT for each in times) >= _LONG_ONES


def _processes(seconds: float) -> int:
    """How many are worth their start for so much work."""
    return int(min(allowed_cores(), core_quota() or math.inf, _MOST_THREADS, seconds / _WORTH))
