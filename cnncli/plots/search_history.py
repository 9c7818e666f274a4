"""Draw the history of a hyperparameter search: the metric of each trial and the best so far."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from cnncli.messages import cell
from cnncli.plots import style
from cnncli.plots.searched_trials import Searching, set_metric_scale, within_scale

_WIDTH, _HEIGHT = 6.6, 3.4
_LEFT, _BELOW, _ABOVE = 0.75, 0.5, 0.3


def draw_search_history(searching: Searching) -> Figure:
    """Draw the metric of each trial over its number, and a line of the best so far.

    Pruned trials are hollow, at their last value; failed trials are crosses at the lower edge. What lies outside of the
    values of the complete trials lies on the edge.
    """
    with style.look():
        top = style.MARGIN + style.HEADER_HEIGHT + _ABOVE
        title = f"{searching.name}: {searching.metric} of each trial"
        page = max(2 * style.MARGIN + _LEFT + _WIDTH, style.header_width("", _subtitle(searching)))
        figure = style.new_figure(page, top + _HEIGHT + _BELOW + style.MARGIN - 0.1)
        style.add_header(figure, title, _subtitle(searching))
        axes = style.add_axes(figure, style.MARGIN + _LEFT, top, page - 2 * style.MARGIN - _LEFT, _HEIGHT)
        set_metric_scale(axes, searching)
        for state, look in _LOOKS.items():
            some = [trial for trial in searching.trials if trial.state == state and trial.value is not None]
            if some:
                numbers = [trial.number for trial in some]
                values = [within_scale(axes, trial.value or 0.0) for trial in some]
                axes.scatter(numbers, values, s=26, zorder=3, label=state, clip_on=False, **look)
        if failed := [trial.number for trial in searching.trials if trial.state == "failed"]:
            axes.scatter(
                failed, [0.0] * len(failed), marker="x", s=26, color=style.ORANGE, linewidths=1.4, label="failed",
                transform=axes.get_xaxis_transform(), clip_on=False, zorder=3,
            )  # fmt: skip
        numbers, best = _best_so_far(searching)
        if numbers:
            axes.step(numbers, best, where="post", color=style.GREEN, linewidth=1.8, label="best so far", zorder=2)
        last = max((trial.number for trial in searching.trials), default=1)
        axes.set_xlim(-0.5 - 0.01 * last, last + 0.5 + 0.01 * last)
        axes.xaxis.set_major_locator(MaxNLocator(8, steps=[1, 2, 5, 10], integer=True))
        axes.set_xlabel("trial", color=style.INK, fontsize=10)
        axes.set_ylabel(searching.metric + (" (log scale)" if searching.is_log else ""), color=style.INK, fontsize=10)
        if searching.trials:
            _draw_legend(axes)
    return figure


def _draw_legend(axes: Axes) -> None:
    axes.legend(
        loc="lower left", bbox_to_anchor=(-0.01, 1.0), ncols=5, frameon=False, handlelength=1.4, borderaxespad=0.2,
        columnspacing=1.4, borderpad=0.1, fontsize=style.LABEL_SIZE,
    )  # fmt: skip


_LOOKS: dict[str, dict[str, Any]] = {
    "complete": {"color": style.BLUE, "linewidths": 0},
    "pruned": {"facecolors": "none", "edgecolors": style.MUTED, "linewidths": 1.2},
}


def _best_so_far(searching: Searching) -> tuple[list[int], list[float]]:
    """The best value after each trial, from the first complete one to the last trial."""
    better = min if searching.direction == "minimize" else max
    numbers: list[int] = []
    best: list[float] = []
    for trial in searching.trials:
        if trial.state == "complete" and trial.value is not None:
            best.append(trial.value if not best else better(best[-1], trial.value))
            numbers.append(trial.number)
        elif best:
            best.append(best[-1])
            numbers.append(trial.number)
    return numbers, best


def _subtitle(searching: Searching) -> str:
    best = searching.best
    found = f"best {cell(best.value)}, trial {best.number}" if best else "no trial is complete"
    return f"{searching.counts} · {found}"
