"""Compare reconstructions of the same examples: a paired bootstrap of the PSNR."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from cnncli.errors import OutputError
from cnncli.messages import quantity
from cnncli.tasks.pairs import ErrorPair, Side
from cnncli.tasks.reconstruction.console import decibels
from cnncli.tasks.recorded_run import Recorded

TARGET = "input"  # what an example has


@dataclass(frozen=True, eq=False)
class ReconstructionSide(Side):
    """One run of a comparison.

    Attributes:
        psnr: float64 (examples,), of each example; it does not depend on the scale that `prepare` gives the inputs.
    """

    psnr: NDArray[np.float64]

    SCORES: ClassVar[dict[str, str]] = {"psnr": "PSNR (dB)", "ssim": "SSIM", "mean_squared_error": "MSE"}

    def text(self, value: float | None) -> str:
        return quantity(value)


class ReconstructionPair(ErrorPair):
    """A run against the first one; the error of an example is its PSNR with the other sign."""

    ERROR: ClassVar[str] = "mean PSNR"

    def amount(self, value: float) -> str:
        return decibels(value)

    def as_json(self) -> dict[str, Any]:
        """As decibels that the second run has more."""
        low, high = self.interval
        return {**super().as_json(), "difference": -self.difference, "interval": (-high, -low)}


def side(run: Recorded, label: str) -> ReconstructionSide:
    """Prepare a run for the comparison.

    Raises:
        OutputError: its predictions are no numbers.
    """
    try:
        psnr = np.array(run.predicted, np.float64)
    except ValueError as error:
        file = run.listed.summary.path / "predictions.csv"
        raise OutputError(f"{file} is damaged: it does not hold numbers", hint="train the run again") from error
    return ReconstructionSide(run, label, psnr)


def pair(first: ReconstructionSide, second: ReconstructionSide) -> ErrorPair:
    """Compare a run with the first one, before any correction for several comparisons."""
    return ReconstructionPair.of(first.label, second.label, first.psnr - second.psnr)
