"""Check for copies: the same or nearly the same example in two parts, with two labels, or twice in one part."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from cnncli.data.columns import as_column
from cnncli.data.content_digest import may_tell, tells
from cnncli.data_checks.examples_by_index import AllExamples
from cnncli.data_checks.findings import Finding
from cnncli.data_checks.measurements import Measured
from cnncli.data_checks.near_duplicates import find_near
from cnncli.messages import counted

MOST_LISTED = 100  # pairs of a finding
_NEXT_INPUT = np.uint64(0x9E3779B97F4A7C15)  # odd, its bits spread

Progress = Callable[[int, int], None]
Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Copies:
    """Pairs of examples that are copies.

    Attributes:
        exact, near: pairs of indices; each copy once, with the first example that is the same.
        compared: how many examples were searched for near duplicates.
    """

    exact: tuple[Pair, ...]
    near: tuple[Pair, ...]
    compared: int


def find_all(
    every: AllExamples,
    measured: Mapping[str, Measured],
    *,
    held_out: bool = False,
    progress: Progress | None = None,
) -> Copies:
    """Find equal and nearly equal examples; those of one value, and rows that may well be equal by chance, do not count.

    Args:
        held_out: search the near duplicates of validation and test examples alone.
        progress: called with (done, all).
    """
    columns = every.parts[0].examples.inputs
    if not all(map(may_tell, columns.values())):
        return Copies((), (), 0)
    own = list(measured.values())
    exact = list(_equal(every, own, [each.hashes for each in own]))
    loose = [each.loose_hashes for each in own if each.loose_hashes is not None]
    if len(loose) == len(own):
        near = set(_equal(every, own, loose)) - set(exact)
        return Copies(tuple(exact), tuple(sorted(near)), len(every))
    pictures = [(each.coarse, each.fine) for each in own if each.coarse is not None and each.fine is not None]
    if len(pictures) < len(own):
        return Copies(tuple(exact), (), 0)
    copies = np.array([copy for _, copy in exact], np.int64)
    compared = own[0].compared
    assert compared is not None
    rows = np.flatnonzero(~np.isin(compared, copies))
    chosen = compared[rows]
    scale = len(own) ** -0.5
    coarse = np.concatenate([each[rows] * np.float32(scale) for each, _ in pictures], axis=1)
    fine = np.concatenate([each[rows] * np.float16(scale) for _, each in pictures], axis=1)
    wanted = every.part_of[chosen] > 0 if held_out else None
    found = find_near(coarse, fine, wanted=wanted, progress=progress)
    return Copies(
        tuple(exact), tuple((int(chosen[pair.first]), int(chosen[pair.second])) for pair in found), len(chosen)
    )


def _equal(every: AllExamples, inputs: Sequence[Measured], hashes: Sequence[NDArray[np.uint64]]) -> Iterator[Pair]:
    """Examples with the same hash of each input as an earlier one, with the first of these."""
    together = reduce(lambda found, other: found * _NEXT_INPUT + other, hashes)
    says_nothing = np.logical_and.reduce([own.says_nothing for own in inputs])
    _, inverse, counts = np.unique(together, return_inverse=True, return_counts=True)
    several = np.flatnonzero((counts[inverse] > 1) & ~says_nothing)
    first: dict[int, int] = {}
    for index in several.tolist():
        original = first.setdefault(int(inverse[index]), index)
        if original != index and _tells(every, index):
            yield original, index


def _tells(every: AllExamples, index: int) -> bool:
    part, row = every.place(index)
    columns = map(as_column, part.examples.inputs.values())
    return any(column.dtype.kind not in "biuf" or tells(column.read([row])[0]) for column in columns)


def findings_of(copies: Copies, every: AllExamples, *, only_leakage: bool = False) -> list[Finding]:
    """What the copies mean: leakage between parts, two labels, repetitions.

    Args:
        only_leakage: leave out what `train` says already, or what does not change a score.
    """
    found = [*_leakage(copies.exact, every, _EXACT), *_leakage(copies.near, every, _NEAR)]
    if only_leakage:
        return found
    for pairs, words in ((copies.exact, _EXACT), (copies.near, _NEAR)):
        conflicts = {pair for pair in pairs if every.labels_differ(*pair)}
        if conflicts:
            targets = every.splits.targets
            message = f"{counted(len(conflicts), *words.pairs)} two {targets.PLURAL if targets.GROUP else 'labels'}"
            found.append(_finding("labels", message, words.wrong, sorted(conflicts), every, words))
        rest = [pair for pair in pairs if pair not in conflicts]
        same_part = [pair for pair in rest if every.part_of[pair[0]] == every.part_of[pair[1]]]
        if same_part:
            message = f"{counted(len(same_part), *words.repeated)}"
            found.append(_finding("duplicates", message, words.repetition, same_part, every, words))
    return found


@dataclass(frozen=True, slots=True)
class _Words:
    """How equal and nearly equal examples are spoken of."""

    is_exact: bool
    other_part: str
    pairs: tuple[str, str]
    wrong: str
    repeated: tuple[str, str]
    repetition: str


_EXACT = _Words(
    True,
    "also in",
    ("pair of equal examples has", "pairs of equal examples have"),
    "one of the two labels is wrong",
    ("example is there more than once in its part", "examples are there more than once in their part"),
    "each copy counts once more in the loss and in scores",
)
_NEAR = _Words(
    False,
    "nearly the same as examples of",
    ("pair of near duplicates has", "pairs of near duplicates have"),
    "look at them: one of the two labels may be wrong",
    ("pair of near duplicates lies in one part", "pairs of near duplicates lie in one part"),
    "look at them: re-encoded, resized or brighter copies count several times",
)


def _leakage(pairs: Sequence[Pair], every: AllExamples, words: _Words) -> Iterator[Finding]:
    by_parts: dict[Pair, list[Pair]] = {}
    for one, other in pairs:
        key = int(every.part_of[one]), int(every.part_of[other])
        if key[0] != key[1]:
            by_parts.setdefault(key, []).append((one, other))
    for (first, second), some in sorted(by_parts.items()):
        count = len({other for _, other in some})
        verb = "is" if count == 1 else "are"
        names = every.parts[first].name, every.parts[second].name
        message = f"{counted(count, 'example')} of {names[1]} {verb} {words.other_part} {names[0]}"
        hint = "scores measured with them are too good: remove them, or keep copies in one part"
        yield _finding("leakage", message, hint, some, every, words)


def _finding(kind: str, message: str, hint: str, pairs: Sequence[Pair], every: AllExamples, words: _Words) -> Finding:
    shown = tuple((every.example(one), every.example(other)) for one, other in pairs[:MOST_LISTED])
    return Finding(kind=kind, message=message, hint=hint, count=len(pairs), pairs=shown, is_exact=words.is_exact)
