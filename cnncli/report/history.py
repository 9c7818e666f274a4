"""The history of runs as learning curves and as a table."""

from __future__ import annotations

from collections.abc import Sequence

from cnncli.plots.learning_curves import (
    VALIDATION_PREFIX,
    LearningCurves,
    Series,
    as_floats,
    history_of,
    learning_curves,
    metrics_of,
    panel,
    phases_of,
)
from cnncli.report import charts, values
from cnncli.report.charts import Chart
from cnncli.report.material import Material


def curves(material: Material) -> list[Chart]:
    """A chart for the loss and for each metric, and for the learning rate where it changes."""
    rows, best = material.history, material.run.best_epoch
    shown = best if best is not None and 1 <= best <= len(rows) else None
    found = learning_curves(history_of(rows), best_epoch=shown, phases=phases_of(rows))
    return [charts.over_epochs(each, found) for each in found.panels if each.has_values]


def curves_together(runs: Sequence[Material]) -> list[Chart]:
    """A chart for the loss and for each metric, on the validation split, with a line of the same colour for each run."""
    histories = {material.run.label: history_of(material.history) for material in runs}
    together = LearningCurves(max(len(material.history) for material in runs), ())
    colours = {label: number for number, label in enumerate(histories)}
    made = []
    for metric in metrics_of(name for history in histories.values() for name in history):
        name = VALIDATION_PREFIX + metric
        lines = [Series(label, as_floats(history[name])) for label, history in histories.items() if name in history]
        if lines and (drawn := panel(name, lines)).has_values:
            made.append(charts.over_epochs(drawn, together, colours=colours))
    return made


def epoch_table(material: Material) -> tuple[list[str], list[list[str]]]:
    """The history as a table: titles and rows."""
    names = list(dict.fromkeys(name for row in material.history for name in row))
    rows = [[_cell(row.get(name)) for name in names] for row in material.history]
    return [values.readable(name) for name in names], rows


def _cell(value: float | str | None) -> str:
    return value if isinstance(value, str) else values.decimal(value)
