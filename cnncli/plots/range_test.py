"""Draw a learning-rate range test: the loss over the learning rate."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from cnncli.messages import number_text
from cnncli.plots import style

_WIDTH, _HEIGHT = 6.4, 3.5
_LEFT, _BELOW, _ABOVE = 0.65, 0.5, 0.3


def draw_range_test(
    rates: Sequence[float],
    losses: Sequence[float],
    smoothed: Sequence[float],
    *,
    suggested: float | None,
    present: float,
    title: str,
) -> Figure:
    """Draw the loss of each batch, the smoothed loss, the suggested learning rate, and that of the recipe.

    Args:
        rates: of each step, rising.
        losses, smoothed: of as many steps; what is not finite is a hole.
        suggested: None where there is no suggestion.
        present: the learning rate of the recipe; outside of the tested rates it is not marked.
        title: the heading, any text.
    """
    with style.look():
        top = style.MARGIN + style.HEADER_HEIGHT + _ABOVE
        subtitle = _subtitle(suggested, present)
        page = max(2 * style.MARGIN + _LEFT + _WIDTH + 0.1, style.header_width("", subtitle))
        figure = style.new_figure(page, top + _HEIGHT + _BELOW + style.MARGIN - 0.1)
        style.add_header(figure, title, subtitle)
        axes = style.add_axes(figure, style.MARGIN + _LEFT, top, page - 2 * style.MARGIN - _LEFT - 0.1, _HEIGHT)
        x, raw, smooth = (np.asarray(values, np.float64) for values in (rates, losses, smoothed))
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(numticks=20))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: number_text(value)))
        axes.grid(axis="y")
        axes.tick_params(axis="y", length=0)
        axes.set_xlim(x[0], max(x[-1], 10 * x[0]))  # a test may end with its first step
        axes.set_ylim(*_limits(raw, smooth))
        axes.plot(x, raw, color=style.FRAME, linewidth=0.9, label="loss of a batch")
        axes.plot(x, smooth, color=style.BLUE, label="smoothed")
        _mark(axes, suggested, "suggested", style.GREEN, "-")
        _mark(axes, present, "recipe", style.ORANGE, (0, (4, 2)))
        axes.set_xlabel("learning rate (log scale)", color=style.INK, fontsize=10)
        axes.set_ylabel("loss", color=style.INK, fontsize=10)
        axes.legend(
            loc="lower left", bbox_to_anchor=(-0.01, 1.0), ncols=4, frameon=False, handlelength=2.0, borderaxespad=0.2,
            columnspacing=1.6, borderpad=0.1, fontsize=style.LABEL_SIZE,
        )  # fmt: skip
    return figure


def _mark(axes: Axes, rate: float | None, label: str, color: str, dashes: object) -> None:
    low, high = axes.get_xlim()
    if rate is not None and low <= rate <= high:
        axes.axvline(
            rate, color=color, linewidth=1.6, linestyle=dashes, zorder=2, label=f"{label} {number_text(rate, 2)}"
        )


def _limits(raw: np.ndarray, smooth: np.ndarray) -> tuple[float, float]:
    """The vertical axis shows the valley; a diverging loss leaves it upwards."""
    finite = raw[np.isfinite(raw)]
    known = smooth[np.isfinite(smooth)]
    if not finite.size:
        return 0.0, 1.0
    first = float(np.median(finite[:20]))
    low = float(min(finite.min(), known.min())) if known.size else float(finite.min())
    span = max(first - low, float(np.abs(finite[:20] - first).max()) * 2, abs(first) * 0.02, 1e-12)
    return first - 1.08 * max(first - low, span / 2), first + 0.5 * span


def _subtitle(suggested: float | None, present: float) -> str:
    found = f"suggested learning rate {number_text(suggested, 2)}" if suggested is not None else "no clear suggestion"
    return f"{found} · the recipe has {number_text(present, 3)}"
