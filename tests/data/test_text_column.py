"""Columns of texts: read, split, joined and identified, in memory and in a file."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from cnncli.data import text_column as module
from cnncli.data.columns import as_array, join
from cnncli.data.dataset import Examples
from cnncli.data.fingerprint import example_hashes, of_parts
from cnncli.data.text_column import fault_of, text_column
from cnncli.tasks.classification.targets import ClassTargets

TEXTS = ["good film", "", "naïve café 日本", "bad film"]


@pytest.fixture(params=["memory", "file"])
def column(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path):
    """The texts in memory, and in a temporary file because more than 3 bytes are too many for it."""
    monkeypatch.setenv("CNNCLI_CACHE", str(tmp_path / "cache"))
    if request.param == "file":
        monkeypatch.setattr(module, "LARGE", 3)
    return text_column(TEXTS)


def test_texts_are_read_back_in_any_order(column):
    assert (len(column), column.shape, column.dtype) == (4, (4,), np.dtype(object))
    assert as_array(column).tolist() == TEXTS
    assert column.take([3, 2]).take([1]).read([0]).tolist() == ["naïve café 日本"]


def test_large_column_is_in_a_file_without_a_name(column, tmp_path):
    is_in_memory = isinstance(column.content, bytes | bytearray)

    assert is_in_memory == (module.LARGE > 3)
    assert not is_in_memory or not (tmp_path / "cache").exists()
    assert is_in_memory or list((tmp_path / "cache").iterdir()) == []


def test_parts_of_one_column_and_of_several_are_joined(column):
    assert as_array(join([column.take([0]), column.take([3])])).tolist() == ["good film", "bad film"]
    assert as_array(join([column, text_column(["new"])])).tolist() == [*TEXTS, "new"]


def test_digests_depend_on_the_utf8_bytes_alone(column):
    wanted = [hashlib.sha256(text.encode()).digest() for text in TEXTS]

    assert list(column.digests()) == wanted
    assert example_hashes({"input": column})[0] == int.from_bytes(wanted[0][:8], "little")


def test_fingerprint_of_texts_tells_other_texts_and_is_the_same_in_every_process(column):
    def fingerprint(texts):
        return of_parts({"train": Examples({"input": texts}, np.arange(4, dtype=np.int32))}, ClassTargets.numbered(4))

    assert fingerprint(column) == "e60dba1995e8bfa9c66aee20c1d0be60d78f7a04a84cc4266ff2d4b8fe945fa8"
    assert fingerprint(column.take([1, 0, 2, 3])) != fingerprint(column)
    assert fingerprint(text_column(["good", " film", *TEXTS[2:]])) != fingerprint(column)


def test_texts_that_are_none():
    assert fault_of("fine ✓") == ""
    assert fault_of("a\0") == "holds a NUL character, which is no text"
    assert fault_of("a\ud83d") == "holds '\\ud83d', half of a character"
