"""Write the splits of a data set as TFRecord shards, with `dataset.json` beside them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncli.data import images
from cnncli.data.columns import as_column
from cnncli.data.dataset import INPUT, Examples, Splits
from cnncli.data.shards.description import FILE, InputFeature, ShardPart, ShardSet
from cnncli.data.shards.example_proto import write_example
from cnncli.data.shards.record_file import write_records
from cnncli.data.sources.loaded_data import Progress
from cnncli.data.targets import TargetInfo
from cnncli.errors import DataError, Problem
from cnncli.messages import printable
from cnncli.runs.output_files import OutputFolder

SHARD_BYTES = 128 << 20  # about, where nothing else is wished
_SAMPLE = 64  # examples by which the size is estimated
_ROWS = 64  # read in one go
_SEPARATOR = "\x1f"  # between several labels: in no name that a person writes
_IMAGE, _FILE, _TEXT, _NUMBER = "image/encoded", "image/filename", "image/class/text", "image/class/label"

Features = dict[str, bytes | str | NDArray[Any]]
Part = Callable[[NDArray[np.int64]], list[Features]]  # the features of some examples, by their rows


@dataclass(frozen=True, slots=True)
class Written:
    """What was written.

    Attributes:
        names: of the files, in order.
        counts: examples by part.
    """

    names: tuple[str, ...]
    counts: Mapping[str, int]


def write_shards(
    splits: Splits,
    folder: OutputFolder,
    *,
    targets_word: str,
    shard_count: int | None = None,
    shard_bytes: int = SHARD_BYTES,
    progress: Progress | None = None,
) -> Written:
    """Write a shard for about so many bytes: `train-00000-of-00004.tfrecord`.

    Image files are written as they are, arrays as float lists, or as bytes where they are uint8; targets as the names of their
    classes and their numbers, or as floats. Examples keep their order.

    Args:
        splits: of a recipe.
        folder: in which the shards go.
        targets_word: of `data.targets`.
        shard_count: of each part; None: as many as its size needs.
        progress: called with ("writing shards", count, all).

    Raises:
        OutputError: a shard cannot be written, or is there already.
        DataError: an example can no longer be read.
    """
    parts = {name: _features_of(examples, splits.targets) for name, examples in splits.parts}
    sizes = {name: len(examples) for name, examples in splits.parts}
    counts = {name: shard_count or _shard_count(parts[name], sizes[name], shard_bytes) for name in parts}
    names = {part: _names(part, min(counts[part], sizes[part])) for part in parts}
    folder.check([*(name for some in names.values() for name in some), FILE])
    folder.make()
    done = 0
    for part, features in parts.items():
        for number, name in enumerate(names[part]):
            begin, end = (sizes[part] * each // len(names[part]) for each in (number, number + 1))
            with folder.file(name).writing() as file:
                done += write_records(file, _messages(features, begin, end))
            if progress:
                progress("writing shards", done, sum(sizes.values()))
    about = _about(splits, targets_word, names, sizes)
    folder.file(FILE).write(about.model_dump_json(indent=2, exclude_none=True) + "\n")
    return Written((*(name for some in names.values() for name in some), FILE), sizes)


def _names(part: str, count: int) -> list[str]:
    return [f"{part}-{number:05d}-of-{count:05d}.tfrecord" for number in range(count)]


def _messages(features: Part, begin: int, end: int) -> Iterator[bytes]:
    for first in range(begin, end, _ROWS):
        yield from map(write_example, features(np.arange(first, min(first + _ROWS, end))))


def _shard_count(features: Part, count: int, shard_bytes: int) -> int:
    """By the size of some examples, spread over all."""
    some = features(np.unique(np.linspace(0, count - 1, min(count, _SAMPLE)).astype(np.int64)))
    mean = sum(len(write_example(each)) for each in some) / len(some)
    return max(1, math.ceil(mean * count / shard_bytes))


def _features_of(examples: Examples, targets: TargetInfo) -> Part:
    """What gives the features of some examples."""
    inputs = {name: as_column(column) for name, column in examples.inputs.items()}
    labels, is_image = examples.labels, examples.originals is not None
    names = targets.names_of(labels)

    def features(rows: NDArray[np.int64]) -> list[Features]:
        found: list[Features] = [{} for _ in rows]
        for name, column in inputs.items():
            if is_image and name == INPUT:
                _add_files(found, examples, rows)
            else:
                for each, value in zip(found, column.read(rows), strict=True):
                    each[name] = _value(value)
        for each, row in zip(found, rows.tolist(), strict=True):
            if names is not None:
                each[_TEXT if is_image else "label"] = names[row]
                each[_NUMBER if is_image else "label/number"] = np.array([labels[row]])
            elif targets.class_names:
                each["labels"] = _SEPARATOR.join(
                    name for name, there in zip(targets.class_names, labels[row], strict=True) if there
                )
                each["labels/vector"] = labels[row]
            else:
                each["targets"] = np.asarray(labels[row], np.float32)
            if examples.weights is not None:
                each["weight"] = examples.weights[row : row + 1]
            if examples.groups is not None:
                each["group"] = str(examples.groups[row])
        return found

    return features


def _add_files(found: list[Features], examples: Examples, rows: NDArray[np.int64]) -> None:
    assert examples.originals is not None
    for each, row in zip(found, rows.tolist(), strict=True):
        path = examples.originals.paths[row]
        try:
            each[_IMAGE] = images.read(path)
        except images.BadImage as error:
            message = f"{printable(path)} could be read when the data was loaded, but not any more: {error}"
            raise DataError(Problem(message, "do not change the data while it is in use")) from error
        each[_FILE] = examples.files[row] if examples.files else path


def _value(value: Any) -> bytes | str | NDArray[Any]:
    if isinstance(value, bytes | str):
        return value
    if value.dtype == np.uint8:
        return np.ascontiguousarray(value).tobytes()
    return np.asarray(value, np.float32).ravel()


def _about(splits: Splits, word: str, names: Mapping[str, list[str]], sizes: Mapping[str, int]) -> ShardSet:
    train = splits.train
    has_names, is_image = splits.targets.names_of(train.labels[:1]) is not None, train.originals is not None
    width = train.labels[:1].size
    if has_names:
        label = [_TEXT if is_image else "label"]
    elif splits.targets.class_names:
        label = ["labels"]
    else:
        label = ["targets"] if width == 1 else [f"targets.{number}" for number in range(width)]
    return ShardSet(
        source=splits.source,
        fingerprint=splits.fingerprint,
        targets=splits.targets.to_json(),
        targets_word=word,
        inputs={
            name: InputFeature(feature=_IMAGE, kind="image") if is_image and name == INPUT else _array(name, column)
            for name, column in train.inputs.items()
        },
        label=label,
        separator=_SEPARATOR if label == ["labels"] else None,
        weight=None if train.weights is None else "weight",
        group=None if train.groups is None else "group",
        parts={part: ShardPart(count=sizes[part], shards=names[part]) for part in names},
    )


def _array(name: str, column: Any) -> InputFeature:
    if column.dtype.kind in "OSU":
        return InputFeature(feature=name, kind="text")
    is_bytes = column.dtype == np.uint8
    kind = "bytes" if is_bytes else "float"
    dtype = "uint8" if is_bytes else "float32"
    return InputFeature(feature=name, kind=kind, shape=list(column.shape[1:]), dtype=dtype)
