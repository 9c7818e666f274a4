"""`cnncli predict` and `cnncli compare` on a real run that was trained on image files."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest
from commands import call
from PIL import Image

pytestmark = pytest.mark.usefixtures("without_graphs")

CLASSES = ("[red] one", "two\x1b", "=three")
RECIPE = """\
name: shapes
data:
  source: {image_folder: {path: photos, image_size: [20, 24], resize: pad, color: rgb}}
  prepare: [Rescaling: {scale: $(1 / 255)}]
model:
  layers:
    - Conv2D: {filters: 6, kernel_size: 3, strides: 2, activation: relu}
    - Flatten
    - Dense: {units: $classes, activation: softmax}
train: {seed: 1, epochs: 3, batch_size: 8, precision: float32}
"""


def picture(label: int, seed: int) -> Image.Image:
    """A photo of another size each; the class is where it is bright."""
    random = np.random.default_rng(seed)
    height, width = random.integers(12, 60, 2)
    pixels = random.integers(0, 90, (height, width, 3), dtype=np.uint8)
    third = width // 3
    pixels[:, label * third : (label + 1) * third] += 120
    return Image.fromarray(pixels)


@pytest.fixture(scope="module")
def shapes(tmp_path_factory):
    """A folder with photos, and a run on them as outputs/shapes/first."""
    folder = tmp_path_factory.mktemp("shapes")
    for part, count in (("train", 24), ("val", 4), ("test", 6)):
        for label, name in enumerate(CLASSES):
            inside = folder / "photos" / part / name
            inside.mkdir(parents=True)
            for number in range(count):
                picture(label, 1000 * label + 100 * len(part) + number).save(inside / f"{number}.png")
    (folder / "shapes.yaml").write_text(RECIPE)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        call("train", "shapes.yaml", "--run", "first", "--quiet")
    return folder


@pytest.fixture(autouse=True)
def _here(shapes, monkeypatch):
    monkeypatch.chdir(shapes)
    monkeypatch.delenv("COLUMNS", raising=False)


def predicted(*arguments, code=0):
    return call("predict", *arguments, exit_code=code)


def own_predictions(folder):
    with open(folder / "outputs/shapes/first/predictions.csv", newline="") as file:
        return list(csv.DictReader(file))


def test_files_are_predicted_as_the_run_itself_predicted_them(shapes):
    document = predicted("shapes/first", "photos/test", "--json").json
    own = own_predictions(shapes)

    assert document["count"] == len(own) == 18
    names = json.loads((shapes / "outputs/shapes/first/run.json").read_text())["class_names"]
    for row, found in zip(own, document["predictions"], strict=True):  # both are sorted by path
        expected = {name: float(row[f"output_{number}"]) for number, name in enumerate(names)}
        assert {each["class"]: each["probability"] for each in found["top"]} == pytest.approx(expected, abs=2e-5)
        assert found["class"] == max(expected, key=expected.get)
    assert len({found["class"] for found in document["predictions"]}) == 3


def test_document_has_every_example_with_its_classes(shapes):
    np.savez("some.npz", x=np.zeros((2, 20, 24, 3), np.uint8))
    document = predicted("shapes", "photos/test/=three/0.png", "some.npz", "--top", "2", "--json").json

    assert list(document) == ["schema", "model", "top", "notes", "images", "count", "predictions"]
    assert document["model"] == "outputs/shapes/first"
    assert [(each["file"], each["index"]) for each in document["predictions"]] == [
        ("photos/test/=three/0.png", None),
        ("some.npz", 0),
        ("some.npz", 1),
    ]
    first = document["predictions"][0]
    assert [list(each) for each in first["top"]] == [["class", "probability"]] * 2
    assert (first["class"], first["probability"]) == tuple(first["top"][0].values())
    assert set(first) == {"file", "index", "class", "probability", "top"}


def test_broken_files_are_reported_and_the_others_are_predicted(shapes, tmp_path):
    mixed = tmp_path / "mixed"
    shutil.copytree(shapes / "photos/test/=three", mixed)
    (mixed / "1.png").write_bytes(b"no image")
    done = predicted("shapes", str(mixed), "missing.png", code=4)

    assert len([line for line in done.stdout.splitlines() if str(mixed) in line]) == 5
    assert f"{mixed}/1.png: text, not an image" in done.stderr
    assert "missing.png: no such file" in done.stderr

    document = predicted("shapes", str(mixed), "missing.png", "--json", code=4).json
    assert document["count"] == 5
    assert document["error"]["exit"] == 4
    assert [each["file"] for each in document["error"]["bad_files"]] == ["missing.png", f"{mixed}/1.png"]


def test_table_is_for_people_whatever_the_classes_are_called():
    done = predicted("shapes", "photos/test", "--top", "2")
    title, *rows = done.stdout.splitlines()

    assert title.split() == ["class", "probability", "next", "classes"]
    assert len(rows) == 18
    assert "\x1b" not in done.stdout
    assert any("[red] one" in row for row in rows)
    assert any("two\\x1b" in row for row in rows)
    starts = {re.search(r"\d\.\d{4}", row).start() for row in rows}
    assert starts == {title.index("probability") + len("probability") - 6}  # one column, aligned to the right
    assert "18 examples: " in done.stderr


def test_narrow_terminal_gets_two_lines_a_file(monkeypatch):
    monkeypatch.setenv("COLUMNS", "24")
    lines = predicted("shapes", "photos/test/=three", "--top", "1").stdout.splitlines()

    assert len(lines) == 12
    assert lines[0] == "photos/test/=three/0.png"
    assert lines[1].startswith("  ")


def test_csv_has_a_row_a_file_and_nothing_that_a_spreadsheet_runs(shapes, tmp_path):
    file = tmp_path / "found.csv"
    done = predicted("shapes", "photos/test", "missing.png", "--csv", str(file), code=4)
    rows = list(csv.DictReader(io.StringIO(file.read_text())))

    assert done.stdout == ""
    assert list(rows[0]) == ["file", "index", "class", "probability", "class_2", "probability_2",
                             "class_3", "probability_3", "problem"]  # fmt: skip
    assert [row["problem"] for row in rows if row["problem"]] == ["no such file"]
    assert len(rows) == 19
    assert {row["class"] for row in rows if row["class"]} == {"[red] one", "two\\x1b", "'=three"}
    assert predicted("shapes", "photos/test", "--csv", "-", "--quiet").stdout.count("\n") == 19


def test_csv_that_cannot_be_written_leaves_what_was_there(tmp_path):
    (tmp_path / "folder.csv").mkdir()
    assert "is a folder" in predicted("shapes", "photos/test", "--csv", str(tmp_path / "folder.csv"), code=6).stderr
    assert "cannot write" in predicted("shapes", "photos/test", "--csv", str(tmp_path / "no/such.csv"), code=6).stderr


# Which argument is the model


def test_newest_run_predicts_where_the_first_argument_is_a_file():
    done = predicted("photos/test/=three/0.png")

    assert "outputs/shapes/first, the newest run: 3 classes" in done.stderr
    assert done.stdout.splitlines()[1].startswith("photos/test/=three/0.png")


@pytest.mark.parametrize(
    "model",
    ["shapes", "first", "shapes/first", "outputs/shapes", "outputs/shapes/first", "outputs/shapes/first/model.keras"],
)
def test_first_argument_may_be_the_model_in_every_way_that_a_run_is_named(model):
    assert predicted(model, "photos/test/=three/0.png", "--json").json["count"] == 1


def test_file_that_is_called_like_a_run_is_a_file(shapes):
    shutil.copytree(shapes / "photos/test/=three", shapes / "shapes")
    try:
        assert predicted("shapes", "--json").json["count"] == 6
        assert predicted("first", "shapes", "--json").json["count"] == 6
        assert predicted("--model", "first", "shapes", "--json").json["count"] == 6
    finally:
        shutil.rmtree(shapes / "shapes")


def test_model_file_alone_names_its_classes(shapes, tmp_path):
    model = shutil.copy(shapes / "outputs/shapes/first/model.keras", tmp_path / "alone.keras")
    document = predicted(str(model), "photos/test/=three/0.png", "--json").json

    assert {each["class"] for each in document["predictions"][0]["top"]} == {"=three", "[red] one", "two\x1b"}
    assert document["notes"] == []


def test_run_without_files_is_a_wrong_command_line():
    assert "no file to predict" in predicted("shapes", code=2).stderr


def test_first_argument_that_is_nothing_stops_before_anything_is_predicted():
    done = predicted("shpes", "photos/test/=three/0.png", code=4)

    assert "there is no file and no run of that name: shpes" in done.stderr
    assert "did you mean shapes?" in done.stderr
    assert done.stdout == ""


def test_choices_that_there_are_not_are_refused():
    assert "--device" in predicted("shapes", "photos", "--device", "tpu", code=2).stderr
    assert predicted("shapes", "photos", "--top", "0", code=2)
    assert "--csv -" in predicted("shapes", "photos", "--csv", "-", "--json", code=2).stdout


def test_reader_that_has_had_enough_ends_it_without_a_word(shapes):
    command = [sys.executable, "-m", "cnncli", "predict", "shapes", "photos", "--batch-size", "1", "--quiet"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout
    first = process.stdout.readline()
    process.stdout.close()
    said = process.stderr.read()

    assert "probability" in first
    assert process.wait() == 0
    assert said == ""


# Comparing


def test_real_run_can_be_compared_with_its_copy(shapes, tmp_path):
    shutil.copytree(shapes / "outputs/shapes/first", tmp_path / "shapes/copy")
    document = call("compare", "first", tmp_path / "shapes/copy", "--to", tmp_path, "--json").json
    own = json.loads((shapes / "outputs/shapes/first/evaluation.json").read_text())

    assert (document["split"], document["count"], document["same_examples"]) == ("test", 18, True)
    [pair] = document["comparisons"]
    assert (pair["difference"], pair["only_first_right"], pair["p"]) == (0, 0, 1)
    for side in document["runs"]:
        assert side["accuracy"] == own["accuracy"]
        assert side["accuracy_interval"] == own["intervals"]["accuracy"]
        assert side["macro_f1_interval"] == own["intervals"]["macro_f1"]
        assert side["precision"] == "float32"
        assert side["epochs"] == 3
    assert document["recipe_differences"][0]["differences"] == []
    [picture] = tmp_path.glob("compare-*.png")  # with a digest, as the copy lies outside the folder of runs
    assert document["picture"] == str(picture)
