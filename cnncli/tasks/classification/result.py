"""The result of a classification, as evaluation.json holds it."""

from __future__ import annotations

from typing import Literal

from cnncli.tasks.classification.diagnostics import Diagnostics
from cnncli.tasks.classification.scores import Scores
from cnncli.tasks.result import Result


class ClassificationResult(Diagnostics, Scores, Result):
    """Scores of a classifier, and what belongs beside them."""

    task: Literal["classification"] = "classification"


RESULT = ClassificationResult
