"""A sweep that is prepared: where its trials are stored."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("optuna")

from cnncli.recipe.search_space import load_with_search_space
from cnncli.tune.prepare import SweepOptions, prepare


@pytest.mark.parametrize(
    ("storage", "recorded"), [("sqlite:///night.db", "sqlite:///{}/night.db"), ("night.log", "{}/night.log")]
)
def test_a_sweep_that_goes_on_in_another_folder_has_the_same_storage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, storage: str, recorded: str
) -> None:
    first, other, outputs = tmp_path / "first", tmp_path / "other", tmp_path / "outputs"
    for each in (first, other):
        each.mkdir()
    loaded = load_with_search_space("mnist-tune", [])
    monkeypatch.chdir(first)
    begun = prepare(loaded, SweepOptions(outputs, "night", storage=storage))
    monkeypatch.chdir(other)
    again = prepare(loaded, SweepOptions(outputs, "night"))

    assert json.loads((begun.sweep.folder.path / "sweep.json").read_text())["storage"] == recorded.format(first)
    assert again.sweep.storage == recorded.format(first)
    assert not list(other.iterdir())
