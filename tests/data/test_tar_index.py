"""Tar archives of samples, as WebDataset has them."""

from __future__ import annotations

import gzip
import io
import tarfile
from pathlib import Path

import pytest

from cnncli.data.shards.tar_index import index_tar
from cnncli.errors import DataError


def make_tar(path: Path, members: list[tuple[str, bytes]]) -> Path:
    with tarfile.open(path, "w") as archive:
        for name, content in members:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def problem_of(path: Path) -> str:
    with pytest.raises(DataError) as caught:
        index_tar(str(path))
    [problem] = caught.value.problems
    return " | ".join([problem.message.replace(str(path), "x.tar"), *problem.hint.splitlines()])


def test_members_of_a_sample_are_found_by_name(tmp_path: Path) -> None:
    members = [("a/1.jpg", b"one"), ("a/1.cls", b"0"), ("./b/1.JPG", b"three"), ("b/1.seg.png", b"4"), ("b/2.jpg", b"")]
    path = make_tar(tmp_path / "x.tar", members)
    content = path.read_bytes()

    index = index_tar(str(path))

    jpg = index.columns["jpg"]
    assert index.names == ("a/1", "b/1", "b/2")
    assert list(index.columns) == ["jpg", "cls", "seg.png"]
    places = zip(jpg.begins.tolist(), jpg.lengths.tolist(), strict=True)
    assert [content[begin : begin + length] for begin, length in places] == [b"one", b"three", b""]
    assert index.columns["cls"].first_missing() == 2


def test_hidden_files_and_files_without_an_ending_do_not_count(tmp_path: Path) -> None:
    members = [("1.jpg", b"x"), ("._1.jpg", b"x"), (".meta/2.jpg", b"x"), ("README", b"x")]

    assert index_tar(str(make_tar(tmp_path / "x.tar", members))).names == ("1",)


def test_member_that_is_there_twice_is_named(tmp_path: Path) -> None:
    path = make_tar(tmp_path / "x.tar", [("1.jpg", b"x"), ("1.cls", b"0"), ("1.jpg", b"y")])

    assert problem_of(path) == "x.tar has members twice: 1.jpg | each member of a sample has a name of its own"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "x.tar is empty (0 bytes)"),
        (b"some text\n" * 200, "x.tar is no tar archive"),
        (
            gzip.compress(bytes(2000), mtime=0),  # its name in every process
            "x.tar is compressed with gzip: its samples cannot be read one by one | unpack it once: gunzip x.tar",
        ),
        (bytes(10240), "x.tar has no samples | a sample is `0001.jpg` with `0001.cls`"),
    ],
)
def test_file_of_another_kind_is_named(tmp_path: Path, content: bytes, expected: str) -> None:
    (tmp_path / "x.tar").write_bytes(content)

    assert problem_of(tmp_path / "x.tar") == expected


@pytest.mark.parametrize("length", [600, 1400, 2000])
def test_archive_that_is_cut_off_is_damaged(tmp_path: Path, length: int) -> None:
    path = make_tar(tmp_path / "x.tar", [("1.jpg", b"x" * 1000), ("2.jpg", b"y" * 1000)])
    path.write_bytes(path.read_bytes()[:length])

    assert problem_of(path).startswith("x.tar is damaged or cut off | ")


def test_archive_with_a_damaged_header_is_not_taken_for_a_shorter_one(tmp_path: Path) -> None:
    path = make_tar(tmp_path / "x.tar", [("1.jpg", b"x" * 1000), ("2.jpg", b"y" * 1000)])
    content = bytearray(path.read_bytes())
    content[1536 + 3] ^= 0xFF

    path.write_bytes(content)

    assert "the header at byte 1,536 of" in problem_of(path)
