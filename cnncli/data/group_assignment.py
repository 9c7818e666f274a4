"""Assign groups of examples to parts of wanted sizes, with the shares of the classes kept as well as possible."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_PASSES = 5
_FEW = 2000  # groups; of more none is so large that moving it matters
_TIE = 1e-12


def assign(
    groups: NDArray[np.integer], strata: NDArray[np.integer], shares: Sequence[float], order: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Assign each group to one part, so that every part gets about its share of all examples and of each class.

    Greedy, the largest groups first, as scikit-learn's StratifiedGroupKFold does for parts of one size: each group goes to
    the part where it lowers the sum of squares of what is missing most, and every part gets a group. Then groups move to
    other parts as long as that lowers the sum further.

    Args:
        groups: int (count,), the number of each example's group, from 0 without gaps.
        strata: int (count,), the class of each example; all the same where shares of classes do not matter.
        shares: of each part; they add up to 1.
        order: int64 (count,), the examples shuffled: decides between groups that are equal.

    Returns:
        int64 (groups,), the number of the part of each group.
    """
    group_count, part_count = int(groups.max()) + 1, len(shares)
    group_classes = _Classes.of(groups, strata)
    missing = np.outer(shares, group_classes.totals)  # (parts, classes + 1), of each class and of all examples
    parts = np.full(group_count, -1, np.int64)
    held = np.zeros(part_count, np.int64)
    largest_first = _largest_first(groups, order)
    for done, group in enumerate(largest_first):
        columns, taken = group_classes.of_group(group)
        change = _change(missing[:, columns], taken, group_classes.totals[columns])
        if group_count - done <= (held == 0).sum():  # the groups that are left are needed where there is none yet
            change[held > 0] = np.inf
        parts[group] = change.argmin()
        missing[parts[group], columns] -= taken
        held[parts[group]] += 1
    for _ in range(_PASSES if group_count <= _FEW else 0):
        before = parts.copy()
        for group in largest_first[::-1]:
            if held[parts[group]] == 1:
                continue
            columns, taken = group_classes.of_group(group)
            missing[parts[group], columns] += taken  # as without it
            held[parts[group]] -= 1
            change = _change(missing[:, columns], taken, group_classes.totals[columns])
            change[parts[group]] -= _TIE  # where nothing is gained it stays
            parts[group] = change.argmin()
            missing[parts[group], columns] -= taken
            held[parts[group]] += 1
        if (before == parts).all():
            break
    return parts


def _change(
    missing: NDArray[np.float64], taken: NDArray[np.float64], totals: NDArray[np.float64]
) -> NDArray[np.float64]:
    """How the sum of squares of what is missing changes where a part takes a group: (parts,)."""
    change: NDArray[np.float64] = (taken * (taken - 2 * missing) / totals**2).sum(axis=1)
    return change


@dataclass(frozen=True, slots=True, eq=False)
class _Classes:
    """The classes of each group, and how many examples of each: only what is there, as both may be many.

    Attributes:
        columns, counts: of all groups, one after the other; the last column of a group stands for all its examples.
        begins: where those of each group begin.
        totals: float64 (classes + 1,), how many examples there are.
    """

    columns: NDArray[np.int64]
    counts: NDArray[np.float64]
    begins: NDArray[np.int64]
    totals: NDArray[np.float64]

    @classmethod
    def of(cls, groups: NDArray[np.integer], strata: NDArray[np.integer]) -> _Classes:
        _, classes, of_class = np.unique(strata, return_inverse=True, return_counts=True)
        width = len(of_class) + 1
        rows = groups.astype(np.int64) * width
        pairs, counts = np.unique(np.concatenate([rows + classes, rows + len(of_class)]), return_counts=True)
        begins = np.searchsorted(pairs // width, np.arange(int(groups.max()) + 2))
        totals = np.append(of_class, len(groups)).astype(np.float64)
        return cls(pairs % width, counts.astype(np.float64), begins, totals)

    def of_group(self, group: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        inside = slice(self.begins[group], self.begins[group + 1])
        return self.columns[inside], self.counts[inside]


def _largest_first(groups: NDArray[np.integer], order: NDArray[np.int64]) -> NDArray[np.int64]:
    """The numbers of the groups; of equal sizes the one whose first example comes first in the order."""
    _, first = np.unique(groups[order], return_index=True)
    return np.lexsort((first, -np.bincount(groups)))
