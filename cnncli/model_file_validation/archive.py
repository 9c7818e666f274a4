"""Read a `.keras` archive: its config, its weights and its description, and no other member."""

from __future__ import annotations

import hashlib
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from cnncli.errors import ModelFileError, ResourceError
from cnncli.messages import listed, nearest, printable, shortened
from cnncli.model_file_validation.refusal import SAVE_AGAIN, damaged, refused
from cnncli.system_memory import available_bytes
from cnncli.zip_end import zip_end

HDF5_HINT = "open it in the Keras that you trust it in, and save it as .keras"

ABOUT = "cnncli.json"  # written by cnncli; Keras ignores it
_METADATA, _CONFIG, _WEIGHTS = "metadata.json", "config.json", "model.weights.h5"
_WANTED = (_METADATA, _CONFIG, _WEIGHTS)
_MOST_BYTES = {_METADATA: 1 << 16, _CONFIG: 16 << 20, ABOUT: 8 << 20}
_MOST_RATIO, _SMALL = 100, 1 << 20  # Keras does not compress; text shrinks, and what is small is no bomb
_MOST_DIRECTORY = 1 << 16  # bytes; of three members it has some 200
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


@dataclass(frozen=True)
class Contents:
    """What is in a `.keras` file.

    Attributes:
        config: the network as JSON text.
        weights: an HDF5 file.
        about: JSON text that cnncli wrote about the model; None where another program saved the file.
        sha256: of the whole file, in hex; empty where nobody asked for it.
    """

    config: bytes
    weights: bytes
    about: bytes | None = None
    sha256: str = ""


def read(path: Path, *, wanted_bytes: int | None = None, with_sha256: bool = False) -> Contents:
    """Read a `.keras` file whose structure is that of one that Keras wrote.

    Args:
        path: as the user named it.
        wanted_bytes: how large it was when it was written, where that is known.
        with_sha256: compute the file's SHA-256 too.

    Raises:
        ModelFileError: it is missing, cut short, no model, or holds members that no model has.
        ResourceError: its weights do not fit into memory.
    """
    shown = printable(str(path))
    if not _is_there(path, shown):
        raise ModelFileError(f"model not found: {shown}", hint=_nearest(path))
    if not os.path.isfile(path):
        raise ModelFileError(f"{shown} is not a regular file")
    try:
        with path.open("rb") as file:
            _check_kind(file, path, shown)
            _check_end(file, shown, wanted_bytes)
            contents = _read_members(file, shown)
            return replace(contents, sha256=_sha256(file)) if with_sha256 else contents
    except OSError as error:
        raise ModelFileError(f"cannot read {shown}: {(error.strerror or str(error)).lower()}") from error


def _sha256(file: BinaryIO) -> str:
    digest = hashlib.sha256()
    file.seek(0)
    while part := file.read(1 << 20):
        digest.update(part)
    return digest.hexdigest()


def _is_there(path: Path, shown: str) -> bool:
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise ModelFileError(f"cannot read {shown}: {(error.strerror or str(error)).lower()}") from error
    except ValueError as error:  # a NUL
        raise ModelFileError(f"{shown} cannot be a path: {error}") from error
    return True


def _nearest(path: Path) -> str:
    try:
        names = [name for name in os.listdir(path.parent) if name.endswith(".keras")]
    except OSError:
        return ""
    near = nearest(path.name, names)
    return f"did you mean `{printable(str(path.parent / near))}`?" if near else ""


def _check_kind(file: BinaryIO, path: Path, shown: str) -> None:
    start = file.read(4)
    if start[:2] == b"PK":
        return
    if path.suffix in (".yaml", ".yml"):
        raise ModelFileError(f"{shown} is a recipe, not a trained model", hint=f"train it with: cnncli train {shown}")
    if not start:
        raise ModelFileError(f"{shown} is empty (0 bytes)", hint=SAVE_AGAIN)
    if start == b"\x89HDF":
        raise ModelFileError(f"{shown} is an HDF5 model, which can contain code", hint=HDF5_HINT)
    raise ModelFileError(f"{shown} is not a .keras model")


def _check_end(file: BinaryIO, shown: str, wanted_bytes: int | None) -> None:
    """See that the archive is whole and its table of contents small, before anything builds that table."""
    end = zip_end(file)
    is_short = bool(wanted_bytes and wanted_bytes > end.size)
    if not end.is_whole:
        if end.has_more_behind and not is_short:
            raise refused(shown, "bytes behind its end", hint=SAVE_AGAIN)
        of_all = f" of {wanted_bytes:,}" if is_short else ""
        raise ModelFileError(f"{shown} is cut short: {end.size:,}{of_all} bytes", hint=SAVE_AGAIN)
    if end.directory_bytes > _MOST_DIRECTORY:
        told = f"a table of contents of {end.directory_bytes:,} bytes; that of a model has some hundred"
        raise refused(shown, told)


def _read_members(file: BinaryIO, shown: str) -> Contents:
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            _check_names(members, shown)
            for member in members:
                _check_member(member, shown)
            _check_memory(archive.getinfo(_WEIGHTS), shown)
            about = archive.read(ABOUT) if ABOUT in archive.namelist() else None
            return Contents(archive.read(_CONFIG), archive.read(_WEIGHTS), about)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, struct.error) as error:
        raise damaged(shown, f"its archive cannot be read ({shortened(str(error), 100)})") from error


def _check_names(members: Sequence[zipfile.ZipInfo], shown: str) -> None:
    names = [member.orig_filename for member in members]
    others = list(dict.fromkeys(name for name in names if name not in (*_WANTED, ABOUT)))
    if others:
        hint = {"hint": _VOCABULARY_HINT} if any(name.startswith("assets/") for name in others) else {}
        raise refused(shown, f"{listed(f'`{shortened(name)}`' for name in others)}, which no model has", **hint)
    if missing := [name for name in _WANTED if name not in names]:
        are = "is" if len(missing) == 1 else "are"
        raise ModelFileError(f"{shown} is not a .keras model: {listed(missing)} {are} missing in it")
    if twice := [name for name in (*_WANTED, ABOUT) if names.count(name) > 1]:
        raise refused(shown, f"`{twice[0]}` {names.count(twice[0])} times")


_VOCABULARY_HINT = "a vocabulary belongs in its layer: StringLookup(vocabulary=[…]) keeps it in the model's config"


def _check_member(member: zipfile.ZipInfo, shown: str) -> None:
    name, mode = member.filename, member.external_attr >> 16
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        raise refused(shown, f"a `{name}` that is a link or a device")
    if member.flag_bits & 1:
        raise refused(shown, f"an encrypted `{name}`")
    if member.compress_type not in _METHODS:
        raise refused(shown, f"a `{name}` that is packed in a way that Keras never uses")
    is_bomb = member.file_size > max(_SMALL, member.compress_size * _MOST_RATIO)
    if is_bomb or member.file_size > _MOST_BYTES.get(name, member.file_size):
        raise refused(shown, f"a {name} of {member.compress_size:,} bytes that say they are {member.file_size:,}")


def _check_memory(weights: zipfile.ZipInfo, shown: str) -> None:
    # As bytes, and as the network's variables.
    needed, free = 2 * weights.file_size, available_bytes()
    if needed > free:
        holds = f"{shown} holds {weights.file_size / 1e9:,.1f} GB of weights"
        raise ResourceError(f"{holds}, and opening it takes {needed / 1e9:,.1f} GB: {free / 1e9:,.1f} GB are free")
