"""Hostile model files are refused before Keras sees them, each with its reason and nothing opened."""

from __future__ import annotations

import subprocess
import sys

import pytest

from benchmarks.hostile_files import CASES, Case, Place, members, network, write
from cnncli.errors import ModelFileError
from cnncli.model_file_validation import archive, config
from cnncli.model_file_validation.stored_arrays import stored_arrays


@pytest.fixture
def place(tmp_path):
    (tmp_path / "files").mkdir()
    (tmp_path / "secret").write_bytes(bytes(100))
    return Place(tmp_path / "files", tmp_path / "secret", tmp_path / "marker")


def screen(place: Place) -> None:
    contents = archive.read(place.file)
    config.read(contents.config, "m.keras")
    with stored_arrays(contents.weights, "m.keras"):
        pass


STATIC = [case for case in CASES if case.static]


@pytest.mark.parametrize("case", STATIC, ids=[case.name for case in STATIC])
def test_hostile_file_is_refused_without_keras(case: Case, place: Place):
    case.make(place)
    with pytest.raises(ModelFileError) as caught:
        screen(place)

    assert case.says in str(caught.value)
    assert caught.value.problems[0].hint or "not a" in str(caught.value)
    assert not place.marker.exists()


def test_there_are_many_kinds_of_hostile_files():
    assert len(STATIC) >= 60
    assert len({case.name for case in CASES}) == len(CASES)


def test_harmless_file_gets_through(place: Place):
    write(place, members(network()))
    screen(place)


def test_screening_imports_neither_keras_nor_tensorflow():
    modules = "import sys, cnncli.model_file_validation.archive, cnncli.model_file_validation.config"
    modules += ", cnncli.model_file_validation.stored_arrays"
    modules += "; sys.exit(int('keras' in sys.modules or 'tensorflow' in sys.modules))"
    assert subprocess.run([sys.executable, "-c", modules], check=False).returncode == 0
