"""The lock of a run's folder: one process at a time.

`filelock` takes it from the kernel, so a killed process frees it. What stands in the file only says who holds it. Where
the file system knows no locks, a second file made exclusively takes its place; it is stale when its process is gone.
"""

from __future__ import annotations

import errno
import os
import socket
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from cnncli.errors import OutputError
from cnncli.runs.storage import storage_error

if TYPE_CHECKING:
    from filelock import BaseFileLock

LOCK_FILES = (".lock", ".lock-owner")

# Whoever only looks (`holder_of`) holds the lock for a moment.
_OPTIONS: dict[str, Any] = {"timeout": 0.2, "poll_interval": 0.02, "thread_local": False}
_LOOKS, _BETWEEN_LOOKS = 3, 0.01  # seconds
_NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EINVAL}
_LONGEST = 4096  # bytes of a lock file that are looked at
# O_NOFOLLOW: a planted link is not followed. O_NONBLOCK: nor is a FIFO waited for.
_NO_TRAPS = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


class Holder(BaseModel):
    """Who holds a run's lock; empty fields where the file does not say.

    Attributes:
        pid: the process, 0 when unknown.
        host: the machine's name.
        since: UTC, `2026-11-21T23:05:11+00:00`.
    """

    model_config = ConfigDict(frozen=True)

    pid: int = 0
    host: str = ""
    since: str = ""

    def __str__(self) -> str:
        return f"pid {self.pid} on host {self.host} since {self.since}" if self.pid else "another process"


class Lock:
    """The lock of a run's folder, held from `take_lock` to `release` or to the end of the process."""

    def __init__(self) -> None:
        self._lock: BaseFileLock | None = None
        self._descriptor: int | None = None

    def acquire(self, lock: BaseFileLock) -> None:
        """Take one of filelock's locks as this one."""
        lock.acquire()
        self._lock = lock

    def sign(self, descriptor: int) -> None:
        """Write into the kernel's lock who holds it."""
        self._descriptor = descriptor
        holder = Holder(pid=os.getpid(), host=socket.gethostname(), since=_utc(time.time()))
        os.ftruncate(descriptor, 0)
        os.lseek(descriptor, 0, os.SEEK_SET)
        os.write(descriptor, b" " + holder.model_dump_json().encode())  # Windows lets nobody read the locked first byte

    def release(self) -> None:
        """Free the lock and forget who held it; a second call does nothing."""
        if self._lock is None or not self._lock.is_locked:  # nor does one in a forked child, which has no lock
            return
        with suppress(OSError):
            if self._descriptor is not None:
                os.ftruncate(self._descriptor, 0)
        with suppress(OSError):  # all that matters is written by now, and the end of the process frees the lock too
            self._lock.release()


def take_lock(folder: Path) -> Lock:
    """Take the lock of a run's folder.

    Raises:
        OutputError: another process holds it (told which), or the lock file cannot be made.
    """
    from filelock import FileLock, MarkerSoftFileLock, Timeout

    taken = Lock()
    file, marker = (folder / name for name in LOCK_FILES)
    try:
        try:
            taken.acquire(FileLock(file, preserve_lock_file=True, on_acquired=taken.sign, **_OPTIONS))
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                raise
            file = marker
            taken.acquire(MarkerSoftFileLock(marker, **_OPTIONS))
    except Timeout:
        raise in_use(folder, holder_of(folder) or Holder()) from None
    except OSError as error:
        raise storage_error("lock", file, error) from error
    return taken


def holder_of(folder: Path) -> Holder | None:
    """Say who holds the lock of a run's folder now; None when nobody does. Needs no right to write."""
    from filelock import lock_descriptor

    descriptor = _opened(folder / LOCK_FILES[0])
    if descriptor is None:
        return None
    try:
        for _ in range(_LOOKS):
            if lock_descriptor(descriptor, blocking=False):
                return None
            time.sleep(_BETWEEN_LOOKS)
        return _read(descriptor)
    except OSError as error:
        return _marked(folder / LOCK_FILES[1]) if error.errno in _NO_LOCKS else None
    finally:
        os.close(descriptor)


def in_use(folder: Path, holder: Holder) -> OutputError:
    """The error that a second process gets."""
    return OutputError(f"{folder} is in use by {holder}", hint="wait until it ends, or use another --run NAME")


def _opened(file: Path) -> int | None:
    for access in (os.O_RDWR, os.O_RDONLY):  # NFS locks only what is open for writing
        with suppress(OSError):
            return os.open(file, access | _NO_TRAPS)
    return None


def _read(descriptor: int) -> Holder:
    try:
        os.lseek(descriptor, 1, os.SEEK_SET)
        return Holder.model_validate_json(os.read(descriptor, _LONGEST))
    except (OSError, ValueError):
        return Holder()


def _marked(marker: Path) -> Holder | None:
    """Who made the file that stands for a lock; None where there is none or its process is gone."""
    from filelock import MarkerSoftFileLock

    lock = MarkerSoftFileLock(marker, **_OPTIONS)
    with suppress(OSError):
        made = marker.stat().st_mtime
        with suppress(OSError), lock:  # times out where a process holds it
            return None
        if owner := lock.owner:
            host = owner.hostname.partition("?")[0]  # behind it stands the number of a container
            return Holder(pid=owner.pid, host=host, since=_utc(made))
        return Holder()
    return None


def _utc(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
