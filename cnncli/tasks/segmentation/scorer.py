"""Score a segmentation batch by batch: pixel counts of each image, the confusion of all pixels, predicted masks in a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncli.data.dataset import Examples
from cnncli.tasks.diverged_outputs import refuse_diverged
from cnncli.tasks.segmentation.boundaries import boundary_distances
from cnncli.tasks.segmentation.masks import masks_of, shares_of
from cnncli.tasks.segmentation.predictions import to_csv
from cnncli.tasks.segmentation.result import SegmentationResult
from cnncli.tasks.segmentation.scores import scores_of
from cnncli.tasks.segmentation.targets import IGNORED, MaskTargets
from cnncli.tasks.spooled_rows import SpooledRows


@dataclass(frozen=True)
class Scored:
    """Examples that a segmentation network has scored.

    Attributes:
        outputs: float32 (count, classes), the share of each class in the predicted mask.
        masks: uint8 (count, pixels of a mask), the predicted classes.
        mask_shape: of one mask.
        counts: int32 (count, classes, 3): the pixels of each class that are right, that are true, that are predicted.
        wrong: int64 (count,), the examples by their mean IoU, the lowest first.
        predicted: there is no single class.
    """

    result: SegmentationResult
    outputs: SpooledRows
    masks: SpooledRows
    mask_shape: tuple[int, ...]
    counts: NDArray[np.int32]
    wrong: NDArray[np.int64]
    predicted: None = None

    def csv_lines(self, examples: Examples, targets: MaskTargets) -> Iterator[str]:
        """predictions.csv: a line for each example."""
        return to_csv(self.counts, targets.class_names, files=examples.files)


class SegmentationScorer:
    """Scores of batches; see `Scorer`.

    Beside the spooled masks it keeps 12 bytes for each class of each example, and 16 for its boundaries.

    Args:
        targets: with the names of the classes.
        files: one an example, when the examples came from files.
    """

    def __init__(self, targets: MaskTargets, *, files: Sequence[str] | None = None) -> None:
        self._names, self._files = targets.class_names, files
        count = len(self._names)
        self._confusion = np.zeros((count, count), np.int64)
        self._counts: list[NDArray[np.int32]] = []
        self._boundaries: list[tuple[float, int]] = []
        self._is_diverged: list[NDArray[np.bool_]] = []
        self._masks, self._shares = SpooledRows(), SpooledRows()
        self._shape: tuple[int, ...] = ()

    def update(self, targets: NDArray[np.uint8], outputs: NDArray[np.floating[Any]]) -> None:
        """Take a batch.

        Args:
            targets: uint8 (batch, *mask), class numbers; 255 does not count.
            outputs: float (batch, *mask, classes), or (batch, *mask, 1): the probability of class 1.
        """
        count = len(self._names)
        said = masks_of(outputs)
        self._shape = said.shape[1:]
        self._is_diverged.append(~np.isfinite(outputs).reshape(len(outputs), -1).all(axis=1))
        for true, own in zip(targets, said, strict=True):
            counts = true != IGNORED
            cells = true[counts].astype(np.int64) * count + own[counts]
            confusion = np.bincount(cells, minlength=count * count).reshape(count, count)
            self._confusion += confusion
            of_each = np.stack([np.diag(confusion), confusion.sum(axis=1), confusion.sum(axis=0)], axis=-1)
            self._counts.append(of_each.astype(np.int32))
            self._boundaries.append(boundary_distances(true, own, ignored=IGNORED))
        self._masks.append(said.reshape(len(said), -1))
        self._shares.append(shares_of(said, count))

    def result(self, **common: Any) -> Scored:
        """Score all batches.

        Args:
            common: the fields that every `Result` has.

        Raises:
            DivergedError: an output is not a number.
        """
        refuse_diverged(np.concatenate(self._is_diverged), "not a number")
        counts = np.stack(self._counts)
        boundaries = np.array(self._boundaries, np.float64).reshape(-1, 2)
        scores, order = scores_of(counts, boundaries, self._confusion, self._names, self._files)
        result = SegmentationResult(**common, count=len(counts), **dict(scores))
        return Scored(result, self._shares, self._masks, self._shape, counts, order)


SCORER = SegmentationScorer
