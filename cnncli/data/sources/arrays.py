"""Arrays of NumPy archives and IDX folders, checked and brought into one form."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncli.data import scales, shapes
from cnncli.data.columns import Values
from cnncli.data.dataset import INPUT, Examples
from cnncli.data.fingerprint import of_parts
from cnncli.data.mixed_scales import mixed_in
from cnncli.data.shapes import Shape
from cnncli.data.sources import idx, npz
from cnncli.data.sources.duplicates import find_copies
from cnncli.data.sources.loaded_data import LoadedData, problems_at, sizes
from cnncli.data.sources.paths import contents, existing_file, existing_folder, listed_folder
from cnncli.data.targets import TargetInfo
from cnncli.errors import DataError, Problem
from cnncli.inputs import IMAGE, OTHER, kind_of
from cnncli.messages import counted, listed, printable
from cnncli.recipe.schema import Idx, Npz

_CHUNK_VALUES = 1 << 22  # looked at in one go


@dataclass(frozen=True, slots=True)
class Pair:
    """The names of the inputs and the labels of one part, as the file calls them."""

    inputs: str
    labels: str


# What labels are, for training; or those of a trained model, which the labels must fit.
Targets = type[TargetInfo] | TargetInfo


def read_npz(
    settings: Npz,
    *,
    input_shape: Shape | None = None,
    targets: Targets,
    allow_leakage: bool = False,
) -> LoadedData:
    """Read a NumPy archive: `x_train`, `y_train` and, if there are, `x_val`, `y_val`, `x_test`, `y_test`; or `x`, `y`.

    Args:
        settings: the recipe's.
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
        pairs = _needed(_pairs(path, names, for_training=isinstance(targets, type)), targets)
        arrays = npz.read(path, [name for pair in pairs.values() for name in (pair.inputs, pair.labels)])
        notes = _unused(names) if isinstance(targets, type) else []
        return _found(printable(settings.path), pairs, arrays, input_shape, targets, allow_leakage, notes)


def read_idx(
    settings: Idx,
    *,
    input_shape: Shape | None = None,
    targets: Targets,
    allow_leakage: bool = False,
) -> LoadedData:
    """Read a folder with MNIST's own four files, gzipped or not; the test part may be missing.

    Args, Raises: as `read_npz`.
    """
    with problems_at("data", "source", "idx", "path"):
        folder = existing_folder(settings.path)
        files = idx_files(folder)
        pairs = _needed(_idx_pairs(settings.path, folder, files, for_training=isinstance(targets, type)), targets)
        arrays: dict[str, NDArray[Any]] = {}
        problems: list[Problem] = []
        for name in (name for pair in pairs.values() for name in (pair.inputs, pair.labels)):
            try:
                arrays[name] = idx.read(files[name])
            except DataError as error:
                problems += error.problems
        if problems:
            raise DataError(problems)
        return _found(printable(settings.path), pairs, arrays, input_shape, targets, allow_leakage)


def idx_files(folder: Path) -> dict[str, Path]:
    """MNIST's files in a folder, by the beginning of their names: `train-images`, `t10k-labels` and so on."""
    files: dict[str, Path] = {}
    for entry in reversed(listed_folder(str(folder))):  # the file that is not gzipped comes last, and counts
        if (match := _IDX_NAME.fullmatch(entry.name)) and os.path.isfile(entry.path):
            files[match.group(1)] = folder / entry.name
    return files


_IDX_NAME = re.compile(r"((?:train|t10k)-(?:images|labels))[-.]idx\d-ubyte(?:\.gz)?")
_IDX_PAIRS = {"train": Pair("train-images", "train-labels"), "test": Pair("t10k-images", "t10k-labels")}
_NPZ_PAIRS = {
    "train": Pair("x_train", "y_train"),
    "validation": Pair("x_val", "y_val"),
    "test": Pair("x_test", "y_test"),
}
_NPZ_ONE = Pair("x", "y")


def _pairs(path: Path, names: Sequence[str], *, for_training: bool) -> dict[str, Pair]:
    """The parts of an archive by the names of its arrays."""
    pairs = {part: pair for part, pair in _NPZ_PAIRS.items() if pair.inputs in names or pair.labels in names}
    if not pairs and (_NPZ_ONE.inputs in names or _NPZ_ONE.labels in names):
        pairs = {"train": _NPZ_ONE}
    if for_training or not pairs:
        pairs.setdefault("train", _NPZ_PAIRS["train"])
    missing = [name for pair in pairs.values() for name in (pair.inputs, pair.labels) if name not in names]
    if not missing:
        return {part: pairs[part] for part in _NPZ_PAIRS if part in pairs}
    known = [name for pair in _NPZ_PAIRS.values() for name in (pair.inputs, pair.labels)]
    lines = [f"it holds: {listed(names, 10) or 'nothing'}", f"the names are {', '.join(known)}; or x, y alone"]
    raise DataError(Problem(f"{printable(path.name)} has no {_listed_or(missing)}", "\n".join(lines)))


def _unused(names: Sequence[str]) -> list[Problem]:
    """Arrays of names that mean nothing here: a misspelt part would be missed without a word."""
    known = [name for pair in (*_NPZ_PAIRS.values(), _NPZ_ONE) for name in (pair.inputs, pair.labels)]
    unused = [name for name in names if name not in known]
    if not unused:
        return []
    noun = "array is" if len(unused) == 1 else "arrays are"
    return [Problem(f"{len(unused):,} {noun} not used: {listed(unused)}", f"the names are {', '.join(known[:-2])}")]


def _idx_pairs(text: str, folder: Path, files: Mapping[str, Path], *, for_training: bool) -> dict[str, Pair]:
    pairs = {part: pair for part, pair in _IDX_PAIRS.items() if pair.inputs in files or pair.labels in files}
    if for_training or not pairs:
        pairs = {"train": _IDX_PAIRS["train"], **pairs}
    missing = [
        f"{name}-idx{dimensions}-ubyte"
        for pair in pairs.values()
        for name, dimensions in ((pair.inputs, 3), (pair.labels, 1))
        if name not in files
    ]
    if not missing:
        return pairs
    hint = f"it holds {contents(folder)}\nthe names are MNIST's own, with or without .gz"
    raise DataError(Problem(f"{printable(text)} has no {_listed_or(missing)}", hint))


def _needed(pairs: dict[str, Pair], targets: Targets) -> dict[str, Pair]:
    """For a trained model the test part alone, where there is one."""
    return {"test": pairs["test"]} if not isinstance(targets, type) and "test" in pairs else pairs


def _found(
    source: str,
    pairs: Mapping[str, Pair],
    arrays: Mapping[str, NDArray[Any]],
    input_shape: Shape | None,
    targets: Targets,
    allow_leakage: bool,
    notes: Sequence[Problem] = (),
) -> LoadedData:
    problems: list[Problem] = []
    parts: dict[str, Examples] = {}
    for part, pair in pairs.items():
        try:
            parts[part] = _examples(pair, arrays, input_shape, targets)
        except DataError as error:
            problems += error.problems
    if not problems:
        problems += _shape_problems(pairs, parts)
    if not problems and input_shape is None:
        problems += _channels_first(pairs, parts)
    if problems:
        raise DataError(problems)
    info, label_notes = _compare_labels(pairs, parts, targets)
    found_notes = [*notes, *label_notes]
    duplicate_of: dict[str, NDArray[np.int64]] = {}
    if isinstance(targets, type):
        named = {part: pair.inputs for part, pair in pairs.items()}
        errors, different = _compare_scales({named[part]: examples.input for part, examples in parts.items()})
        problems += errors
        found_notes += different
        try:
            duplicate_of, copies = find_copies(
                parts, named, allow_leakage=allow_leakage, in_one_scale=not (errors or different)
            )
            found_notes += copies
        except DataError as error:
            problems += error.problems
        if problems:
            raise DataError(problems)
    return LoadedData(
        parts=parts,
        targets=info,
        source=f"{source}: {sizes(parts)} examples",
        fingerprint=of_parts(parts, info),
        notes=tuple(found_notes),
        duplicate_of=duplicate_of,
    )


def _compare_scales(arrays: Mapping[str, Values]) -> tuple[list[Problem], list[Problem]]:
    """Errors and notes about the scales of arrays, within each and between them."""
    part_scales: dict[str, scales.Scale] = {}
    errors: list[Problem] = []
    notes: list[Problem] = []
    for name, inputs in arrays.items():
        extremes = scales.extremes_of(inputs)
        part_scales[name] = scales.scale_of(inputs, extremes)
        if problem := mixed_in(inputs, extremes, name):
            (errors if part_scales[name].kind.ARE_PIXELS else notes).append(problem)
    if errors or notes:
        return errors, notes  # what the parts have in common says nothing then
    return scales.different_parts(part_scales)


def _compare_labels(
    pairs: Mapping[str, Pair], parts: Mapping[str, Examples], targets: Targets
) -> tuple[TargetInfo, list[Problem]]:
    """Compare the labels of all parts with those that train, or with what the model knows; with notes."""
    labels = {pair.labels: parts[part].labels for part, pair in pairs.items()}
    if isinstance(targets, TargetInfo):
        for name, values in labels.items():
            targets.check(values, name, "the model")
        return targets, []
    first = pairs["train"].labels
    info = targets.describe(labels[first], first)
    for name, values in labels.items():
        info.check(values, name, first)
    return info, info.part_notes(labels, first)


def _examples(pair: Pair, arrays: Mapping[str, NDArray[Any]], input_shape: Shape | None, targets: Targets) -> Examples:
    raw_inputs, raw_labels = arrays[pair.inputs], arrays[pair.labels]
    problems: list[Problem] = []
    inputs = labels = None
    try:
        inputs = read_inputs(pair.inputs, raw_inputs, input_shape)
    except DataError as error:
        problems += error.problems
    try:
        labels = targets.read(pair.labels, raw_labels)
    except DataError as error:
        problems += error.problems
    if raw_inputs.ndim and raw_labels.ndim and len(raw_inputs) != len(raw_labels):
        examples, given = counted(len(raw_inputs), "example"), counted(len(raw_labels), "label")
        message = f"{pair.inputs} has {examples}, {pair.labels} has {given}"
        problems.append(Problem(message, "one label for each example, in the same order"))
    if problems or inputs is None or labels is None:
        raise DataError(problems)
    return Examples({INPUT: inputs}, labels)


def read_inputs(name: str, array: NDArray[Any], input_shape: Shape | None = None) -> NDArray[Any]:
    """Check examples and bring them into one of two types.

    Args:
        name: how messages call the array.
        array: (count, ...) of any numbers; (count, height, width) are images without their channel axis.
        input_shape: of the network, where it is known; decides whether a channel axis is missing.

    Returns:
        uint8 as it was, anything else as float32, finite; (count, height, width, channels) for images.

    Raises:
        DataError: no numbers, no examples, NaN or infinite values.
    """
    if array.dtype.kind not in "biuf":
        kind = "text" if array.dtype.kind in "US" else f"the type {array.dtype}"
        raise DataError(Problem(f"{name} holds {kind}; expected numbers"))
    if kind_of(array.shape[1:]) is OTHER:
        raise DataError(Problem(f"{name} has the shape {array.shape}; expected (count, {', '.join(IMAGE.AXES)})"))
    if not array.size:
        raise DataError(Problem(f"{name} is empty: its shape is {array.shape}"))
    if _lacks_channels(array.shape[1:], input_shape):
        array = array[..., None]  # (count, height, width, 1)
    return array if array.dtype == np.uint8 else _finite(name, array)


def _lacks_channels(shape: Sequence[int], input_shape: Shape | None) -> bool:
    if input_shape is not None and shapes.fits((*shape, 1), input_shape):
        return True
    return kind_of((*shape, 1)) is IMAGE and (input_shape is None or kind_of(input_shape) is IMAGE)


def _finite(name: str, array: NDArray[Any]) -> NDArray[np.float32]:
    """The array as float32, without a copy where it is that already."""
    result = array if array.dtype == np.float32 else np.empty(array.shape, np.float32)
    rows = max(1, _CHUNK_VALUES // max(1, array[0].size))
    kinds: dict[str, Callable[[NDArray[Any]], NDArray[np.bool_]]] = {"NaN": np.isnan, "infinite value": np.isinf}
    counts = dict.fromkeys(kinds, 0)
    first: dict[str, int] = {}
    for begin in range(0, len(array), rows):
        chunk = result[begin : begin + rows]
        if result is not array:
            with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite, and is reported below
                chunk[...] = array[begin : begin + rows]
        if np.isfinite(chunk).all():
            continue
        for kind, test in kinds.items():
            found = test(chunk)
            if found.any():
                counts[kind] += int(found.sum())
                first.setdefault(kind, begin + int(np.flatnonzero(found.reshape(len(chunk), -1).any(axis=1))[0]))
    problems = [
        Problem(f"{name} has {_times(counts[kind], kind)}, first at index {index:,}", _NOT_FINITE)
        for kind, index in first.items()
    ]
    if problems:
        raise DataError(problems)
    return result


def _times(count: int, kind: str) -> str:
    return f"{count:,} NaN" if kind == "NaN" else counted(count, kind)


_NOT_FINITE = "one of them makes the whole loss NaN: leave those examples out, or put numbers there"


def _shape_problems(pairs: Mapping[str, Pair], parts: Mapping[str, Examples]) -> list[Problem]:
    """All parts hold examples of one shape and type."""
    (first, examples), *others = parts.items()
    shape, name = examples.input.shape[1:], pairs[first].inputs
    return [
        Problem(f"{pairs[part].inputs} is {shapes.written(other.input.shape[1:])}, {name} is {shapes.written(shape)}")
        for part, other in others
        if other.input.shape[1:] != shape
    ]


def _channels_first(pairs: Mapping[str, Pair], parts: Mapping[str, Examples]) -> list[Problem]:
    """Images as other frameworks have them: a convolution over them would run, and learn nothing of use."""
    part, examples = next(iter(parts.items()))
    name, shape = pairs[part].inputs, examples.input.shape
    if not kind_of(shape[1:]).is_channels_first(shape[1:]):
        return []
    mend = f"`np.moveaxis({name}, 1, -1)` puts them last"
    meant = f"if this is intended, write it in `model`: `input: {list(shape[1:])}`"
    return [Problem(f"{name} has the shape {shape}: its channels stand before height and width", f"{mend}\n{meant}")]


def _listed_or(words: Sequence[str]) -> str:
    return " and no ".join(words)
