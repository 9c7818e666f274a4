"""The result of a classification, as evaluation.json holds it."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from cnncli.errors import Problem
from cnncli.messages import FEW_EXAMPLES, shortened
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

    def remarks(self) -> tuple[Problem, ...]:
        """All examples, of different classes, get the same one."""
        predicted = [sum(column) for column in zip(*self.confusion, strict=True)]
        has_several_classes = sum(map(any, self.confusion)) > 1
        if max(predicted) < self.count or self.count < FEW_EXAMPLES or not has_several_classes:
            return ()
        name = self.per_class[predicted.index(max(predicted))].name
        hint = (
            "it has not learned to tell the classes apart: train longer, or try another learning rate\n"
            "`cnncli train --find-lr` suggests a learning rate"
        )
        return (Problem(f"the network predicts class {shortened(name)} for all {self.count:,} examples", hint),)


RESULT = ClassificationResult
