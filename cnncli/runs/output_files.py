"""Output files and folders that the user names: checked early, never written over another file.

Four kinds of files are never overwritten: files that the command reads, files inside a run's folder, models, recipes.
Any other file that exists already is overwritten only with `--force`.

    file = OutputFile(path, "--csv", reads=[run, *images], force=force)
    file.check()  # first of all, before TensorFlow is imported
    ...
    file.write(content)
"""

from __future__ import annotations

import errno
import io
import os
import re
import stat
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from cnncli.errors import OutputError, Place, Problem
from cnncli.messages import shortened
from cnncli.runs.abandoned_files import hold, remove_abandoned
from cnncli.runs.lock import LOCK_FILES
from cnncli.runs.record import MODEL, RECORD, RESOLVED
from cnncli.runs.storage import storage_error, sync_folder

StrPath = str | os.PathLike[str]

STDOUT = Path("-")

_FORCE = "exists already; --force overwrites it"
_MODEL_SUFFIXES = (".keras", ".h5", ".hdf5")
_RECIPE_SUFFIXES = (".yaml", ".yml")
_DOCUMENT_SUFFIXES = (".md", ".markdown")
_IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".bmp", ".gif", ".webp", ".tif", ".tiff")
_RUN_FILES = (RECORD, LOCK_FILES[0], MODEL, "recipe.yaml", RESOLVED)
_HDF5 = b"\x89HDF\r\n\x1a\n"
_ZIP = b"PK\x03\x04"
_MODEL_MEMBER = "model.weights.h5"
_RECIPE_KEYS = re.compile(rb"^(?:model|extends)\s*:", re.MULTILINE)
_STANDARD_STREAMS = [f"{place}{number}" for number in (1, 2) for place in ("/dev/fd/", "/proc/self/fd/")] + [
    "/dev/stdout",
    "/dev/stderr",
]
_TEMPORARY = ".cnncli.tmp-"
_LONGEST_NAME = 255  # bytes, on every common file system
_PEEKED = 1 << 16  # bytes


class NothingToWrite(Exception):
    """Raised inside `OutputFile.writing`: there is no result, so no file is written."""


@dataclass(frozen=True)
class OutputFile:
    """A file that an option of a command names.

    Attributes:
        path: as the user wrote it; `-` is stdout where a command supports it, and needs no check.
        option: for messages, `--csv`.
        reads: files and folders that the command reads. Inside such a folder the images are protected too.
        own: files and folders that the command itself made earlier, as the figures of a run: overwritten without `force`.
        force: overwrite another file that exists already.
    """

    path: Path
    option: str = ""
    reads: Sequence[StrPath] = ()
    own: Sequence[StrPath] = ()
    force: bool = False

    def check(self) -> None:
        """Refuse a path that cannot or must not be written. Nothing is created.

        Raises:
            OutputError: with the path, the reason, and what to do.
        """
        if str(self.path) == "-":
            raise self._refused("is not the name of a file", "name a file")
        status = self._status()
        if status is not None and stat.S_ISDIR(status.st_mode):
            raise self._refused("is a folder, not a file", "name a file in it")
        if status is not None and (self._is_stream(status) or not stat.S_ISREG(status.st_mode)):
            if not self._is_stream(status):
                raise self._refused("is not a regular file", "name a file")
            return
        for read in self.reads:
            if _is_same(self.path, read):
                raise self._refused("is a file that this command reads", "name another file")
            if status is not None and self.path.suffix.lower() in _IMAGE_SUFFIXES and _is_inside(self.path, read):
                raise self._refused("is an image in a folder that this command reads", "name another file")
        if not self._is_own():
            refuse_run(self.path, self.option)
        if status is None:
            self._check_new()
            return
        if kind := _kind_of(self.path):
            raise self._refused(f"is {kind}, which is never overwritten", "name another file")
        if not (self.force or self._is_own()):
            raise self._refused(_FORCE)

    def write(self, content: bytes | str) -> None:
        """Write the file, completely or not at all; a text is written as UTF-8.

        Raises:
            OutputError: it cannot be written, or another process has created it in the meantime.
        """
        with self.writing() as file:
            file.write(content.encode("utf-8", "surrogateescape") if isinstance(content, str) else content)

    @contextmanager
    def writing(self) -> Iterator[IO[bytes]]:
        """Open the file; its content appears when the block ends without an error.

        Raises:
            OutputError: as `write`.
        """
        self.check()
        status = self._status()
        if status is not None and self._is_stream(status):
            with self._stream() as file:
                yield file
            return
        target = Path(os.path.realpath(self.path))
        temporary = target.with_name(f"{_TEMPORARY}{os.getpid()}")  # shorter than most names
        try:
            temporary.unlink(missing_ok=True)
            with open(temporary, "xb") as file:
                hold(file)
                yield file
                file.flush()
                os.fsync(file.fileno())
            self.check()
            self._publish(temporary, target)
            sync_folder(target.parent)
        except NothingToWrite:
            return
        except OSError as error:
            if error.filename is not None and os.fspath(error.filename) not in (str(temporary), str(target)):
                raise  # about a file that the block read
            raise storage_error("write", self.path, error) from error
        finally:
            with suppress(OSError):
                temporary.unlink()

    def _is_own(self) -> bool:
        return any(_is_same(self.path, own) or _is_inside(self.path, own) for own in self.own)

    def _status(self) -> os.stat_result | None:
        """What is there; None where there is nothing."""
        try:
            os.lstat(self.path)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _at(self.option, storage_error("write", self.path, error)) from error
        except ValueError as error:  # a NUL, or a character that no file name can have
            raise self._refused(f"cannot be a path: {error}") from error
        try:
            return os.stat(self.path)
        except OSError as error:
            if os.path.islink(self.path):
                raise self._refused("is a link that leads nowhere", "remove it, or name another file") from error
            raise _at(self.option, storage_error("write", self.path, error)) from error

    def _is_stream(self, status: os.stat_result) -> bool:
        """A pipe, a terminal, /dev/null, /dev/stdout: something that is written to rather than replaced."""
        if stat.S_ISFIFO(status.st_mode) or os.path.abspath(self.path) in _STANDARD_STREAMS:
            return True
        if not stat.S_ISCHR(status.st_mode):
            return False
        with suppress(OSError):
            if os.path.samestat(status, os.stat(os.devnull)):
                return True
        return any(_is_terminal(descriptor, status) for descriptor in (1, 2, 0))

    def _check_new(self) -> None:
        """Refuse a new file whose folder does not exist or cannot be written."""
        folder = self.path.parent
        try:
            if not os.path.isdir(folder):
                os.stat(folder)
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
            if not os.access(folder, os.W_OK | os.X_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        except OSError as error:
            raise _at(self.option, storage_error("write", self.path, error)) from error

    @contextmanager
    def _stream(self) -> Iterator[IO[bytes]]:
        """A pipe, a terminal or /dev/null: written as it comes."""
        try:
            with open(os.open(self.path, os.O_WRONLY | os.O_APPEND), "wb") as file, suppress(NothingToWrite):
                yield file
        except BrokenPipeError:
            raise
        except OSError as error:
            raise storage_error("write", self.path, error) from error

    def _publish(self, temporary: Path, target: Path) -> None:
        """Give the file its name. Without `force` this fails where a file of that name has appeared in the meantime."""
        if self.force or self._is_own():
            os.replace(temporary, target)
            return
        try:
            os.link(temporary, target)
        except FileExistsError as error:
            raise self._refused(_FORCE) from error
        except OSError as error:  # this file system has no hard links
            if os.path.lexists(target):
                raise self._refused(_FORCE) from error
            os.rename(temporary, target)

    def _refused(self, reason: str, hint: str = "") -> OutputError:
        return _refusal(self.path, self.option, reason, hint)


@dataclass(frozen=True)
class OutputFolder:
    """A folder that an option of a command names for pictures.

    Attributes:
        path: as the user wrote it; it is created when it does not exist.
        option, reads, own, force: as for `OutputFile`. A folder that the command reads, and those below it, are
            refused: images that are written there would become data.
    """

    path: Path
    option: str = ""
    reads: Sequence[StrPath] = ()
    own: Sequence[StrPath] = ()
    force: bool = False

    def check(self, names: Sequence[str] = ()) -> None:
        """Refuse a folder that cannot or must not be written, and files in it that would be overwritten.

        Args:
            names: of the files, as far as they are known.

        Raises:
            OutputError: with the path, the reason, and what to do.
        """
        for read in self.reads:
            if _is_dir(read) and (_is_same(self.path, read) or _is_inside(self.path, read)):
                raise _refusal(
                    self.path, self.option, "belongs to the data that this command reads", "name another folder"
                )
        if not any(_is_same(self.path, own) or _is_inside(self.path, own) for own in self.own):
            refuse_run(self.path, self.option)
        self._check_can_be_made()
        for name in names if os.path.isdir(self.path) else ():
            self.file(name).check()

    def make(self) -> None:
        """Create the folder, and remove the temporary files of a process that was killed while it wrote here.

        Raises:
            OutputError: it cannot be made.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise storage_error("make", self.path, error) from error
        remove_abandoned(self.path, _TEMPORARY)

    def file(self, name: str) -> OutputFile:
        """A file in the folder."""
        return OutputFile(self.path / name, self.option, self.reads, self.own, self.force)

    def __truediv__(self, name: str) -> OutputFile:
        return self.file(name)

    def _check_can_be_made(self) -> None:
        try:
            place = next(filter(_exists, (self.path, *self.path.parents)), Path())
        except OSError as error:
            raise _at(self.option, storage_error("make", self.path, error)) from error
        except ValueError as error:
            raise _refusal(self.path, self.option, f"cannot be a path: {error}") from error
        if not os.path.isdir(place):
            raise _refusal(place, self.option, "is a file, not a folder", "name another folder")
        if not os.access(place, os.W_OK | os.X_OK):
            denied = PermissionError(errno.EACCES, os.strerror(errno.EACCES))
            raise _at(self.option, storage_error("write to" if place == self.path else "make", self.path, denied))


def run_of(path: StrPath) -> Path | None:
    """The run's folder that a path is or lies in, through links too; None where it lies in none."""
    for place in (Path(os.path.abspath(path)), Path(os.path.realpath(path))):
        for folder in (place, *place.parents):
            if looks_like_run(folder):
                return folder
    return None


def looks_like_run(folder: Path) -> bool:
    """Whether a folder is a run's, finished or not, its record damaged or not; other tools write `.lock` and `run.json` too."""
    if sum(os.path.isfile(folder / name) for name in _RUN_FILES) >= 2:
        return True
    try:
        with open(folder / RECORD, "rb") as file:
            return b'"schema_version"' in file.read(_PEEKED)
    except OSError:
        return False


def refuse_run(path: Path, option: str = "") -> None:
    """Refuse a path in the folder of a run.

    Raises:
        OutputError: it lies in one.
    """
    run = run_of(path)
    if run is not None:
        reason = f"lies in the folder of a run, {shortened(os.path.basename(os.path.realpath(run)), 100)}"
        raise _refusal(path, option, reason, "name a place outside of it")


def _refusal(path: Path, option: str, reason: str, hint: str = "") -> OutputError:
    return _at(option, OutputError(Problem(f"{shortened(str(path), 300)} {reason}", hint)))


_OUTPUT = re.compile(r"(--run NAME or )?--output DIR")  # of a hint on the folder of all runs


def _at(option: str, error: OutputError) -> OutputError:
    """The error at an option, which its hint then names."""
    if not option:
        return error
    if option == "--output":
        return OutputError(problem.at(Place(option)) for problem in error.problems)
    named = (replace(each, hint=_OUTPUT.sub(option, each.hint)) for each in error.problems)
    return OutputError(problem.at(Place(option)) for problem in named)


def _is_terminal(descriptor: int, status: os.stat_result) -> bool:
    with suppress(OSError):
        return os.isatty(descriptor) and os.path.samestat(status, os.fstat(descriptor))
    return False


def _exists(path: Path) -> bool:
    """Whether something is there. Raises what else the system says of the path, as that a name in it is too long."""
    if len(os.fsencode(path.name)) > _LONGEST_NAME:  # below a folder that does not exist the system does not say so
        raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG))
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def _is_same(one: StrPath, other: StrPath) -> bool:
    """Whether two paths mean one file: by links, hard links, `..` or another case; also where it does not exist."""
    try:
        return os.path.samefile(one, other)
    except (OSError, ValueError):
        pass
    with suppress(OSError, ValueError):
        return os.path.realpath(one) == os.path.realpath(other)
    return False


def _is_inside(path: StrPath, folder: StrPath) -> bool:
    return _is_dir(folder) and any(_is_same(place, folder) for place in Path(os.path.realpath(path)).parents)


def _is_dir(path: StrPath) -> bool:
    try:
        return os.path.isdir(path)
    except ValueError:
        return False


def _kind_of(path: Path) -> str:
    """`a model` or `a recipe`, by its name or by how it begins; empty for any other file."""
    if path.suffix.lower() in _MODEL_SUFFIXES:
        return "a model"
    if path.suffix.lower() in _RECIPE_SUFFIXES:
        return "a recipe"
    try:
        with open(path, "rb") as file:
            beginning = file.read(_PEEKED)
    except OSError:
        return ""
    if beginning.startswith(_HDF5) or (beginning.startswith(_ZIP) and _holds_model(path)):
        return "a model"
    if path.suffix.lower() in _DOCUMENT_SUFFIXES:  # a text may show a recipe, as a model card does
        return ""
    return "a recipe" if _RECIPE_KEYS.search(beginning) else ""


def _holds_model(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return _MODEL_MEMBER in archive.namelist()
    except (OSError, ValueError, zipfile.BadZipFile):
        return False


def as_text(file: IO[bytes]) -> io.TextIOWrapper:
    """A text stream on a file of `OutputFile.writing`: UTF-8, no translation of line ends; flush it before the block ends."""
    return io.TextIOWrapper(file, "utf-8", errors="surrogateescape", newline="", write_through=True)
