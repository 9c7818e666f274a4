"""Files that hold data in a format that is not read as images."""

from __future__ import annotations

from pathlib import Path

import pytest

from cnncli.data.sources.folder_tree import IMAGE_FILES, images_below, read_tree
from cnncli.data.sources.unsupported_files import advice_for
from cnncli.errors import DataError


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("1.dcm", "DICOM"),
        ("1.DCM", "DICOM"),
        ("1.nii", "NIfTI"),
        ("1.nii.gz", "NIfTI"),
        ("1.npy", "NumPy array"),
        ("1.mat", "MATLAB"),
        ("1.h5", "HDF5"),
        ("1.csv", "CSV"),
    ],
)
def test_a_folder_without_images_names_what_it_holds(tmp_path: Path, name: str, kind: str) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / name).write_bytes(b"\0\1\2\3")

    with pytest.raises(DataError) as read:
        read_tree(str(tmp_path), IMAGE_FILES)
    with pytest.raises(DataError) as listed:
        images_below(str(tmp_path))

    assert f"2 {kind} files: " in read.value.problems[0].hint
    assert f"2 {kind} files: " in listed.value.problems[0].hint


def test_text_beside_images_gets_no_advice() -> None:
    assert advice_for(["a/readme.txt", "a/LICENSE", "a/list.json"]) == []


def test_formats_are_counted_the_most_frequent_first() -> None:
    advice = advice_for(["1.npy", "1.dcm", "2.dcm", "1.nii.gz"])
    assert [line.split(":")[0] for line in advice] == ["2 DICOM files", "1 NumPy array file", "1 NIfTI file"]


def test_scans_beside_images_are_named_with_what_to_do(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "1.png").write_bytes(b"\x89PNG\r\n\x1a\n")
        (tmp_path / folder / "2.dcm").write_bytes(b"\0\1\2\3")

    [note] = read_tree(str(tmp_path), IMAGE_FILES).notes

    assert note.message == "2 files are not an image, not used: a/2.dcm, b/2.dcm"
    assert note.hint.startswith(
        "2 DICOM files: `source: {volume_folder: {path: …}}` reads volumes; or export them as PNG or JPEG"
    )
