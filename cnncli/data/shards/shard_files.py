"""Find the shards that a path names: a file, a folder, a glob, or a range."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Sequence

from cnncli.data.part_words import PART_OF
from cnncli.data.sources.paths import contents, existing_file, listed_folder
from cnncli.errors import DataError, Problem
from cnncli.messages import printable

_RANGE = re.compile(r"\{([0-9]+)\.\.([0-9]+)\}")
_MOST_SHARDS = 100_000


def shards_of(text: str, suffixes: Sequence[str]) -> dict[str, list[str]]:
    """The shards that a path names, by part, sorted.

    Of a folder those with one of the endings count; those whose names begin with `train`, `val` or `test` are parts. All others
    are the part `train`.

    Args:
        text: the path, as the user wrote it.
        suffixes: endings of shards.

    Raises:
        DataError: there is none.
    """
    if os.path.isdir(text):
        return _of_folder(text, suffixes)
    if os.path.lexists(text) or not (_RANGE.search(text) or glob.has_magic(text)):
        return {"train": [str(existing_file(text))]}
    files: list[str] = []
    for pattern in _counted(text):
        found = (
            sorted(glob.glob(pattern), key=os.fsencode) if glob.has_magic(pattern) else [str(existing_file(pattern))]
        )
        files += [path for path in found if os.path.isfile(path)]
    if not files:
        folder = os.path.dirname(text) or "."
        there = f"{printable(folder)} holds {contents(folder)}" if os.path.isdir(folder) else ""
        hint = "\n".join(filter(None, [f"looked from {printable(os.getcwd())}", there]))
        raise DataError(Problem(f"no file is named {printable(text)}", hint))
    return {"train": files}


def _counted(text: str) -> list[str]:
    """`a-{0..2}.tar` as three paths."""
    match = _RANGE.search(text)
    if match is None:
        return [text]
    first, last, width = int(match[1]), int(match[2]), len(match[1])
    if not 0 <= last - first < _MOST_SHARDS:
        raise DataError(
            Problem(f"`{match[0]}` counts no shards", f"from a number to a larger one, at most {_MOST_SHARDS:,}")
        )
    before, after = text[: match.start()], text[match.end() :]
    return [each for number in range(first, last + 1) for each in _counted(f"{before}{number:0{width}d}{after}")]


def _of_folder(text: str, suffixes: Sequence[str]) -> dict[str, list[str]]:
    files = [entry.name for entry in listed_folder(text) if _is_shard(entry.name, suffixes) and entry.is_file()]
    if not files:
        hint = f"it holds {contents(text)}"
        raise DataError(Problem(f"no {' or '.join(suffixes)} file in {printable(text)}", hint))
    parts: dict[str, list[str]] = {}
    for name in files:
        part = next((part for word, part in PART_OF.items() if re.match(rf"{word}(?![a-z])", name.lower())), "")
        parts.setdefault(part, []).append(os.path.join(text, name))
    if "train" not in parts:
        parts = {"train": parts.pop("", []), **parts}
    elif "" in parts:
        names = os.path.basename(parts[""][0])
        message = f"{printable(text)} has shards of parts and others: {printable(names)}"
        raise DataError(Problem(message, "name those that are meant: `path: shards/train-*`"))
    if not parts["train"]:
        raise DataError(Problem(f"{printable(text)} has no training shards", f"it holds {contents(text)}"))
    return {part: parts[part] for part in ("train", "validation", "test") if part in parts}


def _is_shard(name: str, suffixes: Sequence[str]) -> bool:
    """By its ending; `train.tfrecord-00000-of-00010` is one, too."""
    lower = name.lower()
    return not name.startswith(".") and any(
        re.search(rf"{re.escape(suffix)}(-\d+-of-\d+)?$", lower) for suffix in suffixes
    )
