"""A new folder that appears complete or not at all: written under another name beside it, then renamed."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cnncli.errors import OutputError, Place, Problem
from cnncli.runs.output_files import OutputFolder
from cnncli.runs.storage import storage_error, sync_folder

_TEMPORARY = ".cnncli.tmp-"


def check_new_folder(path: Path, option: str = "") -> None:
    """Refuse a folder that holds something, or that cannot or must not be made. Nothing is created.

    Raises:
        OutputError: with the path, the reason, and what to do.
    """
    try:
        holds_something = os.path.isdir(path) and any(os.scandir(path))
    except OSError as error:
        raise storage_error("read", path, error) from error
    if holds_something:
        place = Place(option) if option else None
        raise OutputError(Problem(f"{path} exists and is not empty", "name a new folder", place))
    OutputFolder(path, option).check()


@contextmanager
def new_folder(path: Path, option: str = "") -> Iterator[Path]:
    """Give a temporary folder, which gets its name when the block ends well; else it is removed.

    Raises:
        OutputError: it cannot be made, or what is written in the block has no room.
    """
    check_new_folder(path, option)
    target = Path(os.path.realpath(path))
    temporary = target.with_name(f"{_TEMPORARY}{os.getpid()}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir()
        yield temporary
        _sync(temporary)
        _publish(temporary, target)
        sync_folder(target.parent)
    except OSError as error:
        raise storage_error("write", path, error) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _sync(folder: Path) -> None:
    """Make the files of a folder durable."""
    for place, _, names in os.walk(folder):
        for name in names:
            descriptor = os.open(os.path.join(place, name), os.O_RDWR)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        sync_folder(Path(place))


def _publish(temporary: Path, target: Path) -> None:
    """Give the folder its name, where nothing or an empty folder is.

    Raises:
        OSError: something was written there in the meantime.
    """
    with suppress(FileNotFoundError):
        os.rmdir(target)
    if os.path.lexists(target):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
    os.rename(temporary, target)
