"""The result of a segmentation, as evaluation.json holds it."""

from __future__ import annotations

from typing import Literal

from cnncli.recipe.targets.segmentation import SCORES
from cnncli.tasks.result import Result
from cnncli.tasks.segmentation.scores import Scores


class SegmentationResult(Scores, Result):
    """Scores of the masks."""

    task: Literal["segmentation"] = "segmentation"

    @property
    def scores(self) -> dict[str, float]:
        values = {name: getattr(self, name) for name in SCORES}
        return {name: value for name, value in values.items() if value is not None}


RESULT = SegmentationResult
