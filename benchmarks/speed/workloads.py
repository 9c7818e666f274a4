"""The workloads: which commands are compared on which data."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.speed import start_up as starting
from benchmarks.speed.table import Measured
from cnncli.runs.machine import processor

PLAIN, CACHED, FEATURES_FIRST = "plain Keras", "plain Keras, cached", "plain Keras, features first"
CNNCLI, FLOAT32, PYTORCH = "cnncli", "cnncli, float32", "PyTorch"

_SCRIPTS = Path(__file__).parent / "plain"
_PYTORCH_SCRIPTS = Path(__file__).parent / "pytorch"
_KERAS_TURNS = Path(__file__).with_name("keras_turns.py")
_AMX = "amx_bf16"  # the processor's flag for units that multiply bfloat16
_ENDLESS = 1_000_000  # epochs: the benchmark ends the process
# How a user of PyTorch may train: as it is, and what makes it faster on some processors and networks.
_PYTORCH_WAYS = ((), ("--channels-last",), ("--compile",), ("--channels-last", "--compile"))


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
class StepSide:
    """One of those whose steps take turns.

    Attributes:
        name: in the table.
        command: trains an epoch for each line of its stdin, and prints `turn SECONDS STEPS` after it.
        environment: what it gets besides the environment of the benchmark.
    """

    name: str
    command: list[str]
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class StepWorkload:
    """Training steps that are timed.

    Attributes:
        name: on the command line.
        title: in the table.
        data: the kind of data, as make_data.py has it.
        sides: in the order in which they take turns; the others are compared with the first.
    """

    name: str
    title: str
    data: str
    sides: tuple[StepSide, ...]


@dataclass(frozen=True)
class Settings:
    """What the commands depend on.

    Attributes:
        digits: the archive of digits.
        images: the folder of small JPEGs.
        photos: the folder of photos in three parts; None where there are none.
        weights: VGG16's, without its top; None where there are none.
        quick: one epoch of everything.
        arrays: the folder of the archives for the steps.
        pytorch: the Python of an environment with PyTorch; None: PyTorch does not take part.
        also: environments of more cnncli sides of the steps.
        python: what runs the scripts of plain Keras.
    """

    digits: Path
    images: Path
    photos: Path | None
    weights: Path | None
    quick: bool
    arrays: Path = Path()
    pytorch: Path | None = None
    also: tuple[Mapping[str, str], ...] = ()
    python: tuple[str, ...] = (sys.executable,)

    def epochs(self, wanted: int) -> int:
        return 1 if self.quick else wanted


def mnist(settings: Settings) -> Workload:
    epochs = settings.epochs(10)
    plain = _plain(settings, "mnist.py", settings.digits, epochs)
    sides = (
        plain,
        *_cnncli("mnist", epochs, {"data.source.npz.path": settings.digits}),
        *_pytorch("mnist.py", settings, settings.digits, epochs, "--channels-last"),
    )
    return Workload("mnist", f"MNIST baseline, {_digit_count(settings)} digits, {_epochs(epochs)}", sides)


def lenet5(settings: Settings) -> Workload:
    epochs = settings.epochs(12)
    plain = _plain(settings, "lenet5.py", settings.digits, epochs)
    # Without the recipe's EarlyStopping every side does the same number of epochs.
    changes = {"data.source.npz.path": settings.digits, "train.callbacks": "[]"}
    pytorch = _pytorch("lenet5.py", settings, settings.digits, epochs, "--channels-last")
    sides = (plain, *_cnncli("lenet5", epochs, changes), *pytorch)
    return Workload("lenet5", f"LeNet-5, {_digit_count(settings)} digits, {_epochs(epochs)}", sides)


def image_folder(settings: Settings, wanted_epochs: int) -> Workload:
    epochs = settings.epochs(wanted_epochs)
    changes = {
        "data.source.image_folder.path": settings.images,
        "data.allow_leakage": "true",  # Fashion-MNIST may hold an image twice
        "model.input": "[32, 32, 3]",
    }
    sides = (
        _plain(settings, "image_folder.py", settings.images, epochs),
        _plain(settings, "image_folder.py", settings.images, epochs, "--cache", name=CACHED),
        *_cnncli("mnist", epochs, changes),
        *_pytorch("image_folder.py", settings, settings.images, epochs, "--channels-last"),
    )
    title = f"MNIST baseline, {_counted(settings.images, 'JPEGs of 32x32x3')}, {_epochs(epochs)}"
    return Workload(f"image-folder-{wanted_epochs}", title, sides)


def vgg16(settings: Settings) -> Workload:
    if settings.photos is None or settings.weights is None:
        raise ValueError("vgg16 needs --photos and --weights")
    epochs = settings.epochs(10)
    weights = ("--weights", str(settings.weights))
    plain = _plain(settings, "vgg16.py", settings.photos, epochs, *weights)
    features_first = _plain(settings, "vgg16_features.py", settings.photos, epochs, *weights, name=FEATURES_FIRST)
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


@dataclass(frozen=True)
class _Trained:
    """What the steps of a workload train.

    Attributes:
        what: in the title.
        script: of plain Keras, and of PyTorch where it has it.
        recipe: of cnncli.
        data: the kind of data, as make_data.py has it.
        changes: to the recipe; `{path}` is the path of the data.
    """

    what: str
    script: str
    recipe: str
    data: str
    changes: Mapping[str, str] = field(default_factory=dict)


_FROM_ARCHIVE = {"data.source": "{{npz: {{path: {path}}}}}"}
_STEPS = {
    "mnist-steps": _Trained("MNIST baseline, 128 digits a step", "mnist.py", "mnist", "digits", _FROM_ARCHIVE),
    "lenet5-steps": _Trained(
        "LeNet-5, 128 digits a step",
        "lenet5.py",
        "lenet5",
        "digits",
        {**_FROM_ARCHIVE, "train.callbacks": "[]"},
    ),
    "resnet20-steps": _Trained(
        "ResNet-20, 128 images of 32x32x3 a step",
        "resnet20.py",
        "resnet20-cifar10",
        "images-32",
        {
            **_FROM_ARCHIVE,
            "data.split": "{{validation: 0.1}}",
            "train.optimizer": "{{SGD: {{learning_rate: 0.01, momentum: 0.9, nesterov: true}}}}",
        },
    ),
    "conv1d-steps": _Trained(
        "1-D network, 16 signals of 64x100 a step", "conv1d.py", "conv1d-signal", "signals", _FROM_ARCHIVE
    ),
    "sentence-cnn-steps": _Trained(
        "Sentence CNN, 50 sentences of 40 words a step", "sentence_cnn.py", "sentence-cnn", "sentences"
    ),
    "u-net-steps": _Trained("Small U-Net, 8 pictures of 64x64x3 a step", "unet.py", "unet-small", "shapes"),
    "detector-steps": _Trained(
        "Small detector, 16 pictures of 64x64x3 a step",
        "detector.py",
        "detect-small",
        "scenes",
        {"train.optimizer": "{{Adam: {{learning_rate: 3e-3}}}}"},
    ),
}


def _steps(name: str, settings: Settings) -> StepWorkload:
    trained = _STEPS[name]
    path = settings.arrays / f"{trained.data}{'.csv' if trained.data == 'sentences' else '.npz'}"
    plain = [*settings.python, str(_KERAS_TURNS), str(_SCRIPTS / trained.script), str(path), "--epochs", str(_ENDLESS)]
    changes = {key: value.format(path=path) for key, value in trained.changes.items()}
    changes |= {"expect": "{}", "train.epochs": str(_ENDLESS)}
    in_settings = [part for key, value in changes.items() for part in ("--set", f"{key}={value}")]
    ours = [
        sys.executable,
        str(_KERAS_TURNS),
        "cnncli",
        "train",
        trained.recipe,
        *in_settings,
        "--output",
        "outputs",
        "--json",
    ]
    sides = [StepSide(PLAIN, plain), StepSide(CNNCLI, ours)]
    for environment in settings.also:
        told = ", ".join(f"{key}={value}" for key, value in environment.items())
        sides.append(StepSide(f"{CNNCLI}, {told}", ours, environment))
    script = _PYTORCH_SCRIPTS / trained.script
    if settings.pytorch and script.exists():
        for way in _PYTORCH_WAYS if trained.script != "conv1d.py" else ((), ("--compile",)):  # 1-D: no channels_last
            turns = ["--epochs", str(_ENDLESS), "--turns", *way]
            sides.append(StepSide(_pytorch_name(way), [str(settings.pytorch), str(script), str(path), *turns]))
    return StepWorkload(name, trained.what, trained.data, tuple(sides))


STEPS: Mapping[str, Callable[[Settings], StepWorkload]] = {name: partial(_steps, name) for name in _STEPS}


def _plain(settings: Settings, script: str, data: Path, epochs: int, *arguments: str, name: str = PLAIN) -> Side:
    def command(seed: int) -> list[str]:
        said = [str(data), "--epochs", str(epochs), "--seed", str(seed), *arguments]
        return [*settings.python, str(_SCRIPTS / script), *said]

    return Side(name, command, read_plain)


def _cnncli(recipe: str, epochs: int, changes: Mapping[str, Any]) -> tuple[Side, ...]:
    """`cnncli train` as it is, and in float32, as plain Keras computes, where the default may be another format."""

    def command(seed: int, **more: Any) -> list[str]:
        # What a recipe expects is about its own data and epochs.
        every = {**changes, "expect": "{}", "train.epochs": epochs, "train.seed": seed, **more}
        settings = [part for key, value in every.items() for part in ("--set", f"{key}={value}")]
        return [sys.executable, "-m", "cnncli", "train", recipe, *settings, "--output", "outputs", "--json"]

    in_float32 = Side(FLOAT32, lambda seed: command(seed, **{"train.precision": "float32"}), read_cnncli)
    own = Side(CNNCLI, command, read_cnncli)
    return (own, in_float32) if _AMX in processor()["flags"] or shutil.which("nvidia-smi") else (own,)


def _pytorch(script: str, settings: Settings, data: Path, epochs: int, *arguments: str) -> tuple[Side, ...]:
    """The script for PyTorch, where PyTorch takes part."""
    if settings.pytorch is None:
        return ()
    python = str(settings.pytorch)

    def command(seed: int) -> list[str]:
        said = [str(data), "--epochs", str(epochs), "--seed", str(seed), *arguments]
        return [python, str(_PYTORCH_SCRIPTS / script), *said]

    return (Side(_pytorch_name(arguments), command, read_plain),)


def _pytorch_name(options: Sequence[str]) -> str:
    return ", ".join([PYTORCH, *(option.removeprefix("--").replace("-", "_") for option in options)])


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
