"""Take validation and test examples from the training part of the data: by sizes, by groups, or by folds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cnncli.data import groups
from cnncli.data.dataset import Examples
from cnncli.data.folds import fold_numbers
from cnncli.data.group_assignment import assign
from cnncli.data.sources.loaded_data import LoadedData
from cnncli.data.splits import limit, limit_per_class, refuse_empty, shuffled, size_of, split
from cnncli.data.targets import TargetInfo
from cnncli.errors import DataError, Problem
from cnncli.messages import counted
from cnncli.recipe.schema_data import Data

_FOLDS = ("data", "split", "folds")
_NEAR = 0.1  # a part of groups that is further from its size than this share of it is worth a note


def set_aside(data: Data, found: LoadedData) -> tuple[dict[str, Examples], list[Problem]]:
    """Give all three parts; those that the data does not bring are taken from its training part.

    With `folds`, the test part is the fold `fold` of the training part, and a test part of the data is not used.

    Args:
        data: the recipe's section.
        found: its training part has groups where `data.split.group` is set.

    Returns:
        The parts, and notes.

    Raises:
        DataError: the parts cannot be made, or a group stands in two parts that the data brings.
    """
    wanted, parts, notes = data.split, dict(found.parts), list[Problem]()
    train = parts["train"]
    if noun := _noun_of_groups(data, found, train):
        plural = found.targets.PLURAL if found.targets.GROUP else ""
        notes += groups.shared_between_parts(parts, noun, plural=plural, allow_leakage=data.allow_leakage)
    if wanted.folds is not None and parts.pop("test", None) is not None:
        message = "each fold of the training part is a test part; the test part of the data is not used"
        notes.append(Problem(message, "it can score the network that is chosen in the end", path=_FOLDS))
    missing = [part for part in ("validation", "test") if part not in parts]
    if not missing:
        return parts, notes
    pool = _Pool.of(data, found, train)
    chosen: dict[str, NDArray[np.int64]] = {}
    rest = np.arange(len(train), dtype=np.int64)
    if wanted.folds is not None:
        chosen["test"] = pool.fold(wanted.fold or 1, wanted.folds)
        rest = np.setdiff1d(rest, chosen["test"])
    sizes = {
        part: size for part, size in (("validation", wanted.validation), ("test", wanted.test))
        if part in missing and part not in chosen
    }  # fmt: skip
    chosen |= pool.divide(rest, sizes, in_folds=wanted.folds is not None)
    taken = {part: train.take(chosen[part]) for part in ("train", *missing)}
    if wanted.folds is not None or pool.groups is not None:
        notes += pool.notes
        notes += found.targets.part_notes(
            {part: found.targets.whole(examples.targets) for part, examples in taken.items()}, "train"
        )
    others = {part: examples.detached() for part, examples in parts.items() if part not in taken}
    return {**others, **taken}, notes


def limited(data: Data, targets: TargetInfo, train: Examples) -> Examples:
    """The training examples that `data.limit` or `data.per_class` leaves.

    Raises:
        DataError: `limit` is less than one example of each class.
    """
    if data.limit is None and data.per_class is None:
        return train
    strata, names = strata_of(targets, train)
    if data.limit is not None:
        return train.take(limit(strata, data.limit, seed=data.split.seed, class_names=names))
    assert data.per_class is not None
    return train.take(limit_per_class(strata, data.per_class, seed=data.split.seed))


def strata_of(targets: TargetInfo, examples: Examples) -> tuple[NDArray[np.integer], tuple[str, ...]]:
    """The class of each example, and the names of the classes; the same for all where there are none."""
    strata = targets.strata(targets.whole(examples.targets))
    return (np.zeros(len(examples), np.int32), ()) if strata is None else (strata, targets.class_names)


def _noun_of_groups(data: Data, found: LoadedData, train: Examples) -> str:
    """What a group is called; empty where examples have none."""
    if found.targets.GROUP:
        return found.targets.GROUP
    return "" if data.split.group is None else groups.noun_of(data.split.group, train)


@dataclass(frozen=True, slots=True, eq=False)
class _Pool:
    """The examples that parts are taken from.

    Attributes:
        strata: int (count,), the class of each example.
        names: of the classes.
        duplicate_of: int64 (count,), for each example the first one that is the same, or itself: copies stay together.
        groups: int64 (count,), the group of each example; None where there are none.
        noun: what a group is called.
        notes: notes on the parts that were made.
    """

    data: Data
    strata: NDArray[np.integer]
    names: tuple[str, ...]
    duplicate_of: NDArray[np.int64]
    groups: NDArray[np.int64] | None
    noun: str
    notes: list[Problem]

    @classmethod
    def of(cls, data: Data, found: LoadedData, train: Examples) -> _Pool:
        duplicate_of = found.duplicate_of.get("train", np.arange(len(train)))
        strata, names = strata_of(found.targets, train)
        noun = _noun_of_groups(data, found, train)
        if not noun or train.groups is None:
            return cls(data, strata, names, duplicate_of, None, "", [])
        numbers = groups.numbered(train.groups, duplicate_of)
        return cls(data, strata, names, duplicate_of, numbers, noun, [])

    def fold(self, number: int, count: int) -> NDArray[np.int64]:
        """The examples of one fold, from 1."""
        units = np.unique(self.duplicate_of) if self.groups is None else np.arange(len(self.strata))
        available = len(units) if self.groups is None else int(self.groups.max()) + 1
        if available < count:
            what = (
                "examples" if self.groups is None else "groups" if self.noun == "group" else f"groups of `{self.noun}`"
            )
            message = f"{count} folds need {count:,} {what}, and the data has {available:,}"
            raise DataError(Problem(message, f"`folds: {available}` or fewer" if available > 1 else "", path=_FOLDS))
        strata = self.strata if self.data.split.stratify else np.zeros_like(self.strata)
        order = shuffled(len(units), self.data.split.seed)
        folds = fold_numbers(strata[units], count, order=order, groups=self.groups)
        return self._with_copies(units[folds == number - 1])

    def divide(
        self, indices: NDArray[np.int64], wanted: Mapping[str, float | int], *, in_folds: bool
    ) -> dict[str, NDArray[np.int64]]:
        """Take parts from some of the examples; what is left trains.

        Args:
            indices: ascending; copies and groups are whole.
            wanted: shares or numbers of the examples, by part.
            in_folds: classes that are too small for every part stay in training, as a fold may have taken the others.
        """
        if not wanted:
            return {"train": indices}
        if self.groups is not None:
            return self._by_groups(indices, wanted)
        seed, stratify = self.data.split.seed, self.data.split.stratify
        units = indices[np.isin(indices, self.duplicate_of[indices])]
        kept = np.empty(0, np.int64)
        names = self.names
        if in_folds:
            counts = np.bincount(self.strata[units])
            is_small = counts[self.strata[units]] <= len(wanted)
            if not stratify or is_small.all():
                names = ()
            else:
                kept, units = units[is_small], units[~is_small]
        strata = self.strata[units] if names else np.zeros(len(units), np.int32)
        parts = split(
            strata,
            validation=wanted.get("validation"),
            test=wanted.get("test"),
            stratify=stratify,
            seed=seed,
            class_names=names,
        )
        chosen = {"train": np.concatenate([units[parts.train], kept])}
        chosen |= {part: units[getattr(parts, part)] for part in wanted}
        return {part: self._with_copies(chosen[part]) for part in chosen}

    def _by_groups(self, indices: NDArray[np.int64], wanted: Mapping[str, float | int]) -> dict[str, NDArray[np.int64]]:
        assert self.groups is not None
        count = len(indices)
        sizes = {part: size_of(size, count) for part, size in wanted.items()}
        refuse_empty(sizes, count)
        _, own = np.unique(self.groups[indices], return_inverse=True)
        group_count, names = int(own.max()) + 1, ["train", *sizes]
        if group_count < len(names):
            needed = " and ".join([", ".join(names[:-1]), names[-1]])
            message = f"{needed} need a group of their own, and `{self.noun}` has {group_count}"
            raise DataError(Problem(message, "add data, or bring the parts ready made", path=groups.PATH))
        sizes = {"train": count - sum(sizes.values()), **sizes}
        strata = self.strata[indices] if self.data.split.stratify else np.zeros(count, np.int32)
        shares = [size / count for size in sizes.values()]
        part_of = assign(own, strata, shares, shuffled(count, self.data.split.seed))[own]
        chosen = {part: indices[part_of == number] for number, part in enumerate(sizes)}
        largest = int(np.bincount(own).max())
        for part in wanted:
            self._note_size(part, len(chosen[part]), sizes[part], count, largest)
        return chosen

    def _note_size(self, part: str, size: int, wanted: int, count: int, largest: int) -> None:
        if abs(size - wanted) > max(1, _NEAR * wanted):
            message = f"{part} gets {counted(size, 'example')} of {count:,} instead of {wanted:,}"
            hint = f"each {self.noun} stays in one part; the largest has {counted(largest, 'example')}"
            self.notes.append(Problem(message, hint, path=("data", "split", part)))

    def _with_copies(self, indices: NDArray[np.int64]) -> NDArray[np.int64]:
        return np.flatnonzero(np.isin(self.duplicate_of, indices)) if self.groups is None else np.sort(indices)
