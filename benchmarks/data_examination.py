"""Measure `cnncli data`: the time for many small images, and which copies are found.

    python -m benchmarks.data_examination time --count 50000
    python -m benchmarks.data_examination copies DATA

`time` makes a data set of random smooth images, 32 by 32 in color, examines it, and prints when each stage was done.
`copies` takes a built-in data set, an .npz file or an image folder. It prints how many pairs of its examples count as near
duplicates, which in a clean data set is the number of mistakes, and for each kind of copy the share that is found.
"""

from __future__ import annotations

import argparse
import io
import time
from collections.abc import Callable
from itertools import pairwise

import numpy as np
from PIL import Image

from cnncli.data.dataset import Examples, Part, Splits
from cnncli.data.load import load, parse_source
from cnncli.data_checks.examination import examine
from cnncli.data_checks.measurements import measure
from cnncli.data_checks.near_duplicates import find_near
from cnncli.recipe.schema_data import Data
from cnncli.tasks.classification.targets import ClassTargets

_COPIES = 500  # examples that are copied
_CLASSES = 10


def jpeg(quality: int) -> Callable[[Image.Image], Image.Image]:
    def change(image: Image.Image) -> Image.Image:
        file = io.BytesIO()
        image.save(file, "JPEG", quality=quality)
        return Image.open(file)

    return change


def resized(factor: float) -> Callable[[Image.Image], Image.Image]:
    def change(image: Image.Image) -> Image.Image:
        small = image.resize((round(image.width * factor), round(image.height * factor)), Image.Resampling.BILINEAR)
        return small.resize(image.size, Image.Resampling.BILINEAR)

    return change


def scaled(factor: float, offset: float = 0.0) -> Callable[[Image.Image], Image.Image]:
    return lambda image: image.point(
        [min(255, max(0, round(value * factor + offset))) for value in range(256)] * len(image.getbands())
    )


CHANGES = {
    "JPEG, quality 90": jpeg(90),
    "JPEG, quality 75": jpeg(75),
    "JPEG, quality 50": jpeg(50),
    "stored at half its size": resized(0.5),
    "stored at 3/4 of its size": resized(0.75),
    "stored at 1.5 times its size": resized(1.5),
    "stored at twice its size": resized(2.0),
    "10% brighter": scaled(1.1),
    "25% brighter": scaled(1.25),
    "20 levels brighter": scaled(1.0, 20),
    "20% darker": scaled(0.8),
}


def measure_time(count: int) -> None:
    random = np.random.default_rng(0)
    small = random.integers(0, 256, (count, 6, 6, 3), dtype=np.uint8)
    images = np.stack([np.asarray(Image.fromarray(each).resize((32, 32), Image.Resampling.BICUBIC)) for each in small])
    labels = np.arange(count, dtype=np.int32) % _CLASSES
    ends = [0, count * 8 // 10, count * 9 // 10, count]
    parts = [Examples({"input": images[a:b]}, labels[a:b]) for a, b in pairwise(ends)]
    targets = ClassTargets(class_names=tuple(map(str, range(_CLASSES))))
    splits = Splits(*parts, targets=targets, input_shape=(32, 32, 3), source="made", notes=(), fingerprint="")
    seconds: dict[str, float] = {}
    begin, cpu = time.monotonic(), time.process_time()

    def progress(what: str, done: int, total: int) -> None:
        seconds[what] = time.monotonic() - begin

    examine(splits, progress=progress)
    print(
        f"{count:,} images of 32x32x3: {time.monotonic() - begin:.1f} s, {time.process_time() - cpu:.1f} s of processor time"
    )
    for what, at in seconds.items():
        print(f"  {what}: done after {at:.1f} s")


def measure_copies(source: str) -> None:
    data = {"source": parse_source(source).model_dump(exclude_none=True), "allow_leakage": True}
    if folder := data["source"].get("image_folder"):
        folder["image_size"] = [128, 128]
    splits = load(Data.model_validate(data))
    images = np.concatenate([part.examples.read(np.arange(len(part.examples))) for part in splits.parts])
    own = pictures(images)
    pairs = find_near(*own)
    print(f"{len(images):,} examples: {len(pairs)} pairs of near duplicates")
    for pair in pairs[:10]:
        print(f"  {pair.first} {pair.second}: {pair.similarity:.4f}")
    chosen = np.random.default_rng(0).choice(len(images), min(_COPIES, len(images)), replace=False)
    for name, change in CHANGES.items():
        copies = np.stack([as_array(change(as_image(images[row])), images.shape[1:]) for row in chosen])
        both = [np.concatenate(each) for each in zip(own, pictures(copies), strict=True)]
        wanted = np.arange(len(both[0])) >= len(images)
        found = {(pair.first, pair.second - len(images)) for pair in find_near(*both, wanted=wanted)}
        share = np.mean([(int(row), number) in found for number, row in enumerate(chosen)])
        print(f"  {name:<30} {share:6.1%}")


def pictures(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    measured = measure([Part("train", Examples({"input": images}, np.zeros(len(images), np.int32)))])["input"]
    assert measured.coarse is not None
    assert measured.fine is not None
    return measured.coarse, measured.fine


def as_image(pixels: np.ndarray) -> Image.Image:
    return Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)


def as_array(image: Image.Image, shape: tuple[int, ...]) -> np.ndarray:
    return np.asarray(image).reshape(shape)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    timed = commands.add_parser("time")
    timed.add_argument("--count", type=int, default=50_000)
    copied = commands.add_parser("copies")
    copied.add_argument("data")
    given = parser.parse_args()
    if given.command == "time":
        measure_time(given.count)
    else:
        measure_copies(given.data)
