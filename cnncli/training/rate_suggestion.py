"""Suggest a learning rate from the losses of a range test."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_WIDTH = 4.0  # steps; standard deviation of the Gaussian that smooths the losses
_BEGINNING = 20  # steps at rates that change nothing; their median is the loss before training
_LEAST_FALL = 0.05  # of the loss before training
_LEAST_NOISES = 6.0  # standard errors of the smoothed loss
_NEAR_MINIMUM = 0.05  # of the fall; of a flat bottom its beginning counts
_BELOW_BOTTOM = 3.0


@dataclass(frozen=True)
class Suggestion:
    """What a range test says.

    Attributes:
        rate: the learning rate, with two digits; None where the test does not show one.
        reason: how it was found, or why there is none; a sentence.
        smoothed: the smoothed loss of each step; of a step without a finite loss NaN.
    """

    rate: float | None
    reason: str
    smoothed: tuple[float, ...]


def suggest(rates: Sequence[float], losses: Sequence[float]) -> Suggestion:
    """Find the learning rate with which training is fast and stable.

    The suggestion is a third of the rate at which the smoothed loss reaches its minimum (within 5% of its fall): from there
    on the loss is about to rise. Smith reads the rate off the picture; a tenth of the minimum, the steepest descent and
    fastai's valley are common rules too. docs/learning-rate.md has the trainings that this one was chosen by.

    Args:
        rates: rising by a constant factor.
        losses: of as many batches; infinite or no numbers where the test diverged.
    """
    count = next((index for index, loss in enumerate(losses) if not math.isfinite(loss)), len(losses))
    unknown = (math.nan,) * (len(losses) - count)
    if count < 2 * _BEGINNING:
        what = "is not finite" if count < len(losses) else "diverges"
        reason = f"The loss {what} already at a learning rate of {rates[min(count, len(losses) - 1)]:.2g}."
        return Suggestion(None, reason, (*map(float, losses[:count]), *unknown))
    raw = np.asarray(losses[:count], np.float64)
    before = float(np.median(raw[:_BEGINNING]))
    # One huge loss at the end of a test would hide all others.
    ceiling = max(before + 2 * (before - raw.min()), float(raw[:_BEGINNING].max()))
    smooth = _smoothed(np.minimum(raw, ceiling))
    shown = (*(float(value) for value in smooth), *unknown)
    end = _end_of_valley(smooth, before)
    lowest = int(np.argmin(smooth[:end]))
    fall = before - float(smooth[lowest])
    if fall < max(_LEAST_FALL * abs(before), _LEAST_NOISES * _standard_error(raw, smooth, lowest)):
        reason = "The loss does not clearly fall at any learning rate."
        return Suggestion(None, reason, shown)
    bottom = int(np.argmax(smooth <= smooth[lowest] + _NEAR_MINIMUM * fall))
    rate = float(f"{rates[bottom] / _BELOW_BOTTOM:.1e}")
    return Suggestion(
        rate, f"It is a third of {rates[bottom]:.2g}, where the smoothed loss is within 5% of its minimum.", shown
    )


def _smoothed(losses: NDArray[np.float64]) -> NDArray[np.float64]:
    """The mean of each loss and its neighbors, by a Gaussian; it does not lag behind as a running mean does."""
    index = np.arange(len(losses))
    weights = np.exp(-0.5 * ((index[:, None] - index[None, :]) / _WIDTH) ** 2)
    return np.asarray(weights @ losses / weights.sum(axis=1))


def _end_of_valley(smooth: NDArray[np.float64], before: float) -> int:
    """Where the loss is above its first value again; what comes after it is chance."""
    fallen = np.minimum.accumulate(smooth) < before - _LEAST_FALL * abs(before)
    above = np.flatnonzero(fallen & (smooth >= before))
    return int(above[0]) if above.size else len(smooth)


def _standard_error(raw: NDArray[np.float64], smooth: NDArray[np.float64], end: int) -> float:
    """Of the smoothed loss, from what is left of the losses before its minimum."""
    left = (raw - smooth)[: max(end, _BEGINNING)]
    spread = 1.4826 * float(np.median(np.abs(left - np.median(left))))  # the standard deviation of normal numbers
    return spread / math.sqrt(2 * math.sqrt(math.pi) * _WIDTH)
