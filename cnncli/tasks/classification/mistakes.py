"""Mistakes of a classifier: the most confused classes and the most confident errors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cnncli.tasks.result import Part

MOST_CONFUSED = 10
MOST_WRONG = 25


class Confused(Part):
    """Examples of one class that are taken for another.

    Attributes:
        true, predicted: the classes' names.
        count: how many examples.
    """

    true: str
    predicted: str
    count: int


class Wrong(Part):
    """An example that is taken for another class.

    Attributes:
        index: which example of its split, from 0; that of `predictions.csv`.
        file: where it came from, when it is known.
        true, predicted: the classes' names.
        probability: of the predicted class, as the network gives it; None where its outputs are no probabilities.
    """

    index: int
    file: str | None
    true: str
    predicted: str
    probability: float | None


def most_confused(
    confusion: ArrayLike, class_names: Sequence[str], *, most: int = MOST_CONFUSED
) -> tuple[Confused, ...]:
    """Return the largest cells off the diagonal, largest first; of equal ones in the order of the classes.

    Args:
        confusion: int (classes, classes), row = true class, column = predicted class.
    """
    cells = mistaken_cells(confusion, most=most)
    return tuple(
        Confused(true=class_names[true], predicted=class_names[predicted], count=count)
        for true, predicted, count in cells
    )


def mistaken_cells(confusion: ArrayLike, *, most: int = MOST_CONFUSED) -> list[tuple[int, int, int]]:
    """Return (true class, predicted class, count) of the largest cells off the diagonal, as `most_confused` names them."""
    wrong = np.array(confusion)
    np.fill_diagonal(wrong, 0)
    order = np.argsort(-wrong, axis=None, kind="stable")[:most]
    cells = [divmod(int(cell), len(wrong)) for cell in order]
    return [(true, predicted, int(wrong[true, predicted])) for true, predicted in cells if wrong[true, predicted]]


def wrong_examples(
    labels: NDArray[np.integer[Any]], predicted: NDArray[np.integer[Any]], scores: NDArray[np.floating[Any]]
) -> NDArray[np.int64]:
    """Return which predictions are wrong, those with the largest scores first; of equal ones in the order of the examples.

    Args:
        labels, predicted: int (examples,).
        scores: float (examples,), of the predicted class.
    """
    wrong = np.flatnonzero(labels != predicted)
    ordered: NDArray[np.int64] = wrong[np.argsort(-scores[wrong], kind="stable")]
    return ordered


def most_wrong(
    wrong: NDArray[np.int64],
    labels: NDArray[np.integer[Any]],
    predicted: NDArray[np.integer[Any]],
    confidence: NDArray[np.floating[Any]] | None,
    class_names: Sequence[str],
    *,
    files: Sequence[str] | None = None,
    most: int = MOST_WRONG,
) -> tuple[Wrong, ...]:
    """Return the first of the wrong predictions.

    Args:
        wrong: of `wrong_examples`.
        labels, predicted: int (examples,), index into `class_names`.
        confidence: float (examples,), the probability of the predicted class, where there are probabilities.
        files: one an example, when the examples came from files.
    """
    return tuple(
        Wrong(
            index=index,
            file=files[index] if files is not None else None,
            true=class_names[labels[index]],
            predicted=class_names[predicted[index]],
            probability=None if confidence is None else float(confidence[index]),
        )
        for index in map(int, wrong[:most])
    )
