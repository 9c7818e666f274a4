"""Splits of identities: those of one part are in no other."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cnncli.data.load import load, load_for_model
from cnncli.errors import DataError
from cnncli.recipe.schema_data import Data, Source

KEYS = {"targets": "identities", "split": {"validation": 0.2, "test": 0.3}}


def data(source: dict, **keys: object) -> Data:
    return Data.model_validate({"source": source, **KEYS, **keys})


def archive(**parts: np.ndarray) -> dict:
    arrays = {f"x{part}": np.random.default_rng(0).random((len(y), 4)).astype("f4") for part, y in parts.items()}
    np.savez("a.npz", **arrays, **{f"y{part}": y for part, y in parts.items()})
    return {"npz": {"path": "a.npz"}}


def test_identities_of_the_test_part_are_not_in_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    splits = load(data(archive(**{"": np.repeat(np.arange(0, 200, 10), 5)})))
    people = [set(part.examples.labels.tolist()) for part in splits.parts]
    assert list(map(len, people)) == [10, 4, 6]
    assert len(set.union(*people)) == 20
    assert splits.targets.class_count is None


def test_identities_in_two_parts_of_the_data_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    source = archive(
        _train=np.repeat(np.arange(6), 3), _val=np.repeat(np.arange(6, 9), 3), _test=np.array([4, 4, 5, 9])
    )
    with pytest.raises(DataError, match="2 identities stand in train and in test: 4, 5"):
        load(data(source))
    assert load(data(source, allow_leakage=True)).notes


def test_one_example_of_each_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match="one example only of each of 20 identities"):
        load(data(archive(**{"": np.arange(20)})))


def folders(root: str, names: str) -> None:
    for name in names:
        folder = Path(root) / name
        folder.mkdir(parents=True)
        for number in range(3):
            pixels = np.random.default_rng(ord(name) * 10 + number).integers(0, 256, (6, 6), np.uint8)
            Image.fromarray(pixels).save(folder / f"{number}.png")


def test_folders_of_a_test_part_may_be_of_other_people(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for part, names in (("train", "abcd"), ("val", "ef"), ("test", "ghi")):
        folders(f"people/{part}", names)
    settings = {"path": "people", "image_size": [6, 6], "color": "grayscale"}
    splits = load(data({"image_folder": settings}))
    assert splits.targets.texts_of(splits.test.labels) == [*"ggghhhiii"]
    folders("others", "xy")
    source = Source.model_validate({"image_folder": {"path": "others"}})
    examples, _, targets = load_for_model(source, input_shape=(6, 6, 1), targets=splits.targets)
    assert targets.texts_of(examples.labels) == [*"xxxyyy"]
