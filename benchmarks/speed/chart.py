"""Draw measurements as a chart: the time of cnncli and of PyTorch beside that of plain Keras.

python -m benchmarks.speed.chart docs/pictures/speed.png measured.json more.json

The files are those of `python -m benchmarks.speed … --json FILE`. Of PyTorch the way that was fastest is shown.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from benchmarks.speed.table import ratio, step_ratio
from benchmarks.speed.workloads import CNNCLI, PLAIN, PYTORCH
from cnncli.plots import style
from cnncli.plots.save import save
from cnncli.plots.text_fitting import text_width

_BARS, _ROW = 4.2, 0.34  # inches
_COLUMN = 0.45  # inches of a column of numbers right of the bars


@dataclass(frozen=True)
class Row:
    """A workload: the time of each side over that of plain Keras.

    Attributes:
        name: what was trained, and whether a step or the whole process was measured.
        cnncli: its ratio.
        pytorch: that of PyTorch's fastest way; None where it was not measured.
    """

    name: str
    cnncli: float
    pytorch: float | None = None


def main() -> int:
    target, *files = map(Path, sys.argv[1:])
    kept = [json.loads(file.read_text(encoding="utf-8")) for file in files]
    rows = [row for each in kept for workload in each["workloads"] if (row := row_of(workload))]
    machine = kept[0]["machine"]
    with style.look():
        figure = draw(rows, f"{machine['processor']}, {machine['cores']} cores; {machine['date']}")
        save(figure, target)
    return 0


def row_of(workload: Mapping[str, Any]) -> Row | None:
    """The ratios of a workload, as `--json` keeps it; None where plain Keras or cnncli is not in it."""
    if "milliseconds" in workload:
        taken, compare, kind = workload["milliseconds"], step_ratio, "a step"
    else:
        taken, compare, kind = _wall_seconds(workload["measured"]), ratio, "whole process"
    ratios = {side: compare(values, taken[PLAIN]) for side, values in taken.items() if PLAIN in taken}
    if CNNCLI not in ratios:
        return None
    of_pytorch = [found for side, found in ratios.items() if side.startswith(PYTORCH)]
    name = workload["title"].split(",")[0]
    return Row(f"{name}, {kind}", ratios[CNNCLI], min(of_pytorch, default=None))


def _wall_seconds(measured: Sequence[Mapping[str, Any]]) -> dict[str, list[float]]:
    taken: dict[str, list[float]] = {}
    for each in measured:
        taken.setdefault(each["side"], []).append(each["wall_seconds"])
    return taken


def draw(rows: Sequence[Row], machine: str) -> Figure:
    """A bar for each workload, a mark for PyTorch, and a line where plain Keras is."""
    left = max(text_width(row.name, style.LABEL_SIZE) for row in rows) + 0.15
    top = style.MARGIN + style.HEADER_HEIGHT + 0.1
    title, subtitle = "Training time, plain Keras = 1 (less is better)", machine
    page = max(2 * style.MARGIN + left + _BARS + 2 * _COLUMN, style.header_width(title, subtitle))
    figure = style.new_figure(page, top + _ROW * len(rows) + 0.55 + style.MARGIN)
    style.add_header(figure, title, subtitle)
    width = page - 2 * style.MARGIN - left - 2 * _COLUMN
    axes = style.add_axes(figure, style.MARGIN + left, top, width, _ROW * len(rows))
    places = range(len(rows))
    axes.barh(places, [row.cnncli for row in rows], height=0.6, color=style.BLUE, label=CNNCLI)
    of_pytorch = [(row.pytorch, place) for place, row in zip(places, rows, strict=True) if row.pytorch is not None]
    if of_pytorch:
        axes.scatter(
            *zip(*of_pytorch, strict=True),
            marker="D",
            s=26,
            color=style.ORANGE,
            zorder=3,
            label=f"{PYTORCH}, its fastest way",
        )
    axes.axvline(1, color=style.INK, linewidth=1, label=PLAIN)
    axes.set_xlim(0, max(1.05, *(max(row.cnncli, row.pytorch or 0) for row in rows)) * 1.04)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_yticks(list(places), [row.name for row in rows])
    axes.tick_params(axis="y", length=0, labelcolor=style.INK)
    columns = ((style.BLUE, [row.cnncli for row in rows]), (style.ORANGE, [row.pytorch for row in rows]))
    for number, (color, ratios) in enumerate(columns, start=1):
        for place, shown in zip(places, ratios, strict=True):
            axes.annotate(
                "" if shown is None else f"{shown:.2f}",
                (1, place),
                (number * _COLUMN * 72, 0),  # points
                xycoords=("axes fraction", "data"),
                textcoords="offset points",
                va="center",
                ha="right",
                fontsize=style.LABEL_SIZE,
                color=color,
            )
    handles, labels = axes.get_legend_handles_labels()
    order = sorted(range(len(labels)), key=lambda index: [CNNCLI, PYTORCH, PLAIN].index(labels[index].split(",")[0]))
    axes.legend(
        [handles[index] for index in order],
        [labels[index] for index in order],
        loc="upper left",
        bbox_to_anchor=(0, -0.26 / (_ROW * len(rows))),
        borderaxespad=0,
        ncols=3,
        frameon=False,
        fontsize=style.LABEL_SIZE,
    )
    return figure


if __name__ == "__main__":
    sys.exit(main())
