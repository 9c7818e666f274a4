"""Draw slices of a hyperparameter search: the metric over each parameter."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cnncli.plots import style
from cnncli.plots.searched_trials import (
    Searched,
    Searching,
    set_metric_scale,
    set_parameter_scale,
    within_scale,
)
from cnncli.plots.text_fitting import fit_text

_WIDTH, _HEIGHT = 2.7, 2.2
_LEFT, _BELOW, _ABOVE = 0.7, 0.75, 0.3
_COLUMNS, _MOST = 3, 12
_SCATTER = 0.13  # of a choice, so that equal values do not hide each other


def draw_search_slices(searching: Searching) -> Figure | None:
    """Draw a panel for each parameter, of many those that matter most; None where no trial has a value.

    The later a trial, the darker its dot; pruned trials are hollow, and the best one has a ring.
    """
    if not any(trial.value is not None for trial in searching.trials):
        return None
    keys = [*searching.importances, *(key for key in searching.parameters if key not in searching.importances)][:_MOST]
    with style.look():
        columns = min(_COLUMNS, len(keys))
        rows = math.ceil(len(keys) / columns)
        top = style.MARGIN + style.HEADER_HEIGHT
        subtitle = _subtitle(searching, len(keys))
        page = max(2 * style.MARGIN + columns * (_LEFT + _WIDTH) + 0.1, style.header_width("", subtitle))
        figure = style.new_figure(page, top + rows * (_ABOVE + _HEIGHT + _BELOW) + style.MARGIN - 0.15)
        style.add_header(figure, f"{searching.name}: {searching.metric} over each parameter", subtitle)
        for index, key in enumerate(keys):
            row, column = divmod(index, columns)
            left = style.MARGIN + column * (_LEFT + _WIDTH) + _LEFT
            axes = style.add_axes(
                figure, left, top + row * (_ABOVE + _HEIGHT + _BELOW) + _ABOVE, _WIDTH - 0.15, _HEIGHT
            )
            _draw_panel(axes, searching, key, searching.parameters[key], has_label=column == 0)
    return figure


def _draw_panel(axes: Axes, searching: Searching, key: str, searched: Searched, *, has_label: bool) -> None:
    set_metric_scale(axes, searching)
    set_parameter_scale(axes, searched)
    chance = np.random.default_rng(0)
    last = max((trial.number for trial in searching.trials), default=0) or 1
    best = searching.best
    for trial in searching.trials:
        if trial.value is None or key not in trial.params:
            continue
        x = searched.position(trial.params[key])
        if searched.choices is not None:
            x += float(chance.uniform(-_SCATTER, _SCATTER))
        y = within_scale(axes, trial.value)
        color = style.RIGHT_RAMP(0.25 + 0.75 * trial.number / last)
        if trial.state == "complete":
            axes.scatter([x], [y], s=24, color=[color], linewidths=0, zorder=3)
        else:
            axes.scatter([x], [y], s=22, facecolors="none", edgecolors=[color], linewidths=1.0, zorder=2, clip_on=False)
        if best is not None and trial.number == best.number:
            axes.scatter([x], [y], s=80, facecolors="none", edgecolors=style.GREEN, linewidths=1.8, zorder=4)
    title = fit_text(searched.title, _WIDTH - 0.2, style.HEADING_SIZE, bold=True)
    axes.set_title(title, loc="left", fontsize=style.HEADING_SIZE, fontweight="bold", color=style.INK, pad=6)
    if has_label:
        axes.set_ylabel(searching.metric, color=style.INK)


def _subtitle(searching: Searching, shown: int) -> str:
    left = len(searching.parameters) - shown
    more = f" · {left} more parameters are not shown" if left else ""
    return f"{searching.counts} · dark: late, ring: best, hollow: pruned{more}"
