"""The result of a segmentation, as evaluation.json holds it."""

from __future__ import annotations

from typing import Literal

from cnncli.tasks.result import Result
from cnncli.tasks.segmentation.scores import Scores


class SegmentationResult(Scores, Result):
    """Scores of the masks."""

    task: Literal["segmentation"] = "segmentation"


RESULT = SegmentationResult
