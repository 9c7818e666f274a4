"""`cnncli init` of folders of people."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from commands import call
from PIL import Image


def people(count: int) -> None:
    random = np.random.default_rng(0)
    for number in range(count):
        folder = Path("people") / f"p{number}"
        folder.mkdir(parents=True)
        for file in range(3):
            Image.fromarray(random.integers(0, 256, (24, 24), np.uint8)).save(folder / f"{file}.png")


def test_many_folders_of_few_images_suggest_identities(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    people(30)
    assert "cnncli init people --task identities" in call("init", "people").stderr


def test_a_recipe_for_identities_validates(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    people(12)
    said = call("init", "people", "--task", "identities").stderr
    assert "36 images of 12 identities" in said
    assert "- UnitNormalization" in Path("people.yaml").read_text()
    assert "no mistakes" in call("validate", "people.yaml").stdout
