"""Temporary files and folders that a killed process left behind: recognized by a lock that nobody holds, and removed."""

from __future__ import annotations

import os
import shutil
import time
from contextlib import suppress
from pathlib import Path
from typing import IO

try:
    import fcntl
except ImportError:  # Windows, where a file that is open cannot be removed
    fcntl = None  # type: ignore[assignment]

_OLD = 5  # seconds: a younger file may not be locked yet


def hold(file: IO[bytes]) -> None:
    """Lock a temporary file until it is closed, so that no other process takes it for abandoned."""
    if fcntl is not None:
        with suppress(OSError):  # a file system without locks
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def remove_abandoned(folder: Path, beginning: str) -> None:
    """Remove the temporary files in a folder that no process holds.

    Args:
        beginning: of their names.
    """
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(beginning) and entry.is_file(follow_symlinks=False):
                _remove(entry)


def lock_of(folder: Path) -> Path:
    """The file beside a temporary folder that a process holds while it writes the folder."""
    return folder.with_name(f"{folder.name}.lock")


def remove_abandoned_folders(folder: Path, beginning: str) -> None:
    """Remove the temporary folders in a folder that no process holds, with their locks.

    Args:
        beginning: of their names.
    """
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(beginning) and entry.is_dir(follow_symlinks=False):
                _remove_folder(Path(entry.path))


def _remove_folder(folder: Path) -> None:
    with suppress(OSError):
        if time.time() - folder.stat().st_mtime < _OLD:
            return
        with suppress(FileNotFoundError), open(lock_of(folder), "rb") as file:
            if fcntl is not None:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # raises where a process writes it
        shutil.rmtree(folder, ignore_errors=True)
        lock_of(folder).unlink(missing_ok=True)


def _remove(entry: os.DirEntry[str]) -> None:
    with suppress(OSError):
        if time.time() - entry.stat().st_mtime < _OLD:
            return
        with open(entry.path, "rb") as file:
            if fcntl is not None:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # raises where a process writes it
            if os.name != "nt":
                os.unlink(entry.path)
        if os.name == "nt":
            os.unlink(entry.path)
