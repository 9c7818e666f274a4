"""Apply a function to many items in a few threads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from cnncli.runs.machine import allowed_cores

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")
_MOST_THREADS = 16


def in_threads(work: Callable[[_Item], _Result], items: Iterable[_Item]) -> Iterator[_Result]:
    """Yield `work(item)` in the order of the items; an exception, Ctrl-C too, drops what has not begun."""
    pool = ThreadPoolExecutor(min(allowed_cores(), _MOST_THREADS))
    try:
        yield from pool.map(work, items)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
