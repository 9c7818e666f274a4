"""Notes about files of a folder that show the same: in two parts, in two classes, or more than once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from cnncli.data.sources.folder_tree import ClassFile, Tree
from cnncli.errors import DataError, Problem
from cnncli.messages import counted, printable
from cnncli.recipe.keras_objects.objects import article

_MOST_PAIRS = 5


def duplicates(
    files: Sequence[ClassFile], looks: Sequence[str], tree: Tree, *, allow_leakage: bool
) -> Iterator[Problem]:
    """Files that show the same: in two parts, in two classes, or beside each other.

    Args:
        looks: of each file a text that is the same for files that show the same; empty where that says nothing.

    Raises:
        DataError: in two parts, unless that is allowed: what is measured there was seen in training.
    """
    groups: dict[str, list[ClassFile]] = {}
    for file, shown in zip(files, looks, strict=True):
        if shown:
            groups.setdefault(shown, []).append(file)
    same = [group for group in groups.values() if len(group) > 1]
    noun = tree.noun
    if leaks := _differing(same, lambda file: file.part):
        message = f"{counted(len(leaks), f'{noun} lies', f'{noun}s lie')} in two of {_listed_folders(tree)}"
        if not allow_leakage:
            way_out = "remove them from one of the two, or allow them: `allow_leakage: true` in `data`"
            raise DataError(Problem(message, "\n".join([*_first(leaks), way_out])))
        yield Problem(message, "\n".join([*_first(leaks), "scores measured with them are too good"]), kind="leakage")
    if conflicts := _differing(same, lambda file: file.class_name):
        message = f"{counted(len(conflicts), f'{noun} lies', f'{noun}s lie')} in two classes: one of the two is wrong"
        yield Problem(message, "\n".join(_first(conflicts)), kind="labels")
    if copies := _repeated(same):
        message = f"{counted(len(copies), f'{noun} is', f'{noun}s are')} there more than once"
        hint = f"a split puts all copies of {article(noun)} into the same part"
        yield Problem(message, "\n".join([*_first(copies), hint]), kind="duplicates")


def duplicate_of(looks: Iterable[str]) -> NDArray[np.int64]:
    """For each file the first one that shows the same, or itself: (count,)."""
    first: dict[str, int] = {}
    found = [first.setdefault(shown, number) if shown else number for number, shown in enumerate(looks)]
    return np.array(found, np.int64)


def _differing(groups: Iterable[Sequence[ClassFile]], key: Callable[[ClassFile], str]) -> list[str]:
    """For each group of equal files that differ in `key` two such, as `a.jpg = b.jpg`."""
    pairs = []
    for first, *rest in groups:
        other = next((file for file in rest if key(file) != key(first)), None)
        if other:
            pairs.append(_pair(first, other))
    return pairs


def _repeated(groups: Iterable[Sequence[ClassFile]]) -> list[str]:
    """For each group of equal files with two in the same class of the same part, these two."""
    pairs = []
    for group in groups:
        seen: dict[tuple[str, str], ClassFile] = {}
        for file in group:
            first = seen.setdefault((file.part, file.class_name), file)
            if first is not file:
                pairs.append(_pair(first, file))
                break
    return pairs


def _pair(one: ClassFile, other: ClassFile) -> str:
    return f"{printable(one.relative)} = {printable(other.relative)}"


def _first(pairs: Sequence[str]) -> list[str]:
    rest = [f"and {len(pairs) - _MOST_PAIRS:,} more"] if len(pairs) > _MOST_PAIRS else []
    return [*pairs[:_MOST_PAIRS], *rest]


def _listed_folders(tree: Tree) -> str:
    *most, last = [f"{folder}/" for folder in tree.folders.values()]
    return f"{', '.join(most)} and {last}"
