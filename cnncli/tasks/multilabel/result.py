"""The result of a multi-label classification, as evaluation.json holds it."""

from __future__ import annotations

from typing import Literal

from cnncli.tasks.multilabel.scores import Scores
from cnncli.tasks.result import Result


class MultilabelResult(Scores, Result):
    """Scores of the labels."""

    task: Literal["multilabel"] = "multilabel"


RESULT = MultilabelResult
