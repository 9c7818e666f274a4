"""Draw sequences of tokens as strips of cells, alone and with their heat."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from cnncli.inputs.tokens import PADDING
from cnncli.interpretability.words import by_token
from cnncli.plots import style
from cnncli.plots.text_fitting import Title, fit_text, plain_text, text_width

ROW_HEIGHT = 0.34  # inches of a strip
TICKS_HEIGHT = 0.24  # inches below it

_ROW_WIDTH = 7.4  # inches
_GUTTER = 0.55
_LINE = 0.18
_NUMBER_SIZE = 7.5
_MOST_NAMED = 7  # positions around the most heat
_PADDED = "#ECEEF1"  # a cell that only fills up the sequence


def plot_tokens(
    axes: Axes, tokens: NDArray[Any], *, heat: NDArray[np.floating[Any]] | None = None, is_padded: bool = True
) -> None:
    """Draw a sequence as a strip of cells, each with its number where there is room, over their positions.

    Args:
        tokens: whole numbers (length,).
        heat: float (length,) in [0, 1], orange.
        is_padded: the number 0 fills up the sequence, and such cells are gray.
    """
    length = len(tokens)
    axes.set(xlim=(-0.5, length - 0.5), ylim=(0, 1))
    ticks = MaxNLocator(nbins=8, integer=True).tick_values(0, length - 1)
    axes.set_xticks([tick for tick in ticks if 0 <= tick < length])
    axes.set_yticks([])
    axes.tick_params(labelsize=8)
    axes.spines[["right", "top"]].set_visible(True)
    extent = (-0.5, length - 0.5, 0, 1)
    cells = np.ones((1, length, 4))
    if is_padded:
        cells[0, tokens == PADDING] = to_rgba(_PADDED)
    axes.imshow(cells, aspect="auto", extent=extent, interpolation="nearest")
    if heat is not None:
        axes.imshow(
            heat[None],
            cmap="Oranges",
            vmin=0,
            vmax=1.6,
            aspect="auto",
            extent=extent,
            interpolation="nearest",
            alpha=(heat[None] > 0).astype(float),
        )
    if _has_room(tokens, axes.get_window_extent().width / axes.figure.dpi):
        for position, name in enumerate(_names(tokens)):
            color = style.MUTED if is_padded and tokens[position] == PADDING else style.INK
            axes.text(position, 0.5, name, fontsize=_NUMBER_SIZE, color=color, ha="center", va="center_baseline")
        axes.vlines(np.arange(1, length) - 0.5, 0, 1, color=style.FRAME, linewidth=0.5)


def _has_room(tokens: NDArray[Any], width: float) -> bool:
    """Whether a strip of so many inches has room for the numbers of its tokens."""
    return max(text_width(name, _NUMBER_SIZE) for name in _names(tokens)) + 0.04 <= width / len(tokens)


def _names(tokens: NDArray[Any]) -> list[str]:
    return [str(int(token)) for token in tokens]


def _hottest(tokens: NDArray[Any], heat: NDArray[np.floating[Any]]) -> str:
    """The tokens around the most heat, down to half of it: `most heat at 154 to 156: 7 3 19`; empty without heat."""
    if not heat.any():
        return ""
    first = last = int(heat.argmax())
    while first > 0 and last - first < _MOST_NAMED and heat[first - 1] >= heat.max() / 2:
        first -= 1
    while last + 1 < len(heat) and last - first < _MOST_NAMED and heat[last + 1] >= heat.max() / 2:
        last += 1
    where = f"{first} to {last}" if last > first else str(first)
    return f"most heat at {where}: {' '.join(_names(tokens[first : last + 1]))}"


def draw_token_heat(
    sequences: NDArray[Any],
    heat: NDArray[np.floating[Any]],
    captions: Sequence[Sequence[tuple[str, str]]],
    *,
    title: str | Title,
    subtitle: str,
    meaning: str = "supports the class",
    notes: Sequence[str] = (),
    is_padded: bool = True,
) -> Figure:
    """Draw each sequence as a strip, on which heat is orange.

    Args:
        sequences: whole numbers (count, length).
        heat: float (count, any length) in [0, 1].
        captions: the lines above each sequence, each with its colour.
        title, subtitle: the heading, any text.
        meaning: what a position with heat does.
        notes: more lines at the bottom.
        is_padded: as for `plot_tokens`.
    """
    heat = np.stack([by_token(one, len(sequence)) for sequence, one in zip(sequences, heat, strict=True)])
    if is_padded and not all(_has_room(sequence, _ROW_WIDTH) for sequence in sequences):
        hottest = [_hottest(*each) for each in zip(sequences, heat, strict=True)]
        captions = [
            [*lines, *([(text, style.MUTED)] if text else [])] for lines, text in zip(captions, hottest, strict=True)
        ]
    columns = 1 if len(sequences) in (1, 2, 3, 4, 5, 7) else 2
    rows = math.ceil(len(sequences) / columns)
    above = _LINE * max(map(len, captions)) + 0.06
    row_height = above + ROW_HEIGHT + TICKS_HEIGHT + 0.16
    with style.look():
        top = style.MARGIN + style.HEADER_HEIGHT
        width = 2 * style.MARGIN + columns * _ROW_WIDTH + (columns - 1) * _GUTTER
        below = top + rows * row_height
        lines = [f"The more orange, the more a position {meaning}.", *notes]
        figure = style.new_figure(width, below + 0.1 + len(lines) * _LINE + style.MARGIN - 0.1)
        style.add_header(figure, title, subtitle)
        for number, (sequence, one, caption) in enumerate(zip(sequences, heat, captions, strict=True)):
            left = style.MARGIN + number % columns * (_ROW_WIDTH + _GUTTER)
            row_top = top + number // columns * row_height
            for line, (text, color) in enumerate(caption):
                shown = fit_text(plain_text(text), _ROW_WIDTH, style.LABEL_SIZE)
                style.add_text(figure, left, row_top + _LINE * line, shown, color=color)
            axes = style.add_axes(figure, left, row_top + above, _ROW_WIDTH, ROW_HEIGHT)
            plot_tokens(axes, sequence, heat=one, is_padded=is_padded)
        for line, text in enumerate(lines):
            style.add_text(figure, style.MARGIN, below + line * _LINE, text, color=style.MUTED)
    return figure
