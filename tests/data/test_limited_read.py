"""Files that are read up to a limit."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from cnncli.data import images, limited_read
from cnncli.data.limited_read import read_at_most
from cnncli.data.sources.text_folder import read_text

CONTENT = b"twelve words"


@pytest.mark.parametrize("most", [0, 5, 11, 12, 13, 100])
@pytest.mark.parametrize("told", [0, 3, 12, 20])
def test_a_file_is_whole_or_one_byte_over_the_limit_whatever_its_system_tells(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int, told: int
) -> None:
    path = tmp_path / "a"
    path.write_bytes(CONTENT)
    with monkeypatch.context() as patch, path.open("rb") as file:
        patch.setattr(limited_read.os, "fstat", lambda _: SimpleNamespace(st_size=told))
        content = read_at_most(file, most)

    assert content == CONTENT[: most + 1]


def test_images_and_texts_of_a_wrong_size_are_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a"
    path.write_bytes(CONTENT)
    with monkeypatch.context() as patch:
        patch.setattr(limited_read.os, "fstat", lambda _: SimpleNamespace(st_size=0))
        image, (text, _) = images.read(str(path)), read_text(str(path))

    assert (image, text) == (CONTENT, CONTENT.decode())
