"""evaluation.json -> the tables and charts of a page."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cnncli.report import charts, values
from cnncli.report.charts import Chart

MOST_IN_A_MATRIX = 30  # classes that a table of all pairs is readable for
_MOST_CURVES = 6
_MOST_MISTAKES = 20
_LEVELS = 5  # of a cell's colour
_MOST_THRESHOLDS = 21
_FALSE_ALARMS = "false positive rate"
_CONFIDENCE = "probability of the predicted class"


@dataclass(frozen=True)
class Cell:
    """A cell of the confusion matrix.

    Attributes:
        level: of its colour, from 0, which is none, to 5.
        about: the cell in words.
    """

    count: int
    is_right: bool
    level: int
    about: str


@dataclass(frozen=True)
class Matrix:
    """The confusion matrix: a row a true class, a column a predicted one."""

    names: list[str]
    rows: list[list[Cell]]

    @property
    def is_short(self) -> bool:
        """Whether the names can stand upright above their columns."""
        return max(map(len, self.names)) <= 3


@dataclass(frozen=True)
class ClassRow:
    """How well one class is recognised."""

    name: str
    precision: float | None
    recall: float | None
    f1: float | None
    support: int | None
    auc: float | None


@dataclass(frozen=True)
class Mistake:
    """A wrong prediction; the file is empty where the example came from no file."""

    example: str
    true: str
    predicted: str
    probability: float | None


def class_rows(evaluation: Mapping[str, Any]) -> list[ClassRow]:
    """A row a class, in the order of the classes."""
    areas = {
        values.text(row.get("class")): values.number(row.get("auc"))
        for row in values.rows(values.mapping(evaluation.get("roc")).get("per_class"))
    }
    return [
        ClassRow(
            name=values.text(row.get("class")),
            precision=values.number(row.get("precision")),
            recall=values.number(row.get("recall")),
            f1=values.number(row.get("f1")),
            support=values.count(row.get("support")),
            auc=areas.get(values.text(row.get("class"))),
        )
        for row in values.rows(evaluation.get("per_class"))
    ]


def matrix(evaluation: Mapping[str, Any]) -> Matrix | None:
    """The confusion matrix; None where there is none, or it has too many classes for a table."""
    names = [row.name for row in class_rows(evaluation)]
    counts = _counts(evaluation.get("confusion"))
    if (
        not 0 < len(names) <= MOST_IN_A_MATRIX
        or len(counts) != len(names)
        or {len(row) for row in counts} != {len(names)}
    ):
        return None
    totals = [sum(row) for row in counts]
    wrong = [
        count / totals[true]
        for true, row in enumerate(counts)
        for said, count in enumerate(row)
        if true != said and totals[true]
    ]
    largest = max(wrong, default=0.0) or 1.0
    rows = []
    for true, row in enumerate(counts):
        cells = []
        for said, count in enumerate(row):
            share = count / totals[true] if totals[true] else 0.0
            is_right = true == said
            # The root lets a few mistakes be seen beside many.
            strength = share if is_right else math.sqrt(share / largest)
            about = f"{names[true]}, predicted {names[said]}: {count:,} of {totals[true]:,} ({share:.1%})"
            cells.append(Cell(count, is_right, math.ceil(strength * _LEVELS - 1e-9), about))
        rows.append(cells)
    return Matrix(names, rows)


def most_confused(evaluation: Mapping[str, Any]) -> list[tuple[str, str, int]]:
    """Pairs of classes with how often the first was taken for the second, most often first."""
    found = []
    for row in values.rows(evaluation.get("most_confused"))[:_MOST_MISTAKES]:
        count = values.count(row.get("count"))
        if count is not None:
            found.append((values.text(row.get("true")), values.text(row.get("predicted")), count))
    return found


def most_wrong(evaluation: Mapping[str, Any]) -> list[Mistake]:
    """The wrong predictions that the network was most sure of."""
    found = []
    for row in values.rows(evaluation.get("most_wrong"))[:_MOST_MISTAKES]:
        index = values.count(row.get("index"))
        example = values.text(row.get("file")) or (f"example {index:,}" if index is not None else values.MISSING)
        true, predicted = values.text(row.get("true")), values.text(row.get("predicted"))
        found.append(Mistake(example, true, predicted, values.number(row.get("probability"))))
    return found


@dataclass(frozen=True)
class Reliability:
    """How far the network's confidence can be trusted.

    Attributes:
        charts: how often it is right, by how sure it is, and how often it is how sure.
        expected, largest: calibration errors.
    """

    charts: tuple[Chart, Chart]
    expected: float | None
    largest: float | None


def reliability(evaluation: Mapping[str, Any]) -> Reliability | None:
    """The reliability diagram; None where there is none."""
    found = values.mapping(evaluation.get("calibration"))
    bins = []
    for row in values.rows(found.get("bins")):
        count = values.count(row.get("count"))
        low, high = values.number(row.get("low")), values.number(row.get("high"))
        confidence, accuracy = values.number(row.get("confidence")), values.number(row.get("accuracy"))
        if not count or low is None or high is None or accuracy is None:
            continue
        sure = f", on average {confidence:.1%} sure" if confidence is not None else ""
        told = f"{low:.0%} to {high:.0%} sure: {count:,} examples{sure}, right in {accuracy:.1%}"
        bins.append((low, high, count, accuracy, told))
    if not bins:
        return None
    expected = values.number(found.get("expected_calibration_error"))
    about = "How often the network is right, by how sure it is; on the diagonal it is as sure as it should be"
    if expected is not None:
        about += f". The expected calibration error is {expected:.4f}"
    right = charts.over_shares(
        "How often it is right",
        [(low, high, accuracy, told) for low, high, _, accuracy, told in bins],
        about=about,
        x_label=_CONFIDENCE,
    )
    often = charts.over_shares(
        "How many examples",
        [(low, high, count, told) for low, high, count, _, told in bins],
        about="How many examples the network is how sure of",
        x_label=_CONFIDENCE,
        are_counts=True,
    )
    return Reliability((right, often), expected, values.number(found.get("maximum_calibration_error")))


def roc(evaluation: Mapping[str, Any]) -> Chart | None:
    """ROC curves: of few classes all, of many those with the smallest areas."""
    return _curves(evaluation.get("roc"), "ROC", ("macro_auc", "auc", "AUC"), ("fpr", "tpr"), _FALSE_ALARMS)


def precision_recall(evaluation: Mapping[str, Any]) -> Chart | None:
    """Precision-recall curves, chosen likewise."""
    names = ("macro_average_precision", "average_precision", "AP")
    return _curves(evaluation.get("precision_recall"), "Precision and recall", names, ("recall", "precision"), "recall")


def _curves(found: Any, title: str, areas: tuple[str, str, str], axes: tuple[str, str], x_label: str) -> Chart | None:
    macro, area, short = areas
    per_class = [row for row in values.rows(values.mapping(found).get("per_class")) if values.numbers(row.get(axes[0]))]
    if not per_class:
        return None
    # The hardest classes say most; an unknown area is not one of them.
    shown = sorted(per_class, key=lambda row: _or(values.number(row.get(area)), 2.0))[:_MOST_CURVES]
    curves = []
    for row in shown:
        size = values.number(row.get(area))
        name = values.text(row.get("class")) + (f", {short} {size:.4f}" if size is not None else "")
        curves.append((name, values.numbers(row.get(axes[0])), values.numbers(row.get(axes[1]))))
    mean = values.number(values.mapping(found).get(macro))
    if len(per_class) == 1:
        about = f"{title} of {values.text(shown[0].get('class'))}"
    elif len(shown) < len(per_class):
        about = f"{title} of the {len(shown)} hardest of {len(per_class):,} classes, each against the others"
    else:
        about = f"{title} of every class, each against the others"
    if mean is not None and len(per_class) > 1:
        about += f". The mean {short} of all classes is {mean:.4f}"
    return charts.in_unit_square(title, curves, about=about, x_label=x_label, diagonal=x_label == _FALSE_ALARMS)


def thresholds(evaluation: Mapping[str, Any]) -> list[tuple[float, list[float | None]]]:
    """For two classes: a threshold, with precision, recall, F1 and accuracy at it."""
    rows = []
    for row in values.rows(evaluation.get("thresholds")):
        threshold = values.number(row.get("threshold"))
        if threshold is not None:
            rows.append(
                (threshold, [values.number(row.get(name)) for name in ("precision", "recall", "f1", "accuracy")])
            )
    return rows[:: max(1, math.ceil(len(rows) / _MOST_THRESHOLDS))]


def threshold_chart(evaluation: Mapping[str, Any]) -> Chart | None:
    """For two classes: what each threshold gives."""
    rows = values.rows(evaluation.get("thresholds"))
    names = (("precision", "precision"), ("recall", "recall"), ("F1", "f1"), ("accuracy", "accuracy"))
    at = [values.number(row.get("threshold")) for row in rows]
    curves = [(name, at, [values.number(row.get(key)) for row in rows]) for name, key in names]
    if len(rows) < 2:
        return None
    about = "Precision, recall, F1 and accuracy by the probability from which the second class is predicted"
    return charts.in_unit_square("By threshold", curves, about=about, x_label="threshold", diagonal=False)


def _counts(found: Any) -> list[list[int]]:
    if not isinstance(found, list):
        return []
    rows = [row for row in found if isinstance(row, list)]
    return [[values.count(count) or 0 for count in row] for row in rows]


def _or(value: float | None, otherwise: float) -> float:
    return otherwise if value is None else value
