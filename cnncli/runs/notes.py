"""The note of a run: what its user wrote about it, in a file of its own, so that a run that is training can have one."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from cnncli.errors import OutputError
from cnncli.runs.record import NOTE, regular_content
from cnncli.runs.storage import storage_error, write_atomically

MOST_CHARACTERS = 1000


def read_note(run: Path) -> str:
    """Read the note of a run's folder; empty where there is none, or where it cannot be read."""
    with suppress(OutputError):
        text = regular_content(run / NOTE).decode("utf-8", "surrogateescape")
        return text.strip()[:MOST_CHARACTERS]
    return ""


def write_note(run: Path, text: str) -> None:
    """Replace the note of a run's folder; an empty text removes it.

    Raises:
        OutputError: it cannot be written.
    """
    if text:
        write_atomically(run / NOTE, f"{text}\n".encode("utf-8", "surrogateescape"))
        return
    try:
        (run / NOTE).unlink(missing_ok=True)
    except OSError as error:
        raise storage_error("write", run / NOTE, error) from error
