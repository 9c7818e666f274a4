"""`cnncli init` of folders with boxes: as YOLO, COCO and Pascal VOC have them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from boxed_folders import boxed_folder
from commands import call

from cnncli.recipe.load import load
from cnncli.scaffold.detector import detector, fitting_side, levels_of

PLACES = {"yolo": "photos", "coco": ".", "voc": "photos"}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("word", PLACES)
def test_folder_is_recognized_and_its_recipe_has_no_mistakes(word):
    boxed_folder(word, 20)
    said = call("init", PLACES[word], "--output", "mine.yaml").stderr
    assert "20 images with 18 boxes that train: red 10, green 8" in said
    assert "2 images have no box" in said
    recipe = load("mine.yaml").recipe
    assert (recipe.data.source.word, recipe.data.targets) == (word, "boxes")
    settings = recipe.data.source.settings
    assert (settings.image_size, settings.resize) == ([64, 64], "pad")
    assert "no mistakes" in call("validate", "mine.yaml").stdout


def test_masks_of_coco_are_asked_for_by_the_task():
    boxed_folder("coco", 20)
    call("init", ".", "--task", "masks", "--output", "mine.yaml")
    recipe = load("mine.yaml").recipe
    assert (recipe.data.source.word, recipe.data.targets) == ("coco", "masks")
    assert "no mistakes" in call("validate", "mine.yaml").stdout


def test_task_that_boxes_have_not_is_refused():
    boxed_folder("yolo", 4)
    said = call("init", "photos", "--task", "masks", exit_code=None).stderr
    assert "photos is a YOLO data set, whose targets are boxes, not masks" in said


def test_wrong_labels_are_reported_before_a_recipe_is_written():
    boxed_folder("yolo", 4)
    Path("photos/labels/000.txt").write_text("0 1.5 0.5 0.1 0.1\n7 0.5 0.5 0.1 0.1\n")
    said = call("init", "photos", exit_code=None).stderr
    assert "000.txt:1: 1.5 is not between 0 and 1: pixels?" in said
    assert "000.txt:2: the class is 7" in said
    assert not Path("photos.yaml").exists()


def test_network_fits_the_size_of_images():
    assert [fitting_side(*size) for size in ((480, 640), (64, 64), (20, 30), (100, 90))] == [256, 64, 32, 96]
    assert [levels_of(side) for side in (32, 64, 128, 256)] == [3, 4, 5, 5]
    assert "- conv: {name: cells_of_4, filters: 48}  # pixels" in detector(128)
    assert "- conv: {name: neck, filters: 64}" in detector(256)
    assert not any("cells_of_4," in line for line in detector(256))


def test_boxes_in_arrays_are_recognized():
    pictures = [(np.zeros((40, 60, 3), np.uint8), [4, 5, 20, 30])] * 20
    arrays = {"x": np.stack([image for image, _ in pictures]), "boxes": np.array([[box] for _, box in pictures])}
    np.savez("data.npz", classes=np.zeros((20, 1), int), **arrays)
    call("init", "data.npz")

    recipe = load("data.yaml").recipe
    assert recipe.data.targets == "boxes"
    assert recipe.data.prepare[0].args == {"height": 64, "width": 64}  # 40 x 60 cannot be halved and doubled again
