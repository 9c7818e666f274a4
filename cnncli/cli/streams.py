"""stdin, stdout and stderr: encodings, closed descriptors and full disks without a traceback.

A result that cannot be written is an `OutputError`; a message on stderr that cannot be written is lost, and the exit code
says the same. A character that the stream's encoding lacks is replaced.
"""

from __future__ import annotations

import codecs
import errno
import io
import os
import re
import sys
import warnings
from typing import Any, TextIO

from cnncli.errors import OutputError

_ERRORS, _JSON_ERRORS = "cnncli.replace", "cnncli.json"
# What the program's own texts use, where an encoding lacks it.
_LOOK_ALIKES = {
    "·": "-", "–": "-", "—": "-", "−": "-", "…": "...", "×": "x", "≥": ">=", "≤": "<=", "→": "->", "≈": "~",
    "‘": "'", "’": "'", "“": '"', "”": '"', "\u00a0": " ",
}  # fmt: skip
_SIZE = re.compile(r"[0-9]{1,4}")


def prepare() -> None:
    """Make the standard streams of this process safe; call it once, before anything is printed."""
    _fill_closed()
    sys.stdout = _text(_Stdout(1, "w", closefd=False), sys.stdout)
    sys.stderr = tolerant(2, sys.stderr)
    for name in ("COLUMNS", "LINES"):  # Rich takes 0 and `²` for sizes
        if not _SIZE.fullmatch(os.environ.get(name, "80")) or int(os.environ.get(name, "80")) == 0:
            del os.environ[name]
    _ignore_strict_warnings()


def tolerant(descriptor: int, like: TextIO | None) -> TextIO:
    """A stream for messages: what it cannot write is lost.

    Args:
        like: the stream whose encoding it takes.
    """
    return _text(_Stderr(descriptor, "w", closefd=False), like, line_buffering=True)


def write_json_from_now_on() -> None:
    """Let stdout write characters that its encoding lacks as JSON escapes them: the document stays valid."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors=_JSON_ERRORS)


class ReaderGone(Exception):
    """Whoever reads our output has had enough of it (`| head`). Click would make a BrokenPipeError exit code 1."""


class StdoutError(OutputError):
    """A result could not be written to stdout."""


class _Stdout(io.FileIO):
    """Says once that a result is lost, and is silent about the rest of it."""

    _has_failed = False

    def write(self, data: Any) -> int:
        if self._has_failed:
            return len(data)
        try:
            return super().write(data)
        except BrokenPipeError as error:
            self._has_failed = True
            raise ReaderGone from error
        except OSError as error:
            self._has_failed = True
            reason = "it is closed" if error.errno == errno.EBADF else (error.strerror or str(error)).lower()
            raise StdoutError(f"cannot write the result to stdout: {reason}") from error


class _Stderr(io.FileIO):
    def write(self, data: Any) -> int:
        try:
            return super().write(data)
        except OSError:
            return len(data)


def _text(raw: io.FileIO, like: TextIO | None, *, line_buffering: bool = False) -> TextIO:
    encoding = getattr(like, "encoding", None) or "utf-8"
    buffer = io.BufferedWriter(raw, 1 << 16)
    return io.TextIOWrapper(buffer, encoding, _ERRORS, line_buffering=line_buffering or raw.isatty())


def _fill_closed() -> None:
    """Open what was closed (`>&-`), so that no file of ours gets the number of a standard stream.

    stdout is opened for reading: a command without a result succeeds, and writing one fails.
    """
    for descriptor, flags in ((0, os.O_RDONLY), (1, os.O_RDONLY), (2, os.O_WRONLY)):
        try:
            os.fstat(descriptor)
        except OSError:
            opened = os.open(os.devnull, flags)
            if opened != descriptor:
                os.dup2(opened, descriptor)
                os.close(opened)


def _replaced(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end]
    return "".join(_LOOK_ALIKES.get(character) or _escaped(character) for character in text), error.end


def _escaped_for_json(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    units = error.object[error.start : error.end].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{high:02x}{low:02x}" for high, low in zip(units[::2], units[1::2], strict=True)), error.end


def _escaped(character: str) -> str:
    number = ord(character)
    if 0x2500 <= number < 0x25A0:  # lines and blocks
        return "#" if number >= 0x2580 else "|" if character in "│┃║" else "-" if character in "─━═" else "+"
    return character.encode("ascii", "backslashreplace").decode()


def _ignore_strict_warnings() -> None:
    """With `PYTHONWARNINGS=error` a warning of any library would end a command."""
    kept = [entry for entry in warnings.filters if entry[0] != "error"]
    if len(kept) < len(warnings.filters):
        warnings.resetwarnings()
        warnings.filters.extend(kept)  # type: ignore[attr-defined]


codecs.register_error(_ERRORS, _replaced)
codecs.register_error(_JSON_ERRORS, _escaped_for_json)
