"""Draw images beside their true masks, their predicted masks and the wrong pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from cnncli.plots import style
from cnncli.plots.confident_errors import where_line
from cnncli.plots.example_tiles import example_tiles
from cnncli.plots.mask_overlay import class_colours, laid_over
from cnncli.plots.text_fitting import Title, fit_text, plain_text, text_width
from cnncli.plots.tiles import Pixels, show_sheet

_SIDE = 192  # pixels of a picture's longer side, at most
_GAP, _BETWEEN = 8, 40  # pixels between the pictures of an image, and between images
_LINE = 24
_COLUMNS = 2
_KEY = 0.24  # inches of a row of the key
_MOST_NAMED = 24  # classes in the key


@dataclass(frozen=True, eq=False)
class Shown:
    """An image with its masks.

    Attributes:
        image: (height, width, 1 or 3), or (depth, height, width, 1 or 3).
        true, said: uint8 (height, width) or (depth, height, width), class numbers.
        score: in words.
        index, file: which example it is.
    """

    image: NDArray[Any]
    true: NDArray[np.uint8]
    said: NDArray[np.uint8]
    score: str
    index: int
    file: str | None


def draw_masks(
    shown: Sequence[Shown], names: Sequence[str], *, ignored: int, title: str | Title, subtitle: str
) -> Figure:
    """Draw a sheet: image, true mask, predicted mask and wrong pixels of each; of a volume the slice with most wrong pixels.

    Args:
        names: of the classes; the first is left without colour over the image.
        ignored: the number of pixels that do not count.
        title, subtitle: the heading, any text.
    """
    colours = class_colours(len(names))
    shown = [_slice_of(each, ignored) if each.true.ndim > 2 else each for each in shown]
    rows = [_row(each, colours, ignored) for each in shown]
    height, width = rows[0].shape[:2]
    columns = min(_COLUMNS, len(rows))
    down = -(-len(rows) // columns)
    cell = height + _LINE + _BETWEEN // 2
    sheet = np.full((down * cell, columns * width + (columns - 1) * _BETWEEN, 3), 255, np.uint8)
    with style.look():
        for number, row in enumerate(rows):
            top, left = (number // columns) * cell, (number % columns) * (width + _BETWEEN)
            sheet[top : top + height, left : left + width] = row
        above = style.MARGIN + style.HEADER_HEIGHT
        page = max(5.2, sheet.shape[1] / style.DPI + 2 * style.MARGIN, style.header_width("", subtitle))
        key_top = above + sheet.shape[0] / style.DPI + 0.05
        places = _key_places(names[:_MOST_NAMED], page - 2 * style.MARGIN)
        figure = style.new_figure(page, key_top + (places[-1][1] + 1) * _KEY + style.MARGIN)
        style.add_header(figure, title, subtitle)
        show_sheet(figure, style.MARGIN, above, sheet)
        for number, each in enumerate(shown):
            top, left = (number // columns) * cell, (number % columns) * (width + _BETWEEN)
            x, y = style.MARGIN + left / style.DPI, above + (top + height + 6) / style.DPI
            style.add_text(figure, x, y, each.score, color=style.INK)
            beside = text_width(each.score, style.LABEL_SIZE) + 0.15
            where, colour = where_line(each.index, each.file, width / style.DPI - beside)
            style.add_text(figure, x + beside, y, where, color=colour)
        for number, (left, line) in enumerate(places):
            x, y = style.MARGIN + left, key_top + line * _KEY
            square = np.full((18, 18, 3), colours[number], np.uint8)
            show_sheet(figure, x, y, square)
            style.add_text(figure, x + 0.18, y, fit_text(plain_text(names[number]), 1.6, style.LABEL_SIZE))
    return figure


def _key_places(names: Sequence[str], room: float) -> list[tuple[float, int]]:
    """Where each class stands in the key: inches from the left, and its row."""
    found, left, line = [], 0.0, 0
    for name in names:
        needed = 0.4 + text_width(fit_text(plain_text(name), 1.6, style.LABEL_SIZE), style.LABEL_SIZE)
        if left and left + needed > room:
            left, line = 0.0, line + 1
        found.append((left, line))
        left += needed
    return found


def _slice_of(each: Shown, ignored: int) -> Shown:
    """The slice of a volume with the most wrong pixels; where none is wrong, that with the most of the classes but the first."""
    is_wrong = (each.true != each.said) & (each.true != ignored)
    has_class = (each.true > 0) & (each.true != ignored)
    counts = (is_wrong if is_wrong.any() else has_class).sum(axis=(1, 2))
    number = int(counts.argmax()) if counts.any() else len(counts) // 2
    score = f"{each.score}, slice {number + 1} of {len(counts)}"
    return replace(each, image=each.image[number], true=each.true[number], said=each.said[number], score=score)


def _row(each: Shown, colours: NDArray[np.uint8], ignored: int) -> Pixels:
    """The four pictures of an image side by side."""
    true, said = each.true, each.said
    [image] = example_tiles(each.image[None], _SIDE)
    grey = np.repeat(image.mean(axis=-1, keepdims=True), 3, axis=-1)
    size = image.shape[:2]
    true, said = _enlarged(true, size), _enlarged(said, size)
    wrong = (true != said) & (true != ignored)
    errors = np.where(wrong[..., None], 255 * np.array(to_rgb(style.ORANGE)), 255 - (255 - grey) * 0.5)
    parts = [image, laid_over(grey, true, colours, ignored), laid_over(grey, said, colours, ignored), errors]
    gap = np.full((size[0], _GAP, 3), 255, np.uint8)
    joined = [part for one in parts for part in (np.rint(one).astype(np.uint8), gap)]
    return np.concatenate(joined[:-1], axis=1)


def _enlarged(mask: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    return np.asarray(Image.fromarray(mask).resize(size[::-1], Image.Resampling.NEAREST))
