"""Folds of a cross-validation: each example is in the test part of exactly one of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cnncli.data.group_assignment import assign


def fold_numbers(
    strata: NDArray[np.integer], count: int, *, order: NDArray[np.int64], groups: NDArray[np.integer] | None = None
) -> NDArray[np.int64]:
    """Divide examples into folds.

    Without groups all folds have the same size, and each class the same share in each, both to within one example, as
    with scikit-learn's StratifiedKFold. With groups, no group is in two folds, and sizes and shares come as near as they can.

    Args:
        strata: int (examples,), the class of each example; all the same where shares of classes do not matter.
        count: number of folds; at most the number of examples, or of groups.
        order: int64 (examples,), the examples shuffled.
        groups: int (examples,), the number of each example's group, from 0 without gaps.

    Returns:
        int64 (examples,), the fold of each example, from 0.
    """
    if groups is not None:
        part_of_group = assign(groups, strata, [1 / count] * count, order)
        return np.asarray(part_of_group[groups], np.int64)
    by_class = order[np.argsort(strata[order], kind="stable")]
    folds = np.empty(len(strata), np.int64)
    folds[by_class] = np.arange(len(strata)) % count
    return folds
