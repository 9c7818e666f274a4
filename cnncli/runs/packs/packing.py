"""Pack a finished run as one zip file; the same run in the same environment gives the same bytes."""

from __future__ import annotations

import hashlib
import io
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from cnncli import __version__
from cnncli.errors import OutputError
from cnncli.runs.json_text import to_json
from cnncli.runs.output_files import OutputFile
from cnncli.runs.packs import requirements
from cnncli.runs.packs.members import (
    FIGURE,
    MANIFEST,
    MOST_FILES,
    MOST_RATIO,
    NEEDED,
    OPTIONAL,
    REQUIREMENTS,
    SMALL,
    Manifest,
    Member,
    most_bytes,
)
from cnncli.runs.record import Record, read_record
from cnncli.runs.storage import storage_error

_NEVER = (1980, 1, 1, 0, 0, 0)  # the date of every member
_MODE = 0o100644 << 16
_PIECE = 1 << 20  # bytes
_MOST_IN_MEMORY = 64 << 20
_PACKED_ALREADY = (".keras", ".png")
_AGAIN = "train it again, or pack another run"


@dataclass(frozen=True)
class Packed:
    """What was written.

    Attributes:
        manifest: what it contains.
        bytes: of the file.
        changed: packages whose versions are not those of the training: then, now.
    """

    manifest: Manifest
    bytes: int
    changed: dict[str, tuple[str, str]]


def refuse_unfinished(path: Path) -> Record:
    """Read the record of a run that can be reproduced.

    Raises:
        OutputError: it was not trained to its end, or its record cannot be read.
    """
    record = Record.model_validate(read_record(path))
    if record.status != "completed":
        resume = f"finish it with: cnncli train --resume {path}"
        wait = f"wait until it has ended; one that was killed, {resume}"
        hint = {"interrupted": resume, "running": wait}.get(record.status, _AGAIN)
        raise OutputError(f"{path} is not finished (its status is {record.status})", hint=hint)
    return record


def pack(path: Path, output: OutputFile) -> Packed:
    """Pack a run.

    Args:
        path: its folder.

    Raises:
        OutputError: it is not finished, a file is missing, changed or too large, or the pack cannot be written.
    """
    record = refuse_unfinished(path)
    packages = requirements.installed()
    then = record.environment.versions
    changed = {name: (old, packages[name]) for name, old in then.items() if old and packages.get(name, old) != old}
    packages |= {name: old for name, (old, _) in changed.items()}
    names = sorted(_names(path))
    label = f"{path.absolute().parent.name}/{path.name}"
    written = {each.path: each.sha256 for each in record.artefacts if each.path in NEEDED}
    with output.writing() as stream:
        files = []
        with zipfile.ZipFile(stream, "w") as archive:
            for name in names:
                files.append(_add_file(archive, name, path / name))
                if files[-1].sha256 != written.get(name, files[-1].sha256):
                    message = f"{path / name} is not what the run wrote: its SHA-256 in run.json is another"
                    raise OutputError(message, hint="put it back, or train again")
            text = requirements.as_text(packages, str(then.get("python") or ""))
            files.append(_add(archive, REQUIREMENTS, text.encode()))
            manifest = Manifest(cnncli=__version__, run=label, files=sorted(files, key=lambda file: file.path))
            _add(archive, MANIFEST, to_json(manifest.model_dump()).encode())
        size = stream.tell() if stream.seekable() else 0
    return Packed(manifest, size, changed)


def _names(path: Path) -> Iterator[str]:
    """The files of the run that go into the pack; links are left out.

    Raises:
        OutputError: one that is needed is missing.
    """
    for name in (*NEEDED, *OPTIONAL):
        file = path / name
        if file.is_file() and not file.is_symlink():
            yield name
        elif name in NEEDED:
            raise OutputError(f"{path} has no {name}", hint=_AGAIN)
    figures = path / "figures"
    found = sorted(figures.iterdir()) if figures.is_dir() and not figures.is_symlink() else []
    shown = [f"figures/{file.name}" for file in found if file.is_file() and not file.is_symlink()]
    yield from [name for name in shown if FIGURE.fullmatch(name)][: MOST_FILES // 2]


def _add_file(archive: zipfile.ZipFile, name: str, file: Path) -> Member:
    """Add a file of the run, deflated where that helps and what reads it accepts the ratio."""
    try:
        size, most = file.stat().st_size, most_bytes(name)
        if most is not None and size > most:
            raise OutputError(f"{file} has {size:,} bytes, a pack takes {most:,} of it", hint=_AGAIN)
        if name.endswith(_PACKED_ALREADY) or size > _MOST_IN_MEMORY:  # stored: it shrinks little, or is large
            with file.open("rb") as source:
                return _copy(archive, name, source, zipfile.ZIP_STORED)
        return _add(archive, name, file.read_bytes())
    except OSError as error:
        if error.filename is not None and str(error.filename) == str(file):
            raise storage_error("read", file, error) from error
        raise


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> Member:
    """Add a text, stored where it shrinks so much that it would look like a bomb."""
    is_suspicious = len(content) > SMALL and len(content) > MOST_RATIO * len(zlib.compress(content))
    return _copy(archive, name, io.BytesIO(content), zipfile.ZIP_STORED if is_suspicious else zipfile.ZIP_DEFLATED)


def _copy(archive: zipfile.ZipFile, name: str, source: IO[bytes], method: int) -> Member:
    info = zipfile.ZipInfo(name, _NEVER)
    info.create_system, info.external_attr, info.compress_type = 3, _MODE, method  # 3: Unix, wherever it is packed
    digest, size = hashlib.sha256(), 0
    with archive.open(info, "w", force_zip64=True) as member:
        while piece := source.read(_PIECE):
            member.write(piece)
            digest.update(piece)
            size += len(piece)
    return Member(path=name, bytes=size, sha256=digest.hexdigest())
