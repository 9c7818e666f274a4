"""The result of an object detection, as evaluation.json holds it."""

from __future__ import annotations

from typing import Literal

from cnncli.recipe.targets.detection import SCORES
from cnncli.tasks.detection.scores import BoxScores
from cnncli.tasks.result import Result


class DetectionResult(BoxScores, Result):
    """Scores of the boxes."""

    task: Literal["detection"] = "detection"

    @property
    def scores(self) -> dict[str, float]:
        values = {name: getattr(self, name) for name in SCORES}
        return {name: value for name, value in values.items() if value is not None}


RESULT = DetectionResult
