"""Processes that answer questions, for work during which Python would hold its lock."""

from __future__ import annotations

import os
import pickle
import queue
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Self


class WorkerLost(Exception):
    """A process could not be started, or ended without an answer."""


class ProcessPool:
    """As many processes as there are threads that ask at the same time; they end with the `with`, or with this process."""

    def __init__(self, module: str) -> None:
        """Prepare; nothing is started.

        Args:
            module: run as `python -m MODULE`, it calls `serve`.
        """
        self._command = [sys.executable, "-m", module]
        self._idle: queue.SimpleQueue[subprocess.Popen[bytes]] = queue.SimpleQueue()
        self._is_lost = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(queue.Empty):
            while True:
                _end(self._idle.get_nowait())

    def ask(self, question: Any) -> Any:
        """What an idle process answers, else a new one.

        Raises:
            WorkerLost: it does not answer, or one did not before.
        """
        if self._is_lost:
            raise WorkerLost
        try:
            process = self._idle.get_nowait()
        except queue.Empty:
            process = self._start()
        try:
            answer = _answer_of(process, question)
        except Exception as error:  # pickle raises about anything on what is no answer
            self._is_lost = True
            _end(process)
            raise WorkerLost from error
        self._idle.put(process)
        return answer

    def _start(self) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C in a terminal is for the command alone, which ends the process
            )
        except OSError as error:
            self._is_lost = True
            raise WorkerLost from error


def _answer_of(process: subprocess.Popen[bytes], question: Any) -> Any:
    assert process.stdin is not None  # pipes
    assert process.stdout is not None
    pickle.dump(question, process.stdin)
    process.stdin.flush()
    return pickle.load(process.stdout)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    with suppress(OSError), process:  # closes the pipes, even where a question is stuck in one, and waits
        pass


def serve(work: Callable[[Any], Any]) -> None:
    """In a process of a `ProcessPool`: answer each question with `work(question)` until the asking process closes its end."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a library prints is no answer
    with suppress(EOFError, BrokenPipeError):
        while True:
            pickle.dump(work(pickle.load(sys.stdin.buffer)), answers)
            answers.flush()
