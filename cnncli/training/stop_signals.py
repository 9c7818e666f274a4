"""Signals during a training: the first one ends after the current step, the second one at once."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from cnncli.errors import Stopped

SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


class Pending:
    """Whether a signal came; `number` is 0 as long as none did."""

    def __init__(self) -> None:
        self.number = 0

    def stop_if_asked(self) -> None:
        """Raises: Stopped: a signal came; all processes of the training know of it."""
        if self.number:
            raise Stopped(self.number, together=True)


@contextmanager
def deferred(tell: Callable[[int], None]) -> Iterator[Pending]:
    """Within a `with`, keep the first signal for later; the second one raises `Stopped` at once.

    Args:
        tell: is called with the first signal's number.
    """
    pending = Pending()

    def keep(number: int, _: Any) -> None:
        if pending.number:
            raise Stopped(number)
        pending.number = number
        tell(number)

    try:
        before = {number: signal.signal(number, keep) for number in SIGNALS}
    except ValueError:  # not in the main thread
        before = {}
    try:
        yield pending
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
