"""Work that is done in several threads, where it is worth it."""

from __future__ import annotations

import threading
import time

from cnncli.data.threads import in_threads


def test_work_of_a_moment_stays_in_the_calling_thread_and_long_work_does_not() -> None:
    def thread_of(seconds: float) -> threading.Thread:
        time.sleep(seconds)
        return threading.current_thread()

    assert set(in_threads(thread_of, [0.0] * 40)) == {threading.current_thread()}
    assert len(set(in_threads(thread_of, [0.002] * 40))) > 1
    assert list(in_threads(lambda item: item, range(40))) == list(range(40))
