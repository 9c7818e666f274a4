"""Calibration of probabilities: the expected calibration error."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncli.tasks.result import Part, Score

BINS = 15


class Bin(Part):
    """The examples of which the network is about equally sure.

    Attributes:
        low, high: the confidences that belong here: above `low` and up to `high`; 0 belongs to the first.
        count: how many examples.
        confidence: their mean; None where there are none.
        accuracy: the share that is right; None where there are none.
    """

    low: float
    high: float
    count: int
    confidence: Score
    accuracy: Score


class Calibration(Part):
    """How far confidence and accuracy are apart.

    Attributes:
        expected_calibration_error: the mean distance over the bins, each weighted by its examples.
        maximum_calibration_error: the largest distance of a bin that has examples, be they ever so few.
        bins: of equal width, from 0 to 1.
    """

    expected_calibration_error: float
    maximum_calibration_error: float
    bins: tuple[Bin, ...]


def calibration(
    confidence: NDArray[np.floating[Any]], right: NDArray[np.bool_], *, bin_count: int = BINS
) -> Calibration:
    """Compare confidence with accuracy in bins of equal width.

    Guo et al., "On Calibration of Modern Neural Networks", 2017, section 2 (equations 3 and 5); 15 bins as in their
    experiments. The expected error is biased upwards where bins hold few examples: a perfectly calibrated network, too,
    has one above 0.

    Args:
        confidence: float (examples,) in [0, 1], the probability of the predicted class; at least one.
        right: bool (examples,), whether that class is the true one.

    Raises:
        ValueError: a confidence outside of [0, 1], or arrays of different or empty shapes.
    """
    confidence, right = np.asarray(confidence, np.float64), np.asarray(right, bool)
    if confidence.ndim != 1 or confidence.shape != right.shape or not confidence.size:
        raise ValueError(f"both are (examples,), at least one; received {confidence.shape} and {right.shape}")
    if not np.all((confidence >= 0) & (confidence <= 1)):
        raise ValueError(f"confidence is in [0, 1]; received {confidence.min()} to {confidence.max()}")
    edges = np.arange(bin_count + 1) / bin_count
    number = np.searchsorted(edges[1:-1], confidence, side="left")  # (low, high]
    counts = np.bincount(number, minlength=bin_count)
    said = np.bincount(number, weights=confidence, minlength=bin_count)
    were = np.bincount(number, weights=right, minlength=bin_count)
    distances = np.abs(were - said)  # each times its count
    filled = counts > 0
    bins = tuple(
        Bin(
            low=float(edges[index]),
            high=float(edges[index + 1]),
            count=int(count),
            confidence=float(said[index] / count) if count else math.nan,
            accuracy=float(were[index] / count) if count else math.nan,
        )
        for index, count in enumerate(counts)
    )
    return Calibration(
        expected_calibration_error=float(distances.sum() / confidence.size),
        maximum_calibration_error=float(np.max(distances[filled] / counts[filled])),
        bins=bins,
    )
