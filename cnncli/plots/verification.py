"""Draw the verification of pairs: their similarities, and the ROC curve on a logarithmic axis."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from cnncli.plots import style
from cnncli.plots.text_fitting import Title

_SIDE, _WIDE = 3.5, 5.0  # inches
_LEFT, _BETWEEN, _BELOW, _HEADING = 0.65, 0.9, 0.55, 0.3
_BINS = 60
_TICKS = (0.0001, 0.001, 0.01, 0.1, 1.0)  # of false acceptance
_LEAST = _TICKS[0]


def draw_verification(
    values: NDArray[np.float64],
    same: NDArray[np.bool_],
    rates: tuple[NDArray[np.float64], NDArray[np.float64]],
    *,
    threshold: float | None,
    title: str | Title,
    subtitle: str,
) -> Figure:
    """Draw how similar pairs of one identity and of two are, and the ROC curve beside it.

    Args:
        values: float64 (pairs,), similarities.
        same: bool (pairs,), whether both examples are of one identity.
        rates: the points of the ROC curve: false acceptance, true acceptance.
        threshold: from which similarity on a pair is accepted; None where it is not known.
        title, subtitle: the heading, any text.
    """
    with style.look():
        top = style.MARGIN + style.HEADER_HEIGHT
        width = 2 * style.MARGIN + 2 * _LEFT + _WIDE + _SIDE + _BETWEEN - _LEFT + 0.1
        height = top + _HEADING + _SIDE + _BELOW + style.MARGIN - 0.1
        figure = style.new_figure(max(width, style.header_width("", subtitle)), height)
        style.add_header(figure, title, subtitle)
        left = style.MARGIN + _LEFT
        axes = style.add_axes(figure, left, top + _HEADING, _WIDE, _SIDE)
        edges = np.linspace(min(-0.2, float(values.min())), 1.0, _BINS + 1)
        for kind, colour, name in ((~same, style.ORANGE, "two identities"), (same, style.BLUE, "one identity")):
            shares = np.histogram(values[kind], edges)[0] / max(1, kind.sum())
            axes.stairs(shares, edges, fill=True, color=colour, alpha=0.35)
            axes.stairs(shares, edges, color=colour, label=f"{kind.sum():,} pairs of {name}")
        if threshold is not None:
            axes.axvline(threshold, color=style.INK, linewidth=1, linestyle=(0, (3, 2)), label="threshold")
        axes.set(xlim=(edges[0], 1.0))
        axes.set_ylim(bottom=0)
        axes.set_xlabel("similarity (cosine)", color=style.INK, fontsize=10)
        axes.set_ylabel("share of the pairs", color=style.INK, fontsize=10)
        axes.tick_params(length=0)
        axes.legend(loc="lower left", bbox_to_anchor=(-0.01, 1.0), ncols=3, frameon=False, fontsize=style.LABEL_SIZE)
        roc = style.add_axes(figure, left + _WIDE + _BETWEEN, top + _HEADING, _SIDE, _SIDE)
        roc.plot(np.maximum(rates[0], _LEAST), rates[1], color=style.BLUE, drawstyle="steps-post")
        roc.set_xscale("log")
        roc.set(xlim=(_LEAST, 1), ylim=(0, 1.01))
        roc.set_xticks(_TICKS, [f"{tick:g}" for tick in _TICKS])
        roc.minorticks_off()
        roc.grid(True)
        roc.tick_params(length=0, pad=6)
        roc.set_xlabel("false acceptance", color=style.INK, fontsize=10)
        roc.set_ylabel("true acceptance", color=style.INK, fontsize=10)
        roc.set_title("ROC curve", loc="left", fontsize=style.HEADING_SIZE, fontweight="bold", pad=7)
    return figure
