"""Score an object detector batch by batch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncli.data.dataset import Examples
from cnncli.recipe.targets.detection import CENTRES, SIDES
from cnncli.tasks.detection.average_precision import Detections, coco_json, coco_scores
from cnncli.tasks.detection.decode import decode_boxes
from cnncli.tasks.detection.predictions import to_csv
from cnncli.tasks.detection.result import DetectionResult
from cnncli.tasks.detection.scores import (
    at_threshold,
    best_of,
    bootstrap,
    by_threshold,
    costly_mistakes,
    curves,
    mean_precision,
    per_class,
)
from cnncli.tasks.detection.targets import BoxTargets
from cnncli.tasks.diverged_outputs import refuse_diverged
from cnncli.tasks.spooled_rows import SpooledRows


@dataclass(frozen=True)
class Scored:
    """Images that a detector has scored.

    Attributes:
        targets: float32 (count, boxes * 5); see `BoxTargets`.
        outputs: float32 (count, boxes * 6); see `decode_boxes`.
        wrong: int64 (any,), the images with mistakes, those with the largest costs first.
        predicted: an image has no single class.
    """

    result: DetectionResult
    targets: SpooledRows
    outputs: SpooledRows
    wrong: NDArray[np.int64]
    predicted: None = None

    def csv_lines(self, examples: Examples, targets: BoxTargets) -> Iterator[str]:
        """predictions.csv: a line for each image."""
        return to_csv(self.targets, self.outputs, files=examples.files)


class DetectionScorer:
    """Scores of batches; see `Scorer`. It holds the boxes of all images, at most 100 found ones each, and no maps.

    Args:
        targets: with the names of the classes, and the threshold where it is known.
        files: one an image, when the images came from files.
    """

    def __init__(self, targets: BoxTargets, *, files: Sequence[str] | None = None) -> None:
        self._names, self._files = targets.class_names, files
        self._threshold = targets.threshold
        self._targets, self._outputs = SpooledRows(), SpooledRows()
        self._is_diverged: list[NDArray[np.bool_]] = []

    def update(self, targets: NDArray[np.floating[Any]], outputs: Mapping[str, NDArray[np.floating[Any]]]) -> None:
        """Take a batch.

        Args:
            targets: (batch, boxes, 5).
            outputs: `centres` (batch, height, width, classes) and `sides` (batch, height, width, 4).
        """
        finite = [np.isfinite(each).all(axis=(1, 2, 3)) for each in outputs.values()]
        self._is_diverged.append(~np.logical_and.reduce(finite))
        boxes = decode_boxes(outputs[CENTRES], outputs[SIDES])
        self._targets.append(np.asarray(targets, np.float32).reshape(len(targets), -1))
        self._outputs.append(boxes.reshape(len(boxes), -1))

    def result(self, **common: Any) -> Scored:
        """Score all batches.

        Args:
            common: the fields that every `Result` has.

        Raises:
            DivergedError: an output is not a finite number.
            ResourceError: faster-coco-eval is not installed.
        """
        refuse_diverged(np.concatenate(self._is_diverged), "no finite number")
        true = [_boxes(row, 5) for row in self._targets]
        found = [_boxes(row, 6) for row in self._outputs]
        names, count = self._names, len(true)
        scores = coco_scores(*coco_json(found, true, names))
        detections = Detections(found, true, len(names))
        objects = sum(map(len, true))
        points = by_threshold(detections, objects)
        own = self._threshold
        point = best_of(points) if own is None else at_threshold(detections, objects, own)
        kinds, most_costly, costs = costly_mistakes(found, true, point.threshold, names, self._files)
        wrong = np.flatnonzero(costs)
        result = DetectionResult(
            **common,
            count=count,
            objects=objects,
            intervals=bootstrap(detections, count),
            map50_95=mean_precision(scores),
            map50=mean_precision(scores, 0),
            map75=mean_precision(scores, 5),
            threshold=point.threshold,
            is_chosen_on_validation=own is not None,
            precision=point.precision,
            recall=point.recall,
            f1=point.f1,
            mistakes=kinds,
            per_class=tuple(per_class(scores, true, names)),
            curves=tuple(curves(scores, names)),
            thresholds=tuple(points),
            most_costly=tuple(most_costly),
        )
        wrong = wrong[np.argsort(-costs[wrong], kind="stable")]
        return Scored(result, self._targets, self._outputs, wrong)


def _boxes(row: NDArray[np.float32], width: int) -> NDArray[np.float64]:
    """The boxes of an image without the empty rows, (boxes, width)."""
    boxes = row.reshape(-1, width).astype(np.float64)
    return boxes[boxes[:, 4] >= 0]


SCORER = DetectionScorer
