"""The history of runs as learning curves and as a table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cnncli.report import charts, values
from cnncli.report.charts import Chart
from cnncli.report.material import Material
from cnncli.runs.record import Row

_NOT_CURVES = ("epoch", "phase", "seconds")
_VALIDATION = "val_"
_RATE = "learning_rate"


def curves(material: Material) -> list[Chart]:
    """A chart for the loss and for each metric, and for the learning rate where it changes."""
    rows = _by_epoch(material)
    if not rows:
        return []
    names = dict.fromkeys(name for row in rows.values() for name in row if name not in _NOT_CURVES)
    phases: dict[str, int] = {}
    for epoch, row in rows.items():
        phases.setdefault(str(row.get("phase") or ""), epoch)
    made = []
    for name in _in_order(name.removeprefix(_VALIDATION) for name in names):
        series = {
            label: [_number(row.get(key)) for row in rows.values()]
            for key, label in ((name, "train"), (_VALIDATION + name, "validation"))
            if key in names
        }
        known = {value for line in series.values() for value in line if value is not None}
        if not known or (name == _RATE and len(known) == 1):
            continue
        if name == _RATE:
            series = {"learning rate": next(iter(series.values()))}
        made.append(
            charts.over_epochs(
                values.capitalised(values.readable(name)),
                list(rows),
                series,
                best=material.run.best_epoch,
                phases=[(epoch, phase) for phase, epoch in phases.items() if phase],
                may_be_logarithmic="loss" in name or name == _RATE,
            )
        )
    return made


def curves_together(runs: Sequence[Material]) -> list[Chart]:
    """A chart for the loss and for each metric, on the validation split, with a line a run."""
    histories = [(material.run.label, _by_epoch(material)) for material in runs]
    names = dict.fromkeys(name for _, rows in histories for row in rows.values() for name in row)
    epochs = sorted({epoch for _, rows in histories for epoch in rows})
    made = []
    for name in _in_order(name for name in names if name.startswith(_VALIDATION)):
        series = {
            label: [_number(rows.get(epoch, {}).get(name)) for epoch in epochs]
            for label, rows in histories
            if any(_number(row.get(name)) is not None for row in rows.values())
        }
        if series:
            title = values.capitalised(values.readable(name))
            made.append(charts.over_epochs(title, epochs, series, may_be_logarithmic="loss" in name))
    return made


def _by_epoch(material: Material) -> dict[int, Row]:
    numbered = [(epoch, row) for row in material.history if isinstance(epoch := row.get("epoch"), int)]
    return dict(sorted(numbered, key=lambda pair: pair[0]))


def _in_order(names: Iterable[str]) -> list[str]:
    """Each name once: the loss first, the learning rate last."""
    unique = list(dict.fromkeys(names))
    return sorted(unique, key=lambda name: (name == _RATE, not name.endswith("loss"), name not in ("loss", "val_loss")))


def epoch_table(material: Material) -> tuple[list[str], list[list[str]]]:
    """The history as a table: titles and rows."""
    names = list(dict.fromkeys(name for row in material.history for name in row))
    rows = [[_cell(row.get(name)) for name in names] for row in material.history]
    return [values.readable(name) for name in names], rows


def _cell(value: float | str | None) -> str:
    return value if isinstance(value, str) else values.decimal(value)


def _number(value: float | str | None) -> float | None:
    return None if isinstance(value, str) else value
