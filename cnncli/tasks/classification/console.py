"""Text output of `cnncli evaluate` for a classification."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from cnncli.messages import FEW_EXAMPLES, cell, rough, shortened
from cnncli.tasks.classification.intervals import wilson
from cnncli.tasks.classification.result import ClassificationResult
from cnncli.tasks.text_report import Lines, Table

_MOST_IN_A_MATRIX = 20  # classes
_PAIRS = 5  # of classes; --json has more


def show(result: ClassificationResult) -> Iterator[Lines | Table]:
    """The scores beside loss and metrics."""
    number = rough if result.count < FEW_EXAMPLES else cell
    yield Lines(list(_lines(result, number)))
    rows = [
        [row.name, number(row.precision), number(row.recall), number(row.f1), row.support] for row in result.per_class
    ]
    yield Table("", ["class", "precision", "recall", "F1", "support"], rows)
    if len(rows) <= _MOST_IN_A_MATRIX:
        names = [row.name for row in result.per_class]
        title = "confusion matrix: rows are true classes, columns are predicted classes"
        counts = [[name, *row] for name, row in zip(names, result.confusion, strict=True)]
        yield Table(title, ["", *names], counts)
    if result.most_confused:
        pairs = [[pair.true, pair.predicted, pair.count] for pair in result.most_confused[:_PAIRS]]
        yield Table("most confused", ["true", "predicted", "count"], pairs, text_columns=2)


def few_examples_hint(count: int) -> str:
    """How wide an interval so few examples give."""
    right = round(0.9 * count)
    low, high = wilson(right, count)
    return f"if {right} of {count} are correct, the 95% interval of the accuracy is {low:.2f} to {high:.2f}"


def _lines(result: ClassificationResult, number: Callable[[Any], str]) -> Iterator[tuple[str, str]]:
    intervals, calibration = result.intervals, result.calibration

    def with_interval(value: float | None, bounds: tuple[float, float]) -> str:
        return f"{number(value)}, {intervals.level:.0%} interval {' to '.join(map(number, bounds))}"

    yield "accuracy", with_interval(result.accuracy, intervals.accuracy)
    yield "baseline", f"{number(result.baseline.accuracy)} by always predicting {shortened(result.baseline.name)}"
    yield "macro F1", with_interval(result.macro_f1, intervals.macro_f1)
    if result.top_k:
        yield "top-k", ", ".join(f"top-{k} accuracy {number(share)}" for k, share in result.top_k.items())
    precision = number(result.precision_recall.macro_average_precision)
    yield "ROC AUC", f"{number(result.roc.macro_auc)}, average precision {precision}"
    if calibration:
        largest = number(calibration.maximum_calibration_error)
        yield "calibration", f"expected error {number(calibration.expected_calibration_error)}, maximum {largest}"
    if best := result.best_threshold:
        yield "threshold", f"best F1 {number(best.f1)} at {best.threshold:.2f}, on these examples"
