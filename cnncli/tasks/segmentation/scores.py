"""Scores of a segmentation from pixel counts: IoU and Dice of each class, pixel accuracy, bootstrap intervals over images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cnncli.tasks.result import Interval, Intervals, Part, Score
from cnncli.tasks.statistics import LEVEL

MOST_WORST = 100  # images that evaluation.json lists
_DRAWS = 1000
_SEED = 0
_AT_A_TIME = 50  # draws
METHOD = "percentile bootstrap over images"
# Counts of an image, of each class: pixels that are of it and predicted as it, that are of it, that are predicted as it.
RIGHT, TRUE, SAID = range(3)


class ClassScore(Part):
    """The scores of one class over all pixels of all images.

    Attributes:
        name: of the class.
        iou: right / (true or predicted), the Jaccard index; None where no pixel is either.
        dice: 2 * right / (true + predicted), the F1 of its pixels.
        precision, recall: right / predicted, right / true.
        pixels, predicted: how many are of the class, and how many are predicted as it.
        images: in how many images the class is.
        iou_interval, dice_interval: over the images.
    """

    name: str
    iou: Score
    dice: Score
    precision: Score
    recall: Score
    pixels: int
    predicted: int
    images: int
    iou_interval: Interval | None = None
    dice_interval: Interval | None = None


class Worst(Part):
    """An image and how its mask is predicted.

    Attributes:
        index: of the example.
        file: where it came from.
        mean_iou: of the classes that are in its mask or its prediction.
        wrong: the share of its pixels that are wrong.
    """

    index: int
    file: str | None = None
    mean_iou: Score
    wrong: Score


class Baseline(Part):
    """The scores of predicting the most frequent class everywhere."""

    class_name: str
    mean_iou: Score
    pixel_accuracy: Score


class SegmentationIntervals(Intervals):
    """Confidence intervals over the images."""

    mean_iou: Interval
    mean_dice: Interval
    pixel_accuracy: Interval
    boundary_error: Interval | None = None


class Scores(Part):
    """Scores of masks; pixels that do not count are left out everywhere.

    Attributes:
        mean_iou, mean_dice: of the classes that are true or predicted anywhere.
        pixel_accuracy: the share of the pixels that are right.
        boundary_error: the mean distance in pixels between predicted and true boundaries; None where there are none, or where the
            run was scored before there was this score.
        pixels: how many count.
        per_class: the scores of each class.
        confusion: pixels by true class (rows) and predicted class; empty with more than 100 classes.
        worst: images with the lowest mean IoU, the lowest first.
    """

    intervals: SegmentationIntervals
    mean_iou: Score
    mean_dice: Score
    pixel_accuracy: Score
    boundary_error: Score = None
    pixels: int
    baseline: Baseline
    per_class: tuple[ClassScore, ...]
    confusion: tuple[tuple[int, ...], ...] = ()
    worst: tuple[Worst, ...] = ()


@dataclass(frozen=True)
class Overlaps:
    """IoU and Dice of counts.

    Attributes:
        iou, dice: float64 (…, classes), NaN where a class is neither true nor predicted.
        accuracy: float64 (…).
    """

    iou: NDArray[np.float64]
    dice: NDArray[np.float64]
    accuracy: NDArray[np.float64]

    @classmethod
    def of(cls, counts: NDArray[np.floating | np.integer]) -> Overlaps:
        """Those of counts (…, classes, 3): RIGHT, TRUE, SAID."""
        right, true, said = (np.asarray(counts[..., number], np.float64) for number in (RIGHT, TRUE, SAID))
        return cls(
            divided(right, true + said - right),
            divided(2 * right, true + said),
            divided(right.sum(axis=-1), true.sum(axis=-1)),
        )

    @property
    def mean_iou(self) -> NDArray[np.float64]:
        """(…)."""
        return mean_of_present(self.iou)

    @property
    def mean_dice(self) -> NDArray[np.float64]:
        """(…)."""
        return mean_of_present(self.dice)


def divided(above: NDArray[np.float64], below: NDArray[np.float64]) -> NDArray[np.float64]:
    """`above / below`, NaN where that is 0."""
    found: NDArray[np.float64] = np.divide(above, below, out=np.full(np.shape(above), np.nan), where=below > 0)
    return found


def mean_of_present(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The mean along the last axis without NaN; NaN where there is nothing else."""
    present = np.isfinite(values)
    return divided(np.where(present, values, 0).sum(axis=-1), present.sum(axis=-1).astype(np.float64))


def scores_of(
    counts: NDArray[np.integer],
    boundaries: NDArray[np.float64],
    confusion: NDArray[np.int64],
    names: Sequence[str],
    files: Sequence[str] | None,
) -> tuple[Scores, NDArray[np.int64]]:
    """Score all images.

    Args:
        counts: int (images, classes, 3): RIGHT, TRUE and SAID of each image.
        boundaries: (images, 2): the sum of the distances between boundaries, and how many there are.
        confusion: int64 (classes, classes), pixels by true and predicted class.
        names: of the classes.
        files: one an image, where they came from files.

    Returns:
        The scores, and the images by their mean IoU, the lowest first: int64 (images,).
    """
    totals = counts.sum(axis=0, dtype=np.int64)  # (classes, 3)
    all_of_them, of_each = Overlaps.of(totals), Overlaps.of(counts)
    intervals, of_iou, of_dice = _bootstrap(counts, boundaries)
    own = of_each.mean_iou
    order = np.argsort(np.where(np.isfinite(own), own, np.inf), kind="stable").astype(np.int64)
    _, true, said = totals.T
    floats = totals.T.astype(np.float64)
    precision, recall = divided(floats[RIGHT], floats[SAID]), divided(floats[RIGHT], floats[TRUE])
    images = (counts[..., TRUE] > 0).sum(axis=0)
    per_class = tuple(
        ClassScore(
            name=name,
            iou=float(all_of_them.iou[n]),
            dice=float(all_of_them.dice[n]),
            precision=float(precision[n]),
            recall=float(recall[n]),
            pixels=int(true[n]),
            predicted=int(said[n]),
            images=int(images[n]),
            iou_interval=of_iou[n],
            dice_interval=of_dice[n],
        )
        for n, name in enumerate(names)
    )
    worst = tuple(
        Worst(
            index=index,
            file=None if files is None else files[index],
            mean_iou=float(own[index]),
            wrong=float(1 - of_each.accuracy[index]),
        )
        for index in order[:MOST_WORST].tolist()
    )
    found = Scores(
        intervals=intervals,
        mean_iou=float(all_of_them.mean_iou),
        mean_dice=float(all_of_them.mean_dice),
        pixel_accuracy=float(all_of_them.accuracy),
        boundary_error=float(divided(*boundaries.sum(axis=0))),
        pixels=int(true.sum()),
        baseline=_baseline(totals, names),
        per_class=per_class,
        confusion=tuple(map(tuple, confusion.tolist())) if len(names) <= _MOST_IN_MATRIX else (),
        worst=worst,
    )
    return found, order


_MOST_IN_MATRIX = 100  # classes


def _baseline(totals: NDArray[np.int64], names: Sequence[str]) -> Baseline:
    most = int(totals[:, TRUE].argmax())
    said = np.zeros_like(totals)
    said[:, TRUE] = totals[:, TRUE]
    said[most, SAID], said[most, RIGHT] = totals[:, TRUE].sum(), totals[most, TRUE]
    found = Overlaps.of(said)
    return Baseline(class_name=names[most], mean_iou=float(found.mean_iou), pixel_accuracy=float(found.accuracy))


def _bootstrap(
    counts: NDArray[np.integer], boundaries: NDArray[np.float64]
) -> tuple[SegmentationIntervals, list[Interval | None], list[Interval | None]]:
    """Draw the images again, with replacement: a draw is a sum of the counts of images (Efron and Tibshirani, 1993, ch. 13)."""
    images, classes, _ = counts.shape
    flat = counts.reshape(images, -1).astype(np.float64)  # (images, classes * 3)
    random = np.random.default_rng(_SEED)
    drawn, distances = [], []
    for begin in range(0, _DRAWS, _AT_A_TIME):
        times = random.multinomial(images, np.full(images, 1 / images), size=min(_AT_A_TIME, _DRAWS - begin))
        drawn.append((times.astype(np.float64) @ flat).reshape(-1, classes, 3))
        distances.append(times.astype(np.float64) @ boundaries)
    found = Overlaps.of(np.concatenate(drawn))
    whole = SegmentationIntervals(
        level=LEVEL,
        method=METHOD,
        samples=_DRAWS,
        seed=_SEED,
        mean_iou=_interval(found.mean_iou) or (0.0, 1.0),
        mean_dice=_interval(found.mean_dice) or (0.0, 1.0),
        pixel_accuracy=_interval(found.accuracy) or (0.0, 1.0),
        boundary_error=_interval(divided(*np.concatenate(distances).T)),
    )
    return whole, list(map(_interval, found.iou.T)), list(map(_interval, found.dice.T))


def _interval(values: NDArray[np.float64]) -> Interval | None:
    values = values[np.isfinite(values)]
    if not len(values):
        return None
    tail = 100 * (1 - LEVEL) / 2
    low, high = np.percentile(values, [tail, 100 - tail]).tolist()
    return low, high
