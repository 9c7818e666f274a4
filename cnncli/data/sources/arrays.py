"""Arrays of NumPy archives and IDX folders, checked and brought into one form."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncli.data import scales, shapes
from cnncli.data.balance import read_weights
from cnncli.data.columns import Values
from cnncli.data.dataset import INPUT, Examples
from cnncli.data.fingerprint import of_parts
from cnncli.data.groups import read_groups
from cnncli.data.mixed_scales import mixed_in
from cnncli.data.shapes import Shape
from cnncli.data.sources.duplicates import find_copies
from cnncli.data.sources.loaded_data import LoadedData, sizes
from cnncli.data.targets import TargetInfo
from cnncli.data.text_column import TextColumn, fault_of, text_column
from cnncli.errors import DataError, Problem
from cnncli.inputs import IMAGE, OTHER, TEXT, kind_of
from cnncli.messages import counted
from cnncli.recipe.named_inputs import by_name

_CHUNK_VALUES = 1 << 22  # looked at in one go
_MOST_LISTED = 20  # texts that cannot be read


@dataclass(frozen=True, slots=True)
class Pair:
    """The names of the inputs and the labels of one part, as the file calls them.

    Attributes:
        inputs: by name of the input in the recipe.
        labels: of the targets.
        shown: all inputs together, as messages call them.
        weights: of the weights in the loss; None where there are none.
        groups: of the groups; None where there are none.
        is_labelled: whether labels are read.
        classes: of the classes of boxes, whose labels are in two arrays; None of other labels.
    """

    inputs: Mapping[str, str]
    labels: str
    shown: str
    weights: str | None = None
    groups: str | None = None
    is_labelled: bool = True
    classes: str | None = None

    @classmethod
    def of(cls, inputs: str, labels: str, names: Sequence[str] = (), *, is_labelled: bool = True) -> Pair:
        """Of one array of inputs; with names of one for each, `x_train_left`."""
        own = {name: f"{inputs}_{name}" for name in names} or {INPUT: inputs}
        return cls(own, labels, inputs, is_labelled=is_labelled)

    @property
    def arrays(self) -> list[str]:
        """The names of the inputs, and of the labels where they are read."""
        labels = [self.labels, *([self.classes] if self.classes else [])]
        return [*self.inputs.values(), *(labels if self.is_labelled else [])]

    @property
    def ending(self) -> str:
        """What the names of the other arrays of the part end with: `_train`."""
        if self.labels.endswith("_labels"):  # train_labels, as MedMNIST has them
            return f"_{self.labels.removesuffix('_labels')}"
        _, line, part = self.labels.partition("_")
        return line + part

    @property
    def more(self) -> list[str]:
        """The names of the other arrays."""
        return [name for name in (self.weights, self.groups) if name]

    def of_part(self, part: str) -> Pair:
        """The same for some of the examples, as messages call them: `x (test)`."""
        inputs = {name: f"{array} ({part})" for name, array in self.inputs.items()}
        return Pair(inputs, f"{self.labels} ({part})", f"{self.shown} ({part})")


# What labels are, for training; or those of a trained model, which the labels must fit.
Targets = type[TargetInfo] | TargetInfo


def without_labels(pairs: Mapping[str, Pair], arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """The arrays, with zeros for the labels that are not read."""
    absent = {
        pair.labels: np.zeros(arrays[next(iter(pair.inputs.values()))].shape[:1], np.int8)
        for pair in pairs.values()
        if not pair.is_labelled
    }
    return {**arrays, **absent}


def needed(pairs: dict[str, Pair], targets: Targets) -> dict[str, Pair]:
    """For a trained model the test part alone, where there is one."""
    return {"test": pairs["test"]} if not isinstance(targets, type) and "test" in pairs else pairs


def found(
    source: str,
    pairs: Mapping[str, Pair],
    arrays: Mapping[str, NDArray[Any]],
    input_shape: Shape | Mapping[str, Shape] | None,
    targets: Targets,
    allow_leakage: bool,
    notes: Sequence[Problem] = (),
    rows: Mapping[str, NDArray[np.int64]] | None = None,
    known_names: Sequence[str] | None = None,
) -> LoadedData:
    """Check the arrays of all parts, and compare the parts.

    Args:
        source: for people.
        pairs: of each part.
        arrays: by name.
        rows: of the part `train`, the examples of each part that it is divided into.
        known_names: the classes by number, where the source names them; None: the labels that train tell the classes.
    """
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
    if rows is not None:
        pairs = {part: pairs["train"].of_part(part) for part in rows}
        parts = {part: parts["train"].take(indices) for part, indices in rows.items()}
    info, label_notes = _compare_labels(pairs, parts, targets, known_names)
    found_notes = [*notes, *label_notes]
    duplicate_of: dict[str, NDArray[np.int64]] = {}
    if isinstance(targets, type):
        named = {part: pair.shown for part, pair in pairs.items()}
        errors, different = list[Problem](), list[Problem]()
        for name, column in parts["train"].inputs.items():
            if not kind_of(column.shape[1:]).ARE_NUMBERS:
                continue
            arrays_of_input = {pairs[part].inputs[name]: examples.inputs[name] for part, examples in parts.items()}
            wrong, noted = compare_scales(arrays_of_input)
            errors += wrong
            different += noted
        problems += errors
        found_notes += different
        try:
            duplicate_of, copies = find_copies(
                parts,
                named,
                allow_leakage=allow_leakage,
                in_one_scale=not (errors or different),
                noun=_noun(parts["train"]),
                name_of=lambda part, index: f"{next(iter(pairs[part].inputs.values()))}[{index}]",
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


def _noun(examples: Examples) -> str:
    """What messages call an example."""
    are_texts = all(kind_of(column.shape[1:]) is TEXT for column in examples.inputs.values())
    return TEXT.WORD if are_texts else IMAGE.WORD


def compare_scales(arrays: Mapping[str, Values]) -> tuple[list[Problem], list[Problem]]:
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
    pairs: Mapping[str, Pair],
    parts: Mapping[str, Examples],
    targets: Targets,
    known_names: Sequence[str] | None,
) -> tuple[TargetInfo, list[Problem]]:
    """Compare the labels of all parts with those that train, or with what the model knows; with notes."""
    labels = {pair.labels: parts[part].labels for part, pair in pairs.items()}
    if isinstance(targets, TargetInfo):
        for name, values in labels.items():
            targets.check(values, name, "the model")
        return targets, []
    first = pairs["train"].labels
    info = targets.describe(labels[first], first)  # also says whether anything can be learned
    if known_names is not None:
        info = targets.of_class_names(known_names)
    for name, values in labels.items():
        info.check(values, name, first)
    return info, info.part_notes(labels, first)


def _examples(
    pair: Pair, arrays: Mapping[str, NDArray[Any]], input_shape: Shape | Mapping[str, Shape] | None, targets: Targets
) -> Examples:
    raw_labels = arrays[pair.labels]
    problems: list[Problem] = []
    inputs: dict[str, Values] = {}
    labels = None
    known_shapes: dict[str, Shape] = by_name(input_shape) if input_shape is not None else {}
    for name, array in pair.inputs.items():
        try:
            inputs[name] = read_inputs(array, arrays[array], known_shapes.get(name))
        except DataError as error:
            problems += error.problems
    try:
        labels = targets.read(pair.labels, raw_labels)
    except DataError as error:
        problems += error.problems
    for array in pair.inputs.values():
        raw_inputs = arrays[array]
        if raw_inputs.ndim and raw_labels.ndim and len(raw_inputs) != len(raw_labels):
            examples, given = counted(len(raw_inputs), "example"), counted(len(raw_labels), "label")
            message = f"{array} has {examples}, {pair.labels} has {given}"
            problems.append(Problem(message, "one label for each example, in the same order"))
    weights = groups = None
    try:
        weights = read_weights(pair.weights, arrays[pair.weights]) if pair.weights else None
    except DataError as error:
        problems += error.problems
    try:
        groups = read_groups(pair.groups, arrays[pair.groups]) if pair.groups else None
    except DataError as error:
        problems += error.problems
    for other, values in ((pair.weights, weights), (pair.groups, groups)):
        if values is not None and labels is not None and len(values) != len(labels):
            message = f"{other} has {counted(len(values), 'value')}, {pair.labels} has {counted(len(labels), 'label')}"
            problems.append(Problem(message, "one for each example, in the same order"))
    if problems or labels is None:
        raise DataError(problems)
    return Examples(inputs, labels, weights=weights, groups=groups)


def read_inputs(name: str, array: NDArray[Any], input_shape: Shape | None = None) -> Values:
    """Check examples and bring them into one of two types; texts become a column.

    Args:
        name: how messages call the array.
        array: (count, ...) of any numbers; (count, height, width) are images without their channel axis; (count,) of
            texts.
        input_shape: of the network, where it is known; decides whether a channel axis is missing.

    Returns:
        uint8 as it was, anything else as float32, finite; (count, height, width, channels) for images. Texts as a
        `TextColumn`.

    Raises:
        DataError: no numbers and no texts, no examples, NaN or infinite values.
    """
    if array.dtype.kind == "U":
        return _texts(name, array)
    if array.dtype.kind not in "biuf":
        if array.dtype.kind == "S":
            hint = "`np.char.decode(x, 'utf-8')` makes text of them"
            raise DataError(Problem(f"{name} holds bytes; expected numbers or text", hint))
        raise DataError(Problem(f"{name} holds the type {array.dtype}; expected numbers or text"))
    if kind_of(array.shape[1:]) in (OTHER, TEXT):
        raise DataError(Problem(f"{name} has the shape {array.shape}; expected (count, {', '.join(IMAGE.AXES)})"))
    if not array.size:
        raise DataError(Problem(f"{name} is empty: its shape is {array.shape}"))
    if _lacks_channels(array.shape[1:], input_shape):
        array = array[..., None]  # (count, height, width, 1)
    return array if array.dtype == np.uint8 else _finite(name, array)


def _texts(name: str, array: NDArray[Any]) -> TextColumn:
    if kind_of(array.shape[1:]) is not TEXT or not array.shape:
        raise DataError(Problem(f"{name} holds text and has the shape {array.shape}; expected (count,)"))
    if not array.size:
        raise DataError(Problem(f"{name} is empty: its shape is {array.shape}"))
    wrong = ((index, fault) for index, text in enumerate(array) if (fault := fault_of(text)))
    if problems := [Problem(f"{name}[{index}] {fault}") for index, fault in islice(wrong, _MOST_LISTED)]:
        raise DataError(problems)
    return text_column(str(text) for text in array)


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
    may_end = {"NaN"} if kind_of(array.shape[1:]).ARE_CURVES else set()
    problems = [
        Problem(
            f"{name} has {_times(counts[kind], kind)}, first at index {index:,}",
            "\n".join([_NOT_FINITE, *([_ENDS] if kind in may_end else [])]),
        )
        for kind, index in first.items()
    ]
    if problems:
        raise DataError(problems)
    return result


def _times(count: int, kind: str) -> str:
    return f"{count:,} NaN" if kind == "NaN" else counted(count, kind)


_NOT_FINITE = "one of them makes the whole loss NaN: leave those examples out, or put numbers there"
_ENDS = "if NaN fills up short signals, `length: 100` in the source pads them with 0 and cuts long ones"


def _shape_problems(pairs: Mapping[str, Pair], parts: Mapping[str, Examples]) -> list[Problem]:
    """All parts hold examples of one shape and type."""
    (first, examples), *others = parts.items()
    found = []
    for name, column in examples.inputs.items():
        shape, array = column.shape[1:], pairs[first].inputs[name]
        for part, other in others:
            given = other.inputs[name].shape[1:]
            if given != shape:
                message = f"{pairs[part].inputs[name]} is {shapes.written(given)}, {array} is {shapes.written(shape)}"
                found.append(Problem(message))
    return found


def _channels_first(pairs: Mapping[str, Pair], parts: Mapping[str, Examples]) -> list[Problem]:
    """Images as other frameworks have them: a convolution over them would run, and learn nothing of use."""
    part, examples = next(iter(parts.items()))
    found = []
    for own, column in examples.inputs.items():
        name, shape = pairs[part].inputs[own], column.shape
        if kind_of(shape[1:]).is_channels_first(shape[1:]):
            mend = f"`np.moveaxis({name}, 1, -1)` puts them last"
            meant = list(shape[1:]) if own == INPUT else f"{{{own}: {list(shape[1:])}}}"
            message = f"{name} has the shape {shape}: its channels stand before height and width"
            found.append(Problem(message, f"{mend}\nif this is intended, write it in `model`: `input: {meant}`"))
    return found


def listed_or(words: Sequence[str]) -> str:
    return " and no ".join(words)
