"""Draw boxes with their classes and scores into images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib import font_manager
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from cnncli.plots import style
from cnncli.plots.text_fitting import font_families, plain_text
from cnncli.plots.tiles import Pixels, to_pixels, to_unit

_LETTERS = 15  # pixels of a line of text
_LONGEST_WORD = 14  # letters
_DASH = 5  # pixels


@dataclass(frozen=True)
class Box:
    """A box to draw.

    Attributes:
        sides: top, left, bottom, right in [0, 1] of the image.
        color: of its lines.
        text: above it; may be empty.
        is_dashed: for what is true, beneath what was found.
    """

    sides: tuple[float, float, float, float]
    color: str
    text: str = ""
    is_dashed: bool = False


def as_pixels(image: NDArray[Any]) -> Pixels:
    """An image (height, width, 1 or 3) as uint8 (height, width, 3); floats are stretched to their range."""
    if image.dtype != np.uint8:
        image = to_pixels(to_unit(image.astype(np.float64)))
    return np.broadcast_to(image, (*image.shape[:2], 3)).astype(np.uint8)


def with_boxes(image: NDArray[Any], boxes: Sequence[Box], *, side: int | None = None, line: int = 2) -> Pixels:
    """An image with boxes.

    Args:
        image: (height, width, 1 or 3), uint8 or float.
        boxes: the first is drawn first.
        side: pixels of the longer side, to which the image is brought; None: its own.
        line: width of the lines in pixels.

    Returns:
        uint8 (height, width, 3).
    """
    picture = Image.fromarray(as_pixels(image))
    if side is not None:
        scale = side / max(picture.size)
        size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
        is_enlarged = scale > 1
        picture = picture.resize(size, Image.Resampling.NEAREST if is_enlarged else Image.Resampling.LANCZOS)
    pen = ImageDraw.Draw(picture)
    font = _font(_LETTERS)
    for box in boxes:
        _draw_box(pen, box, picture.size, line)
    for box in boxes:
        if box.text:
            _write(pen, box, picture.size, font)
    return np.asarray(picture)


def _corners(box: Box, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Left, top, right, bottom in pixels, inside the picture."""
    top, left, bottom, right = box.sides
    width, height = size
    x0, y0 = round(left * width), round(top * height)
    x1, y1 = round(right * width) - 1, round(bottom * height) - 1
    x0, y0 = min(max(x0, 0), width - 1), min(max(y0, 0), height - 1)
    return x0, y0, min(max(x1, x0), width - 1), min(max(y1, y0), height - 1)


def _draw_box(pen: ImageDraw.ImageDraw, box: Box, size: tuple[int, int], line: int) -> None:
    left, top, right, bottom = _corners(box, size)
    if not box.is_dashed:
        pen.rectangle((left, top, right, bottom), outline=box.color, width=line)
        return
    for x in range(left, right + 1, 2 * _DASH):
        end = min(x + _DASH, right)
        pen.rectangle((x, top, end, top + line - 1), fill=box.color)
        pen.rectangle((x, bottom - line + 1, end, bottom), fill=box.color)
    for y in range(top, bottom + 1, 2 * _DASH):
        end = min(y + _DASH, bottom)
        pen.rectangle((left, y, left + line - 1, end), fill=box.color)
        pen.rectangle((right - line + 1, y, right, end), fill=box.color)


def _write(pen: ImageDraw.ImageDraw, box: Box, size: tuple[int, int], font: Any) -> None:
    """The text on a ground of the box's color: above the box, or inside where there is no room."""
    words = plain_text(box.text)
    left, top, _, _ = _corners(box, size)
    x0, y0, x1, y1 = pen.textbbox((0, 0), words, font=font)
    width, height = int(x1 - x0) + 4, int(y1 - y0) + 4
    left = max(0, min(left, size[0] - width))
    above = top - height if top >= height else top
    pen.rectangle((left, above, left + width - 1, above + height - 1), fill=box.color)
    pen.text((left + 2 - x0, above + 2 - y0), words, font=font, fill=style.PAPER)


def _font(size: int) -> Any:
    return ImageFont.truetype(font_manager.findfont(next(iter(font_families()))), size)


def label_of(name: str, score: float | None = None) -> str:
    """`square 97`, a name that is not too long."""
    short = name if len(name) <= _LONGEST_WORD else f"{name[: _LONGEST_WORD - 1]}…"
    return short if score is None else f"{short} {100 * score:.0f}"
