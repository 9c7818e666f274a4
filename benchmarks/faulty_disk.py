"""A disk that fails, or ends its process, at one call: it stands between this process and the files of one folder.

Every call of Python's that opens, writes, syncs, closes, moves, removes, lists or makes something there is counted, the
writes of buffered files too. Nothing outside the folder is touched.
"""

from __future__ import annotations

import builtins
import errno
import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

DIED = 77  # the exit code of a process that the disk ended
# By name: what happens at the call. Those of the second line are for writes alone.
FAULTS = ("no space", "broken", "dies before", "dies after", "power cut before", "power cut after")
WRITE_FAULTS = ("full from half of it on", "dies within")
_NUMBERS = {"no space": errno.ENOSPC, "broken": errno.EIO}
_BY_PATH = ("unlink", "mkdir", "rmdir", "listdir", "scandir", "truncate")


class FaultyDisk:
    """The disk, from `install` on to the end of the process.

    Args:
        folder: whose calls count.
        at: the number of the call that goes wrong, from 1; 0: none does.
        fault: one of `FAULTS`, or of `WRITE_FAULTS` where the call is a write.

    Attributes:
        calls: the names of all calls so far.
    """

    def __init__(self, folder: Path, at: int = 0, fault: str = "") -> None:
        self.calls: list[str] = []
        self._folder = str(folder)
        self._at = at
        self._fault = fault
        self._is_full = False
        self._ours: set[int] = set()  # descriptors
        self._unsynced: dict[int, str] = {}  # inode -> path at which it was last seen
        self._real = {name: getattr(os, name) for name in (*_BY_PATH, "open", "write", "close", "fsync", "replace")}

    def install(self) -> None:
        """Stand between from now on."""
        for name in _BY_PATH:
            setattr(os, name, self._by_path(name))
        for name in ("open", "write", "close", "fsync", "replace"):
            setattr(os, name, getattr(self, f"_{name}"))
        builtins.open = io.open = self._buffered_open  # type: ignore[assignment]

    # What the process calls.

    def _by_path(self, name: str) -> Callable[..., Any]:
        real = self._real[name]

        def call(path: Any = ".", *more: Any, **options: Any) -> Any:
            if not self._is_ours(path):
                return real(path, *more, **options)
            return self._do(name, lambda: real(path, *more, **options), path=os.fspath(path))

        return call

    def _replace(self, source: Any, target: Any, **options: Any) -> None:
        if not self._is_ours(target):
            return self._real["replace"](source, target, **options)
        return self._do("replace", lambda: self._real["replace"](source, target, **options), path=os.fspath(target))

    def _open(self, path: Any, *more: Any, **options: Any) -> int:
        if not self._is_ours(path):
            return self._real["open"](path, *more, **options)
        descriptor: int = self._do("open", lambda: self._real["open"](path, *more, **options), path=os.fspath(path))
        self._ours.add(descriptor)
        return descriptor

    def _write(self, descriptor: int, data: Any) -> int:
        if descriptor not in self._ours:
            return self._real["write"](descriptor, data)
        return self.do_write(descriptor, data, lambda some: self._real["write"](descriptor, some))

    def _fsync(self, descriptor: int) -> None:
        if descriptor in self._ours:
            self._do("fsync", lambda: self._real["fsync"](descriptor))
            self._unsynced.pop(os.fstat(descriptor).st_ino, None)

    def _close(self, descriptor: int) -> None:
        if descriptor not in self._ours:
            return self._real["close"](descriptor)
        self._ours.discard(descriptor)
        return self._do("close", lambda: self._real["close"](descriptor), fails_after=True)

    def _buffered_open(self, file: Any, mode: str = "r", buffering: int = -1, *more: Any, **options: Any) -> Any:
        if isinstance(file, int) or not self._is_ours(file):
            return _open(file, mode, buffering, *more, **options)
        plain = mode.replace("b", "").replace("t", "")
        raw = self._do("open", lambda: _File(self, file, plain), path=os.fspath(file))
        kind = io.BufferedRandom if "+" in mode else io.BufferedReader if "r" in mode else io.BufferedWriter
        buffered = kind(raw)
        return buffered if "b" in mode else io.TextIOWrapper(buffered, *more, **options)

    # What becomes of it.

    def do_write(self, descriptor: int, data: Any, write: Callable[[Any], int]) -> int:
        """Write to a file of the folder."""
        self._unsynced[os.fstat(descriptor).st_ino] = ""
        half = memoryview(data).cast("B")[: max(1, len(memoryview(data).cast("B")) // 2)]
        if self._is_full:
            self.calls.append("write")
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        if len(self.calls) + 1 == self._at and self._fault in WRITE_FAULTS:
            self.calls.append("write")
            written = write(half)
            if self._fault == "dies within":
                os._exit(DIED)
            self._is_full = True
            return written
        return self._do("write", lambda: write(data))

    def do_close(self, close: Callable[[], None]) -> None:
        """Close a buffered file of the folder."""
        self._do("close", close, fails_after=True)

    def _do(self, name: str, call: Callable[[], Any], *, path: str | None = None, fails_after: bool = False) -> Any:
        self.calls.append(name)
        fault = self._fault if len(self.calls) == self._at else ""
        if fault in ("dies before", "power cut before"):
            self._end(fault)
        if fault in _NUMBERS:
            if fails_after:  # a descriptor is gone even where closing it fails
                call()
            raise OSError(_NUMBERS[fault], os.strerror(_NUMBERS[fault]), path)
        result = call()
        if fault in ("dies after", "power cut after"):
            if name == "fsync":
                self._unsynced.clear()  # nothing is written here while another file waits for its sync
            self._end(fault)
        return result

    def _end(self, fault: str) -> NoReturn:
        """End the process; with the power goes what was written and not synced: half of each such file here."""
        if fault.startswith("power"):
            for place, _, names in os.walk(self._folder):
                for name in names:
                    path = os.path.join(place, name)
                    status = os.stat(path)
                    if status.st_ino in self._unsynced:
                        self._real["truncate"](path, status.st_size // 2)
        os._exit(DIED)

    def _is_ours(self, path: Any) -> bool:
        return isinstance(path, str | os.PathLike) and os.fspath(path).startswith(self._folder)


_open = io.open


class _File(io.FileIO):
    """A file beneath a buffered one."""

    def __init__(self, disk: FaultyDisk, path: Any, mode: str) -> None:
        super().__init__(path, mode)
        self._disk = disk

    def write(self, data: Any, /) -> int:
        return self._disk.do_write(self.fileno(), data, super().write)

    def close(self) -> None:
        if not self.closed:
            self._disk.do_close(super().close)
