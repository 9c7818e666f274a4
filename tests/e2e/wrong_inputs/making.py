"""What a row is, and how wrong inputs are made."""

from __future__ import annotations

import io
import os
import shutil
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

ANY = "⋯"  # in an expected text: whatever stands here, on one line

RECIPE = """\
data:
  source: mnist-sample
  prepare: [Rescaling: {scale: $(1 / 255)}]
model:
  layers:
    - Conv2D: {name: c1, filters: 4, kernel_size: 3, strides: 2, activation: relu}
    - Flatten
    - Dense: {units: $classes, activation: softmax}
train:
  seed: 1
  epochs: 1
"""
FLATTEN, POOLINGS = "    - Flatten", "    - MaxPooling2D: 2\n" * 4
CONVOLUTION = "    - Conv2D: {name: c1, filters: 4, kernel_size: 3, strides: 2, activation: relu}\n"
FOLDER_RECIPE = RECIPE.replace("mnist-sample", "{image_folder: {path: photos, image_size: [8, 8]}}")
NPZ_RECIPE = RECIPE.replace("mnist-sample", "{npz: {path: data.npz}}")

STATIC = "validate --static recipe.yaml"
SHAPES = "validate recipe.yaml"
PLAN = "train recipe.yaml --dry-run"
TRAIN = "train recipe.yaml"
EVALUATE = "evaluate outputs/small/first"
EVALUATE_FILE = "evaluate m.keras --data mnist-sample"
MODEL = "outputs/small/first/model.keras"

Make = Callable[[Path], object]


@dataclass(frozen=True)
class Row:
    """A wrong input and its answer.

    Attributes:
        what: the input, in a few words.
        make: makes the input in an empty folder, which is the working directory.
        command: what is called there.
        exit_code: 0 where a note is the answer.
        says: all that stderr holds; where the exit code is 0, a part of it.
        with_run: the folder holds a trained run, outputs/small/first, and its small.yaml.
        patch: what stands in for a machine that has no GPU, no network, ….
    """

    what: str
    make: Make
    command: str
    exit_code: int
    says: str
    with_run: bool = False
    patch: Callable[[pytest.MonkeyPatch], object] | None = None


# How inputs are made.


def written(text: str | bytes, name: str = "recipe.yaml") -> Make:
    content = text.encode() if isinstance(text, str) else text
    return lambda folder: (folder / name).write_bytes(content)


def recipe(*changes: tuple[str, str], base: str = RECIPE, more: str = "", first: str = "") -> Make:
    """The good recipe with some of its texts replaced, and lines after or before it."""
    text = base
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return written(first + text + more)


def nothing(folder: Path) -> None:
    pass


def both(*makes: Make) -> Make:
    def make(folder: Path) -> None:
        for each in makes:
            each(folder)

    return make


def npz(*changes: tuple[str, str], **arrays: Any) -> Make:
    """data.npz with 60 images of 3 classes, some of its arrays exchanged (None: left out), and its recipe."""

    def make(folder: Path) -> None:
        images = np.random.default_rng(0).integers(0, 255, (60, 8, 8, 1)).astype(np.uint8)
        every = {"x_train": images, "y_train": np.arange(60) % 3, **arrays}
        np.savez(folder / "data.npz", **{name: array for name, array in every.items() if array is not None})

    return both(recipe(*changes, base=NPZ_RECIPE), make)


def picture(seed: int, height: int = 8, width: int = 8) -> Image.Image:
    pixels = np.random.default_rng(seed).integers(0, 255, (height, width, 3)).astype(np.uint8)
    return Image.fromarray(pixels)


def photos(
    *changes: tuple[str, str], classes: tuple[str, ...] = ("cat", "dog"), count: int = 8, size: tuple[int, int] = (8, 8),
    more: Make = nothing,
) -> Make:  # fmt: skip
    """photos/ with a folder a class, all images different, and its recipe."""

    def make(folder: Path) -> None:
        for number, name in enumerate(classes):
            (folder / "photos" / name).mkdir(parents=True)
            for index in range(count):
                picture(100 * number + index, *size).save(folder / "photos" / name / f"{index}.png")

    return both(recipe(*changes, base=FOLDER_RECIPE), make, more)


def parts(val_classes: tuple[str, ...] = ("cat", "dog"), more: Make = nothing) -> Make:
    """photos/train and photos/val."""

    def make(folder: Path) -> None:
        for number, part in enumerate(("train", "val")):
            for name in ("cat", "dog") if part == "train" else val_classes:
                (folder / "photos" / part / name).mkdir(parents=True)
                for index in range(6):
                    picture(1000 * number + 100 * len(name) + index + ord(name[0])).save(
                        folder / "photos" / part / name / f"{index}.png"
                    )

    return both(recipe(base=FOLDER_RECIPE), make, more)


def cats(**files: bytes) -> Make:
    """Files among the cats: `half_jpg` is half.jpg."""

    def make(folder: Path) -> None:
        for name, content in files.items():
            (folder / "photos" / "cat" / name.replace("_", ".")).write_bytes(content)

    return make


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    content = io.BytesIO()
    image.save(content, kind, **options)
    return content.getvalue()


def odd_images() -> dict[str, bytes]:
    random = np.random.default_rng(9)

    def noise(channels: int) -> np.ndarray:
        return random.integers(0, 255, (8, 8, channels)).astype(np.uint8)

    frames = [picture(seed) for seed in (501, 502)]
    return {
        "rgba_png": encoded(Image.fromarray(noise(4), "RGBA"), "PNG"),
        "la_png": encoded(Image.fromarray(noise(2), "LA"), "PNG"),
        "cmyk_jpg": encoded(Image.fromarray(noise(4), "CMYK"), "JPEG"),
        "palette_png": encoded(picture(500).quantize(8), "PNG"),
        "bits_png": encoded(Image.fromarray(noise(1)[..., 0] > 128), "PNG"),
        "deep_png": encoded(Image.fromarray(noise(1)[..., 0].astype(np.uint16) * 200), "PNG"),
        "animated_gif": encoded(frames[0], "GIF", save_all=True, append_images=frames[1:]),
    }


def broken_png(kind: str) -> bytes:
    whole = encoded(picture(7), "PNG")
    if kind == "crc":
        index = whole.index(b"IDAT") + 6
        return whole[:index] + bytes([whole[index] ^ 0xFF]) + whole[index + 1 :]
    if kind == "bomb":  # a header of 50,000 x 50,000 pixels
        header = b"IHDR" + struct.pack(">II", 50_000, 50_000) + whole[24:29]
        return whole[:12] + header + struct.pack(">I", zlib.crc32(header)) + whole[33:]
    return whole[:50]


HALF_JPEG = encoded(picture(1, 64, 64), "JPEG")
HALF_JPEG = HALF_JPEG[: len(HALF_JPEG) // 2]


def removed(name: str) -> Make:
    return lambda folder: (folder / name).unlink()


def linked(folder: Path) -> None:
    picture(900).save(folder / "elsewhere.png")
    os.symlink(folder / "elsewhere.png", folder / "photos" / "cat" / "link.png")


def copied(source: str, target: str) -> Make:
    return lambda folder: shutil.copy(folder / source, folder / target)


def without_gpu(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("cnncli.training.devices.tf.config.list_physical_devices", lambda *_: [])


def without_reading(patch: pytest.MonkeyPatch) -> None:
    """What is wrong in the recipe is reported before the data, which may take minutes to read."""
    patch.setattr("cnncli.workflow.planning.read_data", None)


def full_disk(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("shutil.disk_usage", lambda path: shutil._ntuple_diskusage(100_000, 90_000, 10_000))
