"""Built-in data sets: those of Keras, from Keras' cache, and the samples that come with the package."""

from __future__ import annotations

import csv
import hashlib
import io
import os
import tarfile
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from cnncli.data.dataset import INPUT, Examples
from cnncli.data.fingerprint import of_parts
from cnncli.data.samples import drawn_shapes, faces
from cnncli.data.samples.scenes import CLASS_NAMES, draw_scenes
from cnncli.data.sources import idx, npz
from cnncli.data.sources.base import ModelRequest, Request, Source
from cnncli.data.sources.cifar_files import CIFAR10, CIFAR100, Arrays, CifarFiles, read_cifar
from cnncli.data.sources.download import DownloadFailed, fetch
from cnncli.data.sources.loaded_data import LoadedData, Progress, sizes
from cnncli.data.targets import TargetInfo
from cnncli.data.text_column import text_column
from cnncli.errors import DataError, NetworkError, Problem
from cnncli.inputs import IMAGE, kind_of
from cnncli.messages import printable
from cnncli.recipe.sources.builtin import Builtin
from cnncli.tasks.classification.targets import ClassTargets
from cnncli.tasks.detection.targets import BoxTargets
from cnncli.tasks.segmentation.targets import MaskTargets

SAMPLE = "mnist-sample"
SAMPLE_FILE = Path(__file__).parent.parent / "samples" / "mnist-sample.npz"
SENTENCES = "sentences-sample"
SHAPES = "shapes-sample"
FACES = "faces-sample"
SCENES = "scenes-sample"
_SCENE_COUNTS = {"train": 700, "test": 200}
SENTENCES_FILE = SAMPLE_FILE.with_name("sentences-sample.csv")
_DEBIAN_FASHION = Path("/usr/share/datasets/fashion-mnist")  # the package dataset-fashion-mnist
_PATH = ("data", "source")


@dataclass(frozen=True, slots=True)
class CachedFile:
    """A file in Keras' cache.

    Attributes:
        name: inside `~/.keras/datasets`, as Keras' own loader calls it.
        url: from where Keras loads it.
        sha256: as Keras checks it; empty where Keras checks nothing, and the content alone tells.
        shape: of the array in it, where there is no SHA-256.
    """

    name: str
    url: str
    sha256: str = ""
    shape: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class DataSet:
    """A data set that Keras offers.

    Attributes:
        files: what Keras' loader downloads.
        read: paths of those files -> arrays and class names.
        noun: what an example is called.
    """

    files: tuple[CachedFile, ...]
    read: Callable[[Sequence[Path]], tuple[Arrays, tuple[str, ...]]]
    noun: str = "images"


def read_builtin(
    name: str,
    *,
    offline: str | None = None,
    model: TargetInfo | None = None,
    progress: Progress | None = None,
) -> LoadedData:
    """Read a data set by name, from this machine when it is here, else from the network.

    Args:
        name: one of `BUILTIN_DATA_SETS`.
        offline: `mnist-sample`: what to use, with a note, when a download is not possible.
        model: the targets of a trained model: labels follow its classes, and only the test part is kept.
        progress: called during downloads.

    Raises:
        NetworkError: the data is not cached and the download failed.
        DataError: its classes are not the model's.
    """
    notes: tuple[Problem, ...] = ()
    if model is not None:
        model.renumber(())  # before a download, where the model has no classes
    if name == FACES:
        return _faces(model, progress)
    if name == SCENES:
        parts, class_names = _scenes()
        where, noun = "drawn by cnncli", "images with boxes"
    elif name == SENTENCES:
        parts, class_names = _sentences()
        where, noun = "packaged", "sentences"
    elif name == SHAPES:
        parts, class_names = _shapes()
        where, noun = "drawn by cnncli", "pictures with masks"
    elif name == SAMPLE:
        arrays, class_names = _mnist([SAMPLE_FILE])
        parts, where, noun = _parts(arrays), "packaged", "digits"
    else:
        data_set = DATA_SETS[name]
        try:
            paths, notes = _files(name, data_set, progress)
        except NetworkError as error:
            if offline != SAMPLE:
                raise
            found = read_builtin(SAMPLE, model=model)
            return replace(found, notes=(_instead(name, error), *found.notes))
        arrays, class_names = data_set.read(paths)
        parts = _parts(arrays)
        where, noun = _shown(paths[0].parent if len(paths) > 1 else paths[0]), data_set.noun
    source = f"{name}, {where}: {sizes(parts)} {noun}"
    targets: TargetInfo = _targets(name, class_names, parts)
    if model is not None:
        numbers, missing = model.renumber(class_names)
        test = parts["test"]
        if type(model) is not type(targets):
            message = f"the model gives {model.PLURAL}, and {name} has {targets.PLURAL}"
            raise DataError(message, hint=f"data with {model.PLURAL}: --data photos.npz")
        parts = {"test": Examples(test.inputs, model.with_numbers(test.labels, numbers))}
        targets, notes = model, (*notes, *missing)
    return LoadedData(parts=parts, targets=targets, source=source, fingerprint=of_parts(parts, targets), notes=notes)


def _faces(model: TargetInfo | None, progress: Progress | None) -> LoadedData:
    """Drawn faces, anew each time."""
    from cnncli.tasks.identities.targets import IdentityTargets

    names = tuple(f"person {number}" for number in range(sum(faces.PEOPLE.values())))
    targets: TargetInfo = IdentityTargets(names=names, identities=len(names))
    if model is not None:
        targets = model.of_other_data(names)
        targets.renumber(names)  # raises where the model has classes
    parts = {}
    for done, part in enumerate(faces.PEOPLE if model is None else ("test",)):
        if progress:
            progress("drawing faces", done, len(faces.PEOPLE))
        images, labels = faces.people(part)
        parts[part] = Examples({INPUT: images}, labels)
    source = f"{FACES}, drawn: {sizes(parts)} pictures of {targets.size}"
    return LoadedData(parts=parts, targets=targets, source=source, fingerprint=of_parts(parts, targets))


def _parts(arrays: Arrays) -> dict[str, Examples]:
    return {part: _examples(arrays[f"x_{part}"], arrays[f"y_{part}"]) for part in ("train", "test")}


def _examples(images: NDArray[np.uint8], labels: NDArray[np.uint8]) -> Examples:
    images = images if kind_of(images.shape[1:]) is IMAGE else images[..., None]  # (count, height, width, channels)
    return Examples({INPUT: np.ascontiguousarray(images)}, labels.astype(np.int32))


def _instead(name: str, error: NetworkError) -> Problem:
    what = "10,000 digits of MNIST, packaged with cnncli"
    is_other = "" if name == "mnist" else f", not {name}"
    said = error.problems[0]
    if said.message == f"offline: {_not_here(name)}":
        message = f"{name} is not cached and the download failed (no network)"
    else:
        message = said.message.removeprefix("offline: ")
    reason = "\n".join(said.hint.splitlines()[:1])
    return Problem(f"{message}. Using {SAMPLE}: {what}{is_other}", reason, path=("data", "offline"))


def _not_here(name: str) -> str:
    return f"{name} is not cached and the download failed"


# Finding the files.


def _files(name: str, data_set: DataSet, progress: Progress | None) -> tuple[list[Path], tuple[Problem, ...]]:
    """Where the data set's files are, downloaded where necessary; and a note for each that had to be replaced."""
    faults: list[str] = []
    for paths in _places(name, data_set):
        wrong = [f"{_shown(path)} {fault}" for path, fault in _faults(paths, data_set) if fault]
        if not wrong and all(map(os.path.isfile, paths)):
            return paths, ()
        faults += wrong
    folder = _cache_folders()[-1]
    paths = [folder / file.name for file in data_set.files]
    for path, file in zip(paths, data_set.files, strict=True):
        if os.path.isfile(path) and not _fault(path, file):
            continue
        try:
            fetch(file.url, path, fault=partial(_fault, file=file), progress=progress, name=file.url.rpartition("/")[2])
        except DownloadFailed as error:
            raise NetworkError(_unavailable(name, path, file, faults, error)) from error
    return paths, tuple(Problem(f"{fault}: it was downloaded again", path=_PATH) for fault in faults)


def on_this_machine() -> dict[str, Path | None]:
    """By name of a data set, the folder in which all of its files are; None where it would have to be downloaded.

    The files are not looked into.
    """
    found: dict[str, Path | None] = {}
    for name, data_set in DATA_SETS.items():
        there = (paths for paths in _places(name, data_set) if all(map(os.path.isfile, paths)))
        found[name] = next((paths[0].parent for paths in there), None)
    return found


def _places(name: str, data_set: DataSet) -> list[list[Path]]:
    """Where the files may be, the first choice first."""
    places = [[folder / file.name for file in data_set.files] for folder in _cache_folders()]
    if name == "fashion_mnist":
        places.append([_DEBIAN_FASHION / Path(file.name).name for file in data_set.files])
    return places


def _cache_folders() -> list[Path]:
    """The folders in which Keras looks for data; the last one is where it puts them."""
    home = Path(os.path.expanduser("~"))
    keras = Path(os.environ["KERAS_HOME"]) if "KERAS_HOME" in os.environ else home / ".keras"
    above = next(folder for folder in (keras, *keras.absolute().parents) if os.path.exists(folder))
    folders = [keras / "datasets"]
    if not os.access(above, os.W_OK):
        folders.append(Path("/tmp" if os.path.isdir("/tmp") else tempfile.gettempdir()) / ".keras" / "datasets")
    return folders


def _faults(paths: Sequence[Path], data_set: DataSet) -> list[tuple[Path, str | None]]:
    """What is wrong with those of the files that are there."""
    return [
        (path, _fault(path, file)) for path, file in zip(paths, data_set.files, strict=True) if os.path.isfile(path)
    ]


def _fault(path: Path, file: CachedFile) -> str | None:
    """What is wrong with a file, as it stands after its name."""
    if file.sha256:
        try:
            found = _sha256(path)
        except OSError as error:
            return f"cannot be read ({(error.strerror or str(error)).lower()})"
        return (
            None
            if found == file.sha256
            else f"is incomplete or another file (sha256 {found[:12]}…, not {file.sha256[:12]}…)"
        )
    try:
        shape = idx.read(path).shape
    except DataError as error:
        return f"is incomplete or another file ({error.problems[0].message})"
    return None if shape == file.shape else f"is another file (its shape is {shape}, not {file.shape})"


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def _unavailable(name: str, path: Path, file: CachedFile, faults: Sequence[str], error: DownloadFailed) -> Problem:
    prefix = "offline: " if error.offline else ""
    here = f"{faults[0]}, and {name} cannot be downloaded" if faults else _not_here(name)
    checksum = f" (sha256 {file.sha256})" if file.sha256 else ""
    way_out = f", or add `offline: {SAMPLE}` to `data`" if name == "mnist" else ""
    hint = f"{error}\nput {file.url} at {_shown(path)}{checksum}{way_out}"
    return Problem(prefix + here, hint, path=_PATH)


def _shown(path: Path) -> str:
    """A path with `~` for the home folder."""
    home = os.path.expanduser("~")
    text = str(path)
    return printable("~" + text[len(home) :] if text.startswith(home + os.sep) else text)


# Reading them.


def _mnist(paths: Sequence[Path]) -> tuple[Arrays, tuple[str, ...]]:
    return npz.read(paths[0], ("x_train", "y_train", "x_test", "y_test")), tuple("0123456789")


def _sentences() -> tuple[dict[str, Examples], tuple[str, ...]]:
    with SENTENCES_FILE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    class_names = tuple(sorted({row["label"] for row in rows}))
    parts = {}
    for part in ("train", "test"):
        own = [row for row in rows if row["part"] == part]
        labels = np.array([class_names.index(row["label"]) for row in own], np.int32)
        parts[part] = Examples({INPUT: text_column(row["sentence"] for row in own)}, labels)
    return parts, class_names


def _shapes() -> tuple[dict[str, Examples], tuple[str, ...]]:
    parts = {}
    for name in drawn_shapes.COUNTS:
        pictures, masks = drawn_shapes.part(name)
        parts[name] = Examples({INPUT: pictures}, masks)
    return parts, drawn_shapes.CLASSES


def _scenes() -> tuple[dict[str, Examples], tuple[str, ...]]:
    drawn = {part: draw_scenes(count, seed=seed) for seed, (part, count) in enumerate(_SCENE_COUNTS.items())}
    return {part: Examples({INPUT: each.images}, each.boxes) for part, each in drawn.items()}, CLASS_NAMES


def _targets(name: str, class_names: tuple[str, ...], parts: Mapping[str, Examples]) -> TargetInfo:
    if name == SHAPES:
        return MaskTargets(class_names=class_names, mask_shape=parts["train"].targets.shape[1:])
    return (BoxTargets if name == SCENES else ClassTargets)(class_names=class_names)


def _fashion_mnist(paths: Sequence[Path]) -> tuple[Arrays, tuple[str, ...]]:
    names = ("y_train", "x_train", "y_test", "x_test")
    return {name: idx.read(path) for name, path in zip(names, paths, strict=True)}, _FASHION_CLASSES


_FASHION_CLASSES = (
    *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
    *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
)


def _cifar(version: CifarFiles, paths: Sequence[Path]) -> tuple[Arrays, tuple[str, ...]]:
    """Read Toronto's archive without unpacking it; Keras unpacks it when Keras wants it."""
    files: dict[str, IO[bytes]] = {}
    with tarfile.open(paths[0], "r:gz") as archive:
        for member in archive:
            name = member.name.rpartition("/")[2]
            if member.isfile() and name in version.files and (file := archive.extractfile(member)):
                files[name] = io.BytesIO(file.read())
    return read_cifar(version, files)


_KERAS_FILES = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
_TORONTO = "https://www.cs.toronto.edu/~kriz/"


def _fashion_file(name: str, shape: tuple[int, ...]) -> CachedFile:
    return CachedFile(f"fashion-mnist/{name}", _KERAS_FILES + name, shape=shape)


# Names, addresses and checksums are those of Keras' own loaders; a test compares them with the installed Keras.
DATA_SETS = {
    "mnist": DataSet(
        files=(
            CachedFile(
                "mnist.npz",
                _KERAS_FILES + "mnist.npz",
                "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1",
            ),
        ),
        read=_mnist,
        noun="digits",
    ),
    "fashion_mnist": DataSet(
        files=(
            _fashion_file("train-labels-idx1-ubyte.gz", (60_000,)),
            _fashion_file("train-images-idx3-ubyte.gz", (60_000, 28, 28)),
            _fashion_file("t10k-labels-idx1-ubyte.gz", (10_000,)),
            _fashion_file("t10k-images-idx3-ubyte.gz", (10_000, 28, 28)),
        ),
        read=_fashion_mnist,
    ),
    "cifar10": DataSet(
        files=(
            CachedFile(
                "cifar-10-batches-py-target_archive",
                _TORONTO + "cifar-10-python.tar.gz",
                "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
            ),
        ),
        read=partial(_cifar, CIFAR10),
    ),
    "cifar100": DataSet(
        files=(
            CachedFile(
                "cifar-100-python-target_archive",
                _TORONTO + "cifar-100-python.tar.gz",
                "85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7",
            ),
        ),
        read=partial(_cifar, CIFAR100),
    ),
}


class _Builtin(Source[Builtin]):
    def read(self, settings: Builtin, request: Request) -> LoadedData:
        return read_builtin(settings.name, offline=request.data.offline, progress=request.progress)

    def read_for_model(self, settings: Builtin, request: ModelRequest) -> LoadedData:
        return read_builtin(settings.name, model=request.targets, progress=request.progress)


SOURCE = _Builtin()
