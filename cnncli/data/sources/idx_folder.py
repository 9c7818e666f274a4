"""The source `idx`: a folder with MNIST's own four files."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from cnncli.data.shapes import Shape
from cnncli.data.sources import idx
from cnncli.data.sources.arrays import Pair, Targets, found, listed_or, needed, without_labels
from cnncli.data.sources.base import ModelRequest, Request, Source
from cnncli.data.sources.loaded_data import LoadedData, problems_at
from cnncli.data.sources.paths import contents, existing_folder, listed_folder
from cnncli.errors import DataError, Problem
from cnncli.messages import printable
from cnncli.recipe.sources.arrays import Idx


def read_idx(
    settings: Idx,
    *,
    input_shape: Shape | Mapping[str, Shape] | None = None,
    targets: Targets,
    allow_leakage: bool = False,
) -> LoadedData:
    """Read a folder with MNIST's own four files, gzipped or not; the test part may be missing.

    Args, Raises: as `read_npz`.
    """
    with problems_at("data", "source", "idx", "path"):
        folder = existing_folder(settings.path)
        files = idx_files(folder)
        pairs = needed(
            _idx_pairs(
                settings.path, folder, files, for_training=isinstance(targets, type), is_labelled=targets.USES_LABELS
            ),
            targets,
        )
        arrays: dict[str, NDArray[Any]] = {}
        problems: list[Problem] = []
        for name in (name for pair in pairs.values() for name in pair.arrays):
            try:
                arrays[name] = idx.read(files[name])
            except DataError as error:
                problems += error.problems
        if problems:
            raise DataError(problems)
        arrays = without_labels(pairs, arrays)
        return found(printable(settings.path), pairs, arrays, input_shape, targets, allow_leakage)


def idx_files(folder: Path) -> dict[str, Path]:
    """MNIST's files in a folder, by the beginning of their names: `train-images`, `t10k-labels` and so on."""
    files: dict[str, Path] = {}
    for entry in reversed(listed_folder(str(folder))):  # the file that is not gzipped comes last, and counts
        if (match := _IDX_NAME.fullmatch(entry.name)) and os.path.isfile(entry.path):
            files[match.group(1)] = folder / entry.name
    return files


_IDX_NAME = re.compile(r"((?:train|t10k)-(?:images|labels))[-.]idx\d-ubyte(?:\.gz)?")
_IDX_PAIRS = {"train": Pair.of("train-images", "train-labels"), "test": Pair.of("t10k-images", "t10k-labels")}


def _idx_pairs(
    text: str, folder: Path, files: Mapping[str, Path], *, for_training: bool, is_labelled: bool
) -> dict[str, Pair]:
    every = {part: replace(pair, is_labelled=is_labelled) for part, pair in _IDX_PAIRS.items()}
    pairs = {part: pair for part, pair in every.items() if any(name in files for name in pair.arrays)}
    if for_training or not pairs:
        pairs = {"train": every["train"], **pairs}
    missing = [
        f"{name}-idx{dimensions}-ubyte"
        for pair in pairs.values()
        for name, dimensions in zip(pair.arrays, (3, 1)[: len(pair.arrays)], strict=True)
        if name not in files
    ]
    if not missing:
        return pairs
    hint = f"it holds {contents(folder)}\nthe names are MNIST's own, with or without .gz"
    raise DataError(Problem(f"{printable(text)} has no {listed_or(missing)}", hint))


class _Idx(Source[Idx]):
    def read(self, settings: Idx, request: Request) -> LoadedData:
        return read_idx(
            settings,
            targets=request.targets,
            input_shape=request.input_shape,
            allow_leakage=request.data.allow_leakage,
        )

    def read_for_model(self, settings: Idx, request: ModelRequest) -> LoadedData:
        return read_idx(settings, targets=request.targets, input_shape=request.input_shape)

    def looks_like(self, path: Path) -> bool:
        return path.is_dir() and bool(idx_files(path))


SOURCE = _Idx()
