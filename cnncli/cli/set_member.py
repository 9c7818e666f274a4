"""Train one run of a set in a process of its own, for `cnncli train --fold all --workers 2`.

`python -m cnncli.cli.set_member` reads a `Member` as JSON from the first line of stdin, and writes an `Event` a line to stdout.
When stdin ends, the training is stopped as by a signal: no run outlives its set.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, Literal

from pydantic import BaseModel, ConfigDict

from cnncli.cli import tensorflow_log
from cnncli.cli.live import ProgressListener, epoch_line
from cnncli.errors import CnncliError, Problem, Stopped
from cnncli.recipe.growth import AS_WRITTEN, WRITTEN_OUT
from cnncli.recipe.load import load_bytes


class _Message(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Member(_Message):
    """A run that is to be trained.

    Attributes:
        content, file, settings: of its recipe; `is_written_out`: that of a run.
        run_name: of a new run; `resume`: the folder of one that goes on.
        fold_set, repeat: as of `workflow.Options`.
        threads: that TensorFlow computes with.
        track: names of trackers, besides those of the recipe.
    """

    content: str
    file: str
    settings: list[str]
    is_written_out: bool
    outputs: Path
    run_name: str | None
    resume: Path | None
    device: str | None
    command_line: list[str]
    fold_set: str
    repeat: tuple[int, int] | None
    threads: int
    track: tuple[str, ...] = ()


class Event(_Message):
    """What happened: a line for the terminal, a note, or the end.

    Attributes:
        problems: of a note, one; of the end those of the error, or the expectations that do not hold.
        details: of the error.
        path: of the finished run.
        exit_code: of the end.
    """

    kind: Literal["line", "note", "end"]
    text: str = ""
    problems: list[dict[str, Any]] = []
    details: dict[str, Any] = {}
    path: Path | None = None
    exit_code: int = 0


def main() -> int:
    """Train the run that stdin names."""
    stream = os.fdopen(os.dup(1), "w", encoding="utf-8", errors="replace")
    os.dup2(2, 1)  # what libraries print on stdout goes to the log
    member = Member.model_validate_json(sys.stdin.readline())
    signal.signal(signal.SIGTERM, _stop)
    threading.Thread(target=_end_with_stdin, daemon=True).start()
    try:
        end = _train(member, stream)
    except CnncliError as error:
        problems = [each.as_json() for each in error.problems]
        end = Event(kind="end", problems=problems, details=error.details, exit_code=error.exit_code)
    except Stopped as stop:
        end = Event(kind="end", exit_code=128 + stop.number)
    _say(stream, end)
    return end.exit_code


def _stop(number: int, _: Any) -> None:
    raise Stopped(number)


def _end_with_stdin() -> None:
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)


def _train(member: Member, stream: IO[str]) -> Event:
    started = time.monotonic()
    bounds = WRITTEN_OUT if member.is_written_out else AS_WRITTEN
    loaded = load_bytes(member.content.encode(), member.file, member.settings, bounds=bounds)
    listener = _Listener(stream)
    with tensorflow_log.captured(member.resume) as log:
        listener.starting(loaded, log)
        from cnncli import workflow
        from cnncli.training.devices import Threads
        from cnncli.workflow.folds import run_fold

        options = workflow.Options(
            member.outputs,
            member.run_name,
            member.device,
            tuple(member.command_line),
            started,
            resume=member.resume,
            fold_set=member.fold_set,
            repeat=member.repeat,
            track=member.track,
            threads=Threads(member.threads, member.threads),
        )
        _, finished = run_fold(loaded, options, listener)
    broken = [each.as_json() for each in finished.broken]
    return Event(kind="end", path=finished.path, problems=broken)


class _Listener(ProgressListener):
    """Passes on epochs and notes."""

    def __init__(self, stream: IO[str]) -> None:
        super().__init__(quiet=True)
        self.stream = stream
        self.epochs = 0

    def ready(self, plan: Any) -> None:
        super().ready(plan)
        self.epochs = plan.epochs

    def note(self, problem: Problem) -> None:
        self.write_log(f"note: {problem}")
        _say(self.stream, Event(kind="note", problems=[problem.as_json()]))

    def epoch_ended(self, epoch: int, row: Mapping[str, Any]) -> None:
        super().epoch_ended(epoch, row)
        _say(self.stream, Event(kind="line", text=epoch_line(epoch, self.epochs, row)))


def _say(stream: IO[str], event: Event) -> None:
    # Numbers of NumPy are plain ones; anything else that JSON does not know is a text.
    text = json.dumps(
        event.model_dump(), ensure_ascii=False, default=lambda value: getattr(value, "tolist", value.__str__)()
    )
    stream.write(text + "\n")
    stream.flush()


if __name__ == "__main__":
    sys.exit(main())
