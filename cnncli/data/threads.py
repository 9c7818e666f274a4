"""Apply a function to many items in a few threads."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from operator import length_hint
from typing import TypeVar

from cnncli.runs.machine import allowed_cores

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")
_MOST_THREADS = 16
# Threads that work for a moment each wait for the lock of Python: 20,000 JPEGs of 32x32 took 5.8 s in one thread, 7.0 s in two.
_SHORT = 5e-4  # seconds
_TRIED, _LONG_ONES = 4, 2  # items after which is decided; fewer where so many were not short
# Of longer work most is done without the lock, and its results are large.
_ELSEWHERE, _WORTH = 3e-3, 1.5  # seconds: the most for a part, and the least for what is left, where processes do it


def in_threads(
    work: Callable[[_Item], _Result],
    items: Iterable[_Item],
    *,
    parts: int = 1,
    elsewhere: Callable[[_Item], _Result] | None = None,
) -> Iterator[_Result]:
    """Yield `work(item)` in the order of the items; an exception, Ctrl-C too, drops what has not begun.

    Where the first items take less than half a millisecond for each of their parts, all are done in the calling thread.

    Args:
        items: their number counts for `elsewhere`, where they tell it.
        parts: how many pieces of work an item is, such as files.
        elsewhere: does the same, and waits for another process meanwhile; used where much is left of parts of at most 3 ms.
    """
    waiting, times = iter(items), [math.inf]
    for item in islice(waiting, _TRIED):
        started = time.perf_counter()
        result = work(item)
        times.append((time.perf_counter() - started) / parts)
        yield result
        if sum(_SHORT <= each < math.inf for each in times) == _LONG_ONES:
            break
    seconds = min(times)  # of the fastest: the first items may wait for modules and for other programs
    seconds_left = seconds * parts * length_hint(waiting) if seconds < _ELSEWHERE else 0.0
    if elsewhere and seconds_left >= _WORTH and allowed_cores() > 1:
        work = elsewhere
    elif seconds < _SHORT:
        yield from map(work, waiting)
        return
    pool = ThreadPoolExecutor(min(allowed_cores(), _MOST_THREADS))
    try:
        yield from pool.map(work, waiting)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
