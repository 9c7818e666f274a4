"""What makes each shipped recipe small enough to train in seconds, and the data for it."""

from pathlib import Path

import numpy as np
from boxed_folders import boxed_folder
from PIL import Image
from stand_ins import photos

SPLIT = "data.split={validation: 4, test: 4}"
# Recipe -> what makes it small: a smaller image, and fewer repetitions where a network has many.
IMAGES = "data.source.image_folder.path=photos"
SMALL = "data.source.image_folder={path: photos, image_size: [64, 64]}"
LARGER = "data.source.image_folder={path: photos, image_size: [96, 96]}"
CHANGES = {
    "mnist": ["data.source=mnist-sample", "data.limit=128"],
    "lenet5": ["data.source=mnist-sample", "data.limit=128"],
    "mnist-tune": ["data.source=mnist-sample", "data.limit=128"],
    "alexnet": [IMAGES, SPLIT, "train.batch_size=16"],
    "alexnet-small": ["data.limit=128"],
    "vgg16-transfer": [SMALL, "model.input=[64, 64, 3]", SPLIT, "model.layers.0.VGG16.weights=null"],
    "vgg16": [SMALL, "model.input=[64, 64, 3]", SPLIT],
    "googlenet": [SMALL, "model.input=[64, 64, 3]", SPLIT],
    "googlenet-aux": [IMAGES, SPLIT, "train.batch_size=16"],
    "resnet18": [SMALL, "model.input=[64, 64, 3]", SPLIT, "vars.depths=[1, 1, 1, 1]"],
    "resnet34": [SMALL, "model.input=[64, 64, 3]", SPLIT, "vars.depths=[1, 1, 1, 1]"],
    "resnet50": [SMALL, "model.input=[64, 64, 3]", SPLIT, "vars.depths=[1, 1, 1, 1]"],
    "se-resnet50": [SMALL, "model.input=[64, 64, 3]", SPLIT, "vars.depths=[1, 1, 1, 1]"],
    "squeezenet": [SMALL, "model.input=[64, 64, 3]", SPLIT],
    "shufflenet": [SMALL, "model.input=[64, 64, 3]", SPLIT, "vars.repeats=[2, 1, 1]"],
    "vit-tiny": [SMALL, "model.input=[64, 64, 3]", SPLIT, "vars.depth=1"],
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
    "faces": ["data.limit=100"],
    "autoencoder": ["data.source=mnist-sample", "data.limit=128"],
    "denoise-mnist": ["data.source=mnist-sample", "data.limit=128"],
    "unet-small": ["data.limit=16"],
    "unet-transfer": [
        "data.source={mask_folder: {images: scans, masks: masks, image_size: [32, 32]}}",
        "model.input=[32, 32, 3]",
        SPLIT,
        "vars.width=2",
        "model.layers.0.MobileNetV2.weights=null",
    ],
    "detect-small": ["data.limit=32"],
    "detect-transfer": [
        "data.source={yolo: {path: boxed, image_size: [64, 64]}}",
        "model.input=[64, 64, 3]",
        SPLIT,
        "model.layers.0.MobileNetV2.weights=null",
    ],
}


def make_data(made: Path) -> None:
    """Write the data that the changes name into a folder, in which the recipes are then trained."""
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
