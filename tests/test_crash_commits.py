"""A disk that fails, or a process that ends, at any call of a commit."""

from __future__ import annotations

import errno
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cnncli.errors import OutputError
from cnncli.runs import checkpoints

ROOT = Path(__file__).parents[1]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a process for each point is forked")
def test_every_call_of_a_commit_may_fail_or_be_the_last() -> None:
    memory = {"TMPDIR": "/dev/shm"} if os.access("/dev/shm", os.W_OK) else {}  # syncing costs nothing there
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.crash_commits", "commit"],
        cwd=ROOT, env={**os.environ, **memory}, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout + done.stderr
    counted = re.search(r"([0-9]+) points, bad states = 0", done.stdout)
    assert counted is not None, done.stdout
    assert int(counted[1]) > 200


def put_commit(folder: Path, number: int) -> None:
    def save(path: Path) -> None:
        with open(path, "wb") as file:
            np.savez(file, weights=np.full(9, number))

    checkpoints.write(folder, number, {"step": number}, save)


def no_listing(number: int) -> Callable[..., Any]:
    def failing(*_: Any) -> Any:
        raise OSError(number, os.strerror(number))

    return failing


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """With two commits, 1 and 2."""
    put_commit(tmp_path / "checkpoints", 1)
    put_commit(tmp_path / "checkpoints", 2)
    return tmp_path / "checkpoints"


def test_folder_that_cannot_be_listed_is_reported_and_not_taken_for_an_empty_one(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "listdir", no_listing(errno.EMFILE))
    with pytest.raises(OutputError, match=r"^cannot read .*checkpoints: this process has too many files open$"):
        checkpoints.newest(folder)


def test_commit_in_a_folder_that_cannot_be_listed_removes_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(os, "listdir", no_listing(errno.EIO))
        put_commit(folder, 3)

    assert len(list(folder.iterdir())) == 6
    put_commit(folder, 4)
    assert sorted(path.name[:10] for path in folder.iterdir()) == [f"{3:010}"] * 2 + [f"{4:010}"] * 2


def test_torn_commit_that_cannot_be_removed_is_reported(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / f"{2:010}.npz").write_bytes(b"torn")
    monkeypatch.setattr(os, "unlink", no_listing(errno.EIO))
    with pytest.raises(OutputError, match=r"^cannot remove a commit of .*checkpoints: the disk under "):
        checkpoints.remove_newer(folder, 1)
