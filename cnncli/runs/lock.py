"""The lock of a run's folder: one process at a time.

The lock is the kernel's (`flock`), so a killed process frees it. What stands in the file only says who holds it. Where
the file system knows no locks, a second file made exclusively takes its place; it is stale when its process is gone.
"""

from __future__ import annotations

import errno
import json
import os
import socket
import sys
import time
import weakref
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from cnncli.errors import OutputError
from cnncli.runs.storage import storage_error

LOCK_FILES = (".lock", ".lock-owner")

_PATIENCE_SECONDS = 0.2  # whoever only looks (`holder_of`) holds the lock for a moment
_NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EINVAL}
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_LONGEST = 4096  # bytes of a lock file that are looked at


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a run's lock; empty fields where the file does not say.

    Attributes:
        pid: the process, 0 when unknown.
        host: the machine's name.
        since: UTC, `2026-11-21T23:05:11+00:00`.
        boot: the kernel's id of this start of the machine.
    """

    pid: int = 0
    host: str = ""
    since: str = ""
    boot: str = ""

    def __str__(self) -> str:
        return f"pid {self.pid} on host {self.host} since {self.since}" if self.pid else "another process"


class Lock:
    """The lock of a run's folder, held from `take_lock` to `release` or to the end of the process."""

    def __init__(self, descriptor: int, path: Path, *, is_file: bool = False) -> None:
        self._descriptor: int | None = descriptor
        self._path = path
        self._is_file = is_file
        _held.add(self)

    def release(self) -> None:
        """Free the lock and forget who held it; a second call does nothing."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is None:
            return
        with suppress(OSError):
            os.ftruncate(descriptor, 0)
            _unlock(descriptor)
        with suppress(OSError):  # all that matters is written by now, and the end of the process frees the lock too
            os.close(descriptor)
        if self._is_file:
            with suppress(OSError):
                self._path.unlink()

    def _forget(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


_held: weakref.WeakSet[Lock] = weakref.WeakSet()


def _forget_in_child() -> None:
    """Close a forked child's copies of the locks, which would outlive a killed parent."""
    for lock in list(_held):
        lock._forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_in_child)


def take_lock(folder: Path) -> Lock:
    """Take the lock of a run's folder.

    Raises:
        OutputError: another process holds it (told which), or the lock file cannot be made.
    """
    path = folder / LOCK_FILES[0]
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | _NO_TRAPS, 0o666)
    except OSError as error:
        raise storage_error("lock", path, error) from error
    taken: bool | None = None
    try:
        taken = _lock_patiently(descriptor)
        if taken:
            _say_who(descriptor)
    except OSError as error:
        os.close(descriptor)
        raise storage_error("lock", path, error) from error
    if taken:
        return Lock(descriptor, path)
    holder = _read(descriptor)
    os.close(descriptor)
    if taken is None:
        return _take_file(folder)
    raise in_use(folder, holder)


def holder_of(folder: Path) -> Holder | None:
    """Say who holds the lock of a run's folder now; None when nobody does. Needs no right to write."""
    try:
        descriptor = os.open(folder / LOCK_FILES[0], os.O_RDONLY | _NO_TRAPS)
    except OSError:
        return None
    try:
        free = try_lock(descriptor, exclusive=False)
        if free is None:
            return _live_owner(folder)
        return None if free else _read(descriptor)
    except OSError:
        return None
    finally:
        os.close(descriptor)


def in_use(folder: Path, holder: Holder) -> OutputError:
    """The error that a second process gets."""
    return OutputError(f"{folder} is in use by {holder}", hint="wait until it ends, or use another --run NAME")


# O_NOFOLLOW: a planted link must not make us truncate its target. O_NONBLOCK: nor a FIFO make us wait.
_NO_TRAPS = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)

if sys.platform == "win32":
    import msvcrt

    _FAR = 0x7FFFFFFF  # beyond the text, which others read

    def try_lock(descriptor: int, *, exclusive: bool) -> bool | None:
        os.lseek(descriptor, _FAR, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        if not exclusive:
            _unlock(descriptor)
        return True

    def _unlock(descriptor: int) -> None:
        os.lseek(descriptor, _FAR, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def try_lock(descriptor: int, *, exclusive: bool) -> bool | None:
        """True: taken; False: someone else has it; None: this file system knows no locks."""
        kind = fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError as error:
            if error.errno in _NO_LOCKS:
                return None
            raise
        return True

    def _unlock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_UN)


def _lock_patiently(descriptor: int) -> bool | None:
    give_up = time.monotonic() + _PATIENCE_SECONDS
    while (taken := try_lock(descriptor, exclusive=True)) is False and time.monotonic() < give_up:
        time.sleep(0.02)
    return taken


def _take_file(folder: Path) -> Lock:
    path = folder / LOCK_FILES[1]
    if _live_owner(folder) is None:
        path.unlink(missing_ok=True)
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
    except FileExistsError:
        raise in_use(folder, _live_owner(folder) or Holder()) from None
    except OSError as error:
        raise storage_error("lock", path, error) from error
    lock = Lock(descriptor, path, is_file=True)
    try:
        _say_who(descriptor)
    except OSError as error:
        lock.release()
        raise storage_error("lock", path, error) from error
    return lock


def _live_owner(folder: Path) -> Holder | None:
    try:
        descriptor = os.open(folder / LOCK_FILES[1], os.O_RDONLY | _NO_TRAPS)
    except OSError:
        return None
    try:
        holder = _read(descriptor)
    finally:
        os.close(descriptor)
    return None if _is_gone(holder) else holder


def _is_gone(holder: Holder) -> bool:
    """Whether a process has certainly ended; of another machine's nothing is certain."""
    if not holder.pid or holder.host != socket.gethostname():
        return False
    if holder.boot != _boot_id():
        return True
    try:
        os.kill(holder.pid, 0)
    except (ProcessLookupError, OverflowError):  # no process has a number of 30 digits
        return True
    except OSError:
        return False
    return False


def _say_who(descriptor: int) -> None:
    since = datetime.now(UTC).isoformat(timespec="seconds")
    holder = Holder(os.getpid(), socket.gethostname(), since, _boot_id())
    os.ftruncate(descriptor, 0)
    os.lseek(descriptor, 0, os.SEEK_SET)
    os.write(descriptor, json.dumps(asdict(holder)).encode())


def _read(descriptor: int) -> Holder:
    os.lseek(descriptor, 0, os.SEEK_SET)
    try:
        said = json.loads(os.read(descriptor, _LONGEST))
        return Holder(int(said["pid"]), str(said["host"]), str(said["since"]), str(said.get("boot", "")))
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError):
        return Holder()


def _boot_id() -> str:
    try:
        return _BOOT_ID.read_text().strip()
    except OSError:
        return ""
