"""The result of a regression, as evaluation.json holds it."""

from __future__ import annotations

from typing import Literal

from cnncli.tasks.regression.scores import RegressionScores
from cnncli.tasks.result import Result


class RegressionResult(RegressionScores, Result):
    """Errors of a regression, and what belongs beside them."""

    task: Literal["regression"] = "regression"


RESULT = RegressionResult
