"""Baseline accuracy (the most frequent class) and top-k accuracy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from cnncli.tasks.result import Part

_TOP = (3, 5)


class Baseline(Part):
    """What one would reach without looking at any example.

    Attributes:
        name: the most frequent class of the examples, the first of equally frequent ones.
        accuracy: its share of them.
    """

    name: str = Field(alias="class")
    accuracy: float


def majority_baseline(labels: NDArray[np.integer[Any]], class_names: Sequence[str]) -> Baseline:
    """Score the rule that always says the most frequent class.

    Args:
        labels: int (examples,), index into `class_names`; at least one.
    """
    counts = np.bincount(labels, minlength=len(class_names))
    return Baseline(name=class_names[int(counts.argmax())], accuracy=float(counts.max() / len(labels)))


def top_k_counts(
    labels: NDArray[np.integer[Any]], outputs: NDArray[np.floating[Any]], *, class_count: int
) -> dict[int, int]:
    """Count the examples whose true class is among the 3 and the 5 with the largest outputs.

    Of equal outputs the first counts as larger, as it does for the predicted class (scikit-learn takes the last), so that
    the sequence goes on from the accuracy. What is always so, k as large as the number of classes, is left out.

    Args:
        labels: int (examples,).
        outputs: float (examples, classes).

    Returns:
        k -> examples.
    """
    wanted = [k for k in _TOP if k < class_count]
    if not wanted:
        return {}
    of_true = np.take_along_axis(outputs, labels[:, None].astype(np.int64), axis=1)  # (examples, 1)
    earlier = np.arange(outputs.shape[1]) < labels[:, None]
    before = ((outputs > of_true) | ((outputs == of_true) & earlier)).sum(axis=1)
    return {k: int(np.sum(before < k)) for k in wanted}
