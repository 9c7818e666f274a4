"""`cnncli init` of folders with masks: what masks hold, and a U-Net that fits the size of the images."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from commands import call
from PIL import Image

from cnncli.errors import DataError
from cnncli.recipe.load import load

VALUES = np.array([[0, 1], [2, 1]], np.uint8)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def masked(values: np.ndarray, *, size: tuple[int, int] = (64, 48), folder: str = "scans", count: int = 4) -> None:
    for number in range(count):
        pixels = np.random.default_rng(number).integers(0, 255, (size[1], size[0], 3), np.uint8)
        for name, image in (("images", pixels), ("masks", values)):
            Path(folder, name).mkdir(parents=True, exist_ok=True)
            Image.fromarray(image).resize(size, Image.Resampling.NEAREST).save(Path(folder, name, f"{number}.png"))


def settings():
    call("init", "scans")
    return load("scans.yaml").recipe.data.source.mask_folder


def test_the_recipe_is_a_u_net_for_the_size_of_the_images():
    masked(VALUES)
    found = settings()
    recipe = load("scans.yaml").recipe

    assert (found.images, found.masks, found.image_size, found.classes) == (
        "scans/images",
        "scans/masks",
        [48, 64],
        None,
    )
    assert recipe.data.targets == "masks"
    assert [layer.args["name"] for layer in recipe.model.layers if layer.name == "Conv2DTranspose"] == ["up2", "up1"]


@pytest.mark.parametrize(
    ("values", "classes", "ignore"),
    [
        (VALUES // 2 * 255, {"background": 0, "object": 255}, None),
        (np.array([[0, 1], [2, 255]], np.uint8), None, 255),
        (VALUES * 100, {"background": 0, "class_100": 100, "class_200": 200}, None),
        (
            np.array([[[0, 0, 0], [0, 0, 0]], [[0, 0, 0], [128, 64, 128]]], np.uint8),
            {"class_0": [0, 0, 0], "class_1": [128, 64, 128]},
            None,
        ),
    ],
)
def test_what_masks_hold_becomes_classes(values, classes, ignore):
    masked(values)
    found = settings()

    assert (found.classes, found.ignore) == (classes, ignore)


def test_images_of_several_sizes_become_squares_that_can_be_halved():
    masked(VALUES, size=(100, 90), count=2)
    masked(VALUES, size=(64, 64), count=1)

    assert settings().image_size == [64, 64]


def test_images_without_masks_are_refused():
    masked(VALUES)
    Path("scans/masks/2.png").unlink()

    done = call("init", "scans", exit_code=DataError.exit_code)
    assert "scans/images/2.png: it has no mask: no 2.* in scans/masks/" in done.stderr


def test_other_targets_are_refused():
    masked(VALUES)

    done = call("init", "scans", "--task", "classes", exit_code=DataError.exit_code)
    assert "its targets are masks, not classes" in done.stderr
