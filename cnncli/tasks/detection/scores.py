"""Scores of an object detector: mAP, average precision by class, precision and recall, mistakes by kind, intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from cnncli.tasks.detection.average_precision import RECALLS, CocoScores, Detections
from cnncli.tasks.detection.matching import KINDS, mistakes_of
from cnncli.tasks.resampling import drawn_counts, percentiles
from cnncli.tasks.result import Interval, Intervals, Part, Score
from cnncli.tasks.statistics import LEVEL

MOST_WRONG = 25
BOOTSTRAP_IMAGES = "percentile bootstrap over images"
SAMPLES = 1000
_LEAST_SAMPLES = 100
_MOST_WORK = 400_000_000  # boxes, thresholds and draws together: about 10 s

THRESHOLDS_OF_SCORES = [number / 100 for number in range(1, 100)]

Boxes = Sequence[NDArray[np.floating[Any]]]  # of each image


class ClassAp(Part):
    """How well the objects of one class are found.

    Attributes:
        name: the class.
        ap: average precision, the mean over the thresholds 0.5 to 0.95 of intersection over union; None without objects.
        ap50, ap75: at one threshold.
        recall: the share of the objects that were found at 0.5, with any score.
        objects: how many there are.
        images: how many images have one.
    """

    name: str = Field(alias="class")
    ap: Score
    ap50: Score
    ap75: Score
    recall: Score
    objects: int
    images: int


class ThresholdPoint(Part):
    """Precision, recall and F1 of all boxes with this score or more, at an intersection over union of 0.5."""

    threshold: float
    precision: Score
    recall: Score
    f1: Score


class PrecisionCurve(Part):
    """The precision at 101 recalls from 0 to 1, at an intersection over union of 0.5.

    Attributes:
        name: the class; `all` of the mean.
    """

    name: str
    precision: tuple[float, ...]


class Mistake(Part):
    """A box that is wrong, or an object that was not found.

    Attributes:
        index: of the image in its split, from 0.
        file: where it came from, when it is known.
        kind: one of `matching.KINDS`.
        predicted, true: classes; None where there is none.
        box: top, left, bottom, right in [0, 1] of the image.
        cost: the score of a box; of an object 1 minus the best score of a box of its class there.
    """

    index: int
    file: str | None
    kind: str
    predicted: str | None
    true: str | None
    box: tuple[float, float, float, float]
    cost: float


class BoxIntervals(Intervals):
    """Percentile bootstrap over images."""

    method: str = BOOTSTRAP_IMAGES
    map50: Interval
    map50_95: Interval


class BoxScores(Part):
    """How well objects are found.

    Attributes:
        count: images.
        objects: true boxes in them.
        map50_95: mean average precision as COCO has it: over classes and thresholds of 0.5 to 0.95 of intersection over union.
        map50, map75: at one threshold.
        threshold: the score from which precision, recall, F1 and mistakes count boxes: that of the best F1 on the validation
            split, or on these images where that is not known.
        is_chosen_on_validation: whether it is that of the validation split.
        mistakes: how many of each kind.
        per_class: one a class, by number.
        curves: precision by recall, of all classes together and of each.
        most_costly: the mistakes about which the network was most certain.
    """

    count: int
    objects: int
    intervals: BoxIntervals
    map50_95: Score
    map50: Score
    map75: Score
    threshold: float
    is_chosen_on_validation: bool
    precision: Score
    recall: Score
    f1: Score
    mistakes: dict[str, int]
    per_class: tuple[ClassAp, ...]
    curves: tuple[PrecisionCurve, ...]
    thresholds: tuple[ThresholdPoint, ...]
    most_costly: tuple[Mistake, ...]


def mean_precision(scores: CocoScores, threshold: int | None = None) -> float:
    """The mean over classes with objects; NaN where there is none.

    Args:
        threshold: which of the ten; None: all.
    """
    precision = scores.precision if threshold is None else scores.precision[threshold]
    known = precision[precision > -1]
    return float(known.mean()) if known.size else float("nan")


def per_class(scores: CocoScores, true: Boxes, class_names: Sequence[str]) -> list[ClassAp]:
    """The scores of each class."""
    found = []
    for number, name in enumerate(class_names):
        counts = np.array([int((own[:, 4] == number).sum()) for own in true])
        own, recall = scores.precision[:, :, number], scores.recall[0, number]
        values = [own.mean(), own[0].mean(), own[5].mean(), recall] if counts.sum() else [float("nan")] * 4
        ap, ap50, ap75, recall = map(float, values)
        found.append(
            ClassAp(
                name=name, ap=ap, ap50=ap50, ap75=ap75, recall=recall, objects=int(counts.sum()),
                images=int((counts > 0).sum()),
            )
        )  # fmt: skip
    return found


def curves(scores: CocoScores, class_names: Sequence[str]) -> list[PrecisionCurve]:
    """Precision by recall at 0.5, of all classes with objects together and of each."""
    at_half = scores.precision[0]  # (recalls, classes)
    is_known = at_half[0] > -1
    if not is_known.any():
        return []
    rows = [PrecisionCurve(name="all", precision=tuple(at_half[:, is_known].mean(axis=1).tolist()))]
    if is_known.sum() > 1:
        rows += [
            PrecisionCurve(name=class_names[number], precision=tuple(at_half[:, number].tolist()))
            for number in np.flatnonzero(is_known).tolist()
        ]
    assert len(rows[0].precision) == len(RECALLS)
    return rows


def by_threshold(detections: Detections, objects: int) -> list[ThresholdPoint]:
    """Precision, recall and F1 at the scores 0.01 to 0.99."""
    order = np.argsort(-detections.scores, kind="stable")
    scores, hits = detections.scores[order], np.cumsum(detections.right[0][order])
    counts = [int(np.searchsorted(-scores, -threshold, side="right")) for threshold in THRESHOLDS_OF_SCORES]
    return [
        _point(threshold, said, int(hits[said - 1]) if said else 0, objects)
        for threshold, said in zip(THRESHOLDS_OF_SCORES, counts, strict=True)
    ]


def at_threshold(detections: Detections, objects: int, threshold: float) -> ThresholdPoint:
    """The same at any score."""
    is_said = detections.scores >= threshold
    return _point(threshold, int(is_said.sum()), int(detections.right[0][is_said].sum()), objects)


def _point(threshold: float, said: int, right: int, objects: int) -> ThresholdPoint:
    return ThresholdPoint(
        threshold=threshold,
        precision=right / said if said else None,
        recall=right / objects if objects else None,
        f1=2 * right / (said + objects) if said + objects else None,
    )


def best_of(points: Sequence[ThresholdPoint]) -> ThresholdPoint:
    """The point with the best F1; of equal ones that in their middle."""
    best = max(point.f1 or 0.0 for point in points)
    equal = [point for point in points if (point.f1 or 0.0) == best]
    return equal[len(equal) // 2]


def costly_mistakes(
    found: Boxes, true: Boxes, threshold: float, class_names: Sequence[str], files: Sequence[str] | None
) -> tuple[dict[str, int], list[Mistake], NDArray[np.float64]]:
    """Every mistake with a score from a threshold on.

    Returns:
        How many there are of each kind, the most costly ones (of equal costs that with the larger box first), and the sum of
        the costs of each image.
    """
    counts = dict.fromkeys(KINDS, 0)
    costs = np.zeros(len(true))
    every: list[Mistake] = []
    for index, (own_found, own_true) in enumerate(zip(found, true, strict=True)):
        own, _ = mistakes_of(own_found, own_true, threshold)
        for each in own:
            counts[each.kind] += 1
            costs[index] += each.cost
            top, left, bottom, right = map(float, each.box[:4])
            every.append(
                Mistake(
                    index=index,
                    file=files[index] if files is not None else None,
                    kind=each.kind,
                    predicted=class_names[int(each.box[4])] if each.kind != "missed" else None,
                    true=class_names[each.true_class] if each.true_class >= 0 else None,
                    box=(top, left, bottom, right),
                    cost=each.cost,
                )
            )
    every.sort(key=lambda each: (-each.cost, -_area(each.box)))
    return counts, every[:MOST_WRONG], costs


def _area(box: tuple[float, float, float, float]) -> float:
    top, left, bottom, right = box
    return (bottom - top) * (right - left)


def bootstrap(detections: Detections, images: int, *, seed: int = 0) -> BoxIntervals:
    """Draw the images again, with replacement: intervals of mAP50 and mAP50-95.

    There are 1,000 draws, and fewer of many boxes, but 100 at least.
    """
    work = max(1, detections.right.size)
    samples = int(min(SAMPLES, max(_LEAST_SAMPLES, _MOST_WORK // work)))
    drawn = [detections.mean_average_precisions(counts) for counts in drawn_counts(images, samples, seed=seed)]
    values = np.array(drawn)
    values = values[~np.isnan(values).any(axis=1)]
    bounds = percentiles(values).T.tolist() if len(values) else [[0.0, 1.0]] * 2
    return BoxIntervals(level=LEVEL, samples=samples, seed=seed, map50=tuple(bounds[0]), map50_95=tuple(bounds[1]))
