"""Groups of examples that belong together, such as those of one patient: read, and checked for leakage between parts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncli.data.bounded_search import SearchTooLong, first_groups
from cnncli.data.dataset import Examples
from cnncli.data.targets import TargetInfo
from cnncli.errors import DataError, Problem
from cnncli.messages import listed, printable, shortened
from cnncli.recipe import group_pattern
from cnncli.recipe.yaml.nodes import Path

PATH = ("data", "split", "group")

_MOST_NAMED = 5
_WAYS = "a group is a column of a table, an array of an archive, or a pattern for file names"
_FROM_FILES = "group"  # what a group is called that a pattern found


def noun_of(group: str, examples: Examples) -> str:
    """What a group is called: `patient`, as the column or array; `group` where a pattern found it in names of files."""
    return _FROM_FILES if examples.files is not None and "(" in group else shortened(group)


def read_groups(name: str, array: NDArray[Any]) -> NDArray[Any]:
    """Check an array with the group of each example.

    Args:
        name: how messages call the array.

    Returns:
        str (count,), dtype object.

    Raises:
        DataError: it is no row of texts or integers, or a group is empty.
    """
    if array.shape != (array.size,) or array.dtype.kind not in "biuUS":
        message = f"{name} has the type {array.dtype} and the shape {array.shape}; expected a group for each example"
        raise DataError(Problem(message, "texts or integers, shape (count,)"))
    texts = array.astype(np.str_) if array.dtype.kind != "S" else np.char.decode(array, "utf-8", "replace")
    groups: NDArray[Any] = texts.astype(object)
    if len(empty := np.flatnonzero(texts == "")):
        message = f"{name} is empty at index {listed(map(str, empty.tolist()), _MOST_NAMED)}"
        raise DataError(Problem(message, "each example needs a group"))
    return groups


def with_groups(parts: Mapping[str, Examples], group: str | None, targets: TargetInfo) -> dict[str, Examples]:
    """The parts with the group of each example, as the targets tell it, the source brings it or the name of its file has it.

    Args:
        group: `data.split.group`.
        targets: of all parts.

    Raises:
        DataError: neither does.
    """
    if targets.GROUP:
        return {part: replace(examples, groups=targets.groups_of(examples.labels)) for part, examples in parts.items()}
    if group is None or all(examples.groups is not None for examples in parts.values()):
        return dict(parts)
    if any(examples.files is None for examples in parts.values()):
        message = f"`group: {shortened(group)}`: this data has no groups"
        raise DataError(Problem(message, _WAYS, path=PATH))
    files = [file for examples in parts.values() for file in examples.files or ()]
    found, begin, grouped = groups_in_names(files, group), 0, {}
    for part, examples in parts.items():
        grouped[part] = replace(examples, groups=found[begin : begin + len(examples)])
        begin += len(examples)
    return grouped


def groups_in_names(files: Sequence[str], pattern: str, *, path: Path = PATH) -> NDArray[Any]:
    """Find the group of each file by a pattern.

    Args:
        files: paths inside the folder, with `/`.
        pattern: a regular expression with one group. It is looked for in the name of the file; one with a `/`, in the path.
        path: of the pattern in the recipe.

    Returns:
        str (count,), dtype object.

    Raises:
        DataError: it is no such pattern, or finds nothing in some names; with the files.
    """
    if fault := group_pattern.fault_of(pattern):
        raise DataError(Problem(fault, group_pattern.HINT, path=path))
    texts = files if "/" in pattern else [file.rpartition("/")[2] for file in files]
    try:
        found = first_groups(pattern, texts)
    except SearchTooLong as error:
        message = f"`{shortened(pattern)}` takes too long to search in names such as {printable(texts[0])}"
        hint = "it can match in too many ways: avoid a repetition within a repetition, such as `(a+)+`"
        raise DataError(Problem(message, hint, path=path)) from error
    if missing := [printable(file) for file, group in zip(files, found, strict=True) if not group]:
        which = "any file name" if len(missing) == len(files) else f"{len(missing):,} of {len(files):,} file names"
        hint = listed(missing, _MOST_NAMED)
        if "/" not in pattern:
            hint += "\na pattern without `/` is compared with the name of the file, one with `/` with its path"
        raise DataError(Problem(f"`{shortened(pattern)}` does not match {which}", hint, path=path))
    return np.array(found, object)


def numbered(groups: NDArray[Any], duplicate_of: NDArray[np.int64]) -> NDArray[np.int64]:
    """Number the groups from 0; groups that share an example are one.

    Args:
        groups: str (count,).
        duplicate_of: int64 (count,), for each example the first one that is the same, or itself.
    """
    _, numbers = np.unique(groups, return_inverse=True)
    copies = np.flatnonzero(duplicate_of != np.arange(len(duplicate_of)))
    if not len(copies):
        return numbers.astype(np.int64)
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    edges = (numbers[copies], numbers[duplicate_of[copies]])
    count = int(numbers.max()) + 1
    _, joined = connected_components(coo_array((np.ones(len(copies)), edges), shape=(count, count)), directed=False)
    return np.asarray(joined, np.int64)[numbers]


def shared_between_parts(
    parts: Mapping[str, Examples], noun: str, *, plural: str = "", allow_leakage: bool
) -> list[Problem]:
    """Notes on groups that stand in two parts.

    Args:
        parts: by name, each with groups.
        noun: what a group is called.
        plural: of it, if it has one.

    Raises:
        DataError: there are some, and leakage is not allowed.
    """
    groups = {part: np.unique(np.asarray(examples.groups, object)) for part, examples in parts.items()}
    problems = [
        problem for one, other in combinations(groups, 2) for problem in _shared(one, other, groups, noun, plural)
    ]
    if problems and not allow_leakage:
        raise DataError(problems)
    return problems


def _shared(one: str, other: str, groups: Mapping[str, NDArray[Any]], noun: str, plural: str) -> Iterator[Problem]:
    shared = [shortened(group) for group in np.intersect1d(groups[one], groups[other]).tolist()]
    if not shared:
        return
    where = f"in {one} and in {other}"
    message = f"{noun} {shared[0]} stands {where}"
    if len(shared) > 1:
        of = "" if noun == _FROM_FILES else f" of `{noun}`"
        message = f"{len(shared):,} {plural or f'groups{of}'} stand {where}: {listed(shared, _MOST_NAMED)}"
    hint = "what is measured there was seen in training: keep each in one part, or allow it: `allow_leakage: true` in `data`"
    yield Problem(message, hint, path=PATH, kind="leakage")
