"""Draw precision, recall, F1 and accuracy by threshold, for two classes."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from cnncli.plots import style
from cnncli.plots.score_charts import threshold_lines
from cnncli.plots.text_fitting import Title, fit_text, plain_text
from cnncli.tasks.classification.thresholds import Sweep

_WIDTH, _HEIGHT = 5.6, 3.4
_LEFT, _BELOW = 0.6, 0.5
_USUAL = 50  # which threshold is one half
_LONGEST_NAME = 2.0

# Told apart without colour by their dashes.
_LINES: tuple[tuple[str, str, Any], ...] = (
    ("precision", style.BLUE, "-"),
    ("recall", style.ORANGE, (0, (5, 1.5))),
    ("F1", style.GREEN, (0, (3, 1, 1, 1))),
    ("accuracy", style.MUTED, (0, (1, 1))),
)


def draw_thresholds(sweep: Sweep, positive_class: str, *, title: str | Title) -> Figure:
    """Draw the four scores over the threshold, and mark one half and the threshold with the best F1.

    Args:
        positive_class: whose precision, recall and F1 these are, any text.
        title: the heading, any text.
    """
    with style.look():
        top = style.MARGIN + style.HEADER_HEIGHT + 0.28
        positive = fit_text(plain_text(positive_class), _LONGEST_NAME, style.SUBTITLE_SIZE)
        subtitle = _subtitle(sweep, positive)
        page = max(2 * style.MARGIN + _LEFT + _WIDTH + 0.1, style.header_width("", subtitle))
        figure = style.new_figure(page, top + _HEIGHT + _BELOW + style.MARGIN - 0.1)
        style.add_header(figure, title, subtitle)
        axes = style.add_axes(figure, style.MARGIN + _LEFT, top, _WIDTH, _HEIGHT)
        axes.grid(axis="y")
        axes.tick_params(length=0)
        axes.set(xlim=(0, 1), ylim=(0, 1.02))
        at = [row.threshold for row in sweep.rows]
        scores = threshold_lines(sweep.rows)
        for name, colour, dashes in _LINES:
            axes.plot(at, np.array(scores[name], np.float64), color=colour, linestyle=dashes, label=name)
        axes.axvline(0.5, color=style.FRAME, linewidth=1, zorder=1)
        if sweep.best is not None:
            axes.axvline(sweep.best.threshold, color=style.GREEN, linewidth=1, linestyle=(0, (1, 2)), zorder=1)
            axes.plot(
                [sweep.best.threshold], [sweep.best.f1], "o", markersize=8, markerfacecolor=style.PAPER, zorder=4,
                markeredgecolor=style.GREEN, markeredgewidth=2,
            )  # fmt: skip
        axes.set_xlabel(f"threshold: {positive} is predicted above this probability", color=style.INK, fontsize=10)
        axes.set_ylabel("score", color=style.INK, fontsize=10)
        axes.legend(
            loc="lower left", bbox_to_anchor=(-0.01, 1.0), ncols=4, frameon=False, handlelength=2.4, borderaxespad=0.2,
            columnspacing=1.6, borderpad=0.1, fontsize=style.LABEL_SIZE,
        )  # fmt: skip
    return figure


def _subtitle(sweep: Sweep, name: str) -> str:
    if sweep.best is None:
        return f"no example is {name}"
    usual, best = sweep.rows[_USUAL].f1, sweep.best
    return f"{name}: F1 {usual:.4f} at 0.5, {best.f1:.4f} at {best.threshold:.2f}, the best on these examples (ringed)"
