"""Turn the loss of another process into one error that names it, whatever this process is doing."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from cnncli import keras_internals
from cnncli.distribute.control_channel import Lost, Meeting
from cnncli.errors import CnncliError, Stopped, WorkerError

_SECONDS_TO_NAME = 25.0  # TensorFlow may fail before the control channel knows which process was lost
_SECONDS_TO_REACT = 8.0


@contextmanager
def watching(meeting: Meeting | None, explain: Callable[[Lost], WorkerError]) -> Iterator[None]:
    """While a block trains with other processes, end it when one of them is lost.

    Operations that wait for the lost process are ended. If that does not end the block, because it hangs in
    a library, the error is written to stderr and this process ends with its exit code.

    Args:
        meeting: the other processes; None: there are none.
        explain: the error for a lost process.

    Raises:
        WorkerError: a process was lost.
    """
    if meeting is None:
        yield
        return
    is_over = threading.Event()

    def react(lost: Lost) -> None:
        if is_over.is_set():
            return
        stopped = keras_internals.stop_waiting_for_others(str(lost))
        if not is_over.wait(_SECONDS_TO_REACT if stopped else 0):
            error = explain(lost)
            sys.stderr.write(f"{error}\n")
            sys.stderr.flush()
            os._exit(error.exit_code)

    meeting.on_lost(react)
    try:
        yield
    except CnncliError:
        raise
    except Stopped as stop:
        if stop.together:  # the chief may still write a checkpoint, and the end of the others is no loss
            meeting.finish_together()
        raise
    except Exception as error:
        lost = meeting.wait_lost(_SECONDS_TO_NAME)
        if lost is None:
            raise
        raise explain(lost) from error
    finally:
        is_over.set()
