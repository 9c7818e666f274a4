"""Shards as a source of data: their files, and the columns that they name themselves."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from cnncli.data.image_header import image_format
from cnncli.data.shapes import Shape
from cnncli.data.shards.description import InputFeature, ShardSet, read_description
from cnncli.data.shards.example_proto import BYTES
from cnncli.data.shards.shard_files import shards_of
from cnncli.data.shards.shard_table import ShardTable, SpanCells
from cnncli.data.shards.span_index import MISSING, SpanIndex, indexed
from cnncli.data.sources.loaded_data import Progress, problems_at
from cnncli.data.sources.paths import existing_file, is_folder, listed_folder
from cnncli.data.sources.table import TableSource, Wanted
from cnncli.data.tables.cells import InputCells
from cnncli.data.tables.table_columns import TableColumns
from cnncli.data.targets import TargetInfo, read_targets
from cnncli.data.threads import in_threads
from cnncli.errors import CnncliError, DataError, Problem
from cnncli.messages import counted, did_you_mean, listed, printable, shortened
from cnncli.recipe.sources.table import InputColumns, TableSettings
from cnncli.recipe.yaml.nodes import Path as RecipePath


@dataclass(frozen=True, slots=True)
class ShardKind:
    """A kind of shards.

    Attributes:
        name: of the kind, for the index.
        suffixes: endings of their files.
        index: goes through a file.
        column: what a column is called: `feature`.
        images, labels: usual names of columns, the first choice first.
    """

    name: str
    suffixes: tuple[str, ...]
    index: Callable[[str], SpanIndex]
    column: str
    images: tuple[str, ...]
    labels: tuple[str, ...]


class ShardSource(TableSource):
    """Shards of one kind, read as tables whose rows are their examples."""

    def __init__(self, kind: ShardKind) -> None:
        self._kind = kind

    def settled(self, wanted: Wanted) -> Wanted:
        files = _files(wanted, self._kind)
        with problems_at(*wanted.path, "path"):
            about = read_description(Path(files["train"][0]).parent)
        return self.with_shards(wanted, files, about)

    def with_shards(
        self,
        wanted: Wanted,
        files: Mapping[str, Sequence[str]],
        about: ShardSet | None = None,
        names: Mapping[str, Sequence[str]] | None = None,
    ) -> Wanted:
        """The same with tables of these shards.

        Args:
            files: by part.
            about: what is said of them.
            names: of classes, by the feature that holds their numbers.
        """
        indexes = _indexed([path for paths in files.values() for path in paths], self._kind, wanted.progress)
        first = next(iter(indexes.values()))
        found, inputs = _columns(wanted, first, about, self._kind)
        settings = wanted.settings.model_copy(update=found)
        group = wanted.group or (about.group if about else None)
        needed = _needed(settings, inputs, replace(wanted, group=group))
        _refuse_unknown(needed, first, wanted.path, self._kind)
        arrays = frozenset(
            own.numbers for own, _ in inputs.values() if isinstance(own.numbers, str) and _is_array(own.numbers, first)
        )
        of_files = frozenset(name for own, _ in inputs.values() for name in (own.image, own.volume) if name)
        separator = settings.separator or "|"
        tables = [
            (part, ShardTable(printable(path), indexes[path], tuple(needed), of_files, arrays, separator, names or {}))
            for part, paths in files.items()
            for path in paths
        ]
        return replace(
            wanted,
            settings=settings,
            inputs=inputs,
            tables=tables,
            described=_described(about, wanted.targets),
            found=found,
            group=group,
        )

    def readers(self, wanted: Wanted, columns: TableColumns) -> dict[str, InputCells]:
        table = wanted.tables[0][1]
        assert isinstance(table, ShardTable)
        about = read_description(Path(table.path).parent)
        found: dict[str, InputCells] = {}
        for name, (own, path) in wanted.inputs.items():
            if own.numbers in table.of_arrays:
                feature = (
                    next((each for each in about.inputs.values() if each.feature == own.numbers), None)
                    if about
                    else None
                )
                found[name] = _reader(own, path, wanted.shapes.get(name), table, feature)
        return found

    def looks_like(self, path: Path) -> bool:
        if path.is_file():
            return path.name.lower().endswith(self._kind.suffixes)
        try:  # beside folders a shard is the archive that they come from
            return not any(map(is_folder, listed_folder(str(path)))) and bool(shards_of(str(path), self._kind.suffixes))
        except DataError:
            return False


def _files(wanted: Wanted, kind: ShardKind) -> dict[str, list[str]]:
    """The shards of each part."""
    settings = wanted.settings
    problems: list[Problem] = []
    files: dict[str, list[str]] = {}
    for part, key in (("train", "path"), ("validation", "validation"), ("test", "test")):
        if (text := getattr(settings, key)) is None:
            continue
        try:
            with problems_at(*wanted.path, key):
                found = _described_files(text) or shards_of(text, kind.suffixes)
        except DataError as error:
            problems += error.problems
            continue
        own = found if part == "train" else {part: [path for paths in found.values() for path in paths]}
        problems += [] if wanted.allow_leakage else [*_in_two_parts(files, own, (*wanted.path, key))]
        files |= own
    if problems:
        raise DataError(problems)
    return files


def _in_two_parts(
    files: Mapping[str, Sequence[str]], more: Mapping[str, Sequence[str]], path: RecipePath
) -> Iterator[Problem]:
    """Shards of one part that another part has already."""
    part_of = {os.path.realpath(each): part for part, paths in files.items() for each in paths}
    for part, paths in more.items():
        shared = [each for each in paths if part_of.get(os.path.realpath(each), part) != part]
        if shared:
            other = part_of[os.path.realpath(shared[0])]
            named = listed([printable(each) for each in shared], 3)
            message = f"{counted(len(shared), 'shard')} of {part} {'is' if len(shared) == 1 else 'are'} also of {other}: {named}"
            yield Problem(message, "name each in one part, or allow it: `allow_leakage: true` in `data`", path=path)


def _described_files(text: str) -> dict[str, list[str]]:
    """The shards of a folder that says which they are; others beside them may be older."""
    about = read_description(Path(text)) if os.path.isdir(text) else None
    if about is None:
        return {}
    return {
        part: [str(existing_file(os.path.join(text, os.path.basename(name)))) for name in each.shards]
        for part, each in about.parts.items()
    }


def _indexed(paths: Sequence[str], kind: ShardKind, progress: Progress | None) -> dict[str, SpanIndex]:
    """The index of each shard; all damaged ones are reported at once."""
    problems: list[Problem] = []

    def index(path: str) -> SpanIndex | CnncliError:
        try:
            return indexed(path, kind.name, kind.index)
        except CnncliError as error:
            return error

    found: dict[str, SpanIndex] = {}
    for number, (path, each) in enumerate(zip(paths, in_threads(index, paths), strict=True), 1):
        if isinstance(each, CnncliError):
            problems += each.problems
        else:
            found[path] = each
        if progress:
            progress("indexing shards", number, len(paths))
    if problems:
        raise DataError(problems)
    return found


# ---- columns


def _columns(
    wanted: Wanted, index: SpanIndex, about: ShardSet | None, kind: ShardKind
) -> tuple[dict[str, Any], dict[str, tuple[InputColumns, RecipePath]]]:
    """The settings that are left out, and the columns of each input."""
    inputs = {
        name: (own if own.given else own.model_copy(update=_input(name, index, about, path, kind)), path)
        for name, (own, path) in wanted.inputs.items()
    }
    settings = wanted.settings
    found: dict[str, Any] = {}
    if settings.label is None and wanted.targets.USES_LABELS:
        found["label"] = (
            (about.label if len(about.label) > 1 else about.label[0]) if about else _label(index, wanted.path, kind)
        )
        if about and settings.separator is None:
            found["separator"] = about.separator
    if about:
        found |= {} if settings.weight else {"weight": about.weight}
    if len(inputs) == 1:
        [(own, _)] = inputs.values()
        found |= {key: getattr(own, key) for key in ("image", "text", "numbers", "volume", "shape")}
    return {key: value for key, value in found.items() if value is not None}, inputs


def _input(name: str, index: SpanIndex, about: ShardSet | None, path: RecipePath, kind: ShardKind) -> dict[str, Any]:
    """The column of an input of which the settings say nothing."""
    if about and name in about.inputs:
        feature = about.inputs[name]
        if feature.kind in ("image", "text"):
            return {feature.kind: feature.feature}
        return {"numbers": feature.feature, "shape": feature.shape}
    of_images = [column for column in index.columns if _holds_image(column, index)]
    usual = [column for column in kind.images if column in of_images]
    if usual or len(of_images) == 1:
        whole = [column for column in usual if not index.columns[column].first_missing()]
        return {"image": whole[0] if whole else ";".join(usual or of_images)}
    which = f"several {kind.column}s are images: {listed(of_images)}" if of_images else f"no {kind.column} is an image"
    example = (of_images or [*index.columns])[0]
    hint = f"`{'image' if of_images else 'numbers'}: {shortened(example)}` names one; there are {listed(index.columns, 12)}"
    raise DataError(Problem(f"{printable(index.path)}: {which}", hint, path=path))


def _holds_image(column: str, index: SpanIndex) -> bool:
    """Whether the first value of a column is an image file, by its first bytes."""
    spans = index.columns[column]
    if spans.kind != BYTES or not (spans.begins != MISSING).any():
        return False
    row = int(np.argmax(spans.begins != MISSING))
    with open(index.path, "rb") as file:
        file.seek(int(spans.begins[row]))
        return image_format(file.read(min(32, int(spans.lengths[row])))) is not None


def _label(index: SpanIndex, path: RecipePath, kind: ShardKind) -> str:
    for column in kind.labels:
        if column in index.columns:
            return column
    names = " or ".join(f"`{name}`" for name in kind.labels[:2])
    message = f"`label` is missing: {printable(index.path)} has no {kind.column} {names}"
    raise DataError(Problem(message, f"there are {listed(index.columns, 12)}", path=path))


def _needed(
    settings: TableSettings, inputs: Mapping[str, tuple[InputColumns, RecipePath]], wanted: Wanted
) -> dict[str, RecipePath]:
    """The columns that are read, with the key that names each; globs are found in the header later."""
    found: dict[str, RecipePath] = {}
    keys = [(settings, wanted.path, ("label", "weight", "group"))]
    keys += [(own, path, ("image", "text", "numbers", "volume")) for own, path in inputs.values()]  # type: ignore[misc]
    for own, path, names in keys:
        for key in names:
            value = getattr(own, key)
            for word in [value] if isinstance(value, str) else value or ():
                found[word] = (*path, key)
    if wanted.part:
        found[wanted.part] = ("data", "split", "column")
    if wanted.group:
        found[wanted.group] = ("data", "split", "group")
    return found


def _refuse_unknown(needed: Mapping[str, RecipePath], index: SpanIndex, path: RecipePath, kind: ShardKind) -> None:
    header = ShardTable("", index, tuple(needed)).header
    problems = []
    for word, key in needed.items():
        if word not in header and "(" not in word:
            hint = did_you_mean(word, map(shortened, index.columns))
            if "did you mean" not in hint:
                hint = f"there are {listed(index.columns, 12)}"
            problems.append(
                Problem(
                    f"{printable(index.path)} has no {kind.column} `{shortened(word)}`", hint, path=key if path else ()
                )
            )
        elif word in index.columns and (number := index.columns[word].several):
            message = f"{printable(index.path)}: `{shortened(word)}` of record {number:,} has several values"
            problems.append(
                Problem(message, "one text with a separator between them can be read", path=key if path else ())
            )
    if problems:
        raise DataError(problems)


def _is_array(column: str, index: SpanIndex) -> bool:
    spans = index.columns.get(column)
    if spans is None or not (spans.begins != MISSING).any():
        return False
    return ShardTable("", index, ()).array_length(column)[1] > 1


def _reader(
    own: InputColumns, path: RecipePath, input_shape: Shape | None, table: ShardTable, feature: InputFeature | None
) -> SpanCells:
    """What reads the arrays of an input."""
    column = str(own.numbers)
    kind, count = table.array_length(column)
    stored = np.dtype(feature.dtype if feature and feature.dtype and kind == BYTES else np.uint8)
    count = count // stored.itemsize if kind == BYTES else count
    shape: tuple[int, ...] = tuple(own.shape or ())
    if not shape and input_shape is not None and None not in input_shape:
        wanted_shape = tuple(size for size in input_shape if size is not None)
        shape = wanted_shape if math.prod(wanted_shape) == count else ()
    if shape and math.prod(shape) != count:
        message = f"`shape` {list(shape)} has {math.prod(shape):,} numbers, and `{shortened(column)}` has {count:,}"
        raise DataError(Problem(message, path=(*path, "shape") if path else ()))
    return SpanCells(column, kind, shape or (count,), stored)


def _described(about: ShardSet | None, targets: type[TargetInfo]) -> TargetInfo | None:
    """What the shards say of their targets, where they are those that the recipe wants."""
    if about is None:
        return None
    try:
        found = read_targets(about.targets)
    except ValueError:
        return None
    return found if isinstance(found, targets) else None
