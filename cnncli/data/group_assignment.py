"""Assign groups of examples to parts of wanted sizes, with the shares of the classes kept as well as possible."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def assign(
    groups: NDArray[np.integer], strata: NDArray[np.integer], shares: Sequence[float], order: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Assign each group to one part, so that every part gets about its share of all examples and of each class.

    Greedy, the largest groups first, as scikit-learn's StratifiedGroupKFold does for parts of one size: each group goes to
    the part where it lowers the sum of squares of what is missing most, and every part gets a group.

    Args:
        groups: int (count,), the number of each example's group, from 0 without gaps.
        strata: int (count,), the class of each example; all the same where shares of classes do not matter.
        shares: of each part; they add up to 1.
        order: int64 (count,), the examples shuffled: decides between groups that are equal.

    Returns:
        int64 (groups,), the number of the part of each group.
    """
    group_count, part_count = int(groups.max()) + 1, len(shares)
    # The classes that each group has, and how many examples of each: only what is there, as there may be many of both.
    _, classes = np.unique(strata, return_inverse=True)
    class_count = int(classes.max()) + 1
    pairs, counts = np.unique(groups.astype(np.int64) * class_count + classes, return_counts=True)
    begins = np.searchsorted(pairs // class_count, np.arange(group_count + 1))
    sizes = np.bincount(groups, minlength=group_count)
    totals = np.append(np.bincount(classes, minlength=class_count), len(groups)).astype(
        np.float64
    )  # and of all classes
    missing = np.outer(shares, totals)  # (parts, classes + 1)
    parts = np.full(group_count, -1, np.int64)
    is_empty = np.ones(part_count, bool)
    for done, group in enumerate(_largest_first(groups, sizes, order)):
        inside = slice(begins[group], begins[group + 1])
        columns = np.append(pairs[inside] % class_count, class_count)
        taken = np.append(counts[inside], sizes[group]).astype(np.float64)
        gain = ((taken * (taken - 2 * missing[:, columns])) / totals[columns] ** 2).sum(axis=1)
        if group_count - done <= is_empty.sum():  # the groups that are left are needed where there is none yet
            gain[~is_empty] = np.inf
        part = int(gain.argmin())
        parts[group] = part
        missing[part, columns] -= taken
        is_empty[part] = False
    return parts


def _largest_first(
    groups: NDArray[np.integer], sizes: NDArray[np.int64], order: NDArray[np.int64]
) -> NDArray[np.int64]:
    """The numbers of the groups; of equal sizes the one whose first example comes first in the order."""
    _, first = np.unique(groups[order], return_index=True)
    return np.lexsort((first, -sizes))
