"""Check a packed run as a file from a stranger, and unpack what is needed to reproduce it into a temporary folder.

Everything in it is data. Only files with known names are written, each after its size and below a bound; the pages and
pictures are checked and not written.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import struct
import tempfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from pydantic import ValidationError

from cnncli.errors import OutputError, RecipeError
from cnncli.messages import listed, printable, shortened, size_text
from cnncli.names import check_name
from cnncli.runs.packs import requirements
from cnncli.runs.packs.members import (
    MANIFEST,
    MOST_DIRECTORY_BYTES,
    MOST_FILES,
    MOST_RATIO,
    NEEDED,
    READ,
    REQUIREMENTS,
    SMALL,
    Manifest,
    Member,
    is_known,
    most_bytes,
)
from cnncli.runs.record import first_problem
from cnncli.runs.storage import storage_error
from cnncli.zip_end import zip_end

_PIECE = 1 << 20  # bytes
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_AGAIN = "ask for it again, or pack the run again: cnncli pack RUN"
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, struct.error, RuntimeError)


@dataclass(frozen=True)
class Unpacked:
    """A run that was unpacked.

    Attributes:
        path: its folder, `…/mnist/first`, with the files that `reproduce` reads.
        run: what it was called, `mnist/first`.
        packages: the versions of its packages.
    """

    path: Path
    run: str
    packages: dict[str, str]


@contextmanager
def unpacked(file: Path) -> Iterator[Unpacked]:
    """Check a pack and unpack it into a temporary folder, which is removed at the end.

    Raises:
        OutputError: it is missing, damaged, or not a pack; or there is no room.
    """
    shown = printable(str(file))
    try:
        descriptor = os.open(file, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except FileNotFoundError as error:
        raise OutputError(f"no such file: {shown}", hint="a pack is written by: cnncli pack RUN") from error
    except (OSError, ValueError) as error:
        raise _cannot_read(shown, error) from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OutputError(f"{shown} is not a regular file", hint=_AGAIN)
    with (
        os.fdopen(descriptor, "rb") as stream,
        tempfile.TemporaryDirectory(prefix="cnncli-pack-", ignore_cleanup_errors=True) as folder,
    ):
        try:
            found = _checked(stream, shown, Path(folder))
        except _BROKEN as error:
            raise OutputError(f"{shown} is damaged: {shortened(str(error), 100)}", hint=_AGAIN) from error
        yield found


def _checked(stream: BinaryIO, shown: str, folder: Path) -> Unpacked:
    end = zip_end(stream)
    if not end.is_whole:
        raise _refused(shown, "it is no zip file, or cut short")
    if end.directory_bytes > MOST_DIRECTORY_BYTES:
        raise _refused(shown, f"its table of contents has {end.directory_bytes:,} bytes")
    with zipfile.ZipFile(stream) as archive:
        members = archive.infolist()
        _check_members(members, end.size, shown)
        manifest = _manifest(archive, members, shown)
        target = _target(manifest, folder, shown)
        _check_room(members, folder)
        for member in manifest.files:
            _take(archive, member, target / member.path if member.path in READ else None, shown)
        packages = requirements.read(_text(archive, REQUIREMENTS))
    return Unpacked(target, manifest.run, packages)


def _check_members(members: Sequence[zipfile.ZipInfo], size: int, shown: str) -> None:
    """Refuse names, sizes and forms that no pack has, before anything is decompressed."""
    names = [member.orig_filename for member in members]
    if len(names) > MOST_FILES:
        raise _refused(shown, f"it has {len(names):,} files")
    if unknown := [name for name in names if not is_known(name)]:
        raise _refused(shown, f"no pack has {listed(f'`{shortened(name)}`' for name in unknown)}")
    twice = [name for name, count in Counter(name.lower() for name in names).items() if count > 1]
    if twice:
        raise _refused(shown, f"`{shortened(twice[0])}` is in it more than once")
    if missing := [name for name in (MANIFEST, REQUIREMENTS, *NEEDED) if name not in names]:
        raise _refused(shown, f"it has no {listed(missing)}")
    for member in members:
        _check_member(member, shown)
    total = sum(member.file_size for member in members)
    if total > max(SMALL, size * MOST_RATIO):
        raise _refused(shown, f"its {size:,} bytes say that they are {total:,}")


def _check_member(member: zipfile.ZipInfo, shown: str) -> None:
    name, size = shortened(member.filename), member.file_size
    if stat.S_IFMT(member.external_attr >> 16) not in (0, stat.S_IFREG):
        raise _refused(shown, f"`{name}` is a link or a device")
    if member.flag_bits & 1:
        raise _refused(shown, f"`{name}` is encrypted")
    if member.compress_type not in _METHODS:
        raise _refused(shown, f"`{name}` is packed in a way that no pack uses")
    most = most_bytes(member.filename)
    if size > max(SMALL, member.compress_size * MOST_RATIO) or (most is not None and size > most):
        raise _refused(shown, f"the {member.compress_size:,} bytes of `{name}` say that they are {size:,}")


def _manifest(archive: zipfile.ZipFile, members: Sequence[zipfile.ZipInfo], shown: str) -> Manifest:
    """Read the manifest, which must list every other member with its size."""
    try:
        manifest = Manifest.model_validate_json(archive.read(MANIFEST))
    except ValidationError as error:
        raise _refused(
            shown, f"its {MANIFEST} is not that of a pack: {shortened(first_problem(error), 100)}"
        ) from error
    said = {member.path: member.bytes for member in manifest.files}
    there = {member.filename: member.file_size for member in members if member.filename != MANIFEST}
    if said != there or len(said) != len(manifest.files):
        different = sorted({name for name, _ in said.items() ^ there.items()}) or sorted(said)
        raise _refused(shown, f"its {MANIFEST} does not say what is in it: {listed(different)}")
    return manifest


def _target(manifest: Manifest, folder: Path, shown: str) -> Path:
    """The folder of the run, `mnist/first`, made."""
    recipe, _, run = manifest.run.partition("/")
    try:
        check_name(recipe, "recipe")
        check_name(run)
    except RecipeError as error:
        raise _refused(shown, f"`{shortened(manifest.run)}` is not the name of a run") from error
    target = folder / recipe / run
    target.mkdir(parents=True)
    return target


def _check_room(members: Sequence[zipfile.ZipInfo], folder: Path) -> None:
    needed = sum(member.file_size for member in members if member.filename in READ)
    free = shutil.disk_usage(folder).free
    if needed > free:
        message = f"unpacking needs {size_text(needed)}, and {size_text(free)} are free in {folder.parent}"
        raise OutputError(message, hint="free some space there, or set TMPDIR to another folder")


def _take(archive: zipfile.ZipFile, member: Member, target: Path | None, shown: str) -> None:
    """Check the digest of a member, and write it where it is needed; no more bytes than the manifest says are read."""
    digest, left = hashlib.sha256(), member.bytes
    try:
        with archive.open(member.path) as source, open(target or os.devnull, "wb") as copy:
            while left and (piece := source.read(min(_PIECE, left))):
                digest.update(piece)
                copy.write(piece)
                left -= len(piece)
            has_more = bool(source.read(1))
    except OSError as error:
        raise storage_error("write", target or Path(member.path), error) from error
    if left or has_more or digest.hexdigest() != member.sha256:
        raise _refused(shown, f"`{member.path}` is not what its {MANIFEST} says: the SHA-256 differs")


def _text(archive: zipfile.ZipFile, name: str) -> str:
    return archive.read(name).decode(errors="replace")


def _refused(shown: str, why: str) -> OutputError:
    return OutputError(f"{shown} is not a packed run that can be used: {why}", hint=_AGAIN)


def _cannot_read(shown: str, error: Exception) -> OutputError:
    why = (error.strerror or str(error)).lower() if isinstance(error, OSError) else str(error)
    return OutputError(f"cannot read {shown}: {why}", hint=_AGAIN)
