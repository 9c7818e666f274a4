"""The model card of a regression: scores for its header, errors of each number, limits, code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from cnncli.messages import counted, first_of
from cnncli.model_card.parts import ClassTable, Metric, first_rows
from cnncli.report import values
from cnncli.tasks.regression.result import RegressionResult
from cnncli.tasks.regression.targets import NumberTargets

PIPELINES = {"row of numbers": "tabular-regression"}
TAGS = ("regression",)
EXAMPLES = ("worst",)


def does(targets: NumberTargets, inputs: str) -> str:
    """What the network does, as the end of a sentence."""
    return f"predicts {counted(len(targets.numbers.rows), 'number')} from {inputs}"


def metrics(result: RegressionResult) -> list[Metric]:
    """The scores of the header."""
    return [
        Metric("mae", "Mean absolute error", result.mean_absolute_error),
        Metric("rmse", "Root mean squared error", result.root_mean_squared_error),
        Metric("r_squared", "R²", result.r2),
    ]


def class_table(result: RegressionResult, counts: Mapping[str, Sequence[int]]) -> ClassTable | None:
    """The errors of each number, where an example has several."""
    if len(result.per_target) < 2:
        return None
    names = ("mean_absolute_error", "root_mean_squared_error", "mean_error", "r2")
    rows = [
        [f"number {index}", *(values.decimal(getattr(row, name)) for name in names)]
        for index, row in enumerate(result.per_target)
    ]
    first, note = first_rows(rows, "numbers")
    return ClassTable(["", "mean absolute error", "RMSE", "mean error", "R²"], first, note)


def limits(result: RegressionResult, targets: NumberTargets, counts: Mapping[str, Sequence[int]]) -> Iterator[str]:
    """What the scores tell of the limits of the model."""
    rows = targets.numbers.rows
    spans = [f"{values.decimal(low)} to {values.decimal(high)}" for low, _, high in rows]
    yield f"The training targets lie in {first_of(spans, '; ')}: numbers outside were never learned."
    always = values.decimal(result.baseline.mean_absolute_error)
    is_better = result.mean_absolute_error < result.baseline.mean_absolute_error
    verdict = "the network is better" if is_better else "the network is not better"
    yield f"Always predicting the training mean has a mean absolute error of {always}: {verdict}."
    if result.r2 is not None:
        yield f"It predicts {values.percent(max(result.r2, 0.0))} of the variance of the targets (R²)."
    direction = "too large" if result.mean_error > 0 else "too small"
    error = values.decimal(abs(result.mean_error))
    yield f"Its predictions are on average {error} {direction} on these examples."
    yield "It gives numbers without an uncertainty."


def code(predicted: str, targets: NumberTargets, *, are_logits: bool) -> list[str]:
    """Lines of Python that print the outputs of one example."""
    return [f"print({predicted}[0].tolist())"]
