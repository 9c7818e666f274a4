"""Pictures: polarity, transparency, depth, nothing in them, the same ones in two containers."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from cases.making import ANY, U8_RUN, Case, Done

FOLDER = """\
name: pictures
data:
  source: {image_folder: {path: pictures}}
  split: {validation: 4, test: 4}
model:
  input: [24, 24, 1]
  layers: [Rescaling: {scale: $(1 / 255)}, Flatten, Dense: {units: $classes, activation: softmax}]
train: {epochs: 1, batch_size: 8, seed: 1, precision: float32}
"""
RECIPE = ("pictures.yaml", FOLDER)


def seven(ground: Any, ink: Any, mode: str, name: str) -> Any:
    def make(folder: Path) -> None:
        image = Image.new(mode, (300, 300), ground)
        ImageDraw.Draw(image).line([(80, 70), (220, 70), (130, 240)], fill=ink, width=26)
        image.save(folder / name)

    return make


def drawings(folder: Path) -> None:
    """Black squares and discs on nothing."""
    for name in ("square", "disc"):
        (folder / "pictures" / name).mkdir(parents=True)
        for number in range(8):
            image = Image.new("RGBA", (24, 24), (0, 0, 0, 0))
            draw = ImageDraw.Draw(image)
            box = (4 + number % 3, 4 + number % 4, 15 + number % 3, 15 + number % 4)
            (draw.rectangle if name == "square" else draw.ellipse)(box, fill=(0, 0, 0, 255))
            image.save(folder / "pictures" / name / f"{number}.png")


def twelve_bits(folder: Path) -> None:
    random = np.random.default_rng(0)
    for name, low in (("dim", 1000), ("bright", 1100)):
        (folder / "pictures" / name).mkdir(parents=True)
        for number in range(8):
            pixels = random.integers(low, low + 60, (24, 24), dtype=np.uint16)
            Image.fromarray(pixels).save(folder / "pictures" / name / f"{number}.png")


def noise(ending: str = "bmp", *, test: bool = True, names: tuple[str, str] = ("warm", "cold")) -> Any:
    """8 training images in each of two classes; 2 of each also lie in test/, in another container."""

    def make(folder: Path) -> None:
        random = np.random.default_rng(0)
        for name in names:
            (folder / "pictures" / "train" / name).mkdir(parents=True)
            for number in range(8):
                image = Image.fromarray(random.integers(0, 256, (24, 24, 3), dtype=np.uint8))
                image.save(folder / "pictures" / "train" / name / f"{number}.png")
                if test and number < 2:
                    (folder / "pictures" / "test" / name).mkdir(parents=True, exist_ok=True)
                    options = {"lossless": True} if ending == "webp" else {}
                    image.save(folder / "pictures" / "test" / name / f"{number}.{ending}", **options)

    return make


def no_control_characters(folder: Path, done: Done) -> None:
    text = (folder / "outputs/pictures/escape/predictions.csv").read_text(encoding="utf-8")
    assert "\x1b" not in text + done.stdout + done.stderr
    assert {row["true"] for row in csv.DictReader(text.splitlines())} == {"\\x1b[31mred", "blue"}


CASES: list[Case] = [
    Case(
        "a digit in black on white paper",
        (f"predict {U8_RUN} paper.png",),
        says=("paper.png has a light background, and the training images have a dark one", "--invert"),
        files=(seven("white", "black", "RGB", "paper.png"),),
    ),
    Case(
        "the same digit inverted",
        (f"predict {U8_RUN} --invert paper.png",),
        unsaid=("background",),
        files=(seven("white", "black", "RGB", "paper.png"),),
    ),
    Case(
        "a digit in white on black",
        (f"predict {U8_RUN} chalk.png",),
        unsaid=("background", "--invert"),
        files=(seven(0, 255, "L", "chalk.png"),),
    ),
    Case(
        "a picture that shows nothing",
        (f"predict {U8_RUN} blank.png",),
        says=("blank.png has (nearly) one value at all pixels, 0",),
        files=(seven(0, 0, "L", "blank.png"),),
    ),
    Case(
        "black drawings on nothing",
        ("train pictures.yaml --dry-run",),
        says=("16 transparent images: laid on white",),
        unsaid=("one value at all pixels",),
        files=(RECIPE, drawings),
    ),
    Case(
        "black drawings on nothing, laid on black",
        ("train pictures.yaml --dry-run --set data.source.image_folder.background=black",),
        says=("16 images of 2 classes have one value at all pixels",),
        files=(RECIPE, drawings),
    ),
    Case(
        "12 bits in 16-bit PNG",
        ("train pictures.yaml --dry-run",),
        says=("of more than 8 bits use", f"`range: [{ANY}]` in `image_folder`"),
        files=(RECIPE, twelve_bits),
    ),
    *(
        Case(
            f"test images that are the training images as {ending}",
            ("train pictures.yaml --dry-run",),
            exit_code=4,
            says=("4 images lie in two of train/ and test/", f"train/cold/0.png = test/cold/0.{ending}"),
            files=(RECIPE, noise(ending)),
            writes_nothing=True,
        )
        for ending in ("bmp", "webp", "tiff")
    ),
    Case(
        "a class folder named with an escape sequence",
        ("train pictures.yaml --run escape",),
        files=(RECIPE, noise(test=False, names=("\x1b[31mred", "blue"))),
        check=no_control_characters,
    ),
]
