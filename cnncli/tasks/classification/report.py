"""Report sections of a classification: scores, tables and charts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from cnncli.messages import counted
from cnncli.plots import score_charts
from cnncli.plots.score_charts import AreaChart
from cnncli.report import charts, values
from cnncli.report.charts import Chart
from cnncli.report.headline import Headline, Tile
from cnncli.tasks.classification.calibration import Calibration
from cnncli.tasks.classification.result import ClassificationResult
from cnncli.tasks.classification.targets import ClassTargets
from cnncli.tasks.classification.thresholds import ThresholdScore
from cnncli.tasks.result import Interval

MOST_IN_A_MATRIX = 30  # classes that a table of all pairs is readable for
_MOST_CURVES = 6
_MOST_MISTAKES = 20
_LEVELS = 5  # of a cell's colour
_MOST_THRESHOLDS = 21
_ROC_NOTE = "The curves of the {} of {:,} classes with the smallest areas, each against the rest."


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
class Sections:
    """What the template shows.

    Attributes:
        areas: AUC by class; empty where it is shown for no class.
        calibration: how often the network is correct by its confidence, and how many examples there are.
        roc_note: which classes have curves, where not all have.
        mistakes: the example, its class, the predicted class and its probability.
    """

    result: ClassificationResult
    matrix: Matrix | None
    areas: dict[str, float | None]
    calibration: tuple[Chart, ...]
    roc: tuple[Chart, ...]
    roc_note: str
    threshold_chart: Chart | None
    thresholds: Sequence[ThresholdScore]
    mistakes: Sequence[tuple[str, str, str, float | None]]

    ERRORS: ClassVar[str] = "Most confident errors"

    @property
    def charted(self) -> list[str]:
        """The kinds of pictures that charts and tables stand in for."""
        found = {
            "confusion": self.matrix,
            "roc": self.roc,
            "calibration": self.calibration,
            "thresholds": self.threshold_chart,
        }
        return [kind for kind, made in found.items() if made]

    @property
    def has_examples(self) -> bool:
        return bool(self.mistakes)


def targets_fact(targets: ClassTargets) -> tuple[str, list[str]]:
    """The targets of the training: a word, and the lines behind it."""
    return "Classes", [values.all_names(targets.class_names)]


def headline(result: ClassificationResult) -> Headline:
    """The accuracy, and what it is compared with."""
    baseline = f"always predicting {result.baseline.name} reaches {values.percent(result.baseline.accuracy)}"
    return Headline("accuracy", values.percent(result.accuracy), _interval(result.intervals.accuracy), baseline)


def tiles(result: ClassificationResult) -> list[Tile]:
    """What stands beside the headline at the top of the page."""
    if result.macro_f1 is None:
        return []
    beside = f"{result.intervals.level:.0%} interval {_interval(result.intervals.macro_f1)}"
    return [Tile("Macro F1", values.percent(result.macro_f1), beside)]


def numbers(result: ClassificationResult) -> list[tuple[str, str, str]]:
    """The scores that the head of the page does not have: name, value and interval."""
    found = {name: value for name, value in result.metrics.items() if name != "accuracy"}
    found |= {name: getattr(result, name) for name in ("macro_precision", "macro_recall")}
    rows = [(values.readable(name), values.score(name, value)) for name, value in found.items()]
    calibration = result.calibration
    for words, value in (
        ("mean AUC of the classes", result.roc.macro_auc),
        ("mean average precision of the classes", result.precision_recall.macro_average_precision),
        ("expected calibration error", calibration.expected_calibration_error if calibration else None),
        ("largest calibration error", calibration.maximum_calibration_error if calibration else None),
    ):
        if value is not None:
            rows.append((words, values.rate(value)))
    rows += [(f"top-{k} accuracy", values.percent(share)) for k, share in result.top_k.items()]
    return [(name, value, "") for name, value in rows]


def sections(result: ClassificationResult) -> Sections:
    """Tables and charts."""
    areas = {curve.name: curve.auc for curve in result.roc.per_class}
    has_areas = len(result.per_class) > 2 and any(area is not None for area in areas.values())
    curves = tuple(filter(None, map(area_chart, score_charts.area_charts(result.roc, result.precision_recall))))
    return Sections(
        result=result,
        matrix=matrix([row.name for row in result.per_class], result.confusion),
        areas=areas if has_areas else {},
        calibration=reliability(result.calibration) if result.calibration else (),
        roc=curves,
        roc_note=_ROC_NOTE.format(_MOST_CURVES, len(result.per_class)) if _are_some(curves, result) else "",
        threshold_chart=threshold_chart(result.thresholds),
        thresholds=result.thresholds[:: max(1, math.ceil(len(result.thresholds) / _MOST_THRESHOLDS))],
        mistakes=[
            (each.file or f"example {each.index:,}", each.true, each.predicted, each.probability)
            for each in result.most_wrong[:_MOST_MISTAKES]
        ],
    )


def _are_some(curves: Sequence[Chart], result: ClassificationResult) -> bool:
    """Whether there are curves, but not those of all classes."""
    return bool(curves) and len(result.per_class) > _MOST_CURVES


def _interval(bounds: Interval | None) -> str:
    return " to ".join(map(values.percent, bounds)) if bounds else ""


def matrix(names: list[str], confusion: list[list[int]]) -> Matrix | None:
    """The confusion matrix; None where it has too many classes for a table."""
    if len(names) > MOST_IN_A_MATRIX:
        return None
    totals = [sum(row) for row in confusion]
    wrong = [
        count / totals[true]
        for true, row in enumerate(confusion)
        for said, count in enumerate(row)
        if true != said and totals[true]
    ]
    largest = max(wrong, default=0.0) or 1.0
    rows = []
    for true, row in enumerate(confusion):
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


def reliability(calibration: Calibration) -> tuple[Chart, ...]:
    """The reliability diagram and the number of examples in its bins; empty where no bin has examples."""
    bins = [
        (
            each,
            accuracy,
            f"probability {each.low:.0%} to {each.high:.0%}: {counted(each.count, 'example')}, "
            f"mean probability {confidence:.1%}, accuracy {accuracy:.1%}",
        )
        for each, confidence, accuracy in score_charts.filled_bins(calibration)
    ]
    if not bins:
        return ()
    accuracies = charts.over_shares(
        "Accuracy by probability",
        [(each.low, each.high, accuracy, told) for each, accuracy, told in bins],
        about="Accuracy by the probability of the predicted class; calibrated predictions are on the diagonal",
        x_label=score_charts.CONFIDENCE,
    )
    counts = charts.over_shares(
        "Number of examples",
        [(each.low, each.high, each.count, told) for each, _, told in bins],
        about="Number of examples by the probability of the predicted class",
        x_label=score_charts.CONFIDENCE,
        are_counts=True,
    )
    return accuracies, counts


def area_chart(found: AreaChart) -> Chart | None:
    """ROC or precision-recall curves: of few classes all, of many those with the smallest areas."""
    title, short = found.title, found.short
    per_class = [curve for curve in found.curves if curve.x]
    if not per_class:
        return None
    # The hardest classes say most; an unknown area is not one of them.
    shown = sorted(per_class, key=lambda curve: 2.0 if curve.area is None else curve.area)[:_MOST_CURVES]
    curves = [
        (each.name + (f", {short} {each.area:.4f}" if each.area is not None else ""), each.x, each.y) for each in shown
    ]
    if len(per_class) == 1:
        about = f"{title} of {shown[0].name}"
    elif len(shown) < len(per_class):
        about = (
            f"{title} of the {len(shown)} of {len(per_class):,} classes with the smallest areas, each against the rest"
        )
    else:
        about = f"{title} of every class, each against the rest"
    return charts.in_unit_square(title, curves, about=about, x_label=found.x_label, diagonal=found.is_roc)


def threshold_chart(rows: Sequence[ThresholdScore]) -> Chart | None:
    """For two classes: what each threshold gives."""
    if len(rows) < 2:
        return None
    at = [row.threshold for row in rows]
    curves = [(name, at, scores) for name, scores in score_charts.threshold_lines(rows).items()]
    title = "Precision, recall, F1 and accuracy"
    about = f"{title} by the threshold of the second class"
    return charts.in_unit_square(title, curves, about=about, x_label="threshold", diagonal=False)
