"""The folder that each case of cases/ is in."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from cases import making
from commands import call, cut_off, draw_nothing


@pytest.fixture(scope="session")
def cases_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the data of all cases and the run `making.U8_RUN`."""
    folder = tmp_path_factory.mktemp("cases")
    making.make_data(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        call("train", "u8.yaml", "--run", "first")
    return folder


@pytest.fixture
def case_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cases_folder: Path) -> Path:
    """A copy of it to be in, and a home of its own."""
    place = tmp_path / "here"
    shutil.copytree(cases_folder, place)
    monkeypatch.chdir(place)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "home" / ".keras"))
    cut_off(monkeypatch)
    draw_nothing(monkeypatch)
    return place
