"""Match predicted boxes with true ones, and name the kind of each mistake."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

OVERLAP = 0.5  # intersection over union from which a box counts as found
_BACKGROUND = 0.1  # below it a box lies on nothing

Kind = Literal["missed", "double", "class", "place", "background"]
KINDS: dict[str, str] = {
    "missed": "objects that were not found",
    "background": "boxes where there is no object",
    "class": "boxes of the wrong class",
    "place": "boxes that overlap their object too little",
    "double": "further boxes of an object that was found",
}


def overlaps(first: NDArray[np.floating[Any]], second: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Intersection over union of boxes (n, 4) with boxes (m, 4), each top, left, bottom, right: (n, m)."""
    first, second = np.asarray(first, np.float64), np.asarray(second, np.float64)
    lows = np.maximum(first[:, None, :2], second[None, :, :2])
    highs = np.minimum(first[:, None, 2:4], second[None, :, 2:4])
    both = np.maximum(highs - lows, 0).prod(axis=-1)
    areas = [(boxes[:, 2:4] - boxes[:, :2]).prod(axis=-1) for boxes in (first, second)]
    whole = areas[0][:, None] + areas[1][None] - both
    shares: NDArray[np.float64] = np.divide(both, whole, out=np.zeros_like(both), where=whole > 0)
    return shares


def matches(
    found: NDArray[np.floating[Any]], true: NDArray[np.floating[Any]], thresholds: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Which found boxes count as right, at each threshold, as COCO matches them.

    By falling score, each takes the true box of its class that it overlaps most, among those that are still free and that it
    overlaps by the threshold or more.

    Args:
        found: (n, 6): top, left, bottom, right, class, score, by falling score.
        true: (m, 5): top, left, bottom, right, class.
        thresholds: (t,), of intersection over union.

    Returns:
        (t, n).
    """
    right = np.zeros((len(thresholds), len(found)), bool)
    if not len(true) or not len(found):
        return right
    together = overlaps(found, true)
    together[found[:, 4, None] != true[None, :, 4]] = -1
    for row, threshold in zip(right, thresholds, strict=True):
        is_free = np.ones(len(true), bool)
        for number, own in enumerate(together):
            candidates = np.where(is_free & (own >= min(threshold, 1 - 1e-10)), own, -1)
            best = len(candidates) - 1 - int(candidates[::-1].argmax())  # of equal ones the last, as COCO takes it
            if candidates[best] >= 0:
                is_free[best] = False
                row[number] = True
    return right


@dataclass(frozen=True, slots=True)
class BoxMistake:
    """One box that is wrong, or one object that was not found.

    Attributes:
        kind: one of `KINDS`.
        box: (5,) of an object, or (6,) of a found box.
        true_class: of the object that it lies on, or that was missed; -1 where there is none.
        cost: how sure the network was of what is wrong: its score, or for an object 1 minus its best score there.
    """

    kind: Kind
    box: NDArray[np.floating[Any]]
    true_class: int
    cost: float


def mistakes_of(
    found: NDArray[np.floating[Any]], true: NDArray[np.floating[Any]], threshold: float
) -> tuple[list[BoxMistake], int]:
    """The mistakes of one image, and how many objects were found.

    Args:
        found: (n, 6), by falling score.
        true: (m, 5).
        threshold: of the score; boxes below it do not count.
    """
    sure = found[found[:, 5] >= threshold]
    is_right = matches(sure, true, np.array([OVERLAP]))[0]
    together = overlaps(sure, true)
    taken = _taken(sure, true, is_right, together)
    mistakes = [
        _of_box(box, own, true, taken) for box, own, right in zip(sure, together, is_right, strict=True) if not right
    ]
    for number, each in enumerate(true):
        if number not in taken:
            near = overlaps(found, each[None])[:, 0] >= OVERLAP
            best = float(found[near & (found[:, 4] == each[4]), 5].max(initial=0.0))
            mistakes.append(BoxMistake("missed", each, int(each[4]), 1 - best))
    return mistakes, len(taken)


def _taken(
    sure: NDArray[np.floating[Any]],
    true: NDArray[np.floating[Any]],
    is_right: NDArray[np.bool_],
    together: NDArray[np.float64],
) -> set[int]:
    """The objects that were found, as `matches` gives them away."""
    taken: set[int] = set()
    for box, own, right in zip(sure, together, is_right, strict=True):
        if right:
            free = [n for n in range(len(true)) if n not in taken and true[n, 4] == box[4]]
            taken.add(max(reversed(free), key=lambda number: own[number]))
    return taken


def _of_box(
    box: NDArray[np.floating[Any]], own: NDArray[np.float64], true: NDArray[np.floating[Any]], taken: set[int]
) -> BoxMistake:
    """What is wrong with a found box.

    Args:
        own: (m,), how much it overlaps each object.
    """
    score = float(box[5])
    nearest = int(own.argmax()) if len(own) else -1
    if nearest < 0 or own[nearest] < _BACKGROUND:
        return BoxMistake("background", box, -1, score)
    class_there = int(true[nearest, 4])
    if own[nearest] >= OVERLAP:
        return BoxMistake("double" if class_there == box[4] else "class", box, class_there, score)
    same = [number for number in range(len(true)) if true[number, 4] == box[4] and own[number] >= _BACKGROUND]
    kind: Kind = "place" if same and not set(same) <= taken else "double" if same else "class"
    return BoxMistake(kind, box, class_there, score)
