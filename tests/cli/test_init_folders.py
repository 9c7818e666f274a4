"""`cnncli init` of folders and files as they are published or exported, which are not laid out as training needs them."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from commands import call
from PIL import Image

from cnncli.data.load import read_source
from cnncli.data.sources.loaded_data import LoadedData
from cnncli.recipe.load import load


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def image(path: str, number: int) -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.random.default_rng(number).integers(0, 255, (12, 10, 3), np.uint8)).save(path)


def table(path: str, rows: Iterable[Sequence[Any]], **how: Any) -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", newline="", encoding=how.pop("encoding", "utf-8")) as file:
        csv.writer(file, **how).writerows(rows)


def sentences(path: str, words: str, encoding: str = "utf-8") -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text("\n".join(f"a film {words} caf\u00e9 {number}" for number in range(20)), encoding=encoding)


def read(path: str) -> LoadedData:
    """The data of the recipe that init writes, as training reads it."""
    call("init", path, "--backbone", "none", "--output", "found.yaml")
    return read_source(load("found.yaml").recipe.data)


def counts(found: LoadedData) -> dict[str, int]:
    labels = found.parts["train"].labels
    return {name: int((labels == number).sum()) for number, name in enumerate(found.targets.class_names)}


def said(path: str) -> str:
    return call("init", path, exit_code=4).stderr


def test_table_beside_images_without_class_folders_has_the_labels():
    for number in range(12):
        image(f"dogs/train/a{number}f.jpg", number)
    table(
        "dogs/labels.csv", [["id", "breed"], *([f"a{number}f", ["beagle", "pug"][number % 2]] for number in range(12))]
    )

    assert counts(read("dogs")) == {"beagle": 6, "pug": 6}


def test_class_folders_further_below_are_found():
    for number in range(12):
        image(f"birds/images/{'wren' if number % 2 else 'owl'}/{number}.jpg", number)
    for folder in ("attributes", "parts"):
        table(f"birds/{folder}/{folder}.txt", [["x"]])

    found = read("birds")

    assert counts(found) == {"owl": 6, "wren": 6}
    assert load("found.yaml").recipe.data.source.image_folder.path == "birds/images"


def test_folder_around_all_classes_is_taken_not_the_first_with_two_folders():
    for number, kind in enumerate(["bird/owl", "bird/wren", "mammal/fox", "mammal/cat"] * 3):
        image(f"unpacked/data-main/{kind}/{number}.jpg", number)

    assert counts(read("unpacked")) == {"bird": 6, "mammal": 6}


def test_validation_part_without_class_folders_is_left_out_and_said():
    for number in range(12):
        image(f"set/train/n0{number % 2}/images/{number}.jpg", number)
    image("set/val/images/1.jpg", 99)

    found = read("set")

    assert counts(found) == {"n00": 6, "n01": 6}
    assert "nothing else in set is used" in Path("found.yaml").read_text()


def test_part_with_a_misspelt_class_stays_an_error():
    for number in range(12):
        image(f"set/train/{'ab'[number % 2]}/{number}.jpg", number)
        image(f"set/val/{['a', 'bb'][number % 2]}/{number}.jpg", 50 + number)

    assert "val/ has a class that train/ lacks: `bb`" in said("set")


def test_names_of_files_have_the_class():
    for number in range(12):
        image(f"pets/{['great_dane', 'pug'][number % 2]}_{number}.jpg", number)

    assert counts(read("pets")) == {"great_dane": 6, "pug": 6}


def test_metadata_of_hugging_face_has_the_labels():
    for part, first in (("train", 0), ("test", 50)):
        rows = [[f"{number}.png", ["owl", "wren"][number % 2], "a caption"] for number in range(12)]
        for name, _, _ in rows:
            image(f"birds/{part}/{name}", first + int(name[:-4]))
        table(f"birds/{part}/metadata.csv", [["file_name", "label", "text"], *rows])

    found = read("birds")

    assert counts(found) == {"owl": 6, "wren": 6}
    assert len(found.parts["test"]) == 12
    assert load("found.yaml").recipe.data.source.word == "image_folder"


@pytest.mark.parametrize(
    ("names", "encoding"), [(("pos.txt", "neg.txt"), "utf-8"), (("rt-polarity.pos", "rt-polarity.neg"), "windows-1252")]
)
def test_file_of_lines_for_each_class_is_a_source_of_texts(names: tuple[str, str], encoding: str):
    for name, words in zip(names, ("good", "bad"), strict=True):
        sentences(f"reviews/{name}", words, encoding)
    Path("reviews/README.txt").write_text("about\n")

    found = read("reviews")

    assert counts(found) == {"neg": 20, "pos": 20}
    [texts] = found.parts["train"].inputs.values()
    assert sorted(text.decode() for text in texts.encoded(range(40)))[0] == "a film bad caf\u00e9 0"


def test_one_hot_columns_are_classes():
    for number in range(30):
        image(f"skin/{number}.jpg", number)
    rows = [[number, *(int(number % 3 == place) for place in range(3))] for number in range(30)]
    table("skin/truth.csv", [["image", "MEL", "NV", "BCC"], *rows])

    assert counts(read("skin/truth.csv")) == {"MEL": 10, "NV": 10, "BCC": 10}


def test_utf_16_export_of_any_name_is_a_table():
    rows = [[f"a film {['good', 'bad'][number % 2]} {number}", "jn"[number % 2]] for number in range(20)]
    table("export.txt", [["Text", "Klasse"], *rows], encoding="utf-16", delimiter="\t")

    assert counts(read("export.txt")) == {"j": 10, "n": 10}


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.arange(40) % 2 + 1, "labels count from 0: `y - 1`"),
        (np.eye(2)[np.arange(40) % 2], "store `np.argmax(y, axis=1)`"),
        (np.array(["cat", "dog"])[np.arange(40) % 2], "np.unique(y, return_inverse=True)"),
    ],
)
def test_labels_in_another_form_are_no_other_task(labels: np.ndarray, message: str):
    np.savez("data.npz", x=np.random.default_rng(0).random((40, 8, 8, 1)), y=labels)

    assert message in said("data.npz")


def test_texts_in_an_archive_are_described_by_their_words():
    np.savez("data.npz", x=np.array([f"a film {number}" for number in range(40)]), y=np.arange(40) % 2)

    assert "40 texts, 95% of at most 3 words" in call("init", "data.npz").stderr


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("data.xlsx", b"PK\3\4", "data.xlsx is a file of the format Excel, which is not read\n    save"),
        ("data.mat", b"MATLAB 5.0", "format MATLAB"),
        ("data.jsonl", b'{"a": 1}\n', "format JSON lines"),
        ("FordA_TRAIN.ts", b"@data\n", "format time series (.ts)"),
    ],
)
def test_format_that_is_not_read_is_named(name: str, content: bytes, message: str):
    Path(name).write_bytes(content)

    assert message in said(name)


def test_folders_of_sounds_are_named():
    for folder in ("yes", "no"):
        Path(folder).mkdir()
        Path(folder, "1.wav").write_bytes(b"RIFF")

    assert "2 WAV files: make arrays first" in said(".")


def test_rows_that_are_time_steps_are_refused():
    rows = [[series, step, step / 3, "ab"[series % 2]] for series in range(6) for step in range(10)]
    table("sensor.csv", [["series_id", "time", "x", "activity"], *rows])

    assert "looks like a time step: 6 signals of `series_id`, with 10 steps each, counted in `time`" in said(
        "sensor.csv"
    )


def test_rows_of_one_patient_without_a_counter_are_examples():
    generator = np.random.default_rng(0)
    rows = [[patient, *generator.random(2), "ab"[patient % 2]] for patient in range(6) for _ in range(10)]
    table("scans.csv", [["patient", "x", "z", "diagnosis"], *rows])

    assert counts(read("scans.csv")) == {"a": 30, "b": 30}


def test_inputs_without_their_labels_are_refused():
    for name in ("X_train.csv", "y_train.csv"):
        table(name, [["a", "b"], *([number / 7, number % 2] for number in range(20))])

    assert "X_train.csv has the inputs alone; the labels stand in y_train.csv" in said("X_train.csv")


def test_numbers_written_for_people_are_named():
    rows = [[number / 7, number % 3, f"{number * 1234:,}"] for number in range(40)]
    table("houses.csv", [["area", "rooms", "price"], *rows])

    told = call("init", "houses.csv").stderr

    assert "price (its numbers have signs such as `,` or `$` in them: 0)" in told


def test_numbered_texts_in_one_folder_are_no_classes():
    for number in range(3):
        sentences(f"letters/{number}.txt", "good")

    assert "no class folders in" in said("letters")


def test_cells_that_keep_columns_from_being_numbers_are_told():
    rows = [
        ["NA" if number % 10 == 0 else number / 7, "" if number % 9 == 0 else 1.5, "uv"[number % 2]]
        for number in range(60)
    ]
    table("rows.csv", [["a", "b", "class"], *rows])

    assert "its columns: a (6 cells without a number: NA), b (7 empty cells), class" in said("rows.csv")
