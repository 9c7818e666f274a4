"""Sessions of a sweep: which of the commands that work on it are still alive.

Each command holds the lock of a folder of its own. The kernel frees it when the process ends, however it ends, so that another
command can tell trials that go on from those that a killed process left.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from cnncli.errors import OutputError
from cnncli.runs.lock import holder_of, take_lock
from cnncli.runs.storage import storage_error


@contextmanager
def session(folder: Path) -> Iterator[str]:
    """Hold a session while a block runs.

    Args:
        folder: of all sessions of the sweep, on every host that shares it.

    Yields:
        The name of the session.
    """
    name = f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(4)}"
    own = folder / name
    try:
        own.mkdir(parents=True)
    except OSError as error:
        raise storage_error("make", own, error) from error
    lock = take_lock(own)
    try:
        yield name
    finally:
        lock.release()
        shutil.rmtree(own, ignore_errors=True)


def is_alive(folder: Path, name: str) -> bool:
    """Whether the command of a session runs."""
    return holder_of(folder / name) is not None


def alive(folder: Path) -> list[str]:
    """The sessions whose commands run; what killed ones left is removed."""
    try:
        found = sorted(each for each in folder.iterdir() if each.is_dir())
    except FileNotFoundError:
        return []
    except OSError as error:
        raise OutputError(f"cannot read {folder}: {error.strerror}") from error
    living = [each.name for each in found if is_alive(folder, each.name)]
    for each in found:
        if each.name not in living:
            shutil.rmtree(each, ignore_errors=True)
    return living
