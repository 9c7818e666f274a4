"""Draw heat maps over images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray
from PIL import Image

from cnncli.plots import style
from cnncli.plots.text_fitting import Title, fit_text, plain_text, text_width
from cnncli.plots.tiles import Pixels, Spacing, choose_grid, show_sheet

Caption = Sequence[tuple[str, str]]  # lines below an example, each with its colour

_NARROWEST_PAGE, _WIDEST_PAGE = 1650, 2250  # pixels for the images
_TALLEST_PAGE = 2550
_LARGEST, _SMALLEST = 1000, 110  # pixels of an image's longer side
_ENLARGED, _ENLARGED_ALONE = 300, 420  # pixels up to which small images are enlarged, by a whole factor
_CELL = 380  # pixels of an example's width at the least: room for its caption
_GAP = 12  # pixels between an image and its heat
_BETWEEN = 42
_LINE = 26  # pixels of a line of the caption
_ROW_GAP = 26
_BAR = (1.9, 0.12)  # inches of each of the two bars
_BARS_HEIGHT = 0.5  # with the words below them
_NOTE_HEIGHT = 0.19

_COLOURS = matplotlib.colormaps["plasma"]
_DENSEST = 0.8  # of the hottest place; where there is no heat the image is as it was


@dataclass(frozen=True, eq=False)
class Heated:
    """An image with its heat.

    Attributes:
        image: (height, width, 1 or 3), uint8, or float that is stretched to its range.
        heat: float (any height, any width) in [0, 1], over the whole image.
        caption: lines, each with its colour.
        seen: the box that the network gets, (left, top, right, bottom) as shares of width and height; None: all of it.
        beside: images of the example's other inputs, drawn in the height of the first.
    """

    image: NDArray[Any]
    heat: NDArray[np.floating[Any]]
    caption: Caption
    seen: tuple[float, float, float, float] | None = None
    beside: tuple[NDArray[Any], ...] = ()


def draw_heat(
    examples: Sequence[Heated],
    *,
    title: str | Title,
    subtitle: str,
    meaning: str = "supports the class",
    notes: Sequence[str] = (),
) -> Figure:
    """Draw each image and beside it the same with its heat, as large as they fit, and no photo larger than it is.

    Args:
        title, subtitle: the heading, any text.
        meaning: what a place with heat does.
        notes: more lines at the bottom.
    """
    sizes = [(example.image.shape[0], example.image.shape[1]) for example in examples]
    enlarged = _ENLARGED if len(examples) > 1 else _ENLARGED_ALONE
    lines = max(len(example.caption) for example in examples)
    spacing = Spacing(right=_BETWEEN, below=_ROW_GAP)

    def cell(longest: int) -> tuple[int, int]:
        fitted = [_fitted(size, longest, enlarged) for size in sizes]
        widest = max(sum(_widths(example, size)) for example, size in zip(examples, fitted, strict=True))
        return max(_CELL, widest), max(height for height, _ in fitted) + lines * _LINE

    largest = _largest(sizes, enlarged)
    two = 2 * (cell(largest)[0] + _BETWEEN)
    page = (min(max(two, _NARROWEST_PAGE), _WIDEST_PAGE), _TALLEST_PAGE)
    grid = choose_grid(len(examples), cell, spacing, page=page, scales=(_SMALLEST, largest))
    cell_width, _ = cell(grid.scale)
    with style.look():
        fitted = [_fitted(size, grid.scale, enlarged) for size in sizes]
        rows = [
            range(start, min(start + grid.columns, len(examples))) for start in range(0, len(examples), grid.columns)
        ]
        heights = [max(fitted[number][0] for number in row) + lines * _LINE + _ROW_GAP for row in rows]
        top = style.MARGIN + style.HEADER_HEIGHT
        width = (grid.columns * (cell_width + _BETWEEN) - _BETWEEN) / style.DPI + 2 * style.MARGIN
        notes = [
            f"The more heat, the more a place {meaning}.",
            "Colors of the heat over white (top) and over black (bottom).",
            *notes,
        ]
        longest = max(text_width(note, style.LABEL_SIZE) for note in notes) + 2 * style.MARGIN
        width = max(width, min(8.0, style.header_width(title, subtitle)), longest)
        beside = _BAR[0] + 0.2 if width >= longest + _BAR[0] + 0.2 else 0
        footer = top + sum(heights) / style.DPI + 0.06
        notes_top = footer if beside else footer + _BARS_HEIGHT + 0.03
        bottom = max(footer + _BARS_HEIGHT, notes_top + len(notes) * _NOTE_HEIGHT)
        figure = style.new_figure(width, bottom + style.MARGIN)
        style.add_header(figure, title, subtitle)
        for row, height in zip(rows, heights, strict=True):
            for column, number in enumerate(row):
                left = style.MARGIN + column * (cell_width + _BETWEEN) / style.DPI
                _draw_example(figure, examples[number], fitted[number], left, top, cell_width)
            top += height / style.DPI
        _draw_bars(figure, footer)
        for line, note in enumerate(notes):
            style.add_text(figure, style.MARGIN + beside, notes_top + line * _NOTE_HEIGHT, note, color=style.MUTED)
    return figure


def overlay(image: NDArray[Any], heat: NDArray[np.floating[Any]]) -> Pixels:
    """Lay heat over an image: the hotter a place, the more it takes the heat's colour; without heat nothing changes.

    Args:
        image: (height, width, 1 or 3), uint8, or float that is stretched to its range.
        heat: (any height, any width) in [0, 1]; enlarged smoothly to the image.

    Returns:
        uint8 (height, width, 3).
    """
    height, width = image.shape[:2]
    fitted = Image.fromarray(np.asarray(heat, np.float32)).resize((width, height), Image.Resampling.BILINEAR)
    shares = np.clip(np.asarray(fitted), 0, 1)
    dense = _DENSEST * shares[..., None]
    mixed: Pixels = np.rint(_as_rgb(image) * (1 - dense) + _COLOURS(shares)[..., :3] * 255 * dense).astype(np.uint8)
    return mixed


def _largest(sizes: Sequence[tuple[int, int]], enlarged: int) -> int:
    """The longest side that any image is shown with: its own, or of a small one a whole multiple."""
    longest = [max(size) for size in sizes]
    return min(_LARGEST, max(side * max(1, enlarged // side) for side in longest))


def _fitted(size: tuple[int, int], longest: int, enlarged: int) -> tuple[int, int]:
    """The (height, width) in which an image is shown whose longer side may have so many pixels, and when small be enlarged to."""
    height, width = size
    longer = max(size)
    factor: float = max(1, min(longest, enlarged) // longer) if longer <= longest else longest / longer
    return max(1, round(height * factor)), max(1, round(width * factor))


def _widths(example: Heated, size: tuple[int, int]) -> list[int]:
    """The widths of an example's images, each but the last with the gap behind it; the first two are of this (height, width)."""
    height, width = size
    others = [max(1, round(height * image.shape[1] / image.shape[0])) for image in example.beside]
    widths = [width, width, *others]
    return [each + _GAP for each in widths[:-1]] + widths[-1:]


def _draw_example(
    figure: Figure, example: Heated, size: tuple[int, int], left: float, top: float, cell_width: int
) -> None:
    height, width = size
    widths = _widths(example, size)
    pixels = _resized(example.image, width, height)
    others = [
        _resized(image, each - _GAP * (number < len(example.beside)), height)
        for number, (image, each) in enumerate(zip(example.beside, widths[2:], strict=True), start=1)
    ]
    for column, shown in enumerate((pixels, overlay(pixels, example.heat), *others)):
        axes = show_sheet(figure, left + sum(widths[:column]) / style.DPI, top, shown)
        _draw_edge(axes, shown.shape[1], height)
        if column == 1 and example.seen:
            _draw_frame(axes, example.seen, height, width)
    for line, (text, colour) in enumerate(example.caption):
        fitting = fit_text(plain_text(text), cell_width / style.DPI, style.LABEL_SIZE)
        style.add_text(figure, left, top + (height + 8 + _LINE * line) / style.DPI, fitting, color=colour)


def _resized(image: NDArray[Any], width: int, height: int) -> Pixels:
    """An image in another size, its pixels as squares where it is enlarged."""
    shown = Image.fromarray(_as_rgb(image))
    resampling = Image.Resampling.NEAREST if width > shown.width else Image.Resampling.LANCZOS
    return np.asarray(shown.resize((width, height), resampling))


def _draw_edge(axes: Axes, width: int, height: int) -> None:
    """A thin line around an image, so that a white one ends somewhere."""
    axes.add_patch(Rectangle((0, 0), width, height, fill=False, edgecolor=style.FRAME, linewidth=0.8))


def _draw_frame(axes: Axes, seen: tuple[float, float, float, float], height: int, width: int) -> None:
    """A dashed frame around the part that the network receives, to be seen on light and on dark."""
    left, top, right, bottom = seen
    place = (left * width + 1, top * height + 1), (right - left) * width - 2, (bottom - top) * height - 2
    axes.add_patch(Rectangle(*place, fill=False, edgecolor=style.PAPER, linewidth=1.4))
    axes.add_patch(Rectangle(*place, fill=False, edgecolor=style.INK, linewidth=1.4, linestyle=(0, (4, 4))))


def _as_rgb(image: NDArray[Any]) -> Pixels:
    values = np.asarray(image, np.float32)
    if image.dtype != np.uint8:
        low, high = float(values.min()), float(values.max())
        values = (values - low) / ((high - low) or 1.0) * 255
    gray_or_rgb = values if values.shape[-1] == 3 else np.repeat(values[..., :1], 3, axis=-1)
    return gray_or_rgb.astype(np.uint8)


def _draw_bars(figure: Figure, top: float) -> None:
    """The heat's colours as they look over white, and below over black."""
    width, height = _BAR
    size = round(height * style.DPI), round(width * style.DPI)
    ramp = np.broadcast_to(np.linspace(0, 1, size[1]), size)
    bars = [overlay(np.full((*size, 3), ground, np.uint8), ramp) for ground in (255, 0)]
    axes = show_sheet(figure, style.MARGIN, top, np.concatenate(bars))
    _draw_edge(axes, size[1], 2 * size[0])
    for text, share, side in (("no heat", 0, "left"), ("most", 1, "right")):
        style.add_text(figure, style.MARGIN + share * width, top + 2 * height + 0.05, text, ha=side, color=style.MUTED)
