"""Folders of runs for tests, and what is reported about them."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from cnncli import runs
from cnncli.errors import CnncliError

PATTERN_HINT = "use 1 to 64 letters (A-Z, a-z), digits, '.', '_' or '-', beginning with a letter or digit"


def told(error: CnncliError) -> tuple[str, str]:
    (problem,) = error.problems
    return problem.message, problem.hint


@contextmanager
def fails(kind: type[CnncliError], message: str, hint: str) -> Iterator[None]:
    """The block raises this kind of error, with exactly this message and hint."""
    with pytest.raises(kind) as caught:
        yield
    assert told(caught.value) == (message, hint)


def everything_in(folder: Path) -> dict[str, bytes | None]:
    found = {str(file.relative_to(folder)): file.read_bytes() if file.is_file() else None for file in folder.rglob("*")}
    return dict(sorted(found.items()))


def put_run(outputs: Path, name: str, *, model: bool = False, **fields: Any) -> Path:
    """A run of an earlier day, as it lies on disk."""
    folder = outputs / name
    folder.mkdir(parents=True)
    record = {"schema_version": 1, "status": "completed", "started": "2026-11-21T10:00:00+00:00", **fields}
    (folder / "run.json").write_text(json.dumps(record))
    if model:
        (folder / "model.keras").write_bytes(b"a model")
    return folder


@contextmanager
def process(script: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Another cnncli process, after its first line; killed at the end."""
    root = str(Path(runs.__file__).parents[2])
    child = subprocess.Popen(
        [sys.executable, "-c", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": root},
    )
    with child:
        try:
            yield child, said_next(child)
        finally:
            child.kill()


def said_next(child: subprocess.Popen[str]) -> str:
    assert child.stdout is not None
    return child.stdout.readline().strip()


def no_space(*_: Any, **__: Any) -> Any:
    raise OSError(errno.ENOSPC, "No space left on device")


def failing_at(call: Callable[..., Any], nth: int, number: int = errno.ENOSPC) -> Callable[..., Any]:
    """The call, failing the nth time."""
    count = 0

    def patched(*args: Any, **kwargs: Any) -> Any:
        nonlocal count
        count += 1
        if count == nth:
            raise OSError(number, os.strerror(number))
        return call(*args, **kwargs)

    return patched
