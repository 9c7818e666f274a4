"""Compare segmentation networks on the same images: a paired bootstrap of the mean IoU of each image."""

from __future__ import annotations

import csv
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from cnncli.errors import OutputError
from cnncli.tasks.pairs import ErrorPair, Side
from cnncli.tasks.recorded_run import Recorded
from cnncli.tasks.segmentation.predictions import MEAN_IOU

TARGET = "mask"  # what an example has


class MaskSide(Side):
    """One run of a comparison."""

    SCORES: ClassVar[dict[str, str]] = {
        "mean_iou": "mean IoU",
        "mean_dice": "mean Dice",
        "pixel_accuracy": "pixel accuracy",
    }
    BOUNDS: ClassVar[tuple[float, float]] = (0.0, 1.0)

    @property
    def errors(self) -> NDArray[np.float64]:
        """1 - the mean IoU of each image: (images,); of an image without pixels that count 0."""
        file = self.run.listed.summary.path / "predictions.csv"
        try:
            with file.open(encoding="utf-8", newline="") as stream:
                values = np.array([float(row[MEAN_IOU]) for row in csv.DictReader(stream)], np.float64)
        except (OSError, KeyError, TypeError, ValueError) as error:
            message = f"{file} is damaged: it has no column of numbers `{MEAN_IOU}`"
            raise OutputError(message, hint="train the run again for a whole one") from error
        return np.where(np.isfinite(values), 1 - values, 0.0)


class MaskPair(ErrorPair):
    """A run against the first one."""

    ERROR: ClassVar[str] = "mean IoU of an image"

    def amount(self, value: float) -> str:
        return f"{value:.4f}"


def side(run: Recorded, label: str) -> MaskSide:
    """Prepare a run for the comparison."""
    return MaskSide(run, label)


def pair(first: MaskSide, second: MaskSide) -> ErrorPair:
    """Compare a run with the first one, before any correction for several comparisons."""
    return MaskPair.of(first.label, second.label, second.errors - first.errors)
