"""Write a whole folder or nothing: its files appear under its name when all of them are written."""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from cnncli.errors import OutputError, Place, Problem
from cnncli.messages import printable
from cnncli.runs.abandoned_files import hold, lock_of, remove_abandoned_folders
from cnncli.runs.output_files import OutputFolder, StrPath
from cnncli.runs.storage import storage_error, sync_folder

_TEMPORARY = ".cnncli-folder.tmp-"


@dataclass(frozen=True)
class NewFolder:
    """A folder that an option of a command names, and that the command writes as a whole.

    Attributes:
        path: as the user wrote it.
        option: for messages, `--to`.
        is_own: whether a folder that exists was written by the same command, so that `force` replaces it; None: never.
        reads: files and folders that the command reads.
        force: replace an older one.
    """

    path: Path
    option: str
    is_own: Callable[[Path], bool] | None = None
    reads: Sequence[StrPath] = ()
    force: bool = False

    def check(self) -> None:
        """Refuse a folder that cannot or must not be written. Nothing is created.

        Raises:
            OutputError: with the path, the reason, and what to do.
        """
        if self._holds_something():
            if self.is_own is None or not self.is_own(self.path):
                raise self._refused("exists and is not empty", "name a new folder")
            if not self.force:
                raise self._refused("exists already; --force overwrites it", "")
        OutputFolder(self.path, self.option, self.reads, force=self.force).check()

    @contextmanager
    def writing(self) -> Iterator[Path]:
        """Give an empty folder; it gets its name when the block ends without an error, else it is removed.

        Raises:
            OutputError: it cannot be written.
        """
        self.check()
        target = Path(os.path.realpath(self.path))
        temporary = target.parent / f"{_TEMPORARY}{os.getpid()}"
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            remove_abandoned_folders(target.parent, _TEMPORARY)
            with open(lock_of(temporary), "wb") as lock:
                hold(lock)
                shutil.rmtree(temporary, ignore_errors=True)
                temporary.mkdir()
                yield temporary
                self.check()
                _sync(temporary)
                _replace(temporary, target)
            sync_folder(target.parent)
        except OSError as error:
            raise storage_error("write", self.path, error) from error
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
            lock_of(temporary).unlink(missing_ok=True)

    def _holds_something(self) -> bool:
        try:
            return os.path.isdir(self.path) and any(os.scandir(self.path))
        except OSError as error:
            raise storage_error("read", self.path, error) from error

    def _refused(self, reason: str, hint: str) -> OutputError:
        return OutputError(Problem(f"{printable(str(self.path))} {reason}", hint, Place(self.option)))


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


def _replace(new: Path, target: Path) -> None:
    """Give a folder its name; an older one of that name goes only when the new one stands.

    A process that is killed in between leaves the older one as `NAME.old-1`, which no other command removes.
    """
    if not os.path.isdir(target):
        os.rename(new, target)
        return
    names = (target.with_name(f"{target.name}.old-{number}") for number in itertools.count(1))
    old = next(name for name in names if not os.path.lexists(name))
    os.rename(target, old)
    try:
        os.rename(new, target)
    except OSError:
        with suppress(OSError):
            os.rename(old, target)
        raise
    shutil.rmtree(old, ignore_errors=True)
