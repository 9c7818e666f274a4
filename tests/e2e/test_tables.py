"""Networks that are trained on tables, from the table to every command: photos, and photos with measurements."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from commands import call, draw_nothing
from PIL import Image

pytestmark = pytest.mark.usefixtures("without_graphs")

PHOTOS = """\
name: photos
data:
  source: {csv: {path: set/birds.csv, image: file, label: species, image_size: [8, 8], weight: trust}}
  split: {column: part}
model:
  layers: [Rescaling: {scale: $(1 / 255)}, Flatten, Dense: {units: $classes, activation: softmax}]
train: {seed: 1, epochs: 3, optimizer: {Adam: {learning_rate: 0.05}}}
"""
SEVERAL = """\
name: several
data:
  source: {csv: {path: set/birds.csv, label: size}}
  targets: numbers
  inputs:
    photo: {image: file, image_size: [6, 6], color: grayscale, resize: crop, prepare: [Rescaling: {scale: $(1 / 255)}]}
    song: {numbers: "t[0-9]*", shape: [4, 1]}
model:
  layers:
    - Flatten: {name: seen, from: photo}
    - Flatten: {name: heard, from: song}
    - Concatenate: {from: [seen, heard]}
    - Dense: 1
train: {seed: 1, epochs: 1}
"""
HEADER = ["file", "species", "part", "trust", "size", "t0", "t1", "t10", "t2"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """set/birds.csv and set/new.csv with their photos, and the runs photos/first and several/first."""
    folder = tmp_path_factory.mktemp("tables")
    random = np.random.default_rng(0)
    (folder / "set/photos").mkdir(parents=True)
    rows = []
    for number in range(60):
        pixels = random.integers(0, 120, (9, 7, 3))
        pixels[..., number % 2] += 100
        Image.fromarray(pixels.astype(np.uint8)).save(folder / f"set/photos/{number}.png")
        part = ("train", "train", "dev", "test", "train")[number // 12]
        song = random.normal(size=4).round(4)
        rows.append([f"photos/{number}.png", ("owl", "wren")[number % 2], part, 0.5, number / 10, *song])
    write(folder / "set/birds.csv", [HEADER, *rows])
    write(folder / "set/new.csv", [HEADER[:5], *(row[:5] for row in rows[:10])])
    (folder / "photos.yaml").write_text(PHOTOS)
    (folder / "several.yaml").write_text(SEVERAL)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        draw_nothing(patch)
        call("train", "photos.yaml", "--run", "first")
        call("train", "several.yaml", "--run", "first")
    return folder


@pytest.fixture(autouse=True)
def _here(folder, monkeypatch):
    monkeypatch.chdir(folder)
    draw_nothing(monkeypatch)


def write(path, rows):
    with open(path, "w", newline="") as file:
        csv.writer(file).writerows(rows)


def table(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def recorded(name, run="photos"):
    return json.loads(Path(f"outputs/{run}/first/{name}").read_text())


def test_run_says_what_its_data_was():
    data = recorded("run.json")["data"]

    assert data["source"] == "table set/birds.csv: 36 + 12 + 12 rows, 2 classes"
    assert data["counts"] == {"train": [18, 18], "validation": [6, 6], "test": [6, 6]}
    assert Path("outputs/photos/first/report.html").is_file()


@pytest.mark.parametrize("run", ["photos", "several"])
def test_scored_again_it_is_the_same(run):
    again = call("evaluate", f"outputs/{run}/first", "--json").json

    assert again["loss"] == pytest.approx(recorded("evaluation.json", run)["loss"], rel=1e-5)


def test_another_table_is_scored_by_the_names_of_its_columns_and_classes():
    again = call("evaluate", "outputs/photos/first", "--data", "set/new.csv", "--json").json

    assert (again["accuracy"], again["count"]) == (1.0, 10)


def test_rows_of_a_table_of_photos_are_predicted_as_their_files_are():
    found = call("predict", "outputs/photos/first", "set/new.csv", "--json").json["predictions"]
    files = call("predict", "outputs/photos/first", *(f"set/photos/{n}.png" for n in range(10)), "--json").json

    assert found == files["predictions"]


def test_rows_of_several_inputs_are_predicted_by_the_columns_of_the_recipe():
    found = call("predict", "outputs/several/first", "set/birds.csv", "--json").json["predictions"]
    scored = table("outputs/several/first/predictions.csv")

    for row in scored:
        [value] = [number for name, number in row.items() if name.startswith("predicted")]
        assert found[round(10 * float(row["true"]))]["value"] == pytest.approx(float(value), rel=1e-4)


def test_model_file_resizes_images_as_its_training_did():
    np.save("song.npy", np.zeros((1, 4, 1), np.float32))
    files = ["--input", "photo=set/photos/0.png", "--input", "song=song.npy", "--json"]

    run, file = (
        call("predict", f"outputs/several/first{name}", *files).json["predictions"] for name in ("", "/model.keras")
    )

    assert [each["value"] for each in file] == [each["value"] for each in run]


def test_rows_that_cannot_be_predicted_are_told_and_the_others_are_predicted():
    write("set/bad.csv", [["file"], ["photos/1.png"], ["photos/none.png"], [""]])

    done = call("predict", "outputs/photos/first", "set/bad.csv", exit_code=4)

    assert "set/photos/1.png" in done.stdout
    assert "set/bad.csv:3: photos/none.png is not there (paths count from the table)" in done.stderr


def test_run_is_reproduced_bit_by_bit():
    done = call("reproduce", "outputs/photos/first")

    assert "identical" in done.stdout + done.stderr


def test_shorter_run_is_resumed_and_compared():
    call("train", "photos.yaml", "--run", "short", "--set", "train.epochs=1")

    call("train", "--resume", "outputs/photos/short", "--set", "train.epochs=3")

    pair = call("compare", "outputs/photos/first", "outputs/photos/short", "--json").json
    assert json.dumps(pair).count("photos/short")
    assert (
        Path("outputs/photos/short/evaluation.json").read_text()
        == Path("outputs/photos/first/evaluation.json").read_text()
    )


def test_wrong_rows_are_told_with_their_lines_and_exit_code_4():
    rows = table("set/birds.csv")
    rows[2]["species"], rows[4]["trust"] = "", "-2"
    write("set/wrong.csv", [HEADER, *(row.values() for row in rows)])

    done = call("train", "photos.yaml", "--set", "data.source.csv.path=set/wrong.csv", exit_code=4)

    assert "set/wrong.csv:4: species is empty" in done.stderr
    assert "set/wrong.csv:6: trust is -2: a weight is 0 or more" in done.stderr
