"""Draw heat maps over images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from cnncli.plots import style
from cnncli.plots.text_fitting import fit_text, plain_text

_TILE = 1.55  # inches, of image and heat each
_GAP = 0.08
_CAPTION = 0.42
_BETWEEN = 0.3
_ROW_GAP = 0.16
_SCALE_WIDTH = 1.5


def draw_heat(
    images: NDArray[Any],
    heat: NDArray[np.floating[Any]],
    captions: Sequence[tuple[str, str]],
    *,
    title: str,
    subtitle: str,
    meaning: str = "speaks for the class",
) -> Figure:
    """Draw each image and beside it the same with its heat.

    Args:
        images: (count, height, width, 1 or 3), uint8, or float that is stretched to its range.
        heat: float (count, any height, any width) in [0, 1]; enlarged smoothly to the image.
        captions: two lines below each image.
        title, subtitle: the heading, any text.
        meaning: what a place with heat does.
    """
    pairs = [_pair(image, one) for image, one in zip(images, heat, strict=True)]
    cell = 2 * _TILE + _GAP
    columns = 1 if len(pairs) == 1 else 2 if len(pairs) <= 4 else 3
    rows = -(-len(pairs) // columns)
    tile_height = _TILE * images.shape[1] / images.shape[2]
    row_height = tile_height + _CAPTION + _ROW_GAP
    with style.look():
        top = style.MARGIN + style.HEADER_HEIGHT
        width = 2 * style.MARGIN + columns * cell + (columns - 1) * _BETWEEN
        width = max(width, min(8.0, style.header_width(title, subtitle)))
        figure = style.new_figure(width, top + rows * row_height + 0.5 + style.MARGIN)
        style.add_header(figure, title, subtitle)
        for index, (pair, caption) in enumerate(zip(pairs, captions, strict=True)):
            left = style.MARGIN + index % columns * (cell + _BETWEEN)
            row_top = top + index // columns * row_height
            for offset, pixels in zip((0.0, _TILE + _GAP), pair, strict=True):
                axes = style.add_axes(figure, left + offset, row_top, _TILE, tile_height)
                axes.imshow(pixels, interpolation="nearest", aspect="auto")
                axes.set_axis_off()
            for line, text in enumerate(caption):
                color = style.INK if line == 0 else style.MUTED
                shown = fit_text(plain_text(text), cell, style.LABEL_SIZE)
                style.add_text(figure, left, row_top + tile_height + 0.05 + 0.17 * line, shown, color=color)
        _draw_scale(figure, top + rows * row_height + 0.05, meaning)
    return figure


def _pair(image: NDArray[Any], heat: NDArray[Any]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """An image in colour, and the same with its heat."""
    return _as_rgb(image), overlay(image, heat)


def overlay(image: NDArray[Any], heat: NDArray[np.floating[Any]]) -> NDArray[np.uint8]:
    """Lay heat (any height, any width) in [0, 1] over an image (height, width, 1 or 3): uint8 (height, width, 3)."""
    pixels = _as_rgb(image)
    height, width = pixels.shape[:2]
    large = np.asarray(Image.fromarray(heat.astype(np.float32)).resize((width, height), Image.Resampling.BILINEAR))
    colours = matplotlib.colormaps["inferno"](np.clip(large, 0, 1))[..., :3] * 255
    share = 0.15 + 0.55 * np.clip(large, 0, 1)[..., None]
    mixed: NDArray[np.uint8] = (pixels * (1 - share) + colours * share).astype(np.uint8)
    return mixed


def _as_rgb(image: NDArray[Any]) -> NDArray[np.uint8]:
    values = np.asarray(image, np.float32)
    if image.dtype != np.uint8:
        low, high = float(values.min()), float(values.max())
        values = (values - low) / ((high - low) or 1.0) * 255
    gray_or_rgb = values if values.shape[-1] == 3 else np.repeat(values[..., :1], 3, axis=-1)
    return gray_or_rgb.astype(np.uint8)


def _draw_scale(figure: Figure, top: float, meaning: str) -> None:
    axes = style.add_axes(figure, style.MARGIN, top, _SCALE_WIDTH, 0.12)
    axes.imshow(np.linspace(0, 1, 256)[None], cmap="inferno", aspect="auto")
    axes.set_axis_off()
    style.add_text(figure, style.MARGIN, top + 0.16, f"the brighter, the more it {meaning}", color=style.MUTED)
