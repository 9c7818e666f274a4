"""The workloads: which commands are compared on which data."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.speed import start_up as starting
from benchmarks.speed.table import Measured

PLAIN, CACHED, FEATURES_FIRST = "plain Keras", "plain Keras, cached", "plain Keras, features first"
CNNCLI, FLOAT32 = "cnncli", "cnncli, float32"

_SCRIPTS = Path(__file__).parent / "plain"


@dataclass(frozen=True)
class Said:
    """What a process says about itself.

    Attributes:
        fit_seconds: of training and validation.
        accuracy: on the test examples.
        precision: it computed in.
    """

    fit_seconds: float | None = None
    accuracy: float | None = None
    precision: str | None = None


@dataclass(frozen=True)
class Side:
    """One of those that take turns.

    Attributes:
        name: in the table.
        command: for a seed.
        read: what it says about itself, from its stdout.
    """

    name: str
    command: Callable[[int], list[str]]
    read: Callable[[str], Said]


@dataclass(frozen=True)
class Workload:
    """What is timed.

    Attributes:
        name: on the command line.
        title: in the table.
        sides: in the order in which they take turns; the others are compared with the first.
        compared: whether a ratio between the sides means anything.
        table: what makes its table; None: `table.as_markdown`.
    """

    name: str
    title: str
    sides: tuple[Side, ...]
    compared: bool = True
    table: Callable[[Sequence[Measured]], str] | None = None


@dataclass(frozen=True)
class Settings:
    """What the commands depend on.

    Attributes:
        digits: the archive of digits.
        images: the folder of small JPEGs.
        photos: the folder of photos in three parts; None where there are none.
        weights: VGG16's, without its top; None where there are none.
        quick: one epoch of everything.
    """

    digits: Path
    images: Path
    photos: Path | None
    weights: Path | None
    quick: bool

    def epochs(self, wanted: int) -> int:
        return 1 if self.quick else wanted


def mnist(settings: Settings) -> Workload:
    epochs = settings.epochs(10)
    plain = _plain("mnist.py", settings.digits, epochs)
    sides = (plain, *_cnncli("mnist", epochs, {"data.source.npz.path": settings.digits}))
    return Workload("mnist", f"MNIST baseline, {_digit_count(settings)} digits, {_epochs(epochs)}", sides)


def lenet5(settings: Settings) -> Workload:
    epochs = settings.epochs(12)
    plain = _plain("lenet5.py", settings.digits, epochs)
    # Without the recipe's EarlyStopping every side does the same number of epochs.
    changes = {"data.source.npz.path": settings.digits, "train.callbacks": "[]"}
    sides = (plain, *_cnncli("lenet5", epochs, changes))
    return Workload("lenet5", f"LeNet-5, {_digit_count(settings)} digits, {_epochs(epochs)}", sides)


def image_folder(settings: Settings, wanted_epochs: int) -> Workload:
    epochs = settings.epochs(wanted_epochs)
    changes = {
        "data.source.image_folder.path": settings.images,
        "data.allow_leakage": "true",  # Fashion-MNIST may hold an image twice
        "model.input": "[32, 32, 3]",
    }
    sides = (
        _plain("image_folder.py", settings.images, epochs),
        _plain("image_folder.py", settings.images, epochs, "--cache", name=CACHED),
        *_cnncli("mnist", epochs, changes),
    )
    title = f"MNIST baseline, {_counted(settings.images, 'JPEGs of 32x32x3')}, {_epochs(epochs)}"
    return Workload(f"image-folder-{wanted_epochs}", title, sides)


def vgg16(settings: Settings) -> Workload:
    if settings.photos is None or settings.weights is None:
        raise ValueError("vgg16 needs --photos and --weights")
    epochs = settings.epochs(10)
    weights = ("--weights", str(settings.weights))
    plain = _plain("vgg16.py", settings.photos, epochs, *weights)
    features_first = _plain("vgg16_features.py", settings.photos, epochs, *weights, name=FEATURES_FIRST)
    changes = {"data.source.image_folder.path": settings.photos, "model.layers.0.VGG16.weights": settings.weights}
    title = f"New head on a frozen VGG16, {_counted(settings.photos, 'photos')}, {_epochs(epochs)}"
    return Workload("vgg16", title, (plain, features_first, *_cnncli("vgg16-transfer", epochs, changes)))


def start_up(settings: Settings) -> Workload:
    commands = starting.commands(settings.images.parent / "start-up", settings.digits)
    sides = tuple(_command(name, command) for name, command in commands.items())
    return Workload("start-up", "Start-up", sides, compared=False, table=starting.as_markdown)


WORKLOADS: Mapping[str, Callable[[Settings], Workload]] = {
    "mnist": mnist,
    "lenet5": lenet5,
    "image-folder-5": lambda settings: image_folder(settings, 5),
    "image-folder-15": lambda settings: image_folder(settings, 15),
    "vgg16": vgg16,
    "start-up": start_up,
}


def _plain(script: str, data: Path, epochs: int, *arguments: str, name: str = PLAIN) -> Side:
    def command(seed: int) -> list[str]:
        said = [str(data), "--epochs", str(epochs), "--seed", str(seed), *arguments]
        return [sys.executable, str(_SCRIPTS / script), *said]

    return Side(name, command, read_plain)


def _cnncli(recipe: str, epochs: int, changes: Mapping[str, Any]) -> tuple[Side, Side]:
    """`cnncli train` as it is, and in float32, as plain Keras computes."""

    def command(seed: int, **more: Any) -> list[str]:
        # What a recipe expects is about its own data and epochs.
        every = {**changes, "expect": "{}", "train.epochs": epochs, "train.seed": seed, **more}
        settings = [part for key, value in every.items() for part in ("--set", f"{key}={value}")]
        return [sys.executable, "-m", "cnncli", "train", recipe, *settings, "--output", "outputs", "--json"]

    in_float32 = Side(FLOAT32, lambda seed: command(seed, **{"train.precision": "float32"}), read_cnncli)
    return Side(CNNCLI, command, read_cnncli), in_float32


def _command(name: str, command: list[str]) -> Side:
    return Side(name, lambda seed: command, lambda stdout: Said())


def read_plain(stdout: str) -> Said:
    """Read the last line of a plain script."""
    said = json.loads(stdout.splitlines()[-1])
    return Said(said["fit_seconds"], said["accuracy"], "float32")


def read_cnncli(stdout: str) -> Said:
    """Read what `cnncli train --json` prints."""
    said = json.loads(stdout)
    return Said(said["seconds"]["fit"], said["test"]["accuracy"], said["precision"])


def _digit_count(settings: Settings) -> str:
    return "600" if settings.quick else "10,000"


def _counted(folder: Path, noun: str) -> str:
    """How many images in how many classes, of a folder with train/."""
    images = sum(path.is_file() for path in folder.rglob("*"))
    return f"{images:,} {noun} in {len(list((folder / 'train').iterdir()))} classes"


def _epochs(count: int) -> str:
    return "1 epoch" if count == 1 else f"{count} epochs"
