"""Write the data that both sides of a workload read: a few digits, small JPEGs, photos in three parts, other archives.

    python make_data.py digits few.npz --of digits.npz --train 500 --test 100
    python make_data.py images images --of digits.npz --train 16000 --test 4000
    python make_data.py photos photos --of DIR
    python make_data.py images-32 images.npz --of digits.npz --train 1400 --test 100
    python make_data.py signals signals.npz --train 2000

`images-32` are digits with a border, in three channels; `signals` are noise, with a class that their mean tells. `sentences`,
`shapes` and `scenes` are the data sets that come with cnncli.

A process of its own, because the memory that it takes would count as that of every process started after it.
"""

from __future__ import annotations

import argparse
import gzip
import random
import shutil
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cnncli.data.samples import drawn_shapes
from cnncli.data.samples.generate_sentences import FILE as SENTENCES_FILE
from cnncli.data.samples.scenes import draw_scenes

FASHION_MNIST = Path("/usr/share/datasets/fashion-mnist")  # of Debian's package dataset-fashion-mnist
_FASHION_FILES = {"train": "train", "test": "t10k"}
_PHOTO_SUFFIXES = (".jpg", ".jpeg", ".png")
_VALIDATION, _TEST = 0.1, 0.3  # shares of the photos
_BORDER = 2  # pixels around an image of 28x28; so far can it be shifted


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=("digits", "images", "photos", *_ARCHIVES))
    parser.add_argument("path", type=Path, help="what is written")
    parser.add_argument("--of", type=Path, help="an archive of digits; or photos, a folder a class")
    parser.add_argument("--train", type=int, default=16_000, help="digits or images to train and validate with")
    parser.add_argument("--test", type=int, default=4_000, help="digits or images to test with")
    parser.add_argument("--most", type=int, help="use at most that many photos of a class")
    options = parser.parse_args()
    if options.kind == "digits":
        write_digits(options.of, options.path, {"train": options.train, "test": options.test})
    elif options.kind == "images":
        write_images(options.of, options.path, {"train": options.train, "test": options.test})
    elif options.kind == "photos":
        write_photos(options.of, options.path, most=options.most)
    else:
        _ARCHIVES[options.kind](options.of, options.path, {"train": options.train, "test": options.test})


def write_digits(source: Path, path: Path, counts: dict[str, int]) -> None:
    """Write the first digits of each part of an archive as an archive like it."""
    with np.load(source) as digits:
        few = {f"{kind}_{part}": digits[f"{kind}_{part}"][:count] for part, count in counts.items() for kind in "xy"}
    np.savez(path, **few)


def write_images(source: Path, folder: Path, counts: dict[str, int]) -> None:
    """Write JPEGs of 32x32x3 into train/<class>/ and test/<class>/.

    One half are the digits of an archive. The other half is Fashion-MNIST where this machine has it, as ten classes more; else
    the digits once more, each shifted a little.
    """
    for part, count in counts.items():
        half = count // 2
        digits, labels = _digits(source, part, half)
        if FASHION_MNIST.is_dir():
            others, other_labels = _fashion(part, count - half)
            _save(folder / part, "fashion", others, other_labels)
        else:
            again, other_labels = _digits(source, part, count - half)
            _save(folder / part, "digit", _shifted(again), other_labels, suffix="-shifted")
        _save(folder / part, "digit", digits, labels)


def _digits(source: Path, part: str, count: int) -> tuple[NDArray[np.uint8], NDArray[np.integer]]:
    """Images uint8 (count, 32, 32) and labels (count,)."""
    with np.load(source) as digits:
        return _framed(digits[f"x_{part}"][:count]), digits[f"y_{part}"][:count]


def _fashion(part: str, count: int) -> tuple[NDArray[np.uint8], NDArray[np.integer]]:
    """Images uint8 (count, 32, 32) and labels (count,), from IDX files: a header of 16 or 8 bytes, then the values."""
    name = _FASHION_FILES[part]
    with gzip.open(FASHION_MNIST / f"{name}-images-idx3-ubyte.gz") as file:
        images = np.frombuffer(file.read(16 + count * 784), np.uint8, offset=16).reshape(-1, 28, 28)
    with gzip.open(FASHION_MNIST / f"{name}-labels-idx1-ubyte.gz") as file:
        labels = np.frombuffer(file.read(8 + count), np.uint8, offset=8)
    return _framed(images), labels


def _framed(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.pad(images, ((0, 0), (_BORDER, _BORDER), (_BORDER, _BORDER)))  # (count, 32, 32)


def _shifted(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Each image moved by its own step, which its border leaves room for."""
    generator, far = random.Random(0), range(-_BORDER, _BORDER + 1)
    steps = [step for step in product(far, far) if step != (0, 0)]
    return np.stack([np.roll(image, generator.choice(steps), axis=(0, 1)) for image in images])


def _save(folder: Path, kind: str, images: NDArray[np.uint8], labels: NDArray[np.integer], suffix: str = "") -> None:
    for label in np.unique(labels):
        (folder / f"{kind}-{label}").mkdir(parents=True, exist_ok=True)
    for number, (image, label) in enumerate(zip(images, labels, strict=True)):
        file = folder / f"{kind}-{label}" / f"{number:05}{suffix}.jpg"
        Image.fromarray(image).convert("RGB").save(file, quality=90)


def write_photos(source: Path, folder: Path, *, most: int | None = None) -> None:
    """Copy photos into train/, val/ and test/ with a folder a class each, so that both sides have the same parts.

    Args:
        source: a folder a class, or train/, val/ and such with a folder a class each, which are thrown together.
        folder: the copy.
        most: photos of a class.
    """
    classes: dict[str, list[Path]] = {}
    for photo in _photos(source):
        classes.setdefault(photo.parent.name, []).append(photo)
    if len(classes) < 2:
        raise SystemExit(f"{source} has no two class folders with photos in them")
    for name, photos in classes.items():
        random.Random(0).shuffle(photos)
        photos = photos[:most]
        validation, test = round(_VALIDATION * len(photos)), round(_TEST * len(photos))
        parts = {"val": photos[:validation], "test": photos[validation : validation + test]}
        for part, chosen in {**parts, "train": photos[validation + test :]}.items():
            (folder / part / name).mkdir(parents=True)
            for number, photo in enumerate(chosen):  # a name may occur in two parts of the source
                shutil.copyfile(photo, folder / part / name / f"{number:04}{photo.suffix.lower()}")


def write_colour_digits(source: Path, path: Path, counts: dict[str, int]) -> None:
    """Write digits as an archive of uint8 (count, 32, 32, 3)."""
    parts = {}
    for part, count in counts.items():
        digits, parts[f"y_{part}"] = _digits(source, part, count)
        parts[f"x_{part}"] = np.repeat(digits[..., None], 3, axis=-1)
    np.savez(path, **parts)


def write_signals(_: Path | None, path: Path, counts: dict[str, int]) -> None:
    """Write float32 (count, 64, 100) of two classes, one with larger values."""
    generator, count = np.random.default_rng(0), sum(counts.values())
    labels = np.arange(count, dtype=np.int32) % 2
    signals = generator.normal(size=(count, 64, 100)) + 0.1 * labels[:, None, None]
    np.savez(path, x=signals.astype(np.float32), y=labels)


def write_sentences(_: Path | None, path: Path, __: dict[str, int]) -> None:
    shutil.copyfile(SENTENCES_FILE, path)


def write_shapes(_: Path | None, path: Path, counts: dict[str, int]) -> None:
    """Write pictures with masks."""
    (x_train, y_train), (x_test, y_test) = drawn_shapes.part("train"), drawn_shapes.part("test")
    np.savez(path, x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test)


def write_scenes(_: Path | None, path: Path, counts: dict[str, int]) -> None:
    """Write pictures with boxes."""
    train, test = draw_scenes(700, seed=1), draw_scenes(200, seed=2)
    np.savez(path, x_train=train.images, y_train=train.boxes, x_test=test.images, y_test=test.boxes)


_ARCHIVES: dict[str, Callable[[Any, Path, dict[str, int]], None]] = {
    "images-32": write_colour_digits,
    "signals": write_signals,
    "sentences": write_sentences,
    "shapes": write_shapes,
    "scenes": write_scenes,
}


def _photos(source: Path) -> Iterator[Path]:
    return (path for path in sorted(source.rglob("*")) if path.suffix.lower() in _PHOTO_SUFFIXES)


if __name__ == "__main__":
    main()
