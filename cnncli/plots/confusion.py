"""Draw the confusion matrix."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from numpy.typing import NDArray

from cnncli.plots import style
from cnncli.plots.text_fitting import Title, fit_text, plain_text, text_width
from cnncli.plots.tiles import Pixels, to_pixels
from cnncli.tasks.classification.mistakes import mistaken_cells

MOST_WITH_COUNTS = 25  # classes; with more the counts would be too small to read
MOST_WITH_NAMES = 60  # classes; with more the axes count classes instead
MISTAKES_LISTED = 24
MOST_CELLS = 330  # in a row; of more classes a dot is the strongest of several cells, so that none gets lost

_LONGEST_NAME = 1.9  # inches
_LONGEST_LISTED_NAME = 1.7
_SIDE = {1: 1.6, 2: 3.0, 3: 3.9, 4: 4.4}  # classes -> inches of the matrix; 5 and more below
_NO_EXAMPLES = "#EEF0F2"
_SHARES = (0.01, 0.05, 0.2, 0.5, 1.0)  # written at the scale
_SCALE_WIDTH = 2.3
_FOOTER = 0.66  # inches below the axis labels: the scale and its numbers
_RECALL_ROOM = 0.62


def draw_confusion(matrix: NDArray[np.integer], class_names: Sequence[str], *, title: str | Title) -> Figure:
    """Draw a confusion matrix: rows are the true classes, columns the predicted ones.

    A cell is shaded by its share of its row: blue where the prediction is right, orange where it is wrong, on a
    square-root scale so that a share of one in a hundred still shows. Up to 25 classes every cell has its count and
    every row its recall; with more, the most frequent mistakes are listed beside the matrix. Up to 60 every class has
    its name; with more, the axes count the classes from 0. A class without examples has a gray row.

    Args:
        matrix: int (classes, classes), row = true class, column = predicted class, 0 or more.
        class_names: one a class, any text.
        title: the heading, any text.

    Raises:
        ValueError: the matrix is not square, has negative counts, or does not fit the names.
    """
    matrix = np.asarray(matrix)
    count = len(class_names)
    if matrix.shape != (count, count) or count == 0:
        raise ValueError(f"a matrix of {count} x {count} fits {count} class names; received shape {matrix.shape}")
    if matrix.min() < 0:
        raise ValueError(f"counts are 0 or more; received {matrix.min()}")
    names = [plain_text(name) for name in class_names]
    with style.look():
        return _draw_page(matrix.astype(np.int64), names, title)


def row_shares(matrix: NDArray[np.int64]) -> NDArray[np.float64]:
    """Divide each row by its sum: (classes, classes) in [0, 1], NaN in a row without examples."""
    totals = matrix.sum(axis=1, keepdims=True).astype(np.float64)
    shares: NDArray[np.float64] = np.divide(matrix, totals, out=np.full(matrix.shape, np.nan), where=totals > 0)
    return shares


def _draw_page(matrix: NDArray[np.int64], names: list[str], title: str | Title) -> Figure:
    count = len(names)
    named, counted = count <= MOST_WITH_NAMES, count <= MOST_WITH_COUNTS
    side = _SIDE.get(count, 5.0 if count <= 10 else 6.6)
    size = min(10.0, max(style.SMALLEST_SIZE, side / count * 72 * 0.62))  # of the class names
    labels = [fit_text(name, _LONGEST_NAME, size) for name in names] if named else []
    longest = max((text_width(label, size) for label in labels), default=0.35)
    upright = named and longest <= side / count - 0.06  # names fit below their columns without turning

    left = style.MARGIN + 0.3 + longest + 0.1
    top = style.MARGIN + style.HEADER_HEIGHT + (0.26 if counted else 0.05)
    below = (0.2 if upright or not named else longest + 0.1) + 0.32
    mistakes = [] if counted else mistaken_cells(matrix, most=MISTAKES_LISTED)
    list_left = left + side + 0.45
    right = left + side + (_RECALL_ROOM if counted else 0.1)
    if mistakes:
        right = list_left + 2 * _LONGEST_LISTED_NAME + 1.35
    width = max(right + style.MARGIN, style.header_width(title, _subtitle(matrix)) if len(str(title)) < 70 else 0, 4.6)
    figure = style.new_figure(width, top + side + below + _FOOTER + style.MARGIN - 0.1)
    style.add_header(figure, title, _subtitle(matrix))

    axes = style.add_axes(figure, left, top, side, side)
    shares = row_shares(matrix)
    pooled = math.ceil(count / MOST_CELLS)
    end = math.ceil(count / pooled) * pooled - 0.5
    axes.imshow(_shade(shares, pooled), interpolation="nearest", aspect="auto", extent=(-0.5, end, end, -0.5))
    axes.set(xlim=(-0.5, count - 0.5), ylim=(count - 0.5, -0.5))
    _draw_axes(axes, labels, size, count, upright)
    if counted:
        _write_counts(axes, matrix, shares, side / count)
        _write_recalls(axes, shares)
    notes = ["share of the true class (row)"]
    if pooled > 1:
        notes.append(f"a dot is the largest of {pooled} × {pooled} cells")
    if np.isnan(shares).any():
        notes.append("gray row: no examples")
    _draw_scale(figure, left, top + side + below + 0.1, "; ".join(notes))
    if mistakes:
        _list_mistakes(figure, list_left, top, mistakes, matrix, names)
    return figure


def _shade(shares: NDArray[np.float64], pooled: int) -> Pixels:
    """Colour each cell, or the strongest of `pooled` x `pooled` cells: uint8 (dots, dots, 3)."""
    if pooled > 1:
        dots = math.ceil(len(shares) / pooled)
        filled = np.full((dots * pooled, dots * pooled), -np.inf)
        filled[: len(shares), : len(shares)] = np.where(np.isnan(shares), -np.inf, shares)
        shares = filled.reshape(dots, pooled, dots, pooled).max(axis=(1, 3))
        shares[np.isinf(shares)] = np.nan
    strength = np.sqrt(np.nan_to_num(shares))
    right, wrong = style.RIGHT_RAMP(strength), style.WRONG_RAMP(strength)
    colours = np.where(np.eye(len(shares), dtype=bool)[..., None], right, wrong)[..., :3]
    colours[np.isnan(shares)] = to_rgb(_NO_EXAMPLES)
    return to_pixels(colours)


def _draw_axes(axes: Axes, labels: list[str], size: float, count: int, upright: bool) -> None:
    for spine in axes.spines.values():
        spine.set_visible(True)
    if labels:
        turn: dict[str, Any] = {} if upright else {"rotation": 90, "ha": "center", "va": "top"}
        axes.set_xticks(range(count), labels, fontsize=size, color=style.INK, **turn)
        axes.set_yticks(range(count), labels, fontsize=size, color=style.INK)
        axes.tick_params(length=0)
        if count <= MOST_WITH_COUNTS:  # thin white lines between the cells
            edges = np.arange(count - 1) + 0.5
            axes.hlines(edges, -0.5, count - 0.5, color=style.FAINT, linewidth=0.6)
            axes.vlines(edges, -0.5, count - 0.5, color=style.FAINT, linewidth=0.6)
    else:
        step = next(step for step in (10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000) if count / step <= 12)
        axes.set_xticks(range(0, count, step))
        axes.set_yticks(range(0, count, step))
    unit = "" if labels else " (number, from 0)"
    axes.set_xlabel(f"predicted class{unit}", color=style.INK, fontsize=10, labelpad=5)
    axes.set_ylabel(f"true class{unit}", color=style.INK, fontsize=10, labelpad=5)


def _write_counts(axes: Axes, matrix: NDArray[np.int64], shares: NDArray[np.float64], cell: float) -> None:
    longest = max((_count_text(int(value), cell) for value in matrix.flat), key=len)
    size = min(12.0, cell * 72 * 0.42)
    size = max(style.SMALLEST_SIZE, size * min(1.0, (cell - 0.05) / text_width(longest, size)))
    for (row, column), value in np.ndenumerate(matrix):
        if value == 0:
            continue
        dark = shares[row, column] > (0.2 if row == column else 0.3)
        axes.text(
            column, row, _count_text(int(value), cell), ha="center", va="center_baseline", fontsize=size,
            color=style.PAPER if dark else style.INK,
        )  # fmt: skip


def _count_text(value: int, cell: float) -> str:
    """Write a count, in thousands or millions where its digits do not fit into a cell of that many inches."""
    if text_width(str(value), style.SMALLEST_SIZE) <= cell - 0.04:
        return str(value)
    for unit, letter in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if value >= unit:
            return f"{value / unit:.0f}{letter}"
    return str(value)


def _write_recalls(axes: Axes, shares: NDArray[np.float64]) -> None:
    place: dict[str, Any] = {
        "transform": axes.get_yaxis_transform(),
        "ha": "left",
        "color": style.MUTED,
        "clip_on": False,
    }
    axes.text(1, 1, "  recall", fontsize=style.LABEL_SIZE, va="bottom", **{**place, "transform": axes.transAxes})
    size = min(style.LABEL_SIZE, max(style.SMALLEST_SIZE, 72 * 6.6 / len(shares) * 0.6))
    for row, share in enumerate(np.diagonal(shares)):
        text = "  none" if np.isnan(share) else f"  {_percent(float(share))}"
        axes.text(1, row, text, fontsize=size, va="center_baseline", **place)


def _draw_scale(figure: Figure, left: float, top: float, note: str) -> None:
    """Draw the two ramps with the shares that their shades stand for."""
    axes = style.add_axes(figure, left, top, _SCALE_WIDTH, 0.24)
    steps = np.linspace(0, 1, 256)
    ramps = np.stack([style.RIGHT_RAMP(steps), style.WRONG_RAMP(steps)])[..., :3]
    axes.imshow(ramps, aspect="auto", interpolation="nearest", extent=(0, 1, 0, 2))
    axes.set_xticks([0, *np.sqrt(_SHARES)], ["0", *(f"{share:.0%}" for share in _SHARES)], fontsize=8)
    axes.set_yticks([])
    axes.spines[["right", "top"]].set_visible(True)
    for height, text, colour in ((1.5, "correct", style.BLUE), (0.5, "wrong", style.ORANGE)):
        axes.text(1.03, height, text, color=colour, fontsize=8, va="center_baseline")
    axes.text(0, -2.3, note, color=style.MUTED, fontsize=8, va="top")


def _list_mistakes(
    figure: Figure,
    left: float,
    top: float,
    mistakes: list[tuple[int, int, int]],
    matrix: NDArray[np.int64],
    names: list[str],
) -> None:
    columns = (left, left + 0.5, left + 0.5 + _LONGEST_LISTED_NAME + 0.15)
    style.add_text(figure, left, top, "Most frequent mistakes", size=style.HEADING_SIZE, fontweight="bold")
    for x, heading in zip(columns, ("count", "true", "predicted"), strict=True):
        style.add_text(figure, x, top + 0.3, heading, color=style.MUTED)
    numbered = len(names) > MOST_WITH_NAMES
    for row, (true, predicted, count) in enumerate(mistakes):
        y = top + 0.54 + row * 0.25
        share = _percent(count / int(matrix[true].sum()))
        shown = [f"{index} {names[index]}" if numbered else names[index] for index in (true, predicted)]
        shown = [fit_text(name, _LONGEST_LISTED_NAME, style.LABEL_SIZE) for name in shown]
        for x, text in zip(columns, (str(count), *shown), strict=True):
            style.add_text(figure, x, y, text)
        style.add_text(figure, columns[2] + _LONGEST_LISTED_NAME + 0.12, y, share, color=style.MUTED)


def _subtitle(matrix: NDArray[np.int64]) -> str:
    total, right = int(matrix.sum()), int(np.trace(matrix))
    if total == 0:
        return "no examples"
    return f"{right:,} of {total:,} correct ({_percent(right / total)})"


def _percent(share: float) -> str:
    """Write a share as per cent, never rounded up to all or down to nothing."""
    if share in (0, 1):
        return f"{share:.0%}"
    if share < 0.001 or share > 0.999:
        return "<0.1%" if share < 0.5 else ">99.9%"
    return f"{share:.1%}"
