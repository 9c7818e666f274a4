"""Image folders whose labels stand in `metadata.csv`, and images that lie in the folders of several classes."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from pictures import noise, save

from cnncli.data.dataset import Splits
from cnncli.data.load import load, load_for_model, parse_source
from cnncli.errors import DataError
from cnncli.recipe.schema_data import Data

MakeFolder = Callable[[Path, Mapping[str, int]], Path]


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def images(folder: str, count: int, first: int = 0, labels: Sequence[str] = ("owl", "wren")) -> list[list[str]]:
    """Save images in a folder; their rows of a metadata.csv."""
    for number in range(first, first + count):
        save(Path(folder) / f"{number}.png", noise(8, 6, seed=number))
    return [[f"{number}.png", labels[number % len(labels)]] for number in range(first, first + count)]


def write(path: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", newline="") as file:
        csv.writer(file).writerows([header, *rows])


def read(path: str, targets: str = "classes", **settings: Any) -> Splits:
    return load(data_of(path, targets, **settings))


def data_of(path: str, targets: str = "classes", **settings: Any) -> Data:
    source = {"image_folder": {"path": path, "image_size": [8, 8], **settings}}
    return Data.model_validate({"source": source, "targets": targets, "split": {"validation": 2, "test": 2}})


def total(splits: Splits) -> int:
    return sum(len(part.examples) for part in splits.parts)


def error(*arguments: Any, **settings: Any) -> str:
    with pytest.raises(DataError) as caught:
        read(*arguments, **settings)
    return str(caught.value)


@pytest.mark.parametrize("column", ["label", "species"])
def test_labels_stand_in_metadata_beside_the_images(column: str) -> None:
    write("birds/metadata.csv", ["file_name", column], images("birds", 12))

    found = read("birds")

    assert (found.targets.class_names, total(found)) == (("owl", "wren"), 12)


def test_each_part_has_metadata_of_its_own() -> None:
    for part, count, first in (("train", 12, 0), ("val", 4, 12), ("test", 6, 16)):
        write(f"birds/{part}/metadata.csv", ["file_name", "label"], images(f"birds/{part}", count, first))

    found = read("birds")

    assert [len(part.examples) for part in found.parts] == [12, 4, 6]
    assert found.source == "table birds/train/metadata.csv: 12 + 4 + 6 rows, 2 classes"


@pytest.mark.parametrize(("targets", "label"), [("numbers", "age"), ("multilabel", "tags")])
def test_metadata_has_labels_of_all_kinds(targets: str, label: str) -> None:
    rows = images("birds", 12)
    more = [[file, str(number), ("a|b", "b", "")[number % 3]] for number, (file, _) in enumerate(rows)]
    write("birds/metadata.csv", ["file_name", "age", "tags"], more)

    found = read("birds", targets, label=label, **({"separator": "|"} if label == "tags" else {}))

    assert found.targets.size == ("1 number" if targets[0] == "n" else "2 labels")


def test_folders_of_classes_count_where_no_column_is_named(make_folder: MakeFolder) -> None:
    make_folder(Path("birds"), {"owl": 6, "wren": 6})
    rows = [[f"{name}/{number}.png", "xy"[number % 2]] for name in ("owl", "wren") for number in range(6)]
    write("birds/metadata.csv", ["file_name", "label"], rows)

    assert read("birds").targets.class_names == ("owl", "wren")
    assert read("birds", label="label").targets.class_names == ("x", "y")


def test_column_of_the_labels_that_is_not_clear_is_an_error() -> None:
    write("birds/metadata.csv", ["file_name", "age", "sex"], [[*row, "m"] for row in images("birds", 6)])

    assert error("birds") == (
        "birds/metadata.csv has no column `label`\n"
        "    name the column of the labels: `label: …`; it has file_name, age, sex"
    )


def test_label_without_metadata_is_an_error(make_folder: MakeFolder) -> None:
    make_folder(Path("birds"), {"owl": 3, "wren": 3})

    assert error("birds", label="species").splitlines()[0] == "no such file: birds/metadata.csv"


def test_wrong_rows_of_metadata_are_told_with_their_lines() -> None:
    rows = images("birds", 12)
    rows[4][0], rows[6][1] = "none.png", ""
    write("birds/metadata.csv", ["file_name", "label"], rows)

    assert error("birds").splitlines()[:2] == [
        "birds/metadata.csv:6: none.png is not there (paths count from the table)",
        "birds/metadata.csv:8: label is empty",
    ]


def test_other_folder_with_metadata_is_scored_by_its_labels() -> None:
    write("birds/metadata.csv", ["file_name", "species"], images("birds", 12))
    data = data_of("birds", label="species")
    splits = load(data)
    write("new/metadata.csv", ["file_name", "species", "who"], [[*row, "Ada"] for row in images("new", 3, 100)])

    found, *_ = load_for_model(
        parse_source("new"), input_shape=splits.input_shape, targets=splits.targets, form=splits.form, data=data
    )

    assert found.labels.tolist() == [0, 1, 0]


# ---- images in several class folders


def test_image_in_several_class_folders_has_several_labels(make_folder: MakeFolder) -> None:
    make_folder(Path("birds"), {"flying": 6, "night": 6})
    for number in range(4):
        shutil.copy(f"birds/flying/{number}.png", f"birds/night/copy{number}.png")

    found = read("birds", "multilabel")

    assert found.targets.class_names == ("flying", "night")
    labels = [tuple(row) for part in found.parts for row in part.examples.labels.tolist()]
    assert sorted(labels) == [(0, 1)] * 6 + [(1, 0)] * 2 + [(1, 1)] * 4


def test_image_in_several_class_folders_is_a_conflict_where_there_is_one_class(make_folder: MakeFolder) -> None:
    make_folder(Path("birds"), {"flying": 6, "night": 6})
    shutil.copy("birds/flying/0.png", "birds/night/copy.png")

    found = read("birds")

    assert total(found) == 13
    assert found.notes[0].message == "1 image lies in two classes: one of the two is wrong"


def test_copies_in_several_parts_are_still_an_error(make_folder: MakeFolder) -> None:
    make_folder(Path("birds"), {"train/flying": 4, "train/night": 4, "test/flying": 2, "test/night": 2})
    shutil.copy("birds/train/flying/0.png", "birds/test/night/copy.png")

    assert error("birds", "multilabel").splitlines()[0] == "1 image lies in two of train/ and test/"


# ---- classes in the names of files


def test_pattern_finds_the_class_in_the_name_of_a_file() -> None:
    for part, count in (("train", 12), ("test", 4)):
        for number in range(count):
            save(
                Path(f"pets/{part}/{['great_dane', 'pug'][number % 2]}_{number}.png"),
                noise(8, 6, seed=100 * count + number),
            )

    splits = read("pets", label="^(.+)_[0-9]+[.]")

    assert splits.targets.class_names == ("great_dane", "pug")
    assert splits.test.labels.tolist() == [0, 0, 1, 1]
    other, *_ = load_for_model(
        parse_source("pets"),
        input_shape=(8, 8, 3),
        targets=splits.targets,
        data=data_of("pets", label="^(.+)_[0-9]+[.]"),
    )
    assert other.labels.tolist() == [0, 0, 1, 1]


def test_names_without_the_class_are_listed() -> None:
    for name in ("cat.1", "dog.1", "photo"):
        save(Path(f"pets/{name}.png"), noise(8, 6))

    assert error("pets", label="^([a-z]+)[.][0-9]").splitlines()[:2] == [
        "`^([a-z]+)[.][0-9]` does not match 1 of 3 file names",
        "    photo.png",
    ]


def test_pattern_that_finds_one_class_is_an_error() -> None:
    for number in range(4):
        save(Path(f"pets/cat.{number}.png"), noise(8, 6, seed=number))

    assert "finds one class only: `cat`" in error("pets", label="^([a-z]+)[.]")


def test_equal_tables_of_different_images_in_two_folders_are_two_parts() -> None:
    for part, first in (("train", 0), ("test", 50)):
        rows = [[f"{number}.png", ["owl", "wren"][number % 2]] for number in range(12)]
        for number in range(12):
            save(Path(f"birds/{part}/{number}.png"), noise(8, 6, seed=first + number))
        write(f"birds/{part}/metadata.csv", ["file_name", "label"], rows)

    assert len(read("birds").test.labels) == 12
