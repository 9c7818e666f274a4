"""Every shipped recipe trains: a few steps on small data, through the real command in this process."""

from contextlib import nullcontext

import numpy as np
import pytest
from boxed_folders import boxed_folder
from commands import call, draw_nothing, without_graphs
from PIL import Image
from stand_ins import photos

from cnncli.network import checks
from cnncli.recipe import shipped
from cnncli.recipe.load import load

SPLIT = "data.split={validation: 4, test: 4}"
# Recipe -> what makes it small: a smaller image, and fewer repetitions where a network has many.
IMAGES = "data.source.image_folder.path=photos"
SMALL = "data.source.image_folder={path: photos, image_size: [64, 64]}"
LARGER = "data.source.image_folder={path: photos, image_size: [96, 96]}"
CHANGES = {
    "mnist": ["data.source=mnist-sample", "data.limit=128"],
    "lenet5": ["data.source=mnist-sample", "data.limit=128"],
    "mnist-tune": ["data.source=mnist-sample", "data.limit=128"],
    "alexnet": [IMAGES, SPLIT, "train.batch_size=4"],
    "alexnet-small": ["data.limit=128"],
    "vgg16-transfer": [SMALL, "model.input=[64, 64, 3]", SPLIT, "model.layers.0.VGG16.weights=null"],
    "vgg16": [SMALL, "model.input=[64, 64, 3]", SPLIT],
    "googlenet": [SMALL, "model.input=[64, 64, 3]", SPLIT],
    "googlenet-aux": [IMAGES, SPLIT, "train.batch_size=4"],
    "resnet18": [SMALL, "model.input=[64, 64, 3]", SPLIT, "vars.depths=[1, 1, 1, 1]"],
    "resnet34": [SMALL, "model.input=[64, 64, 3]", SPLIT, "vars.depths=[1, 1, 1, 1]"],
    "resnet50": [SMALL, "model.input=[64, 64, 3]", SPLIT, "vars.depths=[1, 1, 1, 1]"],
    "se-resnet50": [SMALL, "model.input=[64, 64, 3]", SPLIT, "vars.depths=[1, 1, 1, 1]"],
    "squeezenet": [SMALL, "model.input=[64, 64, 3]", SPLIT],
    "shufflenet": [SMALL, "model.input=[64, 64, 3]", SPLIT, "vars.repeats=[2, 1, 1]"],
    "vit-tiny": [SMALL, "model.input=[64, 64, 3]", SPLIT, "vars.depth=2"],
    "resnet20-cifar10": ["data.source={npz: {path: pictures.npz}}", SPLIT],
    "mobilenet-v1": [SMALL, "model.input=[64, 64, 3]", SPLIT, "vars.alpha=0.25"],
    "mobilenet-v2": [
        SMALL,
        "model.input=[64, 64, 3]",
        SPLIT,
        "vars.alpha=0.35",
        "model.layers.1.repeat.over.count=[1, 1, 1, 1, 1, 1, 1]",
    ],
    "efficientnet-b0": [IMAGES, SPLIT, "vars.size=64", "vars.width=0.5", "vars.depth=0.25"],
    "densenet121": [SMALL, "model.input=[64, 64, 3]", SPLIT, "vars.depths=[2, 2, 2, 2]"],
    "xception": [LARGER, "model.input=[96, 96, 3]", SPLIT, "model.layers.4.repeat.times=1"],
    "inception-v3": [
        LARGER,
        "model.input=[96, 96, 3]",
        SPLIT,
        "model.layers.7.repeat.over.pool=[32]",
        "model.layers.9.repeat.over.narrow=[128]",
        "model.layers.12=ReLU",
    ],
    "convnext-tiny": [SMALL, "model.input=[64, 64, 3]", SPLIT, "vars.depths=[1, 1, 1, 1]", "vars.width=24"],
    "binary-cnn": [IMAGES, SPLIT],
    "conv1d-signal": [SPLIT],
    "sentence-cnn": ["data.limit=60", "visualize=[]"],
    "sentence-conv1d": ["data.limit=60"],
    "wavenet": [SPLIT, "data.source.npz.path=sounds.npz", "model.input=[256, 1]", "vars.layers=4"],
    "conv3d-volume": [SPLIT],
    "u-net": [
        "model.input=[20, 20, 1]",
        "data.source={mask_folder: {images: scans, masks: masks, color: grayscale}}",
        SPLIT,
        "vars.width=4",
    ],
    "siamese": [SPLIT],
    "scan-segmentation": [
        "data.source.volume_folder.path=scans",
        "data.source.volume_folder.spacing=null",
        "vars.width=2",
    ],
    "faces": ["data.limit=200"],
    "autoencoder": ["data.source=mnist-sample", "data.limit=128"],
    "denoise-mnist": ["data.source=mnist-sample", "data.limit=128"],
    "unet-small": ["data.limit=40"],
    "unet-transfer": [
        "data.source={mask_folder: {images: scans, masks: masks, image_size: [32, 32]}}",
        "model.input=[32, 32, 3]",
        SPLIT,
        "vars.width=2",
        "model.layers.0.MobileNetV2.weights=null",
    ],
    "detect-small": ["data.limit=40"],
    "detect-transfer": [
        "data.source={yolo: {path: boxed, image_size: [64, 64]}}",
        "model.input=[64, 64, 3]",
        SPLIT,
        "model.layers.0.MobileNetV2.weights=null",
    ],
}

# Their graphs take several times as long to trace as a few steps take without. Nearly every kind of layer in them is in a graph
# of the other recipes, and the rest in one of tests/inference.
WITHOUT_GRAPHS = {
    *("googlenet", "googlenet-aux", "resnet34", "resnet50", "se-resnet50", "resnet20-cifar10", "mobilenet-v1"),
    *("mobilenet-v2", "efficientnet-b0", "densenet121", "xception", "inception-v3", "convnext-tiny"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("recipes")
    random = np.random.default_rng(0)
    photos(made, count=12, size=(90, 100))
    boxed_folder("yolo", 12, root=str(made / "boxed"))
    labels = np.arange(40) % 2
    np.savez(
        made / "pictures.npz", x=random.integers(0, 256, (40, 32, 32, 3), dtype=np.uint8), y=np.arange(40) % 10 % 4
    )
    np.savez(made / "signals.npz", x=random.normal(size=(40, 64, 100)).astype(np.float32), y=labels)
    np.savez(made / "sounds.npz", x=random.uniform(-1, 1, (40, 256, 1)).astype(np.float32), y=labels)
    np.savez(made / "volumes.npz", x=random.random((24, 32, 32, 32, 1), dtype=np.float32), y=np.arange(24) % 2)
    pairs = {f"x_{side}": random.integers(0, 256, (40, 28, 28), dtype=np.uint8) for side in ("left", "right")}
    for name, most in (("scans", 256), ("masks", 2)):
        (made / name).mkdir()
        for number in range(12):
            Image.fromarray(random.integers(0, most, (20, 20), np.uint8)).save(made / name / f"{number}.png")
    np.savez(made / "pairs.npz", **pairs, y=labels)
    for kind, dtype in (("images", np.float32), ("labels", np.uint8)):
        (made / "scans" / kind).mkdir(parents=True)
        for number in range(20):
            values = random.normal(size=(32, 32, 32)) if kind == "images" else np.indices((32, 32, 32))[0] > 16
            np.save(made / "scans" / kind / f"{number}.npy", values.astype(dtype))
    return made


def test_every_shipped_recipe_is_here():
    assert set(CHANGES) == set(shipped.names())


@pytest.mark.parametrize("name", CHANGES)
def test_recipe_trains(name, folder, monkeypatch):
    monkeypatch.chdir(folder)
    draw_nothing(monkeypatch, "draw_evaluation")
    changes = [*CHANGES[name], "expect={}", "train.epochs=1", "train.checkpoint.keep=false"]  # of 2 GB for VGG16
    with without_graphs() if name in WITHOUT_GRAPHS else nullcontext():
        call("train", name, "--run", name, "--json", *(f"--set={change}" for change in changes))

    assert (folder / "outputs" / name / name / "model.keras").is_file()


@pytest.mark.parametrize("name", shipped.names())
def test_recipe_keeps_what_it_expects_of_its_network(name):
    recipe = load(name)
    changes = (
        ["data.classes=7"]
        if recipe.recipe.data.source.builtin is None and name not in ("conv1d-signal", "binary-cnn", "siamese")
        else []
    )

    checked = checks.check_shapes(load(name, changes))

    assert checked.params
    expect = recipe.recipe.expect
    assert expect.params or expect.trainable_params or expect.shapes
