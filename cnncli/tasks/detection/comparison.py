"""Compare object detectors on the same images: a paired bootstrap of mAP50-95 over images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from cnncli.errors import OutputError
from cnncli.tasks.detection.average_precision import Detections
from cnncli.tasks.detection.predictions import read_boxes
from cnncli.tasks.pairs import Pair, Side
from cnncli.tasks.recorded_run import Recorded
from cnncli.tasks.resampling import drawn_counts, interval_and_p

TARGET = "boxes"  # what an example has
_DRAWS = 1000
_LEAST_DRAWS = 200
_MOST_WORK = 400_000_000  # boxes, thresholds and draws together


@dataclass(frozen=True, eq=False)
class DetectionSide(Side):
    """One run of a comparison.

    Attributes:
        detections: its boxes, matched with the true ones.
    """

    detections: Detections

    SCORES: ClassVar[dict[str, str]] = {"map50_95": "mAP50-95", "map50": "mAP50"}
    BOUNDS: ClassVar[tuple[float, float]] = (0.0, 1.0)


@dataclass(frozen=True, kw_only=True)
class DetectionPair(Pair):
    """A run against the first one.

    Attributes:
        difference: mAP50-95 of the second minus that of the first.
        draws: how often the images were drawn again.
    """

    difference: float
    draws: int

    @property
    def sentence(self) -> str:
        (low, high), better, worse = self.interval, self.second, self.first
        if self.difference < 0:
            better, worse, low, high = worse, better, -high, -low
        interval = f"95% interval {low + 0.0:.4f} to {high + 0.0:.4f}"
        if self.difference == 0:
            return f"{better} and {worse} have the same mAP50-95; {interval}"
        test = f"paired bootstrap over {self.count:,} images"
        return f"{better} is better than {worse} by {abs(self.difference):.4f} of mAP50-95, {interval}: {self.verdict(test)}"

    def as_json(self) -> dict[str, Any]:
        return {**super().as_json(), "difference": self.difference, "test": "paired bootstrap of mAP50-95 over images"}


def side(run: Recorded, label: str) -> DetectionSide:
    """Prepare a run for the comparison.

    Raises:
        OutputError: its predictions are no boxes.
    """
    try:
        true = [read_boxes(text, 5) for text in run.true]
        found = [read_boxes(text, 6) for text in run.predicted]
        detections = Detections(found, true, len(getattr(run.result, "per_class", ())))
    except (ValueError, IndexError) as error:
        file = run.listed.summary.path / "predictions.csv"
        raise OutputError(f"{file} is damaged: it does not hold boxes", hint="train the run again") from error
    return DetectionSide(run, label, detections)


def pair(first: DetectionSide, second: DetectionSide) -> DetectionPair:
    """Compare a run with the first one, before any correction for several comparisons.

    The images are drawn again, with replacement, for both runs alike: Efron and Tibshirani, An Introduction to the Bootstrap
    (1993), chapter 16. The p-value is twice the share of the draws on the other side of 0, counting the data itself as a draw.
    """
    count = len(first.run.true)
    work = max(1, first.detections.right.size + second.detections.right.size)
    draws = int(min(_DRAWS, max(_LEAST_DRAWS, _MOST_WORK // work)))
    differences = []
    for weights in drawn_counts(count, draws):
        (_, one), (_, other) = (each.detections.mean_average_precisions(weights) for each in (first, second))
        differences.append(other - one)
    known = np.array(differences)[~np.isnan(differences)]
    interval, p = interval_and_p(known, draws=draws) if len(known) else ((0.0, 0.0), 1.0)
    (_, one), (_, other) = first.detections.mean_average_precisions(), second.detections.mean_average_precisions()
    return DetectionPair(
        first=first.label, second=second.label, count=count, interval=interval, p=p, adjusted_p=p,
        difference=other - one, draws=draws,
    )  # fmt: skip
