"""Average precision of boxes as COCO counts it: by faster-coco-eval, and by weighted images for bootstrap intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncli.errors import ResourceError
from cnncli.tasks.detection.matching import matches

THRESHOLDS = np.linspace(0.5, 0.95, 10)  # of intersection over union, as COCO has them
RECALLS = np.linspace(0, 1, 101)
MOST_DETECTIONS = 100  # of an image


@dataclass(frozen=True)
class CocoScores:
    """What faster-coco-eval gives.

    Attributes:
        precision: float64 (10, 101, classes): by threshold of intersection over union, recall and class; -1 for a class
            without objects.
        recall: float64 (10, classes): the largest recall; -1 likewise.
    """

    precision: NDArray[np.float64]
    recall: NDArray[np.float64]


def coco_json(
    found: Sequence[NDArray[np.floating[Any]]],
    true: Sequence[NDArray[np.floating[Any]]],
    class_names: Sequence[str],
    sizes: Sequence[tuple[int, int]] | None = None,
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Boxes in the form of COCO's JSON: the data set with its objects, and the results.

    Args:
        found: of each image (n, 6): top, left, bottom, right in [0, 1], class, score.
        true: of each image (m, 5): top, left, bottom, right, class.
        sizes: (height, width) of each image in pixels; None: boxes stay in shares of the image.
    """
    images = [{"id": number} for number in range(len(true))]
    if sizes is not None:
        images = [{"id": number, "height": size[0], "width": size[1]} for number, size in enumerate(sizes)]
    objects: list[dict[str, Any]] = []
    results: list[dict[str, Any]] = []
    for number, (own_found, own_true) in enumerate(zip(found, true, strict=True)):
        height, width = sizes[number] if sizes is not None else (1, 1)
        for each in np.asarray(own_true, np.float64).tolist():
            box = _left_top_width_height(each, height, width)
            about = {"id": len(objects) + 1, "image_id": number, "category_id": int(each[4]) + 1}
            objects.append({**about, "bbox": box, "area": box[2] * box[3], "iscrowd": 0})
        for each in np.asarray(own_found, np.float64).tolist():
            box = _left_top_width_height(each, height, width)
            results.append({"image_id": number, "category_id": int(each[4]) + 1, "bbox": box, "score": each[5]})
    categories = [{"id": number, "name": name} for number, name in enumerate(class_names, start=1)]
    return {"images": images, "annotations": objects, "categories": categories}, results


def _left_top_width_height(box: Sequence[float], height: int, width: int) -> list[float]:
    top, left, bottom, right = box[0] * height, box[1] * width, box[2] * height, box[3] * width
    return [left, top, right - left, bottom - top]


def coco_scores(data_set: dict[str, Any], results: list[dict[str, Any]]) -> CocoScores:
    """Score results as COCO does, over boxes of all sizes, with at most 100 of an image and a class.

    Raises:
        ResourceError: faster-coco-eval is not installed.
    """
    try:
        from faster_coco_eval import COCO
        from faster_coco_eval.core.faster_eval_api import COCOeval_faster
    except ImportError as error:
        message = "boxes are scored by faster-coco-eval, which is not installed"
        raise ResourceError(message, hint='pip install "cnncli[detection]"') from error
    classes = len(data_set["categories"])
    if not results:
        is_there = np.isin(np.arange(1, classes + 1), [each["category_id"] for each in data_set["annotations"]])
        shape = len(THRESHOLDS), len(RECALLS), classes
        precision = np.where(is_there, 0.0, -1.0)
        return CocoScores(np.broadcast_to(precision, shape), np.broadcast_to(precision, (len(THRESHOLDS), classes)))
    truth = COCO(data_set, print_function=_silent)
    run = COCOeval_faster(truth, truth.loadRes(results), "bbox", print_function=_silent)
    run.params.areaRng, run.params.areaRngLbl = [[0, 1e10]], ["all"]
    run.params.maxDets = [MOST_DETECTIONS]
    run.evaluate()
    run.accumulate()
    return CocoScores(run.eval["precision"][:, :, :, 0, 0], run.eval["recall"][:, :, 0, 0])


def _silent(*_: Any) -> None:
    """What faster-coco-eval prints is not shown."""


class Detections:
    """The boxes of all images, matched once, for average precisions over any choice of images.

    Args:
        found: of each image (n, 6), by falling score.
        true: of each image (m, 5).
        classes: number of classes.
    """

    def __init__(
        self, found: Sequence[NDArray[np.floating[Any]]], true: Sequence[NDArray[np.floating[Any]]], classes: int
    ) -> None:
        right = [matches(own, objects, THRESHOLDS) for own, objects in zip(found, true, strict=True)]
        counts = [len(own) for own in found]
        every = np.concatenate([np.asarray(own).reshape(-1, 6) for own in found])
        is_right = np.concatenate(right, axis=1)  # (thresholds, boxes)
        images = np.repeat(np.arange(len(found)), counts)
        self.scores, self.right, self.images = every[:, 5], is_right, images
        self._of_class = []
        for number in range(classes):
            mine = np.flatnonzero(every[:, 4] == number)
            mine = mine[np.argsort(-every[mine, 5], kind="stable")]
            self._of_class.append((images[mine], is_right[:, mine]))
        self._objects = np.array(
            [np.bincount(np.asarray(own)[:, 4].astype(int), minlength=classes) for own in true], np.float64
        ).reshape(len(true), classes)

    def mean_average_precisions(self, weights: NDArray[np.float64] | None = None) -> tuple[float, float]:
        """mAP50 and mAP50-95 with each image counted so many times; NaN where none of them has an object.

        Args:
            weights: (images,); None: each once.
        """
        counts = np.ones(len(self._objects)) if weights is None else weights
        rows = []
        for (images, right), objects in zip(self._of_class, counts @ self._objects, strict=True):
            if objects > 0:
                rows.append(_average_precisions(right, counts[images], objects))
        if not rows:
            return float("nan"), float("nan")
        means = np.mean(rows, axis=0)  # (thresholds,)
        return float(means[0]), float(means.mean())


def _average_precisions(right: NDArray[np.bool_], weights: NDArray[np.float64], objects: float) -> NDArray[np.float64]:
    """The mean over 101 recalls of the largest precision at that recall or a larger one, by threshold: (thresholds,).

    Lin et al., Microsoft COCO: Common Objects in Context (2014), as pycocotools computes it.
    """
    if not right.shape[1]:
        return np.zeros(len(right))
    hits = np.cumsum(right * weights, axis=1)
    said = np.cumsum(weights)
    precision = hits / np.maximum(said, np.spacing(1))
    envelope = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
    found = np.zeros((len(right), len(RECALLS)))
    for row, own, recall in zip(found, envelope, hits / objects, strict=True):
        places = np.searchsorted(recall, RECALLS, side="left")
        row[places < len(own)] = own[places[places < len(own)]]
    means: NDArray[np.float64] = found.mean(axis=1)
    return means
