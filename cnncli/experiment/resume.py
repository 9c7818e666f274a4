"""Going on with an earlier run."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cnncli.data.examples import Splits
from cnncli.errors import DataError, Problem, RecipeError
from cnncli.runs import commits
from cnncli.training.state import State

RESOLVED = "resolved.yaml"


@dataclass(frozen=True)
class Beginning:
    """Where a run goes on.

    Attributes:
        state: the newest that is whole; None where the run was stopped before its first commit.
        number: of the newest commit that is there, whole or not.
        notes: what is not as it was.
    """

    state: State | None
    number: int
    notes: tuple[Problem, ...]


def sha256_of(content: bytes) -> str:
    """In hex."""
    return hashlib.sha256(content).hexdigest()


def read_beginning(folder: Path) -> Beginning:
    """Read the newest state of a run that is whole.

    Raises:
        ModelFileError: it cannot be read.
    """
    commit = commits.newest(folder / commits.FOLDER)
    if commit is None:
        return Beginning(None, 0, ())
    notes = tuple(Problem(f"a commit is not whole, and the one before it is taken: {reason}") for reason in commit.bad)
    return Beginning(State.load(commit.state, commit.arrays), commit.number + len(commit.bad), notes)


def refuse_changed_recipe(folder: Path, record: Mapping[str, Any]) -> None:
    """Compare the resolved recipe with what the run wrote.

    Raises:
        RecipeError: it was changed since.
    """
    path = folder / RESOLVED
    if sha256_of(path.read_bytes()) not in record.get("resolved_sha256", ()):
        message = f"{path} is not what the run wrote: a run goes on as it began"
        raise RecipeError(message, hint="put it back, or begin a new run with the changed recipe")


def refuse_changed_data(splits: Splits, record: Mapping[str, Any]) -> None:
    """Compare the data with the run's.

    Raises:
        DataError: it is other data, with what is different.
    """
    was = record.get("data") or {}
    if was.get("fingerprint") == splits.fingerprint:
        return
    now = splits.as_json()
    different = [
        f"{name}: {was.get(name)} then, {now[name]} now"
        for name in ("source", "class_names", "input_shape", "counts")
        if was.get(name) != now[name]
    ] or ["the same counts and names, but other content"]
    hint = "\n".join([*different, "put the data back, or begin a new run"])
    raise DataError(Problem("the data is not what the run began with", hint, path=("data", "source")))


def changed_environment(record: Mapping[str, Any], now: Mapping[str, Any]) -> list[Problem]:
    """Notes on what may change the last bits: versions, the processor, its cores."""
    was = record.get("environment") or {}
    notes = []
    for name, key in (("versions", "versions"), ("processor", "cpu"), ("cores", "cores")):
        then, today = was.get(key), now.get(key)
        if then == today:
            continue
        if isinstance(then, Mapping) and isinstance(today, Mapping):
            parts = [f"{part} {then.get(part)} -> {today[part]}" for part in today if then.get(part) != today[part]]
        else:
            parts = [f"{then} -> {today}"]
        message = f"other {name} than the run began with: {', '.join(parts)}"
        notes.append(Problem(message, "it goes on, but may not end with the very same bits"))
    return notes
