"""Write files atomically: after a crash or on a full disk the old file is whole."""

from __future__ import annotations

import errno
import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cnncli.errors import OutputError
from cnncli.messages import size_text

# `run.json.tmp-123`, and `model.tmp-123.keras` where a writer insists on the suffix.
TEMPORARY = re.compile(r"\.tmp-\d+(\.[^.]+)?$")

_PIECE = 1 << 20  # bytes of lines that are written at a time
_OTHER_FOLDER = "give another folder with --output DIR"
# errno -> the reason in words, what to do.
_REASONS: dict[int, tuple[str, str]] = {
    errno.ENOSPC: ("no space left on {mount}", f"free some space there, or {_OTHER_FOLDER}"),
    errno.EDQUOT: ("the disk quota on {mount} is used up", f"delete something there, or {_OTHER_FOLDER}"),
    errno.EROFS: ("{mount} is read-only", _OTHER_FOLDER),
    errno.EACCES: ("permission denied", f"make it writable, or {_OTHER_FOLDER}"),
    errno.EPERM: ("not permitted", f"make it writable, or {_OTHER_FOLDER}"),
    errno.EIO: ("the disk under {mount} reports an input/output error", _OTHER_FOLDER),
    errno.EFBIG: ("the file would be larger than this process may write", "raise the limit: ulimit -f unlimited"),
    errno.ENAMETOOLONG: ("the name is too long", "use a shorter --run NAME or --output DIR"),
    errno.ENOENT: ("its folder does not exist", ""),
    errno.ENOTDIR: ("a part of the path is a file, not a folder", _OTHER_FOLDER),
    errno.EISDIR: ("it is a folder", "move it away"),
    errno.ELOOP: ("it is a link, or lies behind a loop of links", _OTHER_FOLDER),
    errno.EMFILE: ("this process has too many files open", "raise the limit: ulimit -n 4096"),
}
# The state of a disk, whichever file of a writer met it.
_DISK_STATES = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EFBIG}


def write_atomically(path: Path, content: bytes | str | Iterable[str]) -> None:
    """Replace a file's content, wholly or not at all.

    A text is written as UTF-8; of lines about a megabyte is held at a time. After a failure the file is what it was; only a
    failing sync of the folder, the last call, raises after the new content is in place.

    Raises:
        OutputError: naming the path and the reason.
    """
    temporary = path.with_name(f"{path.name}.tmp-{os.getpid()}")
    with _moved_into_place(temporary, path, tells=lambda _: True):
        _write_new(temporary, content)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path with the same suffix, and move it into place when the block ends well.

    For writers that want a path rather than bytes (Keras insists on `.keras`).

    Raises:
        OutputError: the temporary file could not be written, or the disk failed. What else goes wrong in the block is
            passed on as it is. Either way the temporary file is gone and the old file is what it was.

    Example:
        with replacing(run.path / "model.keras") as temporary:
            model.save(temporary)
    """
    temporary = path.with_name(f"{path.stem}.tmp-{os.getpid()}{path.suffix}")
    with _moved_into_place(temporary, path, tells=lambda error: _concerns(error, temporary, path)):
        yield temporary


def storage_error(action: str, path: Path, error: OSError) -> OutputError:
    """An operating system's error in words: `cannot write outputs/run.json: no space left on /home`."""
    reason, hint = _REASONS.get(error.errno or 0, (_own_words(error), ""))
    mount = _mount_of(path) if "{mount}" in reason else ""
    hint = "" if action == "read" else hint
    return OutputError(f"cannot {action} {path}: {reason.format(mount=mount)}", hint=hint)


def refuse_full_disk(folder: Path, needed: int) -> None:
    """Tell before the work begins that a folder, which need not exist yet, has no room for so many bytes.

    Raises:
        OutputError: with what is free.
    """
    existing = next(place for place in (folder, *folder.absolute().parents) if os.path.isdir(place))
    free = shutil.disk_usage(existing).free
    if free < needed:
        message = (
            f"{folder} needs room for {size_text(needed)}, and {size_text(free)} are free on {_mount_of(existing)}"
        )
        raise OutputError(message, hint=f"free some space there, or {_OTHER_FOLDER}")


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable; does nothing where folders cannot be synced (Windows, some network disks)."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)


def remove_leftovers(folder: Path) -> None:
    """Delete the temporary files that killed writers left in a folder and below; only for who holds its lock."""
    for place, _, names in os.walk(folder):
        for name in filter(TEMPORARY.search, names):
            with suppress(OSError):
                os.unlink(os.path.join(place, name))


@contextmanager
def _moved_into_place(temporary: Path, path: Path, *, tells: Callable[[OSError], bool]) -> Iterator[None]:
    try:
        # A killed process may have had our number (in a container it always is 1), or someone planted a link.
        temporary.unlink(missing_ok=True)
        yield
        _sync_file(temporary)
        os.replace(temporary, path)
        sync_folder(path.parent)
    except BaseException as error:
        with suppress(OSError):
            temporary.unlink()
        if isinstance(error, OSError) and tells(error):
            raise storage_error("write", path, error) from error
        raise


def _write_new(path: Path, content: bytes | str | Iterable[str]) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
    try:
        for data in _pieces(content):
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(descriptor, rest) :]
    finally:
        os.close(descriptor)  # a network disk may tell of a full disk only here


def _pieces(content: bytes | str | Iterable[str]) -> Iterator[bytes]:
    if isinstance(content, bytes):
        yield content
        return
    piece = bytearray()
    for text in [content] if isinstance(content, str) else content:
        piece += text.encode()
        if len(piece) >= _PIECE:
            yield bytes(piece)
            piece.clear()
    yield bytes(piece)


def _sync_file(path: Path) -> None:
    descriptor = os.open(path, os.O_RDWR)  # Windows syncs only what is open for writing
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _concerns(error: OSError, *paths: Path) -> bool:
    """Whether an error is about one of the files, and not about a file or a connection that a writer read from."""
    if error.errno in _DISK_STATES:
        return True
    if error.filename is None:
        return error.errno in _REASONS  # a broken connection is an OSError too
    return os.fspath(error.filename) in {str(place) for path in paths for place in (path, path.parent)}


def _own_words(error: OSError) -> str:
    words = error.strerror or str(error) or type(error).__name__
    return (words[0].lower() + words[1:]).replace("{", "{{").replace("}", "}}")


def _mount_of(path: Path) -> str:
    place = os.path.realpath(path)
    while not os.path.ismount(place) and place != os.path.dirname(place):
        place = os.path.dirname(place)
    return place
