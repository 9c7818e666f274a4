"""Tables as a source of data: images, numbers, volumes; labels, weights, groups, parts; everything wrong at once."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from commands import call
from pictures import noise, save

from cnncli.data.columns import RowFile
from cnncli.data.dataset import Examples, Splits
from cnncli.data.load import load, load_for_model, parse_source
from cnncli.data.tables import row_store
from cnncli.errors import DataError
from cnncli.recipe.schema_data import Data, Source

PHOTOS = {"path": "birds.csv", "image": "file", "label": "species", "image_size": [8, 8]}
HEADER = ["file", "species", "who", "trust", "part"]


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write(name: str, rows: Sequence[Sequence[Any]]) -> None:
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    with open(name, "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)


def birds(count: int = 24, first: int = 0) -> list[list[str]]:
    """Rows of photos that are there: owls and wrens of Ada and Bo."""
    rows = []
    for number in range(first, first + count):
        save(Path(f"photos/{number}.png"), noise(8, 6, seed=number))
        part = ("train", "train", "val", "test")[number % 8 // 2]
        rows.append([f"photos/{number}.png", ("owl", "wren")[number % 2], ("Ada", "Bo")[number % 3 > 1], "0.5", part])
    return rows


def numbers(count: int = 30, width: int = 12) -> list[list[str]]:
    values = np.random.default_rng(0).normal(size=(count, width)).round(3).tolist()
    header = [f"t{number}" for number in range(width)]
    return [
        [*header, "beat", "age"],
        *([*map(str, row), str(index % 3), str(index)] for index, row in enumerate(values)),
    ]


def read(source: dict[str, Any], *, input_shape: Any = None, word: str = "csv", **data: Any) -> Splits:
    return load(Data.model_validate({"source": {word: source}, **data}), input_shape=input_shape)


def refused(source: dict[str, Any], **data: Any) -> list[str]:
    """The first lines of all problems."""
    with pytest.raises(DataError) as caught:
        read(source, **data)
    return [str(problem).splitlines()[0] for problem in caught.value.problems]


def every(splits: Splits) -> list[Examples]:
    return [part.examples for part in splits.parts]


# ---- what examples are


def test_images_are_found_from_the_folder_of_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    write("set/birds.csv", [HEADER, *birds()])
    shutil.move("photos", "set/photos")

    found = read({**PHOTOS, "path": "set/birds.csv"})

    assert (found.input_shape, found.targets.class_names) == ((8, 8, 3), ("owl", "wren"))
    assert found.source == "table set/birds.csv: 24 rows, 2 classes"
    for examples in every(found):
        for index, file in enumerate(examples.files or ()):
            pixels = np.asarray(noise(8, 6, seed=int(Path(file).stem)).resize((8, 8)))
            assert np.abs(np.asarray(examples.read([index])[0], int) - pixels).mean() < 40
            assert examples.labels[index] == int(Path(file).stem) % 2


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("parts/images_*", "{}"),  # names without ending, in two folders
        (["parts/images_1", "parts/images_2"], "{}.png"),
        ("parts", "images_{half}/{}"),
        ("parts", r"images_{half}\{}.png"),  # written on Windows
    ],
)
def test_images_are_found_in_other_folders_also_without_their_ending(folder: Any, name: str) -> None:
    rows = []
    for number in range(24):
        half = 1 + number // 12
        save(Path(f"set/parts/images_{half}/{number}.png"), noise(8, 6, seed=number))
        rows.append([name.format(number, half=half), ("owl", "wren")[number % 2]])
    write("set/birds.csv", [["id", "species"], *rows])

    found = read({**PHOTOS, "path": "set/birds.csv", "image": "id", "folder": folder})

    assert sum(map(len, every(found))) == 24


def test_two_files_of_a_name_without_ending_are_none() -> None:
    write("birds.csv", [HEADER, *birds(2), ["photos/x", "owl", "", "", ""]])
    for ending in ("png", "bmp"):
        save(Path(f"photos/x.{ending}"), noise(8, 6, seed=9))

    assert refused(PHOTOS)[0] == "birds.csv:4: photos/x is not there (paths count from the table)"


def test_folder_that_is_not_there_is_told_at_its_key() -> None:
    write("birds.csv", [HEADER, *birds()])

    assert refused({**PHOTOS, "folder": "foto"}) == ["there is no folder foto beside the table"]


def test_table_without_names_of_columns() -> None:
    write("beats.csv", [[*row[:12], f"{index % 3}.0"] for index, row in enumerate(numbers()[1:])])
    source = {"path": "beats.csv", "header": False, "numbers": "c0:c11", "label": "c12"}

    found = read(source)

    assert sum(map(len, every(found))) == 30
    assert found.targets.class_names == ("0", "1", "2")
    assert "if these are no names: `header: false`" in str(raised({**source, "header": True}))


def raised(source: dict[str, Any]) -> DataError:
    with pytest.raises(DataError) as caught:
        read(source)
    return caught.value


def test_numbers_become_rows_or_have_the_shape_of_the_recipe_or_of_the_network() -> None:
    write("ecg.csv", numbers())
    source = {"path": "ecg.csv", "numbers": "t*", "label": "beat"}

    assert read(source).input_shape == (12,)
    assert read({**source, "shape": [12, 1]}).input_shape == (12, 1)
    assert read(source, input_shape=(6, 2)).input_shape == (6, 2)
    assert refused({**source, "shape": [13, 1]}) == ["`shape` 13x1 has 13 numbers, and 12 columns are read"]


def test_a_glob_takes_no_column_that_is_something_else() -> None:
    write("ecg.csv", numbers())

    found = read({"path": "ecg.csv", "numbers": "*", "label": "age", "weight": "beat"}, targets="numbers")

    assert found.input_shape == (12,)


def test_numbers_are_those_of_the_table_in_natural_order() -> None:
    rows = numbers()
    write("ecg.csv", [list(reversed(row)) for row in rows])

    found = read({"path": "ecg.csv", "numbers": "t*", "label": "age"}, targets="numbers")

    by_age = {float(row[-1]): [float(cell) for cell in row[:-2]] for row in rows[1:]}
    for examples in every(found):
        for values, [age] in zip(np.asarray(examples.input), examples.labels.tolist(), strict=True):
            assert np.allclose(values, by_age[age])


def test_volumes_are_read_from_npy_files() -> None:
    rows = [["scan", "kind"]]
    for number in range(12):
        np.save(f"{number}.npy", np.random.default_rng(number).random((3, 4, 5), np.float32))
        rows.append([f"{number}.npy", "ab"[number % 2]])
    np.save("flat.npy", np.zeros((4, 5), np.float32))
    np.save("small.npy", np.zeros((3, 4, 4), np.float32))
    source = {"path": "scans.csv", "volume": "scan", "label": "kind"}
    write("scans.csv", rows)
    assert read(source, split={"validation": 2, "test": 2}).input_shape == (3, 4, 5, 1)

    write("scans.csv", [*rows, ["flat.npy", "a"], ["small.npy", "a"], ["none.npy", "b"]])

    assert refused(source) == [
        "scans.csv:14: flat.npy: the shape is (4, 5), expected (depth, height, width, channels)",
        "scans.csv:15: small.npy has the shape 3x4x4x1, and those before it 3x4x5x1",
        "scans.csv:16: none.npy is not there (paths count from the table)",
        "3 rows with a file that cannot be used",
    ]


def test_several_inputs_have_their_own_columns_and_image_settings() -> None:
    rows, ecg = birds(), numbers(24)
    write("all.csv", [[*HEADER, *ecg[0]], *(left + right for left, right in zip(rows, ecg[1:], strict=True))])
    inputs = {
        "small": {"image": "file", "image_size": [4, 4], "color": "grayscale"},
        "large": {"image": "file", "image_size": [10, 6], "resize": "pad"},
        "signal": {"numbers": "t0:t5", "shape": [6, 1]},
        "age": {"numbers": ["age"]},
    }

    found = read({"path": "all.csv", "label": "species"}, inputs=inputs)

    assert found.input_shape == {"small": (4, 4, 1), "large": (10, 6, 3), "signal": (6, 1), "age": (1,)}
    read_one = found.train.read([0])
    assert isinstance(read_one, dict)
    age = int(read_one["age"][0, 0])
    assert np.allclose(read_one["signal"][0, :, 0], [float(cell) for cell in ecg[1 + age][:6]])
    assert found.train.labels[0] == age % 2


def test_inputs_stay_together_where_rows_are_left_out() -> None:
    rows, ecg = birds(), numbers(24)
    rows[2][0] = "none.png"
    write("all.csv", [[*HEADER, *ecg[0]], *(left + right for left, right in zip(rows, ecg[1:], strict=True))])
    inputs = {"photo": {"image": "file", "image_size": [6, 8]}, "age": {"numbers": ["age"]}}

    found = read({"path": "all.csv", "label": "species"}, inputs=inputs, on_bad_image="skip")

    for examples in every(found):
        values = examples.read(range(len(examples)))
        assert isinstance(values, dict)
        for photo, [age] in zip(values["photo"], values["age"].tolist(), strict=True):
            assert np.array_equal(photo, np.asarray(noise(8, 6, seed=int(age))))


# ---- labels, weights, groups, parts


@pytest.mark.parametrize(
    ("label", "separator", "names"),
    [("tags", "|", ("night", "rain")), (["cat", "dog"], None, ("cat", "dog")), ("is_*", None, ("is_2", "is_10"))],
)
def test_several_labels_are_tags_or_columns(label: Any, separator: str | None, names: tuple[str, ...]) -> None:
    header = ["file", "tags", "cat", "dog", "is_10", "is_2"]
    tags = ["night|rain", "rain", "", "night"]
    rows = [[row[0], tags[number % 4], number % 2, 1, number % 2, 1] for number, row in enumerate(birds())]
    write("birds.csv", [header, *rows])
    source = {"path": "birds.csv", "image": "file", "image_size": [8, 8], "label": label}

    found = read({**source, "separator": separator} if separator else source, targets="multilabel")

    assert found.targets.class_names == names
    total = sum(examples.labels.sum(axis=0, dtype=int) for examples in every(found))
    assert total.tolist() == ([12, 12] if separator else [12, 24] if names[0] == "cat" else [24, 12])


def test_weights_and_groups_go_with_their_examples() -> None:
    rows = birds()
    for number, row in enumerate(rows):
        row[2], row[3] = ("Ada", "Bo", "Cy")[number % 3], str(number / 10)
    write("birds.csv", [HEADER, *rows])

    found = read({**PHOTOS, "weight": "trust"}, split={"group": "who", "validation": 0.2, "test": 0.2})

    for examples in every(found):
        assert examples.weights is not None
        assert examples.groups is not None
        numbers_of = [int(Path(file).stem) for file in examples.files or ()]
        assert np.allclose(examples.weights, np.array(numbers_of) / 10)
        assert examples.groups.tolist() == [("Ada", "Bo", "Cy")[number % 3] for number in numbers_of]


def test_a_column_says_the_part_of_each_row() -> None:
    rows = birds()
    for number, row in enumerate(rows):
        row[3] = str(number)
    rows[1][0] = "none.png"
    write("birds.csv", [HEADER, *rows])

    found = read({**PHOTOS, "weight": "trust"}, split={"column": "part"}, on_bad_image="skip")

    del rows[1]
    for examples in every(found):
        assert examples.weights is not None
        assert examples.weights.tolist() == [float(Path(file).stem) for file in examples.files or ()]
    files = {part.name: part.examples.files for part in found.parts}
    wanted = {"train": "train", "validation": "val", "test": "test"}
    assert files == {part: tuple(row[0] for row in rows if row[4] == word) for part, word in wanted.items()}


def test_parts_can_be_files_of_their_own() -> None:
    write("birds.csv", [HEADER, *birds(12)])
    write("val.csv", [HEADER[::-1], *(row[::-1] for row in birds(4, 12))])
    write("test.csv", [HEADER, *birds(6, 16)])

    found = read({**PHOTOS, "validation": "val.csv", "test": "test.csv"})

    assert [len(examples) for examples in every(found)] == [12, 4, 6]
    assert found.source == "table birds.csv: 12 + 4 + 6 rows, 2 classes"


# ---- wrong tables


def test_everything_wrong_is_told_at_once_with_its_line() -> None:
    rows = birds()
    rows[0][0] = "photos/none.png"
    rows[2][1] = " "
    rows[3] = rows[3][:4]
    rows[4][3] = "-1"
    rows[5][4] = "tset"
    rows[6][3] = "0,5"
    Path("photos/7.png").write_bytes(Path("photos/7.png").read_bytes()[:60])
    write("birds.csv", [HEADER, *rows])

    found = refused({**PHOTOS, "weight": "trust"}, split={"column": "part"})

    assert found[:-2] == [
        "birds.csv:2: photos/none.png is not there (paths count from the table)",
        "birds.csv:4: species is empty",
        "birds.csv:5: 4 fields, and the table has 5 columns",
        "birds.csv:6: trust is -1: a weight is 0 or more",
        "birds.csv:7: part is `tset`: expected train, validation or test; did you mean `test`?",
        "birds.csv:8: trust is `0,5`, with a decimal comma: write 0.5",
    ]
    assert found[-2].startswith("birds.csv:9: photos/7.png: ")
    assert found[-1] == "2 rows with a file that cannot be used"


def test_columns_that_are_not_there_are_told_at_their_keys() -> None:
    write("birds.csv", [HEADER, *birds()])
    write("val.csv", [HEADER[:-1], *(row[:-1] for row in birds())])

    with pytest.raises(DataError) as caught:
        read({**PHOTOS, "image": "files", "label": "specie", "weight": "confidence"}, split={"column": "prat"})
    assert [(problem.message, problem.path) for problem in caught.value.problems] == [
        ("birds.csv has no column `confidence`", ("data", "source", "csv", "weight")),
        ("birds.csv has no column `prat`", ("data", "split", "column")),
        ("birds.csv has no column `specie`", ("data", "source", "csv", "label")),
        ("birds.csv has no column `files`", ("data", "source", "csv", "image")),
    ]
    assert refused({**PHOTOS, "validation": "val.csv", "weight": "part"}) == ["val.csv has no column `part`"]


def test_label_that_is_an_input_is_an_error() -> None:
    write("ecg.csv", numbers())

    assert refused({"path": "ecg.csv", "numbers": ["t0", "age"], "label": "age"}, targets="numbers") == [
        "`age` of ecg.csv is the label and an input: a network would only copy it"
    ]


def test_rows_with_bad_files_can_be_left_out() -> None:
    rows = birds()
    rows[3][0] = "none.png"
    write("birds.csv", [HEADER, *rows])

    found = read(PHOTOS, on_bad_image="skip")

    assert sum(map(len, every(found))) == 23
    assert found.skipped == ("birds.csv:5",)
    [note] = [note for note in found.notes if "left out" in note.message]
    assert str(note) == "1 row left out\n    birds.csv:5: none.png is not there (paths count from the table)"


def test_no_row_is_an_error() -> None:
    write("birds.csv", [HEADER])

    assert refused(PHOTOS) == ["birds.csv has no rows below the names of its columns"]


def test_a_class_without_training_rows_is_an_error() -> None:
    rows = birds()
    rows[6][1] = "crane"  # a test row
    write("birds.csv", [HEADER, *rows])

    assert refused(PHOTOS, split={"column": "part"}) == ["birds.csv (train) has no training row of class `crane`"]


def test_no_training_row_is_an_error() -> None:
    write("birds.csv", [HEADER, *([*row[:4], "test"] for row in birds())])

    assert refused(PHOTOS, split={"column": "part"}) == ["birds.csv has no training row that can be used"]


def test_an_image_in_two_parts_is_an_error_unless_it_is_allowed() -> None:
    rows = birds()
    shutil.copy("photos/0.png", "photos/copy.png")
    rows[6][0] = "photos/copy.png"  # a test row
    write("birds.csv", [HEADER, *rows])

    with pytest.raises(DataError) as caught:
        read(PHOTOS, split={"column": "part"})
    assert str(caught.value).splitlines()[:2] == [
        "1 image of birds.csv (test) is also in birds.csv (train)",
        "    birds.csv:2 = birds.csv:8",
    ]
    notes = read(PHOTOS, split={"column": "part"}, allow_leakage=True).notes
    assert [note.message for note in notes] == ["1 image of birds.csv (test) is also in birds.csv (train)"]


def test_an_image_with_two_labels_is_noted_by_their_names() -> None:
    rows = birds()
    rows.append([rows[0][0], "wren", "Ada", "1", "train"])
    write("birds.csv", [HEADER, *rows])

    [note] = read(PHOTOS).notes

    assert note.message == "1 image of birds.csv is there with two labels"
    assert note.hint.splitlines()[0] == "birds.csv:2 = birds.csv:26, labels owl and wren"


def test_rows_of_numbers_in_two_files_are_an_error() -> None:
    rows = numbers(30, 70)
    write("ecg.csv", rows)
    write("test.csv", [rows[0], *rows[3:6]])
    source = {"path": "ecg.csv", "numbers": "t*", "label": "beat", "test": "test.csv"}

    assert refused(source) == ["3 rows of test.csv are also in ecg.csv"]


# ---- fingerprints, many rows, a trained model


def test_fingerprint_depends_on_content_alone(tmp_path: Path) -> None:
    rows = birds()
    write("birds.csv", [HEADER, *rows])
    here = read({**PHOTOS, "weight": "trust"}).fingerprint
    shutil.copytree(tmp_path / "photos", "elsewhere/photos")
    write("elsewhere/other.csv", [HEADER, *rows])
    assert read({**PHOTOS, "path": "elsewhere/other.csv", "weight": "trust"}).fingerprint == here

    for column, value in ((1, "wren"), (3, "0.25"), (0, "photos/1.png")):
        changed = [list(row) for row in rows]
        changed[0][column] = value
        write("birds.csv", [HEADER, *changed])
        assert read({**PHOTOS, "weight": "trust"}).fingerprint != here


def test_many_numbers_stay_in_a_file_and_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    write("ecg.csv", numbers())
    source = {"path": "ecg.csv", "numbers": "t*", "label": "beat", "shape": [12, 1]}
    in_memory = read(source)

    monkeypatch.setattr(row_store, "LARGE", 100)
    in_file = read(source)

    assert isinstance(in_file.train.input, RowFile)
    assert in_file.fingerprint == in_memory.fingerprint
    assert np.array_equal(in_file.train.read(range(10)), in_memory.train.read(range(10)))
    assert in_file.train.scale == in_memory.train.scale


def for_model(path: str, data: Data, splits: Splits) -> Examples:
    shape = splits.input_shape
    found, *_ = load_for_model(
        parse_source(path), input_shape=shape, targets=splits.targets, form=splits.form, data=data
    )
    return found


def test_another_table_for_a_trained_model_has_the_columns_of_its_recipe() -> None:
    write("birds.csv", [HEADER, *birds()])
    data = Data.model_validate({"source": {"csv": {**PHOTOS, "weight": "trust"}}, "split": {"column": "part"}})
    splits = load(data)
    write("new.csv", [["species", "file"], *([row[1], row[0]] for row in birds(5, 100) if row[1] == "wren")])

    found = for_model("new.csv", data, splits)

    assert found.labels.tolist() == [1, 1]
    assert np.asarray(found.input).shape == (2, 8, 8, 3)


def test_of_another_table_with_parts_the_test_rows_count() -> None:
    write("birds.csv", [HEADER, *birds()])
    data = Data.model_validate({"source": {"csv": PHOTOS}, "split": {"column": "part"}})
    splits = load(data)

    assert len(for_model("birds.csv", data, splits)) == len(splits.test)


def test_class_of_another_table_that_the_model_does_not_know_is_an_error() -> None:
    write("birds.csv", [HEADER, *birds()])
    data = Data.model_validate({"source": {"csv": PHOTOS}})
    splits = load(data)
    write("new.csv", [HEADER, *([row[0], "crow", *row[2:]] for row in birds(2, 100))])

    with pytest.raises(DataError, match="the data has a class that is unknown to the model: `crow`"):
        for_model("new.csv", data, splits)


def test_table_for_a_model_that_was_not_trained_on_one_is_an_error() -> None:
    write("birds.csv", [HEADER, *birds()])
    splits = load(Data.model_validate({"source": {"csv": PHOTOS}}))

    with pytest.raises(
        DataError, match=r"the columns of birds.csv are not known: the model was not trained on a table"
    ):
        load_for_model(parse_source("birds.csv"), input_shape=(8, 8, 3), targets=splits.targets)


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.parquet", "A.CSV"])
def test_the_ending_of_a_file_says_that_it_is_a_table(name: str) -> None:
    write(name, [HEADER])

    assert isinstance(parse_source(name), Source)


def test_parquet_is_read_as_csv_is() -> None:
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    header, *rows = numbers()
    write("ecg.csv", [header, *rows])
    columns: dict[str, Any] = {name: [float(row[place]) for row in rows] for place, name in enumerate(header)}
    parquet.write_table(arrow.table({**columns, "beat": [int(row[-2]) for row in rows]}), "ecg.parquet")
    source = {"numbers": "t*", "label": "beat"}

    found = read({**source, "path": "ecg.parquet"}, word="parquet")

    assert found.fingerprint == read({**source, "path": "ecg.csv"}).fingerprint


def sentences(count: int = 24) -> list[list[str]]:
    words = ["a", "long", "film", "of", "rain", "and", "people", "in", "town", "at", "night"]
    order = np.random.default_rng(0)
    return [
        [" ".join(order.permutation(words)) + f' "{number}",\nso', ["sad", "happy"][number % 2]]
        for number in range(count)
    ]


def test_sentences_are_read_as_they_stand() -> None:
    rows = sentences()
    write("mood.csv", [["sentence", "mood"], *rows])

    found = read({"path": "mood.csv", "text": "sentence", "label": "mood"})

    assert found.input_shape == ()
    texts = {
        text: label
        for examples in every(found)
        for text, label in zip(examples.read(range(len(examples))), examples.labels, strict=True)
    }
    assert texts == {row[0]: ("happy", "sad").index(row[1]) for row in rows}


def test_sentence_in_two_parts_is_an_error_and_empty_ones_are_noted() -> None:
    rows = sentences()
    write("mood.csv", [["sentence", "mood"], *rows, [" ", "sad"]])
    write("test.csv", [["sentence", "mood"], *rows[:2], ["new words that stand nowhere else", "sad"]])
    source = {"path": "mood.csv", "text": "sentence", "label": "mood"}

    assert refused({**source, "test": "test.csv"}) == ["2 rows of test.csv are also in mood.csv"]
    assert [note.message for note in read(source).notes] == ["1 text is empty: mood.csv:50"]


def test_sentence_with_a_nul_character_is_wrong() -> None:
    write("mood.csv", [["sentence", "mood"], *sentences(), ["a\0b", "sad"]])

    assert refused({"path": "mood.csv", "text": "sentence", "label": "mood"}) == [
        "mood.csv:50: sentence holds a NUL character, which is no text"
    ]


def test_column_of_folds_says_the_parts_where_the_recipe_says_which() -> None:
    header, *rows = numbers(30)
    write("beats.csv", [[*header, "fold"], *([*row, str(1 + index // 3)] for index, row in enumerate(rows))])
    source = {"path": "beats.csv", "numbers": "t*", "label": "beat"}

    found = read(source, split={"column": "fold", "parts": {"validation": 9, "test": 10}})

    assert [len(part.examples) for part in found.parts] == [24, 3, 3]


# ---- tables as they are published


def labelled(rows: Sequence[Sequence[Any]], header: Sequence[str]) -> None:
    write("set.csv", [header, *rows])


def test_pixels_in_one_column_become_an_image() -> None:
    """FER2013: 2,304 numbers in one cell."""
    pixels = np.random.default_rng(0).integers(0, 256, (24, 16))
    rows = [[index % 2, " ".join(map(str, row)), "Training"] for index, row in enumerate(pixels)]
    labelled(rows, ["emotion", " pixels", "Usage"])

    found = read({"path": "set.csv", "numbers": "pixels", "shape": [4, 4, 1], "label": "emotion"})

    assert found.input_shape == (4, 4, 1)
    values = np.concatenate([part.examples.read(np.arange(len(part.examples))) for part in found.parts])
    assert sorted(values.reshape(24, 16).tolist()) == sorted(pixels.astype(float).tolist())


def test_cell_with_another_count_of_numbers_is_reported_with_its_line() -> None:
    labelled([["1 2 3", 0], ["4 5", 1], ["6 x 7", 0]], ["pixels", "label"])

    assert refused({"path": "set.csv", "numbers": "pixels", "label": "label"}) == [
        "set.csv:3: pixels has 2 numbers, and the first row 3",
        "set.csv:4: pixels[1] is `x`, not a number",
    ]


def test_signals_of_different_length_in_one_column_are_padded() -> None:
    labelled([[f"[{index}, 2.5, 3{', 4' * (index % 3)}]", index % 2] for index in range(30)], ["signal", "label"])

    found = read({"path": "set.csv", "numbers": "signal", "length": 4, "label": "label"})

    assert found.input_shape == (4, 1)


def test_texts_of_several_columns_are_joined() -> None:
    labelled([[1 + index % 2, f"Title {index}", f"body {index}"] for index in range(24)], ["class", "title", "text"])
    source = {
        "path": "set.csv",
        "text": ["title", "text"],
        "label": "class",
        "label_values": {"1": "World", "2": "Sports"},
    }

    found = read(source)

    assert found.targets.class_names == ("Sports", "World")
    assert str(found.train.read(np.arange(1))[0]).startswith("Title ")
    assert " body " in str(found.train.read(np.arange(1))[0])


def test_recipe_says_what_uncertain_and_empty_labels_mean() -> None:
    """CheXpert: 1.0, 0.0, -1.0 and empty cells."""
    cells = ["1.0", "", "-1.0", "0.0"]
    labelled([[index, cells[index % 4], cells[(index + 1) % 4]] for index in range(32)], ["age", "Edema", "Fracture"])
    source = {"path": "set.csv", "numbers": ["age"], "label": ["Edema", "Fracture"]}

    found = read({**source, "label_values": {"-1": 0, "": 0}}, targets="multilabel")
    said = refused(source, targets="multilabel")

    assert sum(int(part.examples.labels.sum()) for part in found.parts) == 16
    assert (
        said[0]
        == "set.csv:2: Fracture is empty: expected 0 or 1; `label_values` in the source says what other cells mean"
    )


@pytest.mark.parametrize("name", ["X_train.txt", "iris.data", "SMSSpamCollection"])
def test_columns_with_white_space_between_them_in_a_file_of_any_name(name: str) -> None:
    lines = [f"  {index}.5   -{index}e-1   {index % 2}\n" for index in range(24)]
    Path(name).write_text("".join(lines))

    found = read({"path": name, "header": False, "numbers": "c0:c1", "label": "c2"})

    assert found.input_shape == (2,)
    assert parse_source(name).word == "csv"


def test_recipe_names_the_delimiter() -> None:
    Path("a.txt").write_text("".join(f"{index}^{index % 2}\n" for index in range(24)))

    found = read({"path": "a.txt", "header": False, "delimiter": "^", "numbers": ["c0"], "label": "c1"})

    assert found.targets.count == 2


def test_prose_is_no_table() -> None:
    Path("readme.txt").write_text("This is a text.\nIt has lines, and some\nof them have, now and then, commas.\n")

    with pytest.raises(DataError):
        parse_source("readme.txt")


def test_one_table_for_two_parts_is_refused_however_few_numbers_a_row_has() -> None:
    labelled([[index, index % 7, index % 2] for index in range(60)], ["a", "b", "label"])
    shutil.copy("set.csv", "copy.csv")
    source = {"path": "set.csv", "numbers": ["a", "b"], "label": "label"}

    said = refused({**source, "validation": "set.csv"})
    of_a_copy = refused({**source, "test": "copy.csv"})

    assert "set.csv is the same table for training and validation" in said[0]
    assert "copy.csv is the same table for training and test" in of_a_copy[0]
    assert len(read({**source, "test": "copy.csv"}, allow_leakage=True).test) == 60


def test_first_twenty_wrong_lines_are_listed_although_they_are_alike() -> None:
    labelled([["x" if index < 60 else index, index % 2] for index in range(90)], ["a", "label"])
    Path("r.yaml").write_text(
        "data: {source: {csv: {path: set.csv, numbers: a, label: label}}}\n"
        "model: {layers: [Dense: {units: $classes, activation: softmax}]}\n"
    )

    said = call("data", "r.yaml", exit_code=4).stderr.splitlines()

    assert said[0] == "error: 60 mistakes in set.csv; the first 20 are listed"
    assert said[1:21] == [f"set.csv:{line}: a is `x`, not a number" for line in range(2, 22)]
