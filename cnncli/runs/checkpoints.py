"""Checkpoints: the complete state of a training on disk, written as one.

A commit is two files in `checkpoints/`: the arrays, and a JSON text that names them with their SHA-256. The text is moved
into place last, and it is what makes the commit. The last two are kept, so that a bad newest one has one before it.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cnncli.errors import UsageError
from cnncli.runs.storage import replacing, storage_error, write_atomically

FOLDER = "checkpoints"
_KEPT = 2
_NAME = re.compile(r"(\d{10})\.json")
_CHUNK = 1 << 22


@dataclass(frozen=True)
class Commit:
    """A commit that is whole.

    Attributes:
        number: steps of the optimizer until then.
        state: what was committed beside the arrays.
        arrays: the file that `save` wrote.
    """

    number: int
    state: dict[str, Any]
    arrays: Path


@dataclass(frozen=True)
class Newest:
    """What there is to go on from.

    Attributes:
        commit: the newest one that is whole; None where there is none.
        bad: newer ones that are not whole, and why.
        number: of the newest, whole or not; 0 where there is none.
    """

    commit: Commit | None
    bad: tuple[str, ...]
    number: int


def write(folder: Path, number: int, state: Mapping[str, Any], save: Callable[[Path], None]) -> None:
    """Commit a state; those before the last two are removed.

    Args:
        folder: `checkpoints/` of a run whose lock the caller holds.
        number: steps of the optimizer so far; a commit of the same number is replaced.
        state: as JSON can hold it; floats come back with their exact value.
        save: writes the arrays to a path that ends in `.npz`.

    Raises:
        OutputError: the commit could not be written; those before are whole.
    """
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise storage_error("make", folder, error) from error
    arrays, text = folder / f"{number:010}.npz", folder / f"{number:010}.json"
    with replacing(arrays) as temporary:
        save(temporary)
        digest, size = _sha256(temporary), temporary.stat().st_size
    said = {"arrays": arrays.name, "bytes": size, "sha256": digest, "state": dict(state)}
    write_atomically(text, json.dumps(said, indent=1) + "\n")  # NaN and infinity stay what they are
    _remove_old(folder)


def exist(folder: Path) -> bool:
    """Whether there is a commit, whole or not."""
    return bool(_numbers(folder))


def newest(folder: Path) -> Newest:
    """Find the newest commit that is whole; nothing is changed.

    Raises:
        OutputError: the folder cannot be listed, so that nobody knows.
    """
    try:
        numbers = _numbers(folder)
    except OSError as error:
        raise storage_error("read", folder, error) from error
    bad: list[str] = []
    commit = None
    for number in numbers:
        try:
            commit = Commit(number, _read(folder, number), folder / f"{number:010}.npz")
            break
        except (OSError, ValueError, KeyError, TypeError) as error:
            bad.append(f"{folder / f'{number:010}.json'}: {error}")
    return Newest(commit, tuple(bad), max(numbers, default=0))


def refuse_fewer_epochs(state: Mapping[str, Any] | None, epochs: int) -> None:
    """Compare the epochs that are wanted with those that are done.

    Args:
        state: of the newest commit; None where there is none.

    Raises:
        UsageError: more are done.
    """
    done = len(state["watcher"]["rows"]) if state else 0
    if epochs < done:
        raise UsageError(
            f"the run has trained {done} epochs already, got {epochs}", hint=f"--epochs {done + 1} or more extends it"
        )


def remove_newer(folder: Path, number: int) -> None:
    """Remove the commits after one; for who goes on from it, so that they do not count as the last two.

    Raises:
        OutputError: one of them cannot be removed.
    """
    try:
        for other in _numbers(folder):
            if other > number:
                _remove(folder, other)
    except OSError as error:
        raise storage_error("remove a commit of", folder, error) from error


def _read(folder: Path, number: int) -> dict[str, Any]:
    said = json.loads((folder / f"{number:010}.json").read_text(encoding="utf-8"))
    arrays = folder / f"{number:010}.npz"
    if arrays.stat().st_size != said["bytes"]:
        raise ValueError(f"{arrays.name} has {arrays.stat().st_size:,} bytes, not {said['bytes']:,}")
    if _sha256(arrays) != said["sha256"]:
        raise ValueError(f"{arrays.name} is not what was written")
    state = said["state"]
    if not isinstance(state, dict):
        raise ValueError("its state is not a mapping")
    return state


def _numbers(folder: Path) -> list[int]:
    """The commits there are, newest first; none where there is no folder."""
    try:
        names = os.listdir(folder)
    except FileNotFoundError:
        return []
    return sorted((int(found[1]) for name in names if (found := _NAME.fullmatch(name))), reverse=True)


def _remove_old(folder: Path) -> None:
    """Remove the commits before the last two, and arrays without a text."""
    with suppress(OSError):  # nothing, where it is not sure what there is; the next commit does it
        numbers = _numbers(folder)
        for old in numbers[_KEPT:]:
            _remove(folder, old)
        kept = {f"{number:010}" for number in numbers}
        for path in folder.glob("*.npz"):
            if path.stem not in kept:
                path.unlink()


def _remove(folder: Path, number: int) -> None:
    """The text first: arrays without one are no commit, and a text without arrays would be a bad one."""
    for suffix in ("json", "npz"):
        (folder / f"{number:010}.{suffix}").unlink(missing_ok=True)


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
