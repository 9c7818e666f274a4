"""Resolve the path of a source as its user wrote it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from pathlib import Path

from cnncli.errors import DataError, Problem
from cnncli.messages import counted, listed, nearest, printable


def existing_folder(text: str) -> Path:
    """Raises DataError, with the whole path, when there is no such folder."""
    path, mode = _looked_up(text, "folder")
    if not stat.S_ISDIR(mode):
        hints = [_where(path), _instead_of_folder(path)]
        raise DataError(Problem(f"{printable(text)} is a file, not a folder", "\n".join(filter(None, hints))))
    return path


ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar")


def _instead_of_folder(path: Path) -> str:
    suffix = path.suffix.lower()
    if suffix == ".npz":
        return "an archive of arrays is read by `source: {npz: {path: …}}`"
    return "unpack it first, and name the folder" if suffix in ARCHIVES else ""


def existing_file(text: str) -> Path:
    """Raises DataError, with the whole path, when there is no such regular file."""
    path, mode = _looked_up(text, "file")
    if stat.S_ISDIR(mode):
        raise DataError(Problem(f"{printable(text)} is a folder, not a file; it holds {contents(path)}", _where(path)))
    if not stat.S_ISREG(mode):
        raise DataError(Problem(f"{printable(text)} is not a regular file", _where(path)))
    return path


def contents(folder: Path | str) -> str:
    """What a folder holds, for a message: `2 folders (a, b) and 12 files (10 .jpg, 2 .txt)`."""
    try:
        with os.scandir(folder) as entries:
            found = sorted((entry.name, entry.is_dir()) for entry in entries)
    except OSError as error:
        return f"what cannot be listed ({(error.strerror or str(error)).lower()})"
    folders = [name for name, folder_like in found if folder_like]
    files = [name for name, folder_like in found if not folder_like]
    parts = []
    if folders:
        parts.append(f"{counted(len(folders), 'folder')} ({listed(folders, 5)})")
    if files:
        parts.append(f"{counted(len(files), 'file')} ({listed(_by_suffix(files), 5)})")
    return " and ".join(parts) or "nothing"


def listed_folder(folder: str) -> list[os.DirEntry[str]]:
    """A folder's entries, sorted by the bytes of their names.

    Raises:
        DataError: it cannot be read.
    """
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: os.fsencode(entry.name))
    except OSError as error:
        raise cannot_read(folder, error) from error


def is_folder(entry: os.DirEntry[str]) -> bool:
    """Whether it is a folder, or a link to one; a link to itself is none."""
    try:
        return entry.is_dir()
    except OSError:
        return False


def cannot_read(path: str, error: OSError) -> DataError:
    """What the system said about a path."""
    return DataError(f"cannot read {printable(path)}: {(error.strerror or str(error)).lower()}")


def _looked_up(text: str, noun: str) -> tuple[Path, int]:
    path = Path(text)
    try:
        return path, path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError) as error:
        raise DataError(Problem(f"no such {noun}: {printable(text)}", _where(path, suggest=True))) from error
    except OSError as error:
        raise cannot_read(text, error) from error
    except ValueError as error:  # a NUL, or a character that no file name can have
        raise DataError(f"`{printable(text)}` cannot be a path: {error}") from error


def _where(path: Path, *, suggest: bool = False) -> str:
    lines = [f"looked for {printable(os.path.abspath(path))}, from {printable(os.getcwd())}"]
    if suggest and (near := _near(path)):
        lines.append(f"did you mean `{printable(near)}`?")
    if str(path).startswith("~"):
        lines.append("`~` is not expanded here: write the whole path")
    return "\n".join(lines)


def _near(path: Path) -> str | None:
    try:
        names = os.listdir(path.parent)
    except OSError:
        return None
    match = nearest(path.name, names)
    return str(path.parent / match) if match else None


def _by_suffix(files: Iterable[str]) -> list[str]:
    counts: dict[str, int] = {}
    for name in files:
        suffix = os.path.splitext(name)[1].lower() or "without an ending"
        counts[suffix] = counts.get(suffix, 0) + 1
    return [f"{count:,} {suffix}" for suffix, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))]
