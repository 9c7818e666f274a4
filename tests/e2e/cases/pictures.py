"""Pictures: polarity, transparency, depth, nothing in them, the same ones in two containers."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
from commands import Result, call
from PIL import Image, ImageDraw

from cases.making import ANY, U8_RUN, Case

RECIPE = """\
name: pictures
data:
  source: {image_folder: {path: photos, image_size: [16, 16]}}
  prepare: [Rescaling: {scale: $(1 / 255)}]
model: {layers: [Flatten, Dense: {units: $classes, activation: softmax}]}
train: {epochs: 1, seed: 1}
"""
CHECK = "train pictures.yaml --dry-run"
FOLDER = "--set data.source.image_folder."


def recipe(folder: Path) -> None:
    (folder / "pictures.yaml").write_text(RECIPE, encoding="utf-8")


def save(path: Path, image: Image.Image) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path)


def drawings(color: tuple[int, ...], mode: str = "RGBA", suffix: str = "png") -> Callable[[Path], object]:
    """Squares and discs on a transparent ground."""

    def make(folder: Path) -> None:
        recipe(folder)
        for number in range(8):
            for name in ("square", "disc"):
                image = Image.new(mode, (20, 20), (*(0 for _ in color), 0))
                draw = ImageDraw.Draw(image)
                box = (3 + number % 3, 3 + number % 4, 12 + number % 5, 12 + number)
                (draw.rectangle if name == "square" else draw.ellipse)(box, fill=(*color, 255))
                save(folder / "photos" / name / f"{number}.{suffix}", image)

    return make


def deep(low: int, high: int, suffix: str = "png") -> Callable[[Path], object]:
    """16-bit grey images of two classes with values from `low` to `high`."""

    def make(folder: Path) -> None:
        recipe(folder)
        random = np.random.default_rng(0)
        for number in range(8):
            for name, shift in (("dim", 0), ("bright", (high - low) // 2)):
                pixels = random.integers(low + shift, low + shift + (high - low) // 2, (20, 20), dtype=np.uint16)
                save(folder / "photos" / name / f"{number}.{suffix}", Image.fromarray(pixels))

    return make


def depths(folder: Path) -> None:
    """16-bit grey images, of which three of each class use 12 bits."""
    recipe(folder)
    random = np.random.default_rng(0)
    for number in range(8):
        for name in ("left", "right"):
            pixels = random.integers(0, 4096 if number < 3 else 65536, (20, 20)).astype(np.uint16)
            save(folder / "photos" / name / f"{number}.png", Image.fromarray(pixels))


def dark_depths(folder: Path) -> None:
    """16-bit grey images, some dark and some with noise alone."""
    recipe(folder)
    random = np.random.default_rng(0)
    for number in range(8):
        for name in ("left", "right"):
            top = 300 if number < 2 else 5000 + 3000 * number if number < 5 else 65536
            pixels = random.integers(0, top, (20, 20)).astype(np.uint16)
            save(folder / "photos" / name / f"{number}.png", Image.fromarray(pixels))


def floats_beside_bytes(folder: Path) -> None:
    recipe(folder)
    random = np.random.default_rng(0)
    for number in range(8):
        for name in ("left", "right"):
            pixels = random.random((20, 20)).astype(np.float32)
            image = Image.fromarray(pixels) if number < 2 else Image.fromarray((pixels * 255).astype(np.uint8))
            save(folder / "photos" / name / f"{number}.{'tif' if number < 2 else 'png'}", image)


def floats_keep_their_levels(folder: Path) -> None:
    recipe(folder)
    random = np.random.default_rng(0)
    for number in range(8):
        for name in ("left", "right"):
            save(
                folder / "photos" / name / f"{number}.tif", Image.fromarray(random.random((20, 20)).astype(np.float32))
            )


def containers(change: Callable[[Image.Image, Path], object]) -> Callable[[Path], object]:
    """Test pictures that are training pictures, saved in another way."""

    def make(folder: Path) -> None:
        recipe(folder)
        random = np.random.default_rng(1)
        for number in range(8):
            for name in ("warm", "cold"):
                image = Image.fromarray(random.integers(0, 256, (20, 20, 3), dtype=np.uint8))
                save(folder / "photos/train" / name / f"{number}.png", image)
                if number < 3:
                    (folder / "photos/test" / name).mkdir(parents=True, exist_ok=True)
                    change(image, folder / "photos/test" / name / str(number))

    return make


def photos(folder: Path) -> None:
    """32 photos of noise, and a recipe that trains on them."""
    recipe(folder)
    random = np.random.default_rng(1)
    for number in range(16):
        for name in ("warm", "cold"):
            save(
                folder / "photos" / name / f"{number}.png",
                Image.fromarray(random.integers(0, 256, (20, 20, 3), dtype=np.uint8)),
            )


def saved_again(folder: Path) -> None:
    """Half of the photos in another container."""
    photos(folder)
    for name in ("warm", "cold"):
        for number in range(8):
            with Image.open(folder / "photos" / name / f"{number}.png") as image:
                save(folder / "again" / name / f"other{number}.bmp", image)


def copy_says_so(folder: Path, _: Result) -> None:
    shutil.copy(folder / "outputs/pictures/first/model.keras", folder / "copy.keras")
    done = call("evaluate", "copy.keras", "--data", "again", "--strict", exit_code=4)
    assert "of 16 examples of again were used to train the network" in done.stderr


def paper(folder: Path, *, ground: str = "white", ink: str = "black", name: str = "seven.png") -> None:
    image = Image.new("RGB", (300, 300), ground)
    ImageDraw.Draw(image).line([(80, 70), (220, 70), (130, 240)], fill=ink, width=26)
    image.save(folder / name)


def blank(folder: Path) -> None:
    Image.new("L", (40, 40), 255).save(folder / "blank.png")


def many(folder: Path) -> None:
    """130 white drawings on black; those from 120 on are black on white, and the last two show nothing."""
    for number in range(130):
        light = number >= 120
        image = Image.new("L", (28, 28), 255 if light else 0)
        if number < 128:
            ImageDraw.Draw(image).line([(6, 6), (20, 7), (10 + number % 5, 22)], fill=0 if light else 255, width=3)
        save(folder / "many" / f"{number:03}.png", image)


def escape(folder: Path) -> None:
    recipe(folder)
    random = np.random.default_rng(2)
    for name in ("ants", "be\x1b[31mes"):
        for number in range(8):
            save(
                folder / "photos" / name / f"{number}.png",
                Image.fromarray(random.integers(0, 256, (16, 16, 3), dtype=np.uint8)),
            )


def no_escape(folder: Path, done: Result) -> None:
    [csv] = folder.glob("outputs/pictures/*/predictions.csv")
    assert "\x1b" not in csv.read_text(encoding="utf-8") + done.stdout + done.stderr


def shown(folder: Path, _: Result) -> None:
    with Image.open(folder / "saw.png") as image:
        assert np.asarray(image.convert("L"))[16:40, 16:40].max() == 0  # the corner of the digit's ground


def says_images(_: Path, done: Result) -> None:
    assert "stretched to 28x28" in json.loads(done.stdout)["images"]


LIGHT = "seven.png has a light background, and the training images have a dark one"

CASES: list[Case] = [
    Case(
        "black drawings on nothing are laid on white",
        (CHECK,),
        says=("16 transparent images: laid on white",),
        unsaid=("one value",),
        files=(drawings((0, 0, 0)),),
    ),
    Case(
        "white drawings on nothing are laid on black",
        (CHECK,),
        says=("16 transparent images: laid on black",),
        unsaid=("one value",),
        files=(drawings((255, 255, 255)),),
    ),
    Case(
        "grey drawings in WebP are laid on white",
        (CHECK,),
        says=("16 transparent images: laid on white",),
        files=(drawings((60, 60, 60), suffix="webp"),),
    ),
    Case(
        "a background that hides the drawings is found",
        (f"{CHECK} {FOLDER}background=black",),
        says=("16 images of 2 classes have one value at all pixels", "another `background`"),
        files=(drawings((0, 0, 0)),),
    ),
    Case(
        "the background of the training is that of predictions",
        ("train pictures.yaml --run first", "predict outputs/pictures/first photos/disc/0.png --json"),
        check=lambda folder, _: (
            "background:\n    - 255" in (folder / "outputs/pictures/first/resolved.yaml").read_text(encoding="utf-8")
            or None
        ),
        files=(drawings((0, 0, 0)),),
    ),
    Case(
        "12 bits in 16-bit PNG",
        (CHECK,),
        says=("16 images of more than 8 bits use 0.2% of their range", "`range: [10"),
        files=(deep(1000, 1120),),
    ),
    Case(
        "12 bits in 16-bit TIFF, spread by a range",
        (f"{CHECK} {FOLDER}range=[1000,1120]",),
        unsaid=("of their range", "levels"),
        files=(deep(1000, 1120, "tif"),),
    ),
    Case(
        "16 bits cut to 8",
        (f"{CHECK} {FOLDER}depth=8",),
        says=("16 of 16 images of more than 8 bits keep fewer than 16 grey levels", "`depth: 16`"),
        files=(deep(1000, 1120),),
    ),
    Case("16 bits in use", (CHECK,), unsaid=("of their range", "levels"), files=(deep(0, 65535),)),
    Case(
        "16-bit images are trained on and predicted as floats",
        ("train pictures.yaml --run first", "predict outputs/pictures/first photos/dim/0.png"),
        prints=("photos/dim/0.png",),
        files=(deep(0, 65535),),
    ),
    Case(
        "12 bits in some 16-bit files beside full range in others",
        (CHECK,),
        says=(
            "6 of 16 examples of the 16-bit images hold values from 0 to 409⋯, the others from 0 to 6.55",
            "left/0.png, left/1.png, left/2.png and 3 more",
        ),
        files=(depths,),
    ),
    Case("dark images and noise in 16 bits", (CHECK,), unsaid=("scales",), files=(dark_depths,)),
    Case(
        "float TIFFs from 0 to 1 beside 8-bit PNGs",
        (CHECK,),
        4,
        ("4 of 16 images cannot be used", "`range: [low, high]` beside `image_size`"),
        files=(floats_beside_bytes,),
    ),
    Case(
        "a range of floats is that of 8-bit PNGs too",
        (f"{CHECK} {FOLDER}range=[0,1]",),
        says=("12 images have 8 bits, and `range` is [0, 1]: decoded, they are (nearly) white", "left/2.png"),
        files=(floats_beside_bytes,),
    ),
    Case(
        "floats cut to 8 bits are spread once",
        (f"{CHECK} {FOLDER}range=[0,1] {FOLDER}depth=8",),
        unsaid=("levels", "one value", "lies in", "lie in"),
        files=(floats_keep_their_levels,),
    ),
    *(
        Case(
            f"test pictures that are training pictures {what}",
            (CHECK,),
            4,
            ("6 images lie in two of train/ and test/",),
            files=(containers(change),),
        )
        for what, change in (
            ("as BMP", lambda image, path: image.save(f"{path}.bmp")),
            ("as lossless WebP", lambda image, path: image.save(f"{path}.webp", lossless=True)),
            ("as TIFF", lambda image, path: image.save(f"{path}.tif")),
            ("saved again", lambda image, path: image.save(f"{path}.png", compress_level=1)),
            ("with an alpha channel", lambda image, path: image.convert("RGBA").save(f"{path}.png")),
        )
    ),
    Case(
        "a folder of training photos in another container",
        ("train pictures.yaml --run first", "evaluate outputs/pictures/first --data again"),
        says=(f"{ANY} of 16 examples of again were used to train the network",),
        files=(saved_again,),
        check=copy_says_so,
    ),
    Case("a dark digit on white paper", (f"predict {U8_RUN} seven.png",), says=(LIGHT, "--invert"), files=(paper,)),
    Case(
        "the same inverted",
        (f"predict {U8_RUN} seven.png --invert --show saw.png",),
        says=("300x300 RGB, stretched to 28x28, converted to grayscale, inverted",),
        unsaid=("background",),
        files=(paper,),
        check=shown,
    ),
    Case(
        "the line about images stands in the document",
        (f"predict {U8_RUN} seven.png --json",),
        files=(paper,),
        check=says_images,
    ),
    Case(
        "grad-cam of a dark digit on white paper",
        (f"grad-cam {U8_RUN} --image seven.png --method occlusion",),
        says=(LIGHT,),
        files=(paper,),
    ),
    Case(
        "a light digit on black paper",
        (f"predict {U8_RUN} seven.png",),
        unsaid=("background",),
        files=(lambda folder: paper(folder, ground="black", ink="white"),),
    ),
    Case(
        "a picture of nothing",
        (f"predict {U8_RUN} blank.png",),
        says=("blank.png has (nearly) one value at all pixels, 255",),
        files=(blank,),
    ),
    Case(
        "pictures of nothing and on paper behind many others",
        (f"predict {U8_RUN} many --csv found.csv --batch-size 16",),
        says=(
            "2 of 130 images have (nearly) one value at all pixels",
            "many/128.png, many/129.png",
            "8 of 130 images have a light background, and the training images have a dark one",
            "many/120.png, many/121.png, many/122.png and 5 more",
        ),
        files=(many,),
        check=lambda folder, _: len((folder / "found.csv").read_text(encoding="utf-8").splitlines()) == 131 or 1 / 0,
    ),
    Case(
        "an 8-bit picture for a network of 12-bit ones",
        (
            f"train pictures.yaml --run first {FOLDER}range=[0,4095]",
            "predict outputs/pictures/first photo.png photos/dim/0.png",
        ),
        says=("1 image has 8 bits, and `range` is [0, 4095]: decoded, it is (nearly) dark", "photo.png"),
        files=(
            deep(0, 4095),
            lambda folder: save(
                folder / "photo.png", Image.fromarray(np.random.default_rng(0).integers(0, 256, (20, 20), np.uint8))
            ),
        ),
    ),
    Case(
        "--strict refuses a picture of nothing",
        (f"predict {U8_RUN} blank.png --strict",),
        4,
        ("one value",),
        files=(blank,),
    ),
    Case(
        "--show does not overwrite a file",
        (f"predict {U8_RUN} seven.png --show there.png",),
        6,
        (f"there.png{ANY}exists already",),
        files=(paper, lambda folder: paper(folder, name="there.png")),
        writes_nothing=True,
    ),
    Case("--invert without images", (f"predict {U8_RUN} u8.npz --invert",), 2, ("no image files are named",)),
    Case(
        "a class folder with an escape sequence in its name",
        ("train pictures.yaml",),
        files=(escape,),
        check=no_escape,
    ),
]
