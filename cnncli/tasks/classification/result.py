"""The result of a classification, as evaluation.json holds it."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from cnncli.tasks.classification.diagnostics import Diagnostics
from cnncli.tasks.classification.scores import Scores
from cnncli.tasks.result import Result


class ClassificationResult(Diagnostics, Scores, Result):
    """Scores of a classifier, and what belongs beside them."""

    task: Literal["classification"] = "classification"

    @model_validator(mode="after")
    def _of_one_size(self) -> Self:
        if {len(self.per_class), *map(len, self.confusion)} != {len(self.confusion)}:
            raise ValueError("`confusion` is not a square with a row for each of `per_class`")
        return self


RESULT = ClassificationResult
