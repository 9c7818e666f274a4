"""The source `cifar`: a folder with the files of CIFAR-10 or CIFAR-100, as the archive unpacks."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from cnncli.data.dataset import INPUT, Examples
from cnncli.data.fingerprint import of_parts
from cnncli.data.sources.base import ModelRequest, Request, Source
from cnncli.data.sources.cifar_files import Arrays, read_cifar, version_in
from cnncli.data.sources.loaded_data import LoadedData, problems_at, sizes
from cnncli.data.sources.paths import cannot_read, contents, existing_folder
from cnncli.data.targets import TargetInfo
from cnncli.errors import DataError, Problem
from cnncli.messages import listed, printable
from cnncli.recipe.sources.arrays import Cifar
from cnncli.tasks.classification.targets import ClassTargets

_PATH = ("data", "source", "cifar", "path")


class _Cifar(Source[Cifar]):
    def read(self, settings: Cifar, request: Request) -> LoadedData:
        with problems_at(*_PATH):
            arrays, names = _read_folder(settings.path)
        return _loaded(settings.path, arrays, ClassTargets(class_names=names))

    def read_for_model(self, settings: Cifar, request: ModelRequest) -> LoadedData:
        arrays, names = _read_folder(settings.path)
        numbers, notes = request.targets.renumber(names)
        test = {"x_test": arrays["x_test"], "y_test": numbers[arrays["y_test"]]}
        return _loaded(settings.path, test, request.targets, notes)

    def looks_like(self, path: Path) -> bool:
        return path.is_dir() and version_in(os.listdir(path)) is not None


SOURCE = _Cifar()


def _read_folder(text: str) -> tuple[Arrays, tuple[str, ...]]:
    folder = existing_folder(text)
    version = version_in(os.listdir(folder))
    if version is None:
        hint = (
            f"it holds {contents(folder)}\nan unpacked archive has data_batch_1 or data_batch_1.bin, train or train.bin"
        )
        raise DataError(Problem(f"{printable(text)} has no files of CIFAR", hint))
    if missing := [name for name in version.files if not (folder / name).is_file()]:
        raise DataError(Problem(f"{printable(text)} has no {listed(missing)}", f"it holds {contents(folder)}"))
    with ExitStack() as stack:
        try:
            files = {name: stack.enter_context((folder / name).open("rb")) for name in version.files}
        except OSError as error:
            raise cannot_read(text, error) from error
        return read_cifar(version, files)


def _loaded(text: str, arrays: Arrays, targets: TargetInfo, notes: tuple[Problem, ...] = ()) -> LoadedData:
    parts = {
        part: Examples({INPUT: np.ascontiguousarray(arrays[f"x_{part}"])}, arrays[f"y_{part}"].astype(np.int32))
        for part in ("train", "test")
        if f"x_{part}" in arrays
    }
    source = f"{printable(text)}: {sizes(parts)} images"
    return LoadedData(parts=parts, targets=targets, source=source, fingerprint=of_parts(parts, targets), notes=notes)
