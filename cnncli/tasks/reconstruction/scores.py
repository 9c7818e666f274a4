"""Scores of a reconstruction: MSE, PSNR and SSIM with bootstrap intervals, the inputs as the baseline, the largest errors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cnncli.tasks.reconstruction.quality import psnr_of
from cnncli.tasks.resampling import drawn_rows, percentiles
from cnncli.tasks.result import Interval, Intervals, Part
from cnncli.tasks.statistics import BOOTSTRAP, LEVEL

MOST_WORST = 25
SAMPLES = 1000


class Quality(Part):
    """How near pictures, signals or rows of numbers come to the targets, each example counting the same.

    Attributes:
        mean_squared_error: in the square of the targets' unit.
        psnr: the mean peak signal-to-noise ratio in decibels; an exact example counts 100.
        ssim: the mean structural similarity; None for rows of numbers.
    """

    mean_squared_error: float
    psnr: float
    ssim: float | None


class ReconstructionIntervals(Intervals):
    """Of the means over examples; see `bootstrap`."""

    method: str = BOOTSTRAP
    mean_squared_error: Interval
    psnr: Interval
    ssim: Interval | None
    psnr_gain: Interval | None


class Worst(Part):
    """An example that is reconstructed badly.

    Attributes:
        index: which example of its split, from 0; that of `predictions.csv`.
        file: where it came from, when it is known.
        mean_squared_error, psnr, ssim: of this example.
    """

    index: int
    file: str | None
    mean_squared_error: float
    psnr: float
    ssim: float | None


class ReconstructionScores(Quality):
    """The scores of all examples, and what belongs beside them.

    Attributes:
        count: examples.
        low, high: the values between which the targets lie; PSNR and SSIM depend on their difference.
        corruption: the layers of `augment`, which the network is to undo; empty for an autoencoder.
        inputs: the quality of what goes into the network, without it; None for an autoencoder.
        psnr_gain: how many decibels the network gains; None for an autoencoder.
        worst: the examples of the largest errors, largest first.
    """

    count: int
    low: float
    high: float
    corruption: str
    inputs: Quality | None
    psnr_gain: float | None
    intervals: ReconstructionIntervals
    worst: tuple[Worst, ...]


def reconstruction_scores(
    errors: NDArray[np.float64],
    ssim: NDArray[np.float64] | None,
    inputs: tuple[NDArray[np.float64], NDArray[np.float64] | None] | None,
    *,
    low: float,
    high: float,
    corruption: str,
    files: Sequence[str] | None = None,
) -> tuple[ReconstructionScores, NDArray[np.int64]]:
    """Score what a network gave back.

    Args:
        errors: float64 (examples,), mean squared errors, at least one.
        ssim: float64 (examples,); None where there is none.
        inputs: the same of what went into the network; None for an autoencoder.
        low, high: the values between which the targets lie.
        corruption: what the network is to undo, in words.
        files: one an example, when the examples came from files.

    Returns:
        The scores, and int64 (examples,), the examples by their errors, the largest first.
    """
    data_range = high - low
    psnr = psnr_of(errors, data_range)
    columns = {"mean_squared_error": errors, "psnr": psnr}
    if ssim is not None:
        columns["ssim"] = ssim
    before = None
    if inputs is not None:
        input_psnr = psnr_of(inputs[0], data_range)
        columns["psnr_gain"] = psnr - input_psnr
        before = _quality(inputs[0], input_psnr, inputs[1])
    order: NDArray[np.int64] = np.argsort(-errors, kind="stable")
    scores = ReconstructionScores(
        **dict(_quality(errors, psnr, ssim)),
        count=len(errors),
        low=low,
        high=high,
        corruption=corruption,
        inputs=before,
        psnr_gain=float(columns["psnr_gain"].mean()) if before else None,
        intervals=bootstrap(columns),
        worst=tuple(
            Worst(
                index=index,
                file=files[index] if files is not None else None,
                mean_squared_error=float(errors[index]),
                psnr=float(psnr[index]),
                ssim=None if ssim is None else float(ssim[index]),
            )
            for index in order[:MOST_WORST].tolist()
        ),
    )
    return scores, order


def bootstrap(
    columns: dict[str, NDArray[np.float64]], *, level: float = LEVEL, samples: int = SAMPLES, seed: int = 0
) -> ReconstructionIntervals:
    """Draw as many examples again, with replacement, and see between which values the means lie.

    That is the percentile bootstrap (Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13). It says how
    much chance there is in these examples, not in the training; of few examples (below about 30) it is too narrow.

    Args:
        columns: float64 (examples,) each, by the name of the score; all are drawn together.
        level: share of the draws that lie within an interval.
    """
    values = np.stack(list(columns.values()), axis=1)  # (examples, scores)
    count = len(values)
    drawn = drawn_rows(count, samples, seed=seed)
    means = np.concatenate([values[rows].mean(axis=1) for rows in drawn])
    low, high = percentiles(means, level=level).tolist()
    between = {name: (low[place], high[place]) for place, name in enumerate(columns)}
    return ReconstructionIntervals(
        level=level, samples=samples, seed=seed, **{"ssim": None, "psnr_gain": None, **between}
    )


def _quality(errors: NDArray[np.float64], psnr: NDArray[np.float64], ssim: NDArray[np.float64] | None) -> Quality:
    return Quality(
        mean_squared_error=float(errors.mean()),
        psnr=float(psnr.mean()),
        ssim=None if ssim is None else float(ssim.mean()),
    )
