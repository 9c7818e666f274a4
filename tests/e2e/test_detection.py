"""An object detector from a folder of YOLO to every command: red and green rectangles in noise."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from boxed_folders import HEIGHT, WIDTH, boxed_folder, coco_of, pictures_of
from commands import call, draw_nothing
from faster_coco_eval import COCO
from faster_coco_eval.core.faster_eval_api import COCOeval_faster
from PIL import Image

COUNT = 80
RECIPE = """\
name: rectangles
data:
  source: {yolo: {path: photos, image_size: [32, 32]}}
  split: {validation: 0.1, test: 0.3, seed: 0}
  prepare: [Rescaling: {scale: $(1 / 255)}]
  augment: [RandomFlip: horizontal]
model:
  layers:
    - Conv2D: {filters: 16, kernel_size: 5, strides: 2, padding: same, activation: relu}
    - Conv2D: {filters: 32, kernel_size: 5, strides: 2, padding: same, activation: relu}
    - Conv2D: {name: neck, filters: 32, kernel_size: 5, padding: same, activation: relu}
    - Conv2D: {name: centres, filters: $classes, kernel_size: 1, activation: sigmoid, from: neck}
    - Conv2D: {name: sides, filters: 4, kernel_size: 1, activation: softplus, from: neck}
  outputs: [centres, sides]
train:
  {seed: 1, epochs: 30, batch_size: 8, precision: float32, optimizer: {Adam: {learning_rate: 3e-3}},
   loss: {centres: BinaryFocalCrossentropy, sides: Huber}}
visualize: []
expect: {metrics: {test_map50: ">= 0.3"}}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder of YOLO, and outputs/rectangles/first, trained on it."""
    folder = tmp_path_factory.mktemp("rectangles")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        draw_nothing(patch)
        boxed_folder("yolo", COUNT)
        Path("rectangles.yaml").write_text(RECIPE)
        call("train", "rectangles.yaml", "--run", "first")
    return folder


@pytest.fixture(autouse=True)
def _here(folder, monkeypatch):
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COLUMNS", "100")


def of_run():
    return json.loads(Path("outputs/rectangles/first/evaluation.json").read_text())


def test_precision_is_what_faster_coco_eval_gives_of_the_written_boxes():
    with open("outputs/rectangles/first/predictions.csv") as file:
        names = [row["file"] for row in csv.DictReader(file)]
    call("predict", "outputs/rectangles/first", *(f"photos/{name}" for name in names), "--to", "found", "--quiet")
    written = json.loads(Path("found/boxes.json").read_text())
    truth = coco_of([pictures_of(COUNT)[int(Path(name).stem)] for name in names])
    assert [each["file_name"] for each in written["images"]] == [f"photos/{name}" for name in names]
    assert {(each["width"], each["height"]) for each in written["images"]} == {(WIDTH, HEIGHT)}
    for each in written["annotations"]:
        each["image_id"] -= 1  # the images of `truth` count from 0
    truth = COCO(truth, print_function=lambda *_: None)
    run = COCOeval_faster(truth, truth.loadRes(written["annotations"]), "bbox", print_function=lambda *_: None)
    run.evaluate()
    run.accumulate()
    run.summarize()
    assert of_run()["map50"] > 0.3
    assert run.stats[0] == pytest.approx(of_run()["map50_95"], abs=1e-4)
    assert run.stats[1] == pytest.approx(of_run()["map50"], abs=1e-4)


def test_threshold_of_the_validation_is_kept_and_used():
    chosen = json.loads(Path("outputs/rectangles/first/run.json").read_text())["data"]["threshold"]
    assert (of_run()["threshold"], of_run()["is_chosen_on_validation"]) == (chosen, True)
    shutil.copy("outputs/rectangles/first/model.keras", "alone.keras")
    for network in ("outputs/rectangles/first", "alone.keras"):
        answers = call("predict", network, "photos/images", "--json").json["predictions"]
        scores = [box["score"] for each in answers for box in each["boxes"]]
        assert len(scores) > COUNT / 2
        assert min(scores) >= chosen - 5e-5  # written with four digits
    said = call("evaluate", "outputs/rectangles/first").stdout
    assert f"boxes of score {chosen:.2f} and more, the best F1 on the validation split" in " ".join(said.split())


def test_files_are_pictures_in_the_original_size_and_are_not_overwritten():
    Image.fromarray(pictures_of(1)[0][0]).resize((10 * WIDTH, 10 * HEIGHT)).save("large.png")
    said = call("predict", "outputs/rectangles/first", "large.png", "--to", "drawn").stderr
    assert "2 files in drawn" in said
    assert Image.open("drawn/large.png").size == (10 * WIDTH, 10 * HEIGHT)
    before = Path("drawn/large.png").read_bytes()
    again = call("predict", "outputs/rectangles/first", "large.png", "--to", "drawn", exit_code=6)
    assert "drawn/large.png exists already; --force overwrites it" in again.stderr
    assert Path("drawn/large.png").read_bytes() == before
    call("predict", "outputs/rectangles/first", "large.png", "--to", "drawn", "--force")


def test_boxes_of_arrays_are_in_their_own_pixels():
    pixels = np.asarray(Image.fromarray(pictures_of(1)[0][0]).resize((32, 32)))
    np.save("one.npy", pixels[None])
    Image.fromarray(pixels).save("one.png")
    [array] = call("predict", "outputs/rectangles/first", "one.npy", "--json").json["predictions"]
    [image] = call("predict", "outputs/rectangles/first", "one.png", "--json").json["predictions"]
    assert array["boxes"] == image["boxes"] != []


def test_other_data_of_every_source_is_scored_alike():
    scores = {}
    for word, place in (("yolo", "photos"), ("coco", "boxes.json"), ("voc", "photos")):
        Path(word).mkdir()
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(word)
            boxed_folder(word, 20, seed=5)
        found = call("evaluate", "outputs/rectangles/first", "--data", f"{word}/{place}", "--json").json
        scores[word] = found["map50_95"], found["count"], found["objects"]
    assert scores["yolo"][1:] == (20, 18)
    assert scores["coco"] == pytest.approx(scores["yolo"], abs=1e-6)
    assert scores["voc"] == pytest.approx(scores["yolo"], abs=1e-6)


def test_heat_maps_are_those_of_a_class():
    image = ("--image", "photos/images/000.png")
    found = call("grad-cam", "outputs/rectangles/first", "--class", "red", "--to", "heat", "--json", *image)
    assert "red" in found.stdout
    assert list(Path("heat").glob("*.png"))


def test_scores_that_a_recipe_expects_are_compared():
    assert (
        "test_map50"
        in call("train", "rectangles.yaml", "--set", "train.epochs=1", "--run", "worse", exit_code=None).stderr
    )


def test_python_code_is_refused_at_the_line_of_the_source():
    assert "rectangles.yaml:3:" in call("to-python", "rectangles.yaml", exit_code=3).stderr


def test_mistakes_in_the_data_are_found():
    shutil.copytree("photos", "bad")
    Path("bad/labels/001.txt").unlink()
    Path("bad/labels/002.txt").write_text("0 0.95 0.5 0.2 0.2\n")
    shutil.copy("bad/images/003.png", "bad/images/083.png")
    shutil.copy("bad/labels/003.txt", "bad/labels/083.txt")
    text = Path("bad/data.yaml").read_text().replace("[red, green]", "[red, green, blue]")
    Path("bad/data.yaml").write_text(text)
    Path("bad.yaml").write_text(RECIPE.replace("path: photos", "path: bad"))
    said = call("data", "bad.yaml", exit_code=None)
    for part in (
        "1 of 81 images has no labels file",
        "boxes of 1 image reach beyond the image",
        "train has no examples of 1 of 3 classes: `blue`",
        "1 example is there more than once in its part",
    ):
        assert part in said.stdout + said.stderr
