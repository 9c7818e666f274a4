"""The source `npz`: a NumPy archive whose arrays have names that say what they are."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from cnncli.data.shapes import Shape
from cnncli.data.sources import npz
from cnncli.data.sources.arrays import Pair, Targets, found, listed_or, needed
from cnncli.data.sources.base import ModelRequest, Request, Source
from cnncli.data.sources.loaded_data import LoadedData, problems_at
from cnncli.data.sources.paths import existing_file
from cnncli.errors import DataError, Problem
from cnncli.messages import listed, printable
from cnncli.recipe.sources.arrays import Npz, array_names


def read_npz(
    settings: Npz,
    *,
    input_shape: Shape | Mapping[str, Shape] | None = None,
    inputs: Sequence[str] = (),
    targets: Targets,
    allow_leakage: bool = False,
) -> LoadedData:
    """Read a NumPy archive: `x_train`, `y_train` and, if there are, `x_val`, `y_val`, `x_test`, `y_test`; or `x`, `y`.

    Args:
        settings: the recipe's.
        inputs: the names of several inputs: of each there is an array, `x_train_left`.
        input_shape: of the network; it tells whether (count, 28, 28) are images or sequences. None: images.
        targets: the type of the labels, for training; or the targets of a trained model, which the labels must fit: only
            the part `test` is read then, or all parts where there is no `test`.
        allow_leakage: go on when one image lies in two parts.

    Raises:
        DataError: everything wrong with the arrays that are read, at once.
    """
    with problems_at("data", "source", "npz", "path"):
        path = existing_file(settings.path)
        names = npz.names(path)
        pairs = needed(_pairs(path, names, inputs, for_training=isinstance(targets, type)), targets)
        arrays = npz.read(path, [name for pair in pairs.values() for name in pair.arrays])
        notes = _unused(names, inputs) if isinstance(targets, type) else []
        return found(printable(settings.path), pairs, arrays, input_shape, targets, allow_leakage, notes)


def _npz_pairs(names: Sequence[str], inputs: Sequence[str]) -> dict[str, Pair]:
    """The parts of an archive that brings them ready made."""
    parts = {"train": "train", "validation": "val", "test": "test"}
    of_inputs, of_labels = array_names(names)
    return {part: Pair.of(of_inputs.format(name), of_labels.format(name), inputs) for part, name in parts.items()}


def _pairs(path: Path, names: Sequence[str], inputs: Sequence[str], *, for_training: bool) -> dict[str, Pair]:
    """The parts of an archive by the names of its arrays."""
    ready, alone = _npz_pairs(names, inputs), Pair.of("x", "y", inputs)
    pairs = {part: pair for part, pair in ready.items() if any(name in names for name in pair.arrays)}
    if not pairs and any(name in names for name in alone.arrays):
        pairs = {"train": alone}
    if for_training or not pairs:
        pairs.setdefault("train", ready["train"])
    missing = [name for pair in pairs.values() for name in pair.arrays if name not in names]
    if not missing:
        return {part: pairs[part] for part in ready if part in pairs}
    known = [name for pair in ready.values() for name in pair.arrays]
    wanted = f"the names are {', '.join(known)}; or {', '.join(alone.arrays)} alone"
    lines = [f"it holds: {listed(names, 10) or 'nothing'}", wanted]
    if not inputs and (several := _names_of_inputs(names)):
        lines.append(
            f"several inputs have names: `inputs: {{{', '.join(f'{name}: {{}}' for name in several)}}}` in `data`"
        )
    raise DataError(Problem(f"{printable(path.name)} has no {listed_or(missing)}", "\n".join(lines)))


def _names_of_inputs(names: Sequence[str]) -> list[str]:
    """The inputs of an archive that has several: `left` of `x_train_left`."""
    found = [match[1] for name in names if (match := re.fullmatch(r"x_(?:train_|val_|test_)?([A-Za-z]\w*)", name))]
    return [name for name in dict.fromkeys(found) if name not in ("train", "val", "test")][:8]


def _unused(names: Sequence[str], inputs: Sequence[str]) -> list[Problem]:
    """Arrays of names that mean nothing here: a misspelt part would be missed without a word."""
    ready = [name for pair in _npz_pairs(names, inputs).values() for name in pair.arrays]
    unused = [name for name in names if name not in (*ready, *Pair.of("x", "y", inputs).arrays)]
    if not unused:
        return []
    noun = "array is" if len(unused) == 1 else "arrays are"
    return [Problem(f"{len(unused):,} {noun} not used: {listed(unused)}", f"the names are {', '.join(ready)}")]


class _Npz(Source[Npz]):
    def read(self, settings: Npz, request: Request) -> LoadedData:
        return read_npz(
            settings,
            targets=request.targets,
            input_shape=request.input_shape,
            inputs=tuple(request.data.inputs or ()),
            allow_leakage=request.data.allow_leakage,
        )

    def read_for_model(self, settings: Npz, request: ModelRequest) -> LoadedData:
        shape = request.input_shape
        names = list(shape) if isinstance(shape, Mapping) else []
        return read_npz(settings, targets=request.targets, input_shape=shape, inputs=names)

    def looks_like(self, path: Path) -> bool:
        if not path.is_file():
            return False
        with path.open("rb") as file:
            return file.read(2) == b"PK" or path.suffix.lower() in (".npz", ".npy")


SOURCE = _Npz()
