"""The source `npz`: a NumPy archive whose arrays have names that say what they are."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncli.data import groups, part_names
from cnncli.data.dataset import INPUT
from cnncli.data.part_names import PartWords
from cnncli.data.shapes import Shape
from cnncli.data.signal_length import length_note, with_length
from cnncli.data.sources import box_arrays, npz
from cnncli.data.sources.arrays import Pair, Targets, found, listed_or, needed, without_labels
from cnncli.data.sources.base import ModelRequest, Request, Source
from cnncli.data.sources.loaded_data import LoadedData, problems_at
from cnncli.data.sources.paths import ARCHIVES, existing_file
from cnncli.errors import DataError, Problem
from cnncli.messages import did_you_mean, listed, printable
from cnncli.recipe.named_inputs import by_name
from cnncli.recipe.schema_data import Data, Split
from cnncli.recipe.sources.arrays import Npz, array_names


def read_npz(
    settings: Npz,
    *,
    input_shape: Shape | Mapping[str, Shape] | None = None,
    inputs: Sequence[str] = (),
    lengths: Mapping[str, int] | None = None,
    targets: Targets,
    split: Split | None = None,
    allow_leakage: bool = False,
) -> LoadedData:
    """Read a NumPy archive: `x_train`, `y_train` and, if there are, `x_val`, `y_val`, `x_test`, `y_test`; or `x`, `y`.

    Args:
        settings: the recipe's.
        inputs: the names of several inputs: of each there is an array, `x_train_left`.
        lengths: of signals, by input; None: that of the settings, for the only input.
        input_shape: of the network; it tells whether (count, 28, 28) are images or sequences. None: images.
        targets: the type of the labels, for training; or the targets of a trained model, which the labels must fit: only
            the part `test` is read then, or all parts where there is no `test`.
        split: of the recipe, for training: its `group` and `column` are arrays, `patient` beside `x`, or `patient_train`
            beside `x_train`, as `settings.weight` is.
        allow_leakage: go on when one image lies in two parts.

    Raises:
        DataError: everything wrong with the arrays that are read, at once.
    """
    if lengths is None:
        lengths = {INPUT: settings.length} if settings.length is not None and not inputs else {}
    with problems_at("data", "source", "npz", "path"):
        path = existing_file(settings.path)
        names = npz.names(path)
        found_pairs = _pairs(path, names, inputs, targets)
        pairs = needed(found_pairs, targets)
        more: list[str] = []
        group, column = (split.group, split.column) if split else (None, None)
        if isinstance(targets, type):
            pairs = {part: _with_more(pair, settings.weight, group) for part, pair in pairs.items()}
            _refuse_missing(path, names, pairs, column)
            more = [*(name for pair in pairs.values() for name in pair.more), *([column] if column else [])]
        wanted = [name for pair in pairs.values() for name in pair.arrays]
        if targets.ARE_BOXES:
            own = [box_arrays.CLASS_NAMES, *(f"{box_arrays.COUNTS}{pair.ending}" for pair in pairs.values())]
            more += [name for name in own if name in names]
        arrays = without_labels(pairs, npz.read(path, dict.fromkeys([*wanted, *more])))
        notes = _unused(names, inputs, more, targets) if isinstance(targets, type) else []
        named = None
        if targets.ARE_BOXES:
            named, found_notes = _with_boxes(arrays, pairs, settings, targets)
            notes += found_notes
        words = PartWords.of(column, split.words_of_parts()) if split and column else None
        rows = _rows_of_parts(column, words, arrays, pairs["train"]) if column and words else None
        of_signals: dict[str, Shape] = {}  # with channels they could be images without channels
        for pair in pairs.values():
            for name, length in lengths.items():
                array = pair.inputs[name]
                arrays[array], done = with_length(array, arrays[array], length)
                of_signals.setdefault(name, arrays[array].shape[1:])
                notes += filter(None, [length_note(array, done, length)])
        if of_signals:
            input_shape = of_signals | (by_name(input_shape) if input_shape is not None else {})
        return found(printable(settings.path), pairs, arrays, input_shape, targets, allow_leakage, notes, rows, named)


def _with_boxes(
    arrays: dict[str, NDArray[Any]], pairs: Mapping[str, Pair], settings: Npz, targets: Targets
) -> tuple[tuple[str, ...] | None, list[Problem]]:
    """Put the boxes of each part into `arrays` as one array of labels; the names of the classes, and notes.

    Raises:
        DataError: something is wrong with the boxes of any part.
    """
    texts = arrays.get(box_arrays.CLASS_NAMES)
    named = None if texts is None else box_arrays.class_names_of(texts)
    problems, notes = list[Problem](), list[Problem]()
    for pair in pairs.values():
        try:
            own = box_arrays.of_archive(arrays, pair.ending, next(iter(pair.inputs.values())), named)
            arrays[pair.labels], found_notes = box_arrays.read_boxes(own, settings.box_format)
        except DataError as error:
            problems += error.problems
        else:
            notes += found_notes
    if problems:
        raise DataError(problems)
    if named is not None and not isinstance(targets, type):
        numbers, unlike = targets.renumber(named)
        notes += unlike
        arrays.update({pair.labels: targets.with_numbers(arrays[pair.labels], numbers) for pair in pairs.values()})
    return named, notes


def _with_more(pair: Pair, weight: str | None, group: str | None) -> Pair:
    """The names of weights and groups of a part: `w` beside x, `w_train` beside x_train."""
    return replace(pair, weights=weight and weight + pair.ending, groups=group and group + pair.ending)


def _refuse_missing(path: Path, names: Sequence[str], pairs: Mapping[str, Pair], column: str | None) -> None:
    """Arrays that the recipe names must be there; and a column of parts needs an archive without parts of its own."""
    problems = []
    for key in (("data", "source", "npz", "weight"), groups.PATH, part_names.PATH):
        wanted = {
            "weight": [pair.weights for pair in pairs.values()],
            "group": [pair.groups for pair in pairs.values()],
            "column": [column],
        }[key[-1]]
        missing = [name for name in wanted if name and name not in names]
        if missing:
            near = did_you_mean(missing[0], [name for name in names if name not in ("x", "y")])
            hint = "\n".join(filter(None, [near, f"it holds: {listed(names, 10)}"]))
            problems.append(Problem(f"{printable(path.name)} has no {listed_or(missing)}", hint, path=key))
    if column and "train" in pairs and pairs["train"].ending:
        message = (
            f"`column: {column}` says the part of each example, and the archive has parts already, {', '.join(pairs)}"
        )
        problems.append(Problem(message, "leave it out, or name the arrays x and y", path=part_names.PATH))
    if problems:
        raise DataError(problems)


def _rows_of_parts(
    column: str, words: PartWords, arrays: Mapping[str, NDArray[Any]], pair: Pair
) -> dict[str, NDArray[np.int64]]:
    values, labels = arrays[column], arrays[pair.labels]
    if values.dtype.kind not in "biuUS" or values.shape != labels.shape[:1]:
        expected = f"expected one text or integer for each of {pair.labels}"
        message = f"{column} has the type {values.dtype} and the shape {values.shape}; {expected}"
        raise DataError(Problem(message, "train, validation or test for each example", path=part_names.PATH))
    return part_names.read_part_names(values, name=column, words=words)


def _npz_pairs(names: Sequence[str], inputs: Sequence[str], targets: Targets) -> dict[str, Pair]:
    """The parts of an archive that brings them ready made."""
    parts = {"train": "train", "validation": "val", "test": "test"}
    if targets.ARE_BOXES:
        return {part: _boxed_pair(f"_{name}") for part, name in parts.items()}
    of_inputs, of_labels = array_names(names)
    return {
        part: Pair.of(of_inputs.format(name), of_labels.format(name), inputs, is_labelled=targets.USES_LABELS)
        for part, name in parts.items()
    }


def _alone(inputs: Sequence[str], targets: Targets) -> Pair:
    """The arrays of an archive without parts."""
    return _boxed_pair("") if targets.ARE_BOXES else Pair.of("x", "y", inputs, is_labelled=targets.USES_LABELS)


def _boxed_pair(ending: str) -> Pair:
    boxes, classes = (f"{word}{ending}" for word in (box_arrays.BOXES, box_arrays.CLASSES))
    return replace(Pair.of(f"x{ending}", boxes), classes=classes)


def _pairs(path: Path, names: Sequence[str], inputs: Sequence[str], targets: Targets) -> dict[str, Pair]:
    """The parts of an archive by the names of its arrays."""
    ready, alone = _npz_pairs(names, inputs, targets), _alone(inputs, targets)
    for_training = isinstance(targets, type)
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
    if (
        not inputs
        and len(names) > 1
        and not any(name in names for pair in (*ready.values(), alone) for name in pair.arrays)
    ):
        lines.append(f"write it with these names: {_renaming(path, names)}")
    if not targets.ARE_BOXES and any(name.partition("_")[0] == box_arrays.BOXES for name in names):
        lines.append("boxes are read with `targets: boxes` in `data`")
    if not inputs and (several := _names_of_inputs(names)):
        lines.append(
            f"several inputs have names: `inputs: {{{', '.join(f'{name}: {{}}' for name in several)}}}` in `data`"
        )
    raise DataError(Problem(f"{printable(path.name)} has no {listed_or(missing)}", "\n".join(lines)))


def _renaming(path: Path, names: Sequence[str]) -> str:
    """The Python lines that call an array y, by its name, and another one x."""
    label = next((name for name in names if _LABEL.search(name)), names[1])
    value = next(name for name in names if name != label)
    return f"a = np.load({path.name!r}); np.savez('named.npz', x=a[{value!r}], y=a[{label!r}])"


_LABEL = re.compile(r"(?i)label|class|target|categor|^y")


def _names_of_inputs(names: Sequence[str]) -> list[str]:
    """The inputs of an archive that has several: `left` of `x_train_left`."""
    found = [match[1] for name in names if (match := re.fullmatch(r"x_(?:train_|val_|test_)?([A-Za-z]\w*)", name))]
    return [name for name in dict.fromkeys(found) if name not in ("train", "val", "test")][:8]


def _unused(names: Sequence[str], inputs: Sequence[str], more: Sequence[str], targets: Targets) -> list[Problem]:
    """Arrays of names that mean nothing here: a misspelt part would be missed without a word."""
    ready, alone = _npz_pairs(names, inputs, targets), _alone(inputs, targets)
    known = dict.fromkeys(name for pair in ready.values() for name in (*pair.arrays, pair.labels))
    read = (*known, *alone.arrays, alone.labels, *more)
    unused = [name for name in names if name not in read]
    if not unused:
        return []
    noun = "array is" if len(unused) == 1 else "arrays are"
    message = f"{len(unused):,} {noun} not used: {listed(unused)}"
    return [Problem(message, f"the names are {', '.join(known)}", kind="ignored")]


def _lengths(data: Data | None) -> dict[str, int] | None:
    """The lengths of signals, by input; None where there is one input alone."""
    if data is None or data.inputs is None:
        return None
    return {name: own.length for name, own in data.inputs.items() if own.length is not None}


_OTHER_ZIPS = (".xlsx", ".xlsm", ".ods", ".pt", ".docx", ".keras")


class _Npz(Source[Npz]):
    def read(self, settings: Npz, request: Request) -> LoadedData:
        return read_npz(
            settings,
            targets=request.targets,
            input_shape=request.input_shape,
            inputs=tuple(request.data.inputs or ()),
            lengths=_lengths(request.data),
            split=request.data.split,
            allow_leakage=request.data.allow_leakage,
        )

    def read_for_model(self, settings: Npz, request: ModelRequest) -> LoadedData:
        shape = request.input_shape
        names = list(shape) if isinstance(shape, Mapping) else []
        trained = settings.of_other_data(request.data.source.settings if request.data else None)
        assert isinstance(trained, Npz)
        return read_npz(
            trained, targets=request.targets, input_shape=shape, inputs=names, lengths=_lengths(request.data)
        )

    def looks_like(self, path: Path) -> bool:
        if not path.is_file() or path.suffix.lower() in (*ARCHIVES, *_OTHER_ZIPS):  # photos.zip holds files, not arrays
            return False
        with path.open("rb") as file:
            return file.read(2) == b"PK" or path.suffix.lower() in (".npz", ".npy")


SOURCE = _Npz()
