"""Draw parallel coordinates of a hyperparameter search: a line for each trial through its values to the metric."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cnncli.messages import number_text
from cnncli.plots import style
from cnncli.plots.searched_trials import Searched, SearchedTrial, Searching
from cnncli.plots.text_fitting import fit_lines

_BETWEEN, _HEIGHT, _SIDE = 1.45, 3.2, 0.75
_ABOVE, _BELOW = 0.55, 0.15
_MOST = 10
_TICK = 7.5  # points


def draw_search_coordinates(searching: Searching) -> Figure | None:
    """Draw an axis for each parameter, of many those that matter most, and one for the metric; None without two trials.

    The better a trial, the darker its line; the best one is green.
    """
    trials = sorted(searching.complete, key=lambda trial: trial.value or 0.0, reverse=searching.direction == "minimize")
    if len(trials) < 2:
        return None
    keys = [*searching.importances, *(key for key in searching.parameters if key not in searching.importances)][:_MOST]
    keys = [key for key in searching.parameters if key in keys]
    with style.look():
        top = style.MARGIN + style.HEADER_HEIGHT + _ABOVE
        left = len(searching.parameters) - len(keys)
        more = f" · {left} more parameters are not shown" if left else ""
        subtitle = f"{len(trials)} complete trials · dark: good, green: the best{more}"
        page = max(2 * style.MARGIN + 2 * _SIDE + _BETWEEN * len(keys), style.header_width("", subtitle))
        figure = style.new_figure(page, top + _HEIGHT + _BELOW + style.MARGIN)
        style.add_header(figure, f"{searching.name}: parameters of the trials and {searching.metric}", subtitle)
        width = page - 2 * style.MARGIN - 2 * _SIDE
        axes = style.add_axes(figure, style.MARGIN + _SIDE, top, width, _HEIGHT)
        axes.set_axis_off()
        axes.set_xlim(0, len(keys))
        axes.set_ylim(0, 1)
        _draw_lines(axes, searching, keys, trials)
        for place, key in enumerate(keys):
            searched = searching.parameters[key]
            _draw_axis(axes, place, searched.title, [(_place(searched, at), text) for at, text in searched.ticks()])
        low, high = _limits(trials)
        ticks = [(0.0, number_text(low)), (1.0, number_text(high))] if high > low else [(0.5, number_text(low))]
        _draw_axis(axes, len(keys), searching.metric, ticks, is_last=True)
    return figure


def _place(searched: Searched, position: float) -> float:
    """Where a position of an axis lies between its ends."""
    return searched.share(position if searched.choices is None else searched.choices[int(position)])


def _limits(trials: Sequence[SearchedTrial]) -> tuple[float, float]:
    values = [trial.value for trial in trials if trial.value is not None]
    return min(values), max(values)


def _draw_lines(axes: Axes, searching: Searching, keys: Sequence[str], trials: Sequence[SearchedTrial]) -> None:
    """Lines of the trials, the best last; between two axes they are curves, so that they can be told apart."""
    low, high = _limits(trials)
    steps = np.linspace(0, 1, 24)
    smooth = steps * steps * (3 - 2 * steps)
    for rank, trial in enumerate(trials):
        if any(key not in trial.params for key in keys) or trial.value is None:
            continue
        heights = [searching.parameters[key].share(trial.params[key]) for key in keys]
        heights.append((trial.value - low) / (high - low) if high > low else 0.5)
        x = np.concatenate([place + steps for place in range(len(heights) - 1)])
        pairs = pairwise(heights)
        y = np.concatenate([first + (second - first) * smooth for first, second in pairs])
        is_best = searching.best is not None and trial.number == searching.best.number
        color = style.GREEN if is_best else style.RIGHT_RAMP(0.15 + 0.75 * (rank + 1) / len(trials))
        axes.plot(x, y, color=color, linewidth=2.6 if is_best else 1.2, zorder=4 if is_best else 2, clip_on=False)


def _draw_axis(
    axes: Axes, place: float, name: str, ticks: Sequence[tuple[float, str]], *, is_last: bool = False
) -> None:
    axes.plot([place, place], [0, 1], color=style.FRAME, linewidth=1.0, zorder=3, clip_on=False)
    for height, text in ticks:
        side = 1 if is_last else -1
        axes.annotate(
            text, (place, height), (4 * side, 0), textcoords="offset points", va="center", zorder=5,
            ha="left" if is_last else "right", fontsize=_TICK, color=style.MUTED, annotation_clip=False,
            bbox={"facecolor": style.PAPER, "edgecolor": "none", "alpha": 0.8, "pad": 0.6},
        )  # fmt: skip
    title = "\n".join(fit_lines(name, _BETWEEN - 0.12, style.LABEL_SIZE, 2))
    axes.annotate(
        title, (place, 1), (0, 9), textcoords="offset points", ha="center", va="bottom", fontsize=style.LABEL_SIZE,
        fontweight="bold", color=style.INK, annotation_clip=False,
    )  # fmt: skip
