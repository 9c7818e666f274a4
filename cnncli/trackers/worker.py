"""The process of its own in which a tracker runs: a package that hangs, prints or crashes does not touch the training.

It reads messages from stdin, one JSON document a line, and answers on stdout. Where stdin ends without `finish`, the
training was killed: the tracker's run is closed all the same.
"""

from __future__ import annotations

import json
import os
import queue
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO

from cnncli.messages import shortened
from cnncli.recipe.schema_trackers import Tracker as Settings
from cnncli.trackers import registry
from cnncli.trackers.tracked_run import read
from cnncli.trackers.tracker import Tracker, Unreachable

LONGEST_REASON = 300  # characters
_CLOSING, _FINISHING = 30.0, 900.0  # seconds, after the training was killed, and after it has asked to finish
# Less patience than the packages have by themselves, and no telemetry; what the user has set stays.
_ENVIRONMENT = {
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "15",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "WANDB_ERROR_REPORTING": "false",
    "GIT_PYTHON_REFRESH": "quiet",
}

Message = dict[str, Any]
Answer = dict[str, Any]


def serve(messages: Iterable[Message], make: Callable[[Settings], Tracker], answer: Callable[[Answer], None]) -> None:
    """Pass messages on to a tracker until it has finished or failed.

    The first message has the settings and the folder of the run, those that follow rows of the history, and the last one is
    `{"finish": true}`.
    """
    try:
        messages = iter(messages)
        first = next(messages)
        folder = Path(first["folder"])
        tracker = make(Settings.model_validate_json(json.dumps(first["settings"])))
        answer({"started": tracker.start(read(folder)).as_json()})
        for message in messages:
            if "rows" in message:
                tracker.log_epochs(message["rows"])
            if "finish" in message:
                break
        tracker.finish(read(folder))
        answer({"finished": True})
    except Exception as error:
        answer({"failed": reason(error), "unreachable": isinstance(error, Unreachable)})


def reason(error: Exception) -> str:
    """What failed, in one line."""
    text = " ".join(str(error).split()) or type(error).__name__
    known = isinstance(error, Unreachable) or type(error).__module__.startswith("cnncli.")
    return shortened(text if known else f"{type(error).__name__}: {text}", LONGEST_REASON)


def _received(stream: TextIO) -> Iterator[Message]:
    """The messages of a stream, read beside the work: when it ends, so does this process after a while, whatever hangs in it."""
    received: queue.SimpleQueue[Message | None] = queue.SimpleQueue()

    def read_all() -> None:
        message: Message = {}
        for line in stream:
            message = json.loads(line)
            received.put(message)
        received.put(None)
        time.sleep(_FINISHING if "finish" in message else _CLOSING)
        os._exit(1)

    threading.Thread(target=read_all, daemon=True).start()
    return iter(received.get, None)


def main() -> None:
    """Serve stdin and stdout; what the tracker's package prints goes to stderr."""
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def answer(told: Answer) -> None:
        with suppress(OSError):  # the training was killed
            answers.write(f"{json.dumps(told)}\n")
            answers.flush()

    serve(_received(sys.stdin), registry.make, answer)


if __name__ == "__main__":
    main()
