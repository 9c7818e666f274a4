"""TensorFlow's own messages, redirected to a log file."""

from __future__ import annotations

import gc
import importlib
import io
import logging
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from cnncli.cli import streams


class Log:
    """Where a command's log goes: a temporary file at first, the run's once there is one."""

    def __init__(self) -> None:
        self._file: IO[bytes]
        try:
            self._file = tempfile.TemporaryFile(mode="w+b", prefix="cnncli-")  # noqa: SIM115
        except OSError:  # no folder for temporary files
            self._file = open(os.devnull, "r+b")  # noqa: SIM115
        self._stream = io.TextIOWrapper(os.fdopen(os.dup(self._file.fileno()), "wb"), "utf-8", errors="replace")
        self._redirected: int | None = None

    def write(self, text: str) -> None:
        with suppress(OSError):
            self._stream.write(text)
            self._stream.flush()

    def flush(self) -> None:
        self._stream.flush()

    def redirect(self, descriptor: int) -> None:
        """Send what native code writes to a file descriptor here."""
        self._redirected = descriptor
        os.dup2(self._file.fileno(), descriptor)

    def move_to(self, path: Path) -> None:
        """Go on in a file, with all that was logged before; where that cannot be written, in the temporary one."""
        try:
            target = open(path, "a+b")  # noqa: SIM115
            self._stream.flush()
            self._file.seek(0)
            shutil.copyfileobj(self._file, target)
            target.flush()
        except OSError:  # a full disk: what a run needs more than its log will say so
            return
        self._file = target
        self._stream = io.TextIOWrapper(os.fdopen(os.dup(target.fileno()), "wb"), "utf-8", errors="replace")
        if self._redirected is not None:
            os.dup2(target.fileno(), self._redirected)


@contextmanager
def captured(run: Path | None = None) -> Iterator[Log]:
    """Import Keras, and keep everything that TensorFlow and its libraries print away from the user.

    stderr itself goes on working: Python's stream is moved to a copy of the descriptor, and the descriptor that native
    code writes to leads into the log.

    Args:
        run: the folder of a run that is continued or repeated: TensorFlow uses oneDNN if it did for that run.
    """
    from cnncli.runs import onednn

    onednn.choose(run)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "1")
    log = Log()
    python_stderr = sys.stderr
    real = _descriptor(python_stderr)
    copy = os.dup(2) if real == 2 else None
    if copy is not None:
        sys.stderr.flush()
        sys.stderr = streams.tolerant(copy, sys.stderr)
        log.redirect(2)
    logging.basicConfig(stream=log, level=logging.WARNING, force=True, format="%(asctime)s %(name)s: %(message)s")  # type: ignore[call-overload]
    logging.captureWarnings(True)
    try:
        _import_keras()
        yield log
    finally:
        if copy is not None:
            sys.stderr.flush()
            os.dup2(copy, 2)
            sys.stderr = python_stderr
            os.close(copy)
        logging.basicConfig(stream=sys.stderr, level=logging.WARNING, force=True)
        logging.captureWarnings(False)


# Keras takes these in where they are installed, for parts of it that nobody needs here; that is a quarter of its start.
_NOT_NEEDED = ("sklearn", "matplotlib", "pandas")


def _import_keras() -> None:
    """Import Keras without what it can do without. Whoever imports that later gets it as ever."""
    if "keras" in sys.modules:
        return
    hidden = [name for name in _NOT_NEEDED if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]
    try:
        with _no_garbage():
            importlib.import_module("keras")
    finally:
        for name in hidden:
            del sys.modules[name]


@contextmanager
def _no_garbage() -> Iterator[None]:
    """Do not look for garbage among what is made here, now or later: it stays.

    TensorFlow and Keras are some 450,000 objects. To look through them again and again is a fifth of their import, and slows
    down whatever makes many objects afterwards, as tracing a network does.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_enabled:
            gc.enable()


def _descriptor(stream: object) -> int | None:
    try:
        return stream.fileno()  # type: ignore[attr-defined,no-any-return]
    except (AttributeError, OSError, ValueError):
        return None
