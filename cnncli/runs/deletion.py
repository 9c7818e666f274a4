"""Delete runs: a folder is hidden under another name first, so that half a run is never listed as one."""

from __future__ import annotations

import os
import re
import secrets
import shutil
from contextlib import suppress
from pathlib import Path

from cnncli.errors import OutputError
from cnncli.runs.lock import take_lock
from cnncli.runs.storage import storage_error, sync_folder

_HIDDEN = re.compile(r"\.deleted-[0-9a-f]{16}")


def bytes_in(folder: Path) -> int:
    """The size of all files in a folder; what links lead to does not count."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                total += os.lstat(os.path.join(place, name)).st_size
    return total


def delete(run: Path) -> None:
    """Delete a run's folder, and what an earlier deletion beside it left when it was killed.

    Links in the folder are removed, not followed.

    Raises:
        OutputError: another process holds the run, and it is as it was; or a file of it cannot be removed.
    """
    hidden = run.with_name(f".deleted-{secrets.token_hex(8)}")
    lock = take_lock(run)
    try:
        if os.name == "nt":  # which moves no folder with an open file
            lock.release()
        os.rename(run, hidden)
        sync_folder(run.parent)
    except OSError as error:
        raise storage_error("delete", run, error) from error
    finally:
        lock.release()
    try:
        _remove(hidden)
    except OSError as error:
        hint = "the run is not listed any more; the next `cnncli runs delete` beside it tries to remove the rest"
        told = storage_error("delete", Path(error.filename or hidden), error).problems[0].message
        raise OutputError(told, hint=hint) from error
    _remove_leftovers(run.parent)


def _remove_leftovers(recipe_folder: Path) -> None:
    with suppress(OSError), os.scandir(recipe_folder) as entries:
        for entry in entries:
            if _HIDDEN.fullmatch(entry.name) and entry.is_dir(follow_symlinks=False):
                with suppress(OSError):
                    _remove(Path(entry.path))


def _remove(folder: Path) -> None:
    while os.path.lexists(folder):
        with suppress(FileNotFoundError):  # another process is removing it too
            shutil.rmtree(folder)
