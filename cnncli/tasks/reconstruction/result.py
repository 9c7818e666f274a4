"""The result of a reconstruction, as evaluation.json holds it."""

from __future__ import annotations

from typing import Literal

from cnncli.tasks.reconstruction.scores import ReconstructionScores
from cnncli.tasks.result import Result


class ReconstructionResult(ReconstructionScores, Result):
    """PSNR and SSIM, and what belongs beside them."""

    task: Literal["reconstruction"] = "reconstruction"

    @property
    def scores(self) -> dict[str, float]:
        named = {name: getattr(self, name) for name in ("mean_squared_error", "psnr", "ssim", "psnr_gain")}
        return {name: value for name, value in named.items() if value is not None}


RESULT = ReconstructionResult
