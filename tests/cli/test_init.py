"""`cnncli init`: the recipe that it writes for folders, tables and arrays, and what it refuses."""

from __future__ import annotations

import csv
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from commands import call
from PIL import Image

from cnncli.data.groups import groups_in_names
from cnncli.recipe.load import LoadedRecipe, load


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def photos(count: int, *, size: tuple[int, int] = (100, 80), gray: bool = False, name: str = "{}.png") -> None:
    generator = np.random.default_rng(0)
    for each in range(count):
        for label in ("ants", "bees"):
            folder = Path("photos") / label
            folder.mkdir(parents=True, exist_ok=True)
            pixels = generator.integers(0, 255, (size[1] + each % 3, size[0], 3), np.uint8)
            image = Image.fromarray(pixels)
            (image.convert("L").convert("RGB") if gray else image).save(folder / name.format(each))


def table(rows: list[dict[str, Any]], name: str = "rows.csv") -> None:
    with Path(name).open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def written(*arguments: str, file: str) -> LoadedRecipe:
    done = call("init", *arguments)
    assert done.stdout == f"{file}\n"
    return load(file)


def layers(loaded: LoadedRecipe) -> list[str]:
    return [layer.name for layer in loaded.recipe.model.layers]


def test_few_photos_get_a_frozen_backbone():
    photos(4)
    loaded = written("photos", file="photos.yaml")

    assert layers(loaded)[0] == "MobileNetV2"
    assert loaded.recipe.train.freeze == ["backbone"]
    assert loaded.recipe.data.source.image_folder.image_size == [224, 224]
    assert "8 images of 2 classes: ants 4, bees 4" in Path("photos.yaml").read_text()
    assert "# Images in colour; of many sizes" in Path("photos.yaml").read_text()


def test_backbone_and_its_weights_can_be_chosen():
    photos(4, gray=True)
    loaded = written("photos", "--backbone", "vgg16", "--weights", "own $.weights.h5", file="photos.yaml")

    assert loaded.recipe.model.layers[0].name == "VGG16"
    assert loaded.recipe.model.layers[0].args["weights"] == "own $.weights.h5"
    assert loaded.recipe.data.source.image_folder.color is None  # a backbone takes colours


def test_named_pipe_is_not_opened():
    photos(4)
    os.mkfifo("photos/ants/pipe.png")

    assert written("photos", "--backbone", "none", file="photos.yaml")


def test_none_is_a_network_that_is_trained_from_the_beginning():
    photos(4)
    loaded = written("photos", "--backbone", "none", file="photos.yaml")

    assert layers(loaded)[0] == "Conv2D"
    assert loaded.recipe.train.freeze == []


def test_gray_images_stay_gray():
    photos(4, gray=True)

    assert written("photos", file="photos.yaml").recipe.data.source.image_folder.color == "grayscale"


def test_names_of_files_suggest_groups():
    generator = iter(range(1000))
    photos(12)
    for path in sorted(Path("photos").rglob("*.png")):
        number = next(generator)
        path.rename(path.with_name(f"patient{number // 4}_{number}.png"))
    pattern = written("photos", file="photos.yaml").recipe.data.split.group

    assert pattern is not None
    assert "patient" in pattern


def test_group_is_found_where_training_looks_for_it():
    photos(12)
    for number, path in enumerate(sorted(Path("photos").rglob("*.png"))):
        folder = path.parent / f"patient_{number // 4:02}"  # with a scan in the name of each file
        folder.mkdir(exist_ok=True)
        path.rename(folder / f"scan{number % 4}.png")
    pattern = written("photos", file="photos.yaml").recipe.data.split.group
    files = [str(path.relative_to("photos")) for path in sorted(Path("photos").rglob("*.png"))]

    assert set(groups_in_names(files, pattern)) == {f"patient_{number:02}" for number in range(6)}
    assert "# Names suggest 6 groups: all files of `patient_00` come into one part." in Path("photos.yaml").read_text()


def test_classes_are_no_groups():
    for number in range(5):
        photos(4)
        Path("photos/ants").rename(f"photos/person{number}")
    shutil.rmtree("photos/bees")
    for path in sorted(Path("photos").rglob("*.png")):
        path.rename(path.with_name(f"{path.parent.name}_{path.name}"))

    assert written("photos", file="photos.yaml").recipe.data.split.group is None


def test_ordinary_names_suggest_no_groups():
    photos(8, name="image_{}.png")

    assert written("photos", file="photos.yaml").recipe.data.split.group is None


def test_imbalanced_classes_are_weighted():
    photos(12)
    for number in range(2, 12):
        Path(f"photos/bees/{number}.png").unlink()

    assert written("photos", file="photos.yaml").recipe.data.class_weight == "balanced"


@pytest.mark.parametrize(
    ("shape", "labels", "first", "targets"),
    [
        ((40, 187, 1), "classes", "Conv1D", "classes"),
        ((40, 6), "numbers", "Dense", "numbers"),
        ((40, 8, 8, 8, 1), "classes", "Conv3D", "classes"),
        ((40, 20, 20, 3), "flags", "Conv2D", "multilabel"),
        ((40, 3, 1), "classes", "Conv1D", "classes"),
    ],
)
def test_arrays_get_the_network_of_their_shape(shape: tuple[int, ...], labels: str, first: str, targets: str):
    generator = np.random.default_rng(1)
    y = {
        "classes": np.arange(40) % 3,
        "numbers": generator.normal(size=40).astype("f4"),
        "flags": (np.arange(80).reshape(40, 2) % 3 == 0).astype(int),
    }[labels]
    np.savez("data.npz", x=generator.normal(size=shape).astype("f4"), y=y)
    loaded = written("data.npz", file="data.yaml")

    assert layers(loaded)[0] == first
    assert loaded.recipe.data.targets == targets


def test_table_of_a_signal():
    table([{"beat": "NV"[row % 2], **{f"t{place}": row + place / 7 for place in range(30)}} for row in range(40)])
    source = written("rows.csv", file="rows.yaml").recipe.data.source.csv

    assert (source.numbers, source.shape, source.label) == ("t*", [30, 1], "beat")


def test_table_of_sentences():
    table([{"id": row, "review": f"a fine film of {row} words", "sentiment": row % 2} for row in range(40)])
    loaded = written("rows.csv", file="rows.yaml")

    assert (loaded.recipe.data.source.csv.text, loaded.recipe.data.source.csv.label) == ("review", "sentiment")
    assert layers(loaded)[0] == "Embedding"


def test_table_of_images_with_groups():
    photos(8)
    files = sorted(Path("photos").rglob("*.png"))
    table(
        [
            {"file": path, "species": path.parent.name, "photographer": f"p{row // 3}", "confidence": 0.5}
            for row, path in enumerate(files)
        ]
    )
    data = written("rows.csv", "--backbone", "none", file="rows.yaml").recipe.data

    assert (data.source.csv.image, data.source.csv.label, data.source.csv.weight) == ("file", "species", "confidence")
    assert data.split.group == "photographer"


def test_table_with_tags():
    tags = ["sky|sea", "sea", "sky|tree", "tree"]
    table([{"text": f"a picture of number {row}", "tags": tags[row % 4]} for row in range(40)])
    data = written("rows.csv", file="rows.yaml").recipe.data

    assert (data.targets, data.source.csv.separator) == ("multilabel", "|")


def test_table_that_says_the_parts():
    table(
        [{"a": row / 3, "b": row / 7, "y": "NV"[row % 2], "part": ["train", "test"][row % 4 == 0]} for row in range(40)]
    )

    assert written("rows.csv", file="rows.yaml").recipe.data.split.column == "part"


def test_table_without_a_label_is_refused():
    table([{"text": f"a picture of number {row}"} for row in range(40)])

    assert "no column looks like a label" in call("init", "rows.csv", exit_code=4).stderr


def lines(name: str, rows: list[list[Any]], *, delimiter: str = ",", encoding: str = "utf-8") -> None:
    text = "".join(f"{delimiter.join(map(str, row))}\n" for row in rows)
    Path(name).write_text(text, encoding=encoding)


def test_signals_without_names_of_columns():
    lines("beats.csv", [[*(row + place / 7 for place in range(30)), f"{row % 3}.000e+00"] for row in range(40)])
    source = written("beats.csv", file="beats.yaml").recipe.data.source.csv

    assert (source.header, source.numbers, source.shape, source.label) == (False, "c0:c29", [30, 1], "c30")
    assert "0 14, 1 13, 2 13" in Path("beats.yaml").read_text()


def test_class_in_the_first_column_without_names():
    lines(
        "FordA_TRAIN.tsv",
        [[row % 2 * 2 - 1, *(row + place / 7 for place in range(30))] for row in range(40)],
        delimiter="\t",
    )
    source = written("FordA_TRAIN.tsv", file="FordA_TRAIN.yaml").recipe.data.source.settings

    assert (source.header, source.numbers, source.label) == (False, "c1:c30", "c0")


def test_longest_text_of_a_table_without_names_is_the_input():
    lines(
        "train.csv",
        [[row % 4 + 1, f"title of number {row}", f"a long sentence with number {row}"] for row in range(40)],
    )
    source = written("train.csv", file="train.yaml").recipe.data.source.csv

    assert (source.header, source.text, source.label) == (False, "c2", "c0")


def test_table_of_a_german_spreadsheet():
    rows = [[f"{row},5", f"{row / 7:.3f}".replace(".", ","), "gut" if row % 2 else "schlecht"] for row in range(40)]
    lines("messung.csv", [["Länge", "Breite", "Klasse"], *rows], delimiter=";", encoding="cp1252")
    source = written("messung.csv", file="messung.yaml").recipe.data.source.csv

    assert (source.encoding, source.decimal, source.header) == ("windows-1252", ",", True)
    assert (source.numbers, source.label) == (["Länge", "Breite"], "Klasse")


def test_quotes_that_do_not_close_are_characters():
    rows = [["ham" if row % 5 else "spam", f'"ok he said {row}'] for row in range(40)]
    lines("sms.tsv", rows, delimiter="\t")
    source = written("sms.tsv", file="sms.yaml").recipe.data.source.settings

    assert (source.header, source.quotes, source.text, source.label) == (False, False, "c1", "c0")


def test_pixels_in_columns_are_images():
    table([{"label": row % 10, **{f"pixel{place}": (row * place) % 256 for place in range(64)}} for row in range(40)])
    source = written("rows.csv", file="rows.yaml").recipe.data.source.csv

    assert (source.numbers, source.shape, source.label) == ("pixel*", [8, 8, 1], "label")


def test_number_of_the_class_is_no_input_and_a_fold_is_a_group():
    names = ["dog", "rain", "siren"]
    table(
        [
            {"fold": row % 5, "target": row // 5 % 3, "a": row / 7, "b": row / 3, "category": names[row // 5 % 3]}
            for row in range(60)
        ]
    )
    data = written("rows.csv", file="rows.yaml").recipe.data

    assert (data.source.csv.numbers, data.source.csv.label, data.split.group) == (["a", "b"], "category", "fold")


def test_column_whose_name_ends_in_an_axis_is_no_label():
    table(
        [
            {"acc-X": row / 7, "acc-Y": row / 3, "subject": row // 10, "Activity": ["SITTING", "LAYING"][row % 2]}
            for row in range(60)
        ]
    )

    assert written("rows.csv", file="rows.yaml").recipe.data.source.csv.label == "Activity"


def test_tags_with_a_space_between_them():
    tags = ["sky sea", "sea", "sky tree", "tree sea", "sky", "sky sea tree"]
    table([{"text": f"a picture of number {row}", "tags": tags[row % 6]} for row in range(40)])
    data = written("rows.csv", file="rows.yaml").recipe.data

    assert (data.targets, data.source.csv.separator) == ("multilabel", " ")


def test_classes_of_two_words_are_no_tags():
    table([{"text": f"a picture of number {row}", "tags": ["New York", "Los Angeles"][row % 2]} for row in range(40)])

    assert written("rows.csv", file="rows.yaml").recipe.data.targets == "classes"


@pytest.mark.parametrize(
    ("folders", "key"),
    [
        (["train-jpg"], "train-jpg"),
        (["part_1", "part_2"], ["part_1", "part_2"]),
        ([f"images_{number}/images" for number in range(1, 6)], "images_*/images"),
    ],
)
def test_images_of_a_table_are_found_by_names_without_ending(folders: list[str], key: Any):
    for row in range(40):
        folder = Path("set", folders[row % len(folders)])
        folder.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (12, 12), (row, 2 * row, 99)).save(folder / f"ISIC_{row}.png")
    table([{"image_id": f"ISIC_{row}", "dx": ["nv", "mel"][row % 2]} for row in range(40)], "set/labels.csv")
    source = written("set/labels.csv", file="labels.yaml").recipe.data.source.csv

    assert (source.image, source.folder, source.label) == ("image_id", key, "dx")


@pytest.mark.parametrize(
    ("names", "keys"),
    [
        (("mitbih_train.csv", "mitbih_test.csv"), {"test"}),
        (("FordA_TRAIN.csv", "FordA_TEST.csv"), {"test"}),
        (("Train.csv", "Dev.csv", "Test.csv"), {"validation", "test"}),
        (("training.csv", "valid.csv"), {"validation"}),
        (("strain.csv", "stest.csv"), set()),
    ],
)
def test_tables_of_other_parts_are_found_by_their_names(names: tuple[str, ...], keys: set[str]):
    for number, name in enumerate(names):
        table([{"a": row / 7 + number, "b": row / 3, "label": "NV"[row % 2]} for row in range(40)], name)
    name = names[0].removesuffix(".csv")
    source = written(names[0], file=f"{name}.yaml").recipe.data.source.csv

    assert {key for key in ("validation", "test") if getattr(source, key)} == keys


def test_table_whose_images_lie_in_another_folder_is_no_test_part():
    for part in ("train", "test"):
        Path(part).mkdir()
        for row in range(20):
            Image.new("RGB", (12, 12), (row, 2 * row, 99)).save(f"{part}/{part}{row}.png")
        table([{"file": f"{part}{row}.png", "label": "NV"[row % 2]} for row in range(20)], f"{part}.csv")
    source = written("train.csv", file="train.yaml").recipe.data.source.csv

    assert (source.folder, source.test) == ("train", None)


def test_table_without_labels_is_no_test_part():
    table([{"a": row / 7, "b": row / 3, "label": "NV"[row % 2]} for row in range(40)], "train.csv")
    table([{"a": row / 7, "b": row / 3} for row in range(40)], "test.csv")

    assert written("train.csv", file="train.yaml").recipe.data.source.csv.test is None


def test_folder_of_tables_is_its_training_table():
    Path("set").mkdir()
    for name in ("test.csv", "train.csv"):
        table([{"a": row / 7, "label": row % 2} for row in range(40)], f"set/{name}")

    done = call("init", "set")

    assert "The labels stand in set/train.csv" in done.stderr
    assert load("set.yaml").recipe.data.source.csv.path == "set/train.csv"


def test_table_beside_folders_of_images_is_named():
    photos(4)
    Path("photos/metadata.csv").write_text("image_id,dx\n")

    assert "cnncli init photos/metadata.csv" in call("init", "photos").stderr


def test_folder_with_a_table_keeps_what_is_wrong_with_its_images():
    photos(4)
    Path("photos/empty").mkdir()
    Path("photos/labels.csv").write_text("a,b\n1,2\n")
    said = call("init", "photos", exit_code=4).stderr

    assert "no image in empty/ that can be used" in said
    assert "the table photos/labels.csv cannot have the labels: `b` holds one number only: every target is 2" in said


@pytest.mark.parametrize(
    ("rows", "fact"),
    [
        ([{"a": row, "y": row * 1.5} for row in range(40)], "The label is `y`, numbers, from 0 to 58.5"),
        (
            [{"text": f"so many words {row}", "tags": ["sea|sun", "sea"][row % 2]} for row in range(40)],
            "Each cell of `tags` has any number of labels, with `|` between them: sea 40, sun 20",
        ),
        (
            [{"text": f"so many words {row}", "cat": row % 2, "dog": row % 3 % 2} for row in range(40)],
            "The labels are the columns `cat`, `dog`, with 0 and 1",
        ),
        (
            [{"text": f"so many words {row}", "cat": row % 2, "dog": 1 - row % 2} for row in range(40)],
            "Each column of `cat`, `dog` is a class, and one of them is 1 in each row",
        ),
        (
            [{"a": row / 7, "b": "" if row % 9 == 0 else row / 5, "y": "NV"[row % 2]} for row in range(40)],
            "b (5 empty cells)",
        ),
        (
            [{"a": row / 7, "b": "NA" if row == 3 else row / 5, "y": "NV"[row % 2]} for row in range(40)],
            "Columns that are not used: b (1 cell without a number: NA)",
        ),
        (
            [{"a": "" if row == 3 else row / 7, "y": "NV"[row % 2]} for row in range(40)],
            "`a` has 1 cell without a number: training stops there and names the lines",
        ),
        (
            [{"a": row / 7, "patient": row // 4, "y": "NV"[row % 2]} for row in range(40)],
            "All rows with the same `patient` come into one part",
        ),
    ],
)
def test_table_is_described(rows: list[dict[str, Any]], fact: str):
    table(rows)

    assert fact in call("init", "rows.csv").stderr


def test_large_numbers_are_learned_at_a_usual_scale():
    table([{"area": row / 7, "rooms": row % 5 + 0.5, "price": 1000.0 * row} for row in range(101)])
    last = written("rows.csv", "--task", "numbers", file="rows.yaml").recipe.model.layers[-1]

    assert (last.args["scale"], last.args["offset"]) == (29200, 50000)  # 1000 * sqrt((101**2 - 1) / 12)


def test_small_numbers_need_no_scale():
    table([{"area": row / 7, "rooms": row % 5 + 0.5, "y": row / 50} for row in range(101)])

    assert layers(written("rows.csv", "--task", "numbers", file="rows.yaml"))[-1] == "Dense"


def test_long_texts_are_cut():
    table([{"text": f"word{row} " * 3000, "label": "NV"[row % 2]} for row in range(12)])
    loaded = written("rows.csv", file="rows.yaml")

    assert loaded.recipe.data.prepare[0].args["output_sequence_length"] == 500
    assert "output_sequence_length: 500}  # longer texts are cut" in Path("rows.yaml").read_text()


@pytest.mark.parametrize(
    ("lines", "error"),
    [
        (["a,label,a", *(f"{row},{'NV'[row % 2]},{row}" for row in range(40))], "rows.csv has 2 columns named `a`"),
        (["a,b,label", *(f"{row},1,N" for row in range(40))], "`label` holds one class only: every row has `N`"),
        (["a,b,label", *(f"{row},1,{'N' if row % 2 else 'V' * 2000}" for row in range(40))], "2,000 characters"),
    ],
)
def test_table_that_training_refuses_gets_no_recipe(lines: list[str], error: str):
    Path("rows.csv").write_text("\n".join(lines))

    assert error in call("init", "rows.csv", exit_code=4).stderr
    assert not Path("rows.yaml").exists()


def test_images_that_are_not_there_are_refused():
    table([{"file": rf"C:\photos\{row}.png", "label": "NV"[row % 2]} for row in range(40)])
    said = call("init", "rows.csv", exit_code=4).stderr

    assert "none of the images is there that `file` names: C:\\photos\\0.png" in said


def test_sounds_are_refused_with_a_way_out():
    table([{"filename": f"{row}.wav", "src": row, "category": ["dog", "rain"][row % 2]} for row in range(40)])

    assert "`filename` names .wav files, which are not read" in call("init", "rows.csv", exit_code=4).stderr


def test_existing_file_is_not_overwritten():
    photos(4)
    Path("photos.yaml").write_text("mine")

    assert "photos.yaml" in call("init", "photos", exit_code=6).stderr
    assert Path("photos.yaml").read_text() == "mine"


def test_unknown_words_are_suggested():
    photos(4)

    assert "MobileNetV2" in call("init", "photos", "--backbone", "MobilNetV2", exit_code=3).stderr
    assert "classes" in call("init", "photos", "--task", "class", exit_code=2).stderr
    assert "--backbone" in call("init", "photos", "--weights", "a.h5", exit_code=2).stderr


def test_backbone_for_other_data_is_refused():
    np.savez("data.npz", x=np.zeros((20, 30, 1), "f4") + np.arange(20)[:, None, None], y=np.arange(20) % 2)

    assert "takes colour images" in call("init", "data.npz", "--backbone", "VGG16", exit_code=3).stderr


def test_json_has_the_recipe():
    photos(4)
    found = call("init", "photos", "--json").json

    assert found["file"] == "photos.yaml"
    assert found["recipe"] == Path("photos.yaml").read_text()
    assert found["classes"] == {"ants": 4, "bees": 4}


def test_recipe_goes_where_output_says(folder: Path):
    photos(4)
    (folder / "sub").mkdir()

    assert call("init", "photos", "--output", "sub").stdout == "sub/photos.yaml\n"
    assert call("init", "photos", "--output", "other.yaml").stdout == "other.yaml\n"


def test_shards_are_not_taken_for_a_table(folder: Path):
    (folder / "shards").mkdir()
    (folder / "shards/train-0.tfrecord").write_bytes(bytes(40))
    said = call("init", "shards", exit_code=4).stderr

    assert "which init does not look at" in said
    assert "{tfrecord: {path: shards}}" in said


def test_folder_that_cannot_train_gets_no_recipe(folder: Path):
    photos(4)
    shutil.rmtree(folder / "photos/bees")

    assert "one class only" in call("init", "photos", exit_code=4).stderr
    assert not Path("photos.yaml").exists()


def test_column_of_numbers_may_have_a_wrong_cell():
    table([{"a": "" if row == 3 else row / 7, "y": "NV"[row % 2]} for row in range(40)])

    assert written("rows.csv", file="rows.yaml").recipe.data.source.csv.numbers == ["a"]


def test_pixels_in_one_column_are_images():
    pixels = " ".join(str(number % 250) for number in range(144))
    table(
        [{"emotion": row % 3, "pixels": pixels, "Usage": ["Training", "PublicTest"][row % 4 == 0]} for row in range(40)]
    )
    data = written("rows.csv", file="rows.yaml").recipe.data

    assert (data.source.csv.numbers, data.source.csv.shape, data.source.csv.label) == ("pixels", [12, 12, 1], "emotion")


def test_signals_of_different_length_in_one_column():
    table([{"wave": "|".join(["0.5"] * (20 + row % 5)), "beat": "NV"[row % 2]} for row in range(40)])
    source = written("rows.csv", file="rows.yaml").recipe.data.source.csv

    assert (source.numbers, source.length) == ("wave", 24)


def test_title_and_text_are_joined_and_another_text_is_not():
    table(
        [
            {
                "Class Index": row % 4,
                "Title": f"a title of {row} words",
                "Text": f"a long text of {row} words",
                "Place": f"at place no {row}",
            }
            for row in range(40)
        ]
    )

    assert written("rows.csv", file="rows.yaml").recipe.data.source.csv.text == ["Title", "Text"]


def test_uncertain_and_empty_labels_count_as_none_of_them():
    photos(10)
    cells = ["1.0", "", "-1.0", "0.0"]
    table(
        [
            {"Path": path, "Sex": "FM"[row % 2], "Edema": cells[row % 4], "Fracture": cells[row % 3]}
            for row, path in enumerate(sorted(Path("photos").rglob("*.png")))
        ]
    )
    data = written("rows.csv", "--backbone", "none", file="rows.yaml").recipe.data

    assert (data.targets, data.source.csv.label) == ("multilabel", ["Edema", "Fracture"])
    assert data.source.csv.label_values == {"": 0, "-1": 0}
    assert 'label_values: {"": 0, "-1": 0}' in Path("rows.yaml").read_text()


def test_names_of_passengers_and_numbers_of_rows_are_no_inputs():
    table(
        [
            {
                "PassengerId": row + 1,
                "Survived": row % 2,
                "Name": f"Braund{row}, Mr. Owen Harris",
                "Fare": row / 7,
                "Port": "SCQ"[row % 3],
            }
            for row in range(40)
        ]
    )
    source = written("rows.csv", file="rows.yaml").recipe.data.source.csv

    assert (source.numbers, source.label) == (["Fare"], "Survived")


def test_images_of_one_patient_in_a_table_come_into_one_part():
    photos(12, name="patient{}_view.png")
    files = sorted(Path("photos").rglob("*.png"))
    table([{"Path": path, "label": path.parent.name} for path in files])
    split = written("rows.csv", "--backbone", "none", file="rows.yaml").recipe.data.split

    assert len({*groups_in_names([str(path) for path in files], split.group)}) == 12


def test_column_of_groups_with_empty_cells_is_named_and_not_used():
    table([{"a": row / 7, "patient": row // 4 if row > 2 else "", "y": "NV"[row % 2]} for row in range(40)])
    done = call("init", "rows.csv")

    assert load("rows.yaml").recipe.data.split.group is None
    assert "`patient` could be a group, but 3 cells of it are empty" in done.stderr
