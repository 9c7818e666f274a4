"""`cnncli init --task input`: an autoencoder for a folder of images or an archive, whose labels are not read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from boxed_folders import boxed_folder
from commands import call
from PIL import Image

from cnncli.network.build import build
from cnncli.recipe.load import load

RANDOM = np.random.default_rng(0)
ARRAYS = {  # by the shape of an example: the layers of `prepare`, and how often maps are halved
    (28, 28, 1): (["Rescaling"], 2),
    (29, 31, 3): (["Resizing", "Rescaling"], 2),
    (9, 9, 1): (["Resizing", "Rescaling"], 1),
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def outputs_of(recipe, shape):
    """The shape of what the network gives of an example."""
    return tuple(build(recipe, input_shape=shape).model.output_shape[1:])


@pytest.mark.parametrize("folders", [("",), ("cats", "dogs")], ids=["without classes", "with classes"])
def test_folder_of_images_with_and_without_classes(folders):
    for number in range(12):
        place = Path("photos", folders[number % len(folders)])
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(RANDOM.integers(0, 255, (30, 42, 3), np.uint8)).save(place / f"{number}.png")
    said = call("init", "photos", "--task", "input", "--output", "mine.yaml").stderr

    recipe = load("mine.yaml").recipe
    assert "12 images, whose labels are not read" in said
    assert (recipe.data.targets, recipe.data.source.image_folder.image_size) == ("input", [32, 40])
    assert outputs_of(recipe, (32, 40, 3)) == (32, 40, 3)


@pytest.mark.parametrize("shape", ARRAYS)
def test_network_gives_what_it_gets(shape):
    np.savez("data.npz", x=RANDOM.integers(0, 255, (20, *shape), np.uint8))
    call("init", "data.npz", "--task", "input")

    recipe = load("data.yaml").recipe
    layers, halved = ARRAYS[shape]
    assert [layer.name for layer in recipe.data.prepare] == layers
    assert sum(layer.args.get("strides") == 2 for layer in recipe.model.layers) == 2 * halved
    expected = {(29, 31, 3): (28, 32, 3), (9, 9, 1): (8, 8, 1)}.get(shape, shape)
    assert outputs_of(recipe, shape) == expected


@pytest.mark.parametrize("shape", [(100, 2), (7,)], ids=["signals", "rows"])
def test_signals_and_rows_of_numbers(shape):
    np.savez("data.npz", x=RANDOM.normal(size=(20, *shape)).astype("f4"))
    call("init", "data.npz", "--task", "input")

    assert "no mistakes" in call("validate", "data.yaml").stdout


def test_what_has_other_targets_is_refused():
    boxed_folder("yolo", 4)
    said = call("init", "photos", "--task", "input", exit_code=None).stderr
    assert "photos is a YOLO data set, whose targets are boxes, not input" in said

    Path("rows.csv").write_text("a,label\n" + "1,x\n" * 20)
    said = call("init", "rows.csv", "--task", "input", exit_code=None).stderr
    assert "rows.csv is a table, and init reads its labels" in said


def test_validate_asks_for_the_input_alone_where_there_are_no_classes():
    layers = "[Conv2D: {filters: 1, kernel_size: 3, padding: same}]"
    Path("r.yaml").write_text(
        f"data: {{source: {{npz: {{path: a.npz}}}}, targets: input}}\nmodel: {{layers: {layers}}}\n"
    )
    said = call("validate", "r.yaml").stdout
    assert said == "r: no mistakes; set `model.input` to check the shapes without the data\n"
