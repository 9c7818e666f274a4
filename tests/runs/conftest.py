"""The folder of the runs of a test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cnncli import runs


@pytest.fixture
def outputs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An output folder as a user names it: relative, not there yet."""
    monkeypatch.chdir(tmp_path)
    return Path("outputs")


@pytest.fixture
def run(outputs: Path) -> Iterator[runs.Run]:
    with runs.create(outputs, "mnist", run_name="a") as run:
        yield run
