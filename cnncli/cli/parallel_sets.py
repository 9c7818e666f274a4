"""Train the runs of a set at the same time, each in a process of its own; they share the processor cores."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, Any

from pydantic import ValidationError

from cnncli import errors
from cnncli.cli import console
from cnncli.cli.set_errors import named
from cnncli.cli.set_member import Event, Member
from cnncli.distribute.worker_devices import worker_environments
from cnncli.errors import CnncliError, Place, Problem, ResourceError
from cnncli.messages import printable, signal_name

_PATIENCE = 60.0  # seconds that a run has to end its step and keep its state
_ERRORS: dict[int, type[CnncliError]] = {
    each.exit_code: each
    for each in vars(errors).values()
    if isinstance(each, type) and issubclass(each, CnncliError) and each.code not in ("findings", "expectation")
}


def threads_for(workers: int) -> int:
    """How many threads each of several processes computes with."""
    from cnncli.runs.machine import allowed_cores

    return max(1, allowed_cores() // workers)


@dataclass(frozen=True, eq=False)
class _Process:
    number: int
    process: subprocess.Popen[str]
    log: IO[bytes]
    environment: dict[str, str]


def train_members(
    members: Mapping[int, Member],
    workers: int,
    *,
    word: str,
    says: Callable[[str], None],
    ends_set: Callable[[CnncliError, int], bool],
) -> Iterator[tuple[int, Event, list[Problem]]]:
    """Train runs, so many at a time; where there are several GPUs, each has one of them.

    Args:
        members: by their number in the set.
        word: `fold` or `repeat`.
        says: is called with each line for the terminal.
        ends_set: whether the error of the run of that number ends all of them.

    Yields:
        Of each run that has ended its number, its last event, and its notes.

    Raises:
        CnncliError: of the first run that ends the set; the others are stopped, and can be resumed.
        Stopped: likewise, by a signal.
    """
    waiting = list(members)
    device = next((member.device for member in members.values()), None)
    environments = worker_environments(workers, device)  # of the processes that are to be started
    running: dict[int, _Process] = {}
    notes: dict[int, list[Problem]] = {}
    events: queue.Queue[tuple[int, Event | None]] = queue.Queue()
    try:
        while waiting or running:
            while waiting and len(running) < workers:
                number = waiting.pop(0)
                running[number] = _started(number, members[number], environments.pop(0), events)
                notes[number] = []
                says(f"{word} {number}: started")
            with suppress(queue.Empty):
                number, event = events.get(timeout=0.2)
                if event is None:
                    raise _lost(running[number], word)
                if event.kind == "line":
                    says(f"{word} {number}  {event.text}")
                elif event.kind == "note":
                    notes[number] += [_problem(each) for each in event.problems]
                else:
                    ended = running.pop(number)
                    ended.process.wait()
                    environments.append(ended.environment)
                    error = error_of(event)
                    if error and ends_set(error, number):
                        raise named(error, f"{word} {number}")
                    if not error:
                        says(f"{word} {number}: finished")
                    yield number, event, notes[number]
    finally:
        _stop(list(running.values()))


def _started(
    number: int, member: Member, environment: dict[str, str], events: queue.Queue[tuple[int, Event | None]]
) -> _Process:
    """Start the process of a run.

    Args:
        environment: its variables beside those of this process.
    """
    log = tempfile.TemporaryFile(prefix="cnncli-")  # noqa: SIM115  # of its end, where it is lost
    process = subprocess.Popen(
        [sys.executable, "-m", "cnncli.cli.set_member"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log,
        encoding="utf-8",
        env=os.environ | environment,
        start_new_session=True,  # Ctrl-C is for the set, which stops its runs
    )
    with suppress(BrokenPipeError):
        assert process.stdin
        process.stdin.write(member.model_dump_json() + "\n")
        process.stdin.flush()
    threading.Thread(target=_listen, args=(number, process, events), daemon=True).start()
    return _Process(number, process, log, environment)


def _listen(number: int, process: subprocess.Popen[str], events: queue.Queue[tuple[int, Event | None]]) -> None:
    assert process.stdout
    has_ended = False
    for line in process.stdout:
        with suppress(ValidationError):
            event = Event.model_validate_json(line)
            has_ended = event.kind == "end"
            events.put((number, event))
    process.wait()
    if not has_ended:
        events.put((number, None))


def _problem(said: Mapping[str, Any]) -> Problem:
    """A problem from its JSON."""
    place = Place(said["file"], said["line"] or 0, said["column"] or 0) if said["file"] else None
    return Problem(said["message"], said["hint"] or "", place, tuple((said["path"] or "").split(".")))


def problems_of(event: Event) -> list[Problem]:
    """The expectations that a finished run does not meet."""
    return [_problem(each) for each in event.problems]


def error_of(event: Event) -> CnncliError | None:
    """The error that ended a run; None of a finished one."""
    if event.path is not None:
        return None
    kind = _ERRORS.get(event.exit_code, ResourceError)
    problems = [_problem(each) for each in event.problems] or [Problem("the process was stopped")]
    return kind(problems, details=event.details)


def _lost(lost: _Process, word: str) -> ResourceError:
    """The error of a process that ended without a word: out of memory, or a bug."""
    code = lost.process.returncode
    how = f"exit code {code}" if code >= 0 else signal_name(-code)
    lost.log.seek(0)
    said = lost.log.read().decode("utf-8", "replace").strip().splitlines()[-5:]
    hint = "\n".join(["fewer workers need less memory" if code < 0 else "", *map(printable, said)]).strip()
    return ResourceError(Problem(f"{word} {lost.number}: its process was ended by {how}", hint))


def _stop(running: Sequence[_Process]) -> None:
    """End processes: each may end its step and keep its state; after a minute, or where this is stopped again, at once."""
    for each in running:
        if each.process.poll() is None:
            each.process.send_signal(signal.SIGTERM)
    try:
        end = time.monotonic() + _PATIENCE
        for each in running:
            with suppress(subprocess.TimeoutExpired):
                each.process.wait(timeout=max(0.0, end - time.monotonic()))
    finally:
        for each in running:
            if each.process.poll() is None:
                each.process.kill()
                each.process.wait()


def show_notes(notes: Sequence[Problem]) -> None:
    """The notes of a run."""
    for note in notes:
        console.show_note(note)
