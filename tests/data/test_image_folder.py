from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pictures import noise, save
from PIL import Image

from cnncli.data import cache
from cnncli.data.dataset import ImageFiles
from cnncli.data.images import Form
from cnncli.data.sources import image_scan, paths
from cnncli.data.sources.image_folder import read_image_folder, read_image_folder_for_model
from cnncli.data.sources.image_form import form_of
from cnncli.data.sources.loaded_data import LoadedData
from cnncli.errors import DataError
from cnncli.recipe.sources.image_folder import ImageFolder
from cnncli.tasks.classification.targets import ClassTargets

MakeFolder = Callable[[Path, Mapping[str, int]], Path]


def settings_for(path: Path | str, **keys: Any) -> ImageFolder:
    return ImageFolder.model_validate({"path": str(path), "image_size": [6, 8], **keys})


def read(path: Path | str, *, on_bad_image: Any = "error", allow_leakage: bool = False, **keys: Any) -> LoadedData:
    return read_image_folder(settings_for(path, **keys), on_bad_image=on_bad_image, allow_leakage=allow_leakage)


def error(path: Path | str, **keys: Any) -> str:
    with pytest.raises(DataError) as caught:
        read(path, **keys)
    assert all(problem.path == ("data", "source", "image_folder", "path") for problem in caught.value.problems)
    return str(caught.value)


def told(path: Path) -> LoadedData | str:
    """What was found, or the words of the DataError; anything else is a bug."""
    try:
        return read(path)
    except DataError as error:
        return str(error)


def notes(found: LoadedData) -> list[str]:
    return [str(note) for note in found.notes]


# What is found.


def test_class_folders_are_one_part(tmp_path: Path, make_folder: MakeFolder) -> None:
    found = read(make_folder(tmp_path / "photos", {"bees": 2, "ants": 3}))

    assert list(found.parts) == ["train"]
    assert found.targets.class_names == ("ants", "bees")
    assert found.parts["train"].labels.tolist() == [0, 0, 0, 1, 1]
    assert found.parts["train"].labels.dtype == np.int32
    assert found.source == f"image folder {tmp_path / 'photos'}: 5 images, 2 classes"
    assert found.notes == ()


def test_images_arrive_as_they_are_in_the_order_of_their_paths(tmp_path: Path) -> None:
    for number, name in enumerate(["b.png", "a.png", "Z.png"]):
        save(tmp_path / "ants" / name, Image.new("RGB", (8, 6), (number, 0, 0)))
    save(tmp_path / "bees" / "c.png", Image.new("RGB", (8, 6), (3, 0, 0)))

    inputs = read(tmp_path).parts["train"].input

    assert inputs.shape == (4, 6, 8, 3)
    assert isinstance(inputs, np.ndarray)
    assert inputs.dtype == np.uint8
    assert inputs[:, 0, 0, 0].tolist() == [2, 1, 0, 3]  # upper case comes first, as bytes do


@pytest.mark.parametrize("val", ["val", "validation", "valid"])
def test_part_folders_are_parts(tmp_path: Path, make_folder: MakeFolder, val: str) -> None:
    make_folder(tmp_path, {"train/a": 2, "train/b": 1, f"{val}/a": 1, f"{val}/b": 1, "test/a": 1, "test/b": 2})

    found = read(tmp_path)

    assert {name: len(part) for name, part in found.parts.items()} == {"train": 3, "validation": 2, "test": 3}
    assert found.parts["test"].labels.tolist() == [0, 1, 1]
    assert found.source == f"image folder {tmp_path}: 3 + 2 + 3 images, 2 classes"


def test_each_parts_images_are_its_own(tmp_path: Path) -> None:
    for number, folder in enumerate(["train/a", "train/b", "val/a", "val/b", "test/a", "test/b"]):
        save(tmp_path / folder / "1.png", Image.new("L", (8, 6), number))

    parts = read(tmp_path, color="grayscale").parts

    assert [int(value) for part in parts.values() for value in part.input[:, 0, 0, 0]] == [0, 1, 2, 3, 4, 5]


def test_a_class_may_be_called_train(tmp_path: Path, make_folder: MakeFolder) -> None:
    found = read(make_folder(tmp_path, {"train": 2, "car": 1, "boat": 1}))

    assert found.targets.class_names == ("boat", "car", "train")


def test_folders_beside_the_parts_are_reported(tmp_path: Path, make_folder: MakeFolder) -> None:
    make_folder(tmp_path, {"train/a": 1, "train/b": 1, "test/a": 1, "test/b": 1, "models": 0})

    assert notes(read(tmp_path)) == ["not used, because it lies beside test/: models/"]


def test_folders_inside_a_class_count_to_it(tmp_path: Path, make_folder: MakeFolder) -> None:
    make_folder(tmp_path, {"ants/2023/may": 1, "ants": 1, "bees/2024": 1})

    assert read(tmp_path).parts["train"].labels.tolist() == [0, 0, 1]


def test_what_systems_leave_behind_does_not_count(tmp_path: Path, make_folder: MakeFolder) -> None:
    make_folder(tmp_path, {"ants": 1, "bees": 1, "__MACOSX": 1, ".cache": 1, "ants/@eaDir": 1})
    for name in (".DS_Store", "ants/.DS_Store", "ants/Thumbs.db", "ants/desktop.ini", "ants/._0.png"):
        (tmp_path / name).write_bytes(b"x")

    found = read(tmp_path)

    assert (found.targets.class_names, len(found.parts["train"]), found.notes) == (("ants", "bees"), 2, ())


def test_files_that_are_no_images_are_reported_and_not_used(tmp_path: Path, make_folder: MakeFolder) -> None:
    make_folder(tmp_path, {"ants": 1, "bees": 1})
    for name in ("ants/README.txt", "bees/list.csv"):
        (tmp_path / name).write_text("about")

    found = read(tmp_path)

    assert notes(found) == ["2 files are not an image, not used: ants/README.txt, bees/list.csv"]
    assert len(found.parts["train"]) == 2


def test_images_in_no_class_folder_are_reported_and_not_used(tmp_path: Path, make_folder: MakeFolder) -> None:
    make_folder(tmp_path, {"": 2, "ants": 1, "bees": 1})

    assert notes(read(tmp_path)) == [
        "2 files are in no class folder, not used: 0.png, 1.png\n    the folder of an image is its class"
    ]


def test_image_without_an_ending_is_an_image(tmp_path: Path, make_folder: MakeFolder) -> None:
    make_folder(tmp_path, {"ants": 1, "bees": 1})
    (tmp_path / "ants/0.png").rename(tmp_path / "ants/photo")

    found = read(tmp_path)

    assert (len(found.parts["train"]), found.notes) == (2, ())


def test_image_with_the_ending_of_another_format_is_used_and_told(tmp_path: Path, make_folder: MakeFolder) -> None:
    make_folder(tmp_path, {"ants": 1, "bees": 1})
    (tmp_path / "ants/0.png").rename(tmp_path / "ants/0.JPG")

    assert notes(read(tmp_path)) == [
        "1 image has the ending of another format: ants/0.JPG (PNG)\n    they are read by their content"
    ]


def test_converted_images_are_reported_once_for_all(tmp_path: Path, make_folder: MakeFolder) -> None:
    make_folder(tmp_path, {"ants": 1, "bees": 1})
    save(tmp_path / "ants/cmyk.jpg", noise(8, 6, "CMYK", seed=90))
    save(tmp_path / "ants/bits.png", noise(8, 6, "1", seed=91))
    save(tmp_path / "bees/bits.png", noise(8, 6, "1", seed=92))
    save(tmp_path / "bees/clear.png", Image.new("RGBA", (8, 6), (9, 9, 9, 100)))
    save(tmp_path / "bees/two.gif", noise(8, 6, "L", seed=93), save_all=True, append_images=[noise(8, 6, "L", seed=94)])

    assert notes(read(tmp_path)) == [
        "converted to rgb: 2 1-bit, 1 CMYK",
        "1 transparent image: laid on white",
        "1 animated image: the first frame is used",
    ]


@pytest.mark.parametrize("name", ["[red]", "a b", "ümläut", "a\nb", "esc\x1b[31m", "日本語"])
def test_any_class_name_works(tmp_path: Path, make_folder: MakeFolder, name: str) -> None:
    found = read(make_folder(tmp_path, {name: 1, "other": 1}))

    assert name in found.targets.class_names


def test_class_name_that_is_not_utf8_is_refused(tmp_path: Path, make_folder: MakeFolder) -> None:
    make_folder(tmp_path, {"ants": 1, os.fsdecode(b"caf\xe9"): 1})

    assert error(tmp_path) == (
        "the name of class folder `caf\\udce9` is not UTF-8\n"
        "    rename the folder: class names go into files that are UTF-8"
    )


def test_classes_that_differ_in_case_alone_are_reported(tmp_path: Path, make_folder: MakeFolder) -> None:
    make_folder(tmp_path, {"Cat": 1, "cat": 1})

    assert notes(read(tmp_path)) == [
        "classes `Cat` and `cat` differ only in upper and lower case\n"
        "    on many disks they are one folder; rename one of them"
    ]


def test_progress_is_reported(tmp_path: Path, make_folder: MakeFolder) -> None:
    make_folder(tmp_path, {"ants": 40, "bees": 1})
    told: list[tuple[str, int, int]] = []

    read_image_folder(settings_for(tmp_path), progress=lambda *news: told.append(news))

    assert told == [("reading images", 32, 41), ("reading images", 41, 41)]


# Links.


def test_link_out_of_the_folder_is_followed_and_told(tmp_path: Path, make_folder: MakeFolder) -> None:
    make_folder(tmp_path / "photos", {"ants": 1, "bees": 1})
    make_folder(tmp_path / "elsewhere", {"": 1})
    (tmp_path / "photos/ants/far.png").symlink_to(tmp_path / "elsewhere/0.png")

    found = read(tmp_path / "photos")

    assert len(found.parts["train"]) == 3
    assert notes(found) == [
        f"1 link leads out of the folder: ants/far.png -> {tmp_path}/elsewhere/0.png\n"
        "    the files behind the link are used and can change without notice"
    ]


def test_linked_class_folder_is_followed_and_told(tmp_path: Path, make_folder: MakeFolder) -> None:
    make_folder(tmp_path / "photos", {"ants": 1})
    make_folder(tmp_path / "elsewhere", {"": 2})
    (tmp_path / "photos/bees").symlink_to(tmp_path / "elsewhere")

    found = read(tmp_path / "photos")

    assert found.parts["train"].labels.tolist() == [0, 1, 1]
    assert notes(found)[0].startswith(f"1 link leads out of the folder: bees -> {tmp_path}/elsewhere")


def test_link_inside_the_folder_is_nothing_special(tmp_path: Path, make_folder: MakeFolder) -> None:
    make_folder(tmp_path, {"ants": 1, "bees": 1, ".store": 1})
    (tmp_path / "ants/near.png").symlink_to("../.store/0.png")

    found = read(tmp_path)

    assert (len(found.parts["train"]), found.notes) == (3, ())


def test_links_in_a_circle_end(tmp_path: Path, make_folder: MakeFolder) -> None:
    make_folder(tmp_path, {"ants": 1, "bees": 1})
    (tmp_path / "ants/again").symlink_to("../ants")

    found = read(tmp_path)

    assert len(found.parts["train"]) == 2
    assert notes(found) == ["1 link leads back into a folder above, not followed: ants/again"]


def test_links_that_lead_nowhere_or_to_themselves_are_bad_images(tmp_path: Path, make_folder: MakeFolder) -> None:
    make_folder(tmp_path, {"ants": 1, "bees": 1})
    (tmp_path / "ants/gone.png").symlink_to("nowhere.png")
    (tmp_path / "ants/self.png").symlink_to("self.png")

    assert error(tmp_path).splitlines()[:3] == [
        "2 of 4 images cannot be used",
        "    ants/gone.png: a link that leads nowhere",
        "    ants/self.png: a link that leads nowhere",
    ]


def test_pipe_in_a_class_folder_does_not_block(tmp_path: Path, make_folder: MakeFolder) -> None:
    make_folder(tmp_path, {"ants": 1, "bees": 1})
    os.mkfifo(tmp_path / "ants/pipe")

    assert notes(read(tmp_path)) == ["1 file is not an image, not used: ants/pipe"]


# Folders that are not what they should be.


def test_missing_folder_tells_where_it_was_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "photos").mkdir()
    monkeypatch.chdir(tmp_path)

    assert error("photo") == (
        f"no such folder: photo\n    looked for {tmp_path}/photo, from {tmp_path}\n    did you mean `photos`?"
    )


def test_home_sign_is_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    assert error("~/photos").splitlines()[-1] == "    `~` is not expanded here: write the whole path"


def test_file_instead_of_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b"PK")

    assert error(tmp_path / "a.zip").splitlines()[0] == f"{tmp_path / 'a.zip'} is a file, not a folder"


def test_path_with_a_nul_is_refused() -> None:
    assert error("a\0b") == "`a\\x00b` cannot be a path: embedded null byte"


def test_folder_that_cannot_be_read_is_named(
    tmp_path: Path, make_folder: MakeFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_folder(tmp_path, {"ants": 1, "bees": 1})
    scandir = os.scandir

    def denied(path: str) -> Any:
        if str(path).endswith("bees"):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(paths.os, "scandir", denied)

    assert error(tmp_path) == f"cannot read {tmp_path}/bees: permission denied"


def test_empty_folder_is_reported(tmp_path: Path) -> None:
    assert error(tmp_path) == (
        f"no class folders in {tmp_path}\n"
        "    it holds nothing\n"
        f"    each class needs a folder of its own: {tmp_path}/cats/1.jpg"
    )


def test_images_without_class_folders_are_reported_with_what_was_found(tmp_path: Path, make_folder: MakeFolder) -> None:
    make_folder(tmp_path, {"": 3})
    (tmp_path / "labels.csv").write_text("a")

    assert error(tmp_path).splitlines()[:2] == [
        f"no class folders in {tmp_path}",
        "    it holds 4 files (3 .png, 1 .csv)",
    ]


def test_train_folder_without_class_folders_is_no_class(tmp_path: Path, make_folder: MakeFolder) -> None:
    make_folder(tmp_path, {"train": 3, "test": 2})

    assert error(tmp_path).splitlines()[0] == f"no class folders in {tmp_path}/train"


def test_folders_without_images_are_reported_with_what_was_found(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()

    assert error(tmp_path) == f"no images in {tmp_path}\n    it holds 2 folders (a, b)"


def test_class_folder_without_images_is_named(tmp_path: Path, make_folder: MakeFolder) -> None:
    make_folder(tmp_path, {"ants": 1, "bees": 1, "logs": 0})

    assert error(tmp_path) == "no image in logs/ that can be used\n    add images, or remove the folder"


def test_one_class_only_is_refused(tmp_path: Path, make_folder: MakeFolder) -> None:
    make_folder(tmp_path, {"ants": 3})

    assert error(tmp_path) == "one class only: `ants`\n    `ants` holds 3 files (3 .png)"


def test_one_folder_too_high_is_suggested_away(tmp_path: Path, make_folder: MakeFolder) -> None:
    make_folder(tmp_path, {"photos/ants": 1, "photos/bees": 1})

    assert error(tmp_path) == (
        f"one class only: `photos`\n    `photos` holds 2 folders (ants, bees)\n    did you mean `{tmp_path}/photos`?"
    )


def test_validation_without_train_is_refused(tmp_path: Path, make_folder: MakeFolder) -> None:
    make_folder(tmp_path, {"test/a": 1, "val/a": 1})

    assert error(tmp_path) == f"{tmp_path} has val/ and test/ and no train/\n    it holds 2 folders (test, val)"


@pytest.mark.parametrize(
    "names", [("training", "valid", "testing"), ("Train", "Val", "Test"), ("TRAIN", "Validation", "Testing")]
)
def test_parts_in_other_words_are_parts(tmp_path: Path, make_folder: MakeFolder, names: tuple[str, ...]) -> None:
    make_folder(tmp_path, {f"{part}/{kind}": 1 for part in names for kind in ("ants", "bees")})

    found = read(tmp_path)

    assert (list(found.parts), found.targets.class_names) == (["train", "validation", "test"], ("ants", "bees"))


def test_classes_may_be_called_like_parts_in_other_words(tmp_path: Path, make_folder: MakeFolder) -> None:
    found = read(make_folder(tmp_path, {"Training": 1, "Testing": 1}))

    assert (list(found.parts), found.targets.class_names) == (["train"], ("Testing", "Training"))


def test_parts_under_unknown_names_are_reported(tmp_path: Path, make_folder: MakeFolder) -> None:
    make_folder(tmp_path, {f"{part}/{kind}": 2 for part in ("trn", "dev") for kind in ("ants", "bees")})

    assert notes(read(tmp_path)) == [
        "dev/, trn/ look like classes, but contain the same folders: ants, bees\n"
        "    if they are parts of the data, name them train/, val/ and test/"
    ]


def test_one_part_under_two_names_is_refused(tmp_path: Path, make_folder: MakeFolder) -> None:
    make_folder(tmp_path, {"train/ants": 1, "Training/ants": 1})

    assert error(tmp_path) == "both Training/ and train/ are there: one of them is the training part"


@pytest.mark.parametrize("target", ["..", "../.."])
def test_link_out_of_a_class_to_the_folders_around_it_is_not_followed(
    tmp_path: Path, make_folder: MakeFolder, target: str
) -> None:
    make_folder(tmp_path, {f"{part}/{kind}": 1 for part in ("train", "val") for kind in ("ants", "bees")})
    os.symlink(target, tmp_path / "train/ants/up")

    found = read(tmp_path)

    assert len(found.parts["train"]) == 2
    assert notes(found) == ["1 link leads back into a folder above, not followed: train/ants/up"]


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("photos.zip", "unpack it first, and name the folder"),
        ("photos.npz", "an archive of arrays is read by `source: {npz: {path: …}}`"),
    ],
)
def test_archive_in_the_place_of_the_folder_is_reported_what_to_do(tmp_path: Path, name: str, hint: str) -> None:
    (tmp_path / name).write_bytes(b"PK")

    assert error(tmp_path / name).splitlines()[-1] == f"    {hint}"


def test_two_validation_folders_are_refused(tmp_path: Path, make_folder: MakeFolder) -> None:
    make_folder(tmp_path, {"train/a": 1, "val/a": 1, "validation/a": 1})

    assert error(tmp_path) == "both val/ and validation/ are there: one of them is the validation part"


def test_misspelt_class_in_val_is_one_problem(tmp_path: Path, make_folder: MakeFolder) -> None:
    make_folder(tmp_path, {"train/ants": 1, "train/bees": 1, "val/ants": 1, "val/bee": 1})

    assert error(tmp_path) == "val/ has a class that train/ lacks: `bee`\n    did you mean `bees`?"


def test_class_that_val_lacks_is_a_note(tmp_path: Path, make_folder: MakeFolder) -> None:
    make_folder(
        tmp_path, {"train/ants": 1, "train/bees": 1, "train/wasps": 1, "val/ants": 1, "test/ants": 1, "test/bees": 1}
    )

    found = read(tmp_path)

    assert [(note.message, note.hint) for note in found.notes] == [
        ("val/ lacks the classes `bees`, `wasps`", "no score is computed for them there"),
        ("test/ lacks the class `wasps`", "no score is computed for them there"),
    ]


def test_all_bad_files_are_reported_at_once(tmp_path: Path, make_folder: MakeFolder) -> None:
    make_folder(tmp_path, {"ants": 1, "bees": 1})
    (tmp_path / "ants/empty.jpg").write_bytes(b"")
    (tmp_path / "bees/404.jpg").write_text("<html>not found</html>")
    (tmp_path / "bees/scan.tif").write_bytes(b"II*\0\x08\0\0\0")

    with pytest.raises(DataError) as caught:
        read(tmp_path)

    assert str(caught.value) == (
        "3 of 5 images cannot be used\n"
        "    ants/empty.jpg: empty (0 bytes)\n"
        "    bees/404.jpg: an HTML page, not an image\n"
        "    bees/scan.tif: damaged: it begins like TIFF but cannot be read\n"
        "    repair or remove them, or skip them: `on_bad_image: skip` in `data`"
    )
    assert caught.value.details["bad_images"][0] == {"file": "ants/empty.jpg", "reason": "empty (0 bytes)"}


def test_twenty_bad_files_are_listed_and_the_rest_counted(tmp_path: Path, make_folder: MakeFolder) -> None:
    make_folder(tmp_path, {"ants": 1, "bees": 1})
    for number in range(25):
        (tmp_path / f"ants/{number:02}.jpg").write_bytes(b"")

    lines = error(tmp_path).splitlines()

    assert lines[0] == "25 of 27 images cannot be used"
    assert lines[20:22] == ["    ants/19.jpg: empty (0 bytes)", "    and 5 more"]


def test_bad_files_can_be_skipped(tmp_path: Path, make_folder: MakeFolder) -> None:
    make_folder(tmp_path, {"ants": 3, "bees": 1})
    (tmp_path / "ants/1.png").write_bytes(b"")

    found = read(tmp_path, on_bad_image="skip")

    assert notes(found) == ["1 image left out\n    ants/1.png: empty (0 bytes)"]
    assert found.skipped == ("ants/1.png",)
    inputs = found.parts["train"].input
    rest = [np.asarray(Image.open(tmp_path / name)).tolist() for name in ("ants/0.png", "ants/2.png", "bees/0.png")]
    assert isinstance(inputs, np.ndarray)
    assert inputs.tolist() == rest


def test_class_of_which_all_is_skipped_is_refused(tmp_path: Path, make_folder: MakeFolder) -> None:
    make_folder(tmp_path, {"ants": 1, "bees": 1})
    (tmp_path / "ants/0.png").write_bytes(b"")

    assert error(tmp_path, on_bad_image="skip").splitlines()[0] == "no image in ants/ that can be used"


def test_decompression_bomb_is_named(tmp_path: Path, make_folder: MakeFolder) -> None:
    make_folder(tmp_path, {"ants": 1, "bees": 1})
    Image.new("1", (10_000, 10_000)).save(tmp_path / "ants/bomb.png")

    assert "    ants/bomb.png: 100 megapixels (10,000x10,000); the limit is 64" in error(tmp_path).splitlines()


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=60), name=st.sampled_from(["x.png", "x.jpg", "x", "x.txt"]))
def test_any_bytes_are_used_or_told(tmp_path: Path, make_folder: MakeFolder, content: bytes, name: str) -> None:
    root = tmp_path / "any"
    shutil.rmtree(root, ignore_errors=True)
    make_folder(root, {"ants": 1, "bees": 1})
    (root / "ants" / name).write_bytes(content)

    outcome = told(root)

    if isinstance(outcome, str):
        assert f"ants/{name}: " in outcome
    else:
        assert len(outcome.parts["train"]) == 3 or f"ants/{name}" in str(outcome.notes[0])


# The same image twice.


def test_image_in_two_parts_is_refused(tmp_path: Path, make_folder: MakeFolder) -> None:
    make_folder(tmp_path, {"train/a": 2, "train/b": 1, "val/a": 1, "val/b": 1})
    shutil.copy(tmp_path / "train/a/1.png", tmp_path / "val/a/copy.png")

    assert error(tmp_path) == (
        "1 image lies in two of train/ and val/\n"
        "    train/a/1.png = val/a/copy.png\n"
        "    remove them from one of the two, or allow them: `allow_leakage: true` in `data`"
    )


def test_image_in_two_parts_can_be_allowed(tmp_path: Path, make_folder: MakeFolder) -> None:
    make_folder(tmp_path, {"train/a": 1, "train/b": 1, "val/a": 1, "val/b": 1})
    for number in range(6):
        save(tmp_path / f"train/a/x{number}.png", noise(8, 6, seed=1000 + number))
        shutil.copy(tmp_path / f"train/a/x{number}.png", tmp_path / f"val/b/x{number}.png")

    found = read(tmp_path, allow_leakage=True)

    assert len(found.notes) == 2
    assert str(found.notes[0]).splitlines() == [
        "6 images lie in two of train/ and val/",
        *(f"    train/a/x{number}.png = val/b/x{number}.png" for number in range(5)),
        "    and 1 more",
        "    scores measured with them are too good",
    ]
    assert found.notes[1].message == "6 images lie in two classes: one of the two is wrong"


def test_five_pairs_are_all_that_there_are(tmp_path: Path, make_folder: MakeFolder) -> None:
    make_folder(tmp_path, {"ants": 5, "bees": 1})
    for number in range(5):
        shutil.copy(tmp_path / f"ants/{number}.png", tmp_path / f"bees/x{number}.png")

    assert read(tmp_path).notes[0].hint.splitlines() == [f"ants/{n}.png = bees/x{n}.png" for n in range(5)]


def test_image_in_two_classes_is_reported(tmp_path: Path, make_folder: MakeFolder) -> None:
    make_folder(tmp_path, {"ants": 2, "bees": 1})
    shutil.copy(tmp_path / "ants/0.png", tmp_path / "bees/same.png")

    assert notes(read(tmp_path)) == [
        "1 image lies in two classes: one of the two is wrong\n    ants/0.png = bees/same.png"
    ]


def test_copies_are_reported_and_known_by_their_first(tmp_path: Path, make_folder: MakeFolder) -> None:
    make_folder(tmp_path, {"ants": 2, "bees": 1})
    shutil.copy(tmp_path / "ants/0.png", tmp_path / "ants/9.png")

    found = read(tmp_path)

    assert notes(found) == [
        "1 image is there more than once\n    ants/0.png = ants/9.png\n"
        "    a split puts all copies of an image into the same part"
    ]
    assert found.duplicate_of["train"].tolist() == [0, 1, 0, 3]


# Sizes.


def test_much_distorted_images_are_reported(tmp_path: Path) -> None:
    for number in range(4):
        save(tmp_path / f"a/{number}.png", noise(30, 10, seed=number))
        save(tmp_path / f"b/{number}.png", noise(8, 6, seed=50 + number))

    assert notes(read(tmp_path, image_size=[10, 10])) == [
        "4 of 8 images are stretched to more than twice their shape\n"
        "    width x height: from 8x6 over 30x10 (median) to 30x10\n"
        "    `resize: pad` or `resize: crop` keeps their shape"
    ]
    assert read(tmp_path, image_size=[10, 10], resize="pad").notes == ()


def test_much_enlarged_images_are_reported(tmp_path: Path, make_folder: MakeFolder) -> None:
    make_folder(tmp_path, {"a": 2, "b": 1})

    assert notes(read(tmp_path, image_size=[13, 17])) == [
        "3 of 3 images are enlarged to more than twice their size\n"
        "    width x height: from 8x6 over 8x6 (median) to 8x6; they become 17x13"
    ]
    assert read(tmp_path, image_size=[12, 16]).notes == ()


def test_size_and_colour_follow_the_networks_input() -> None:
    settings = ImageFolder.model_validate({"path": "x", "resize": "crop"})

    form = form_of(settings, [20, 30, 1])

    assert (form.height, form.width, form.color, form.resize) == (20, 30, "grayscale", "crop")
    assert form_of(settings, [20, 30, 3]).color == "rgb"


def test_colour_is_rgb_where_nothing_says_otherwise() -> None:
    assert form_of(settings_for("x"), None).shape == (6, 8, 3)


@pytest.mark.parametrize(
    ("keys", "input_shape", "message", "path"),
    [
        ({"image_size": None}, None, "no size is given for the images", ("data", "source", "image_folder")),
        (
            {},
            [28, 28, 3],
            "`image_size` is 6x8, the network takes 28x28",
            ("data", "source", "image_folder", "image_size"),
        ),
        (
            {},
            [6, 9, 3],
            "`image_size` is 6x8, the network takes 6x9",
            ("data", "source", "image_folder", "image_size"),
        ),
        (
            {"color": "rgb"},
            [6, 8, 1],
            "`color: rgb` gives 3 channels, the network takes 1",
            ("data", "source", "image_folder", "color"),
        ),
        ({}, [6, 8, 4], "images have 1 or 3 channels, the network takes 4", ("model", "input")),
        ({}, [48], "images are height x width x channels, the network takes 48", ("model", "input")),
    ],
)
def test_settings_that_disagree_are_refused(keys: Any, input_shape: Any, message: str, path: Any) -> None:
    with pytest.raises(DataError) as caught:
        form_of(settings_for("x", **keys), input_shape, ("data", "source", "image_folder"))

    assert [(problem.message, problem.path) for problem in caught.value.problems] == [(message, path)]


# Too many for the memory.


def test_images_that_do_not_fit_into_memory_stay_in_their_files(
    tmp_path: Path, make_folder: MakeFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_folder(tmp_path, {"ants": 3, "bees": 2})
    in_memory = read(tmp_path).parts["train"]
    monkeypatch.setattr(cache, "start_writing", lambda *_: None)  # nor into the cache
    monkeypatch.setattr(image_scan, "available_bytes", lambda: 5 * 6 * 8 * 3 * 4 - 1)  # a quarter is one byte too few

    examples = read(tmp_path).parts["train"]

    assert isinstance(examples.input, ImageFiles)
    assert examples.input.shape == (5, 6, 8, 3)
    assert isinstance(in_memory.input, np.ndarray)
    assert examples.input.read(np.arange(5)).tolist() == in_memory.input.tolist()
    assert examples.labels.tolist() == in_memory.labels.tolist()


def test_images_that_just_fit_are_kept_in_memory(
    tmp_path: Path, make_folder: MakeFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_folder(tmp_path, {"ants": 3, "bees": 2})
    monkeypatch.setattr(image_scan, "available_bytes", lambda: 5 * 6 * 8 * 3 * 4)

    assert isinstance(read(tmp_path).parts["train"].input, np.ndarray)


def test_bad_files_are_found_also_when_images_stay_in_their_files(
    tmp_path: Path, make_folder: MakeFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_folder(tmp_path, {"ants": 2, "bees": 2})
    (tmp_path / "ants/1.png").write_bytes(b"")
    monkeypatch.setattr(cache, "start_writing", lambda *_: None)
    monkeypatch.setattr(image_scan, "available_bytes", lambda: 0)

    found = read(tmp_path, on_bad_image="skip")

    inputs = found.parts["train"].input
    assert isinstance(inputs, ImageFiles)
    assert [Path(path).name for path in inputs.paths] == ["0.png", "0.png", "1.png"]


# Fingerprint.


def test_fingerprint_does_not_depend_on_where_the_folder_is(tmp_path: Path, make_folder: MakeFolder) -> None:
    make_folder(tmp_path / "one", {"ants": 2, "bees": 2})
    shutil.copytree(tmp_path / "one", tmp_path / "two")

    assert read(tmp_path / "one").fingerprint == read(tmp_path / "two").fingerprint


def test_fingerprint_changes_with_a_name_or_a_byte(tmp_path: Path, make_folder: MakeFolder) -> None:
    make_folder(tmp_path, {"ants": 2, "bees": 2})
    before = read(tmp_path).fingerprint
    (tmp_path / "ants/0.png").rename(tmp_path / "ants/5.png")
    renamed = read(tmp_path).fingerprint
    with (tmp_path / "ants/5.png").open("ab") as file:
        file.write(b"\0")
    changed = read(tmp_path).fingerprint

    assert len({before, renamed, changed}) == 3


# For a trained model.


def read_for_model(path: Path, classes: list[str]) -> LoadedData:
    return read_image_folder_for_model(
        ImageFolder(path=str(path)), form=Form(6, 8), model=ClassTargets(class_names=classes)
    )


def test_labels_follow_the_models_order(tmp_path: Path, make_folder: MakeFolder) -> None:
    make_folder(tmp_path, {"ants": 1, "bees": 2})

    found = read_for_model(tmp_path, ["bees", "wasps", "ants"])

    assert found.parts["train"].labels.tolist() == [2, 0, 0]
    assert found.targets.class_names == ("bees", "wasps", "ants")
    assert notes(found) == [
        "the data has no example of class `wasps`\n    the model was trained on them; no score is computed for them"
    ]


def test_test_part_alone_is_read_for_a_model(tmp_path: Path, make_folder: MakeFolder) -> None:
    make_folder(tmp_path, {"train/ants": 1, "train/other": 1, "test/ants": 2})
    (tmp_path / "train/ants/bad.png").write_bytes(b"")

    found = read_for_model(tmp_path, ["ants", "bees"])

    assert {name: len(part) for name, part in found.parts.items()} == {"test": 2}


def test_one_class_is_enough_for_a_model(tmp_path: Path, make_folder: MakeFolder) -> None:
    assert len(read_for_model(make_folder(tmp_path, {"bees": 2}), ["ants", "bees"]).parts["train"]) == 2


def test_class_that_the_model_does_not_know_is_refused(tmp_path: Path, make_folder: MakeFolder) -> None:
    make_folder(tmp_path, {"ant": 1, "bees": 1})

    with pytest.raises(DataError) as caught:
        read_for_model(tmp_path, ["ants", "bees"])

    assert str(caught.value) == "the data has a class that is unknown to the model: `ant`\n    did you mean `ants`?"


def test_many_unknown_classes_are_counted(tmp_path: Path, make_folder: MakeFolder) -> None:
    make_folder(tmp_path, {f"kind{number}": 1 for number in range(7)})

    with pytest.raises(DataError) as caught:
        read_for_model(tmp_path, ["ants", "bees"])

    assert [problem.message for problem in caught.value.problems][-2:] == [
        "the data has a class that is unknown to the model: `kind4`",
        "and 2 more classes that the model does not know",
    ]


def test_bad_files_for_a_model_are_reported_without_the_recipes_way_out(
    tmp_path: Path, make_folder: MakeFolder
) -> None:
    make_folder(tmp_path, {"ants": 1, "bees": 1})
    (tmp_path / "ants/0.png").write_bytes(b"")

    with pytest.raises(DataError) as caught:
        read_for_model(tmp_path, ["ants", "bees"])

    assert str(caught.value).splitlines()[-1] == "    repair or remove them"
