"""Draw examples as small tiles of pixels: images and slices of volumes as pictures, signals and rows of numbers as curves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from cnncli.inputs import kind_of
from cnncli.plots import style
from cnncli.plots.tiles import Pixels, to_pixels, to_unit

_BETWEEN = 8  # pixels between two inputs of an example
_LONGEST_CURVE = 2000  # samples; of longer ones every so many are left out


def example_tiles(
    examples: NDArray[Any], side: int, *, limits: tuple[float, float] | None = None, is_square: bool = False
) -> list[Pixels]:
    """One input of each example as a tile.

    Args:
        examples: (count, *shape of one), of a shape that `InputKind.can_show` takes.
        side: pixels of the longer side of an image at most, and of a tile's width at the least.
        limits: the values that become black and white; None: bytes as they are, and of others the range of each example.
        is_square: add white below, too, so that every tile is `side` by `side`.

    Returns:
        uint8 (height, width, 3), all of one size.
    """
    kind = kind_of(examples.shape[1:])
    shown, _ = kind.for_tile(examples)
    if kind.ARE_CURVES:
        return [_curve(one, side) for one in shown]
    return [_padded(_fitted(_as_pixels(one, limits), side), side, is_square=is_square) for one in shown]


def side_by_side(inputs: Sequence[Sequence[Pixels]]) -> Pixels:
    """The tiles of several inputs as one tile for each example, with white between and below them."""
    height = max(tiles[0].shape[0] for tiles in inputs)
    rows = []
    for parts in zip(*inputs, strict=True):
        padded = [
            np.pad(part, ((0, height - part.shape[0]), (0, _BETWEEN * (not is_last)), (0, 0)), constant_values=255)
            for part, is_last in zip(parts, [False] * (len(parts) - 1) + [True], strict=True)
        ]
        rows.append(np.concatenate(padded, axis=1))
    return np.stack(rows)


def _as_pixels(image: NDArray[Any], limits: tuple[float, float] | None) -> Pixels:
    if image.dtype == np.uint8 and limits is None:
        return np.broadcast_to(image, (*image.shape[:2], 3)).astype(np.uint8)
    if limits is None:
        return to_pixels(to_unit(image))
    low, high = limits
    unit = (image.astype(np.float64) - low) / ((high - low) or 1.0)
    return to_pixels(np.clip(unit, 0, 1))


def _fitted(pixels: Pixels, side: int) -> Pixels:
    """Enlarge by a whole factor, or make smaller, to a tile's size."""
    height, width = pixels.shape[:2]
    factor = side // max(height, width)
    if factor:
        return pixels.repeat(factor, axis=0).repeat(factor, axis=1)
    scale = side / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS))


def _padded(pixels: Pixels, side: int, *, is_square: bool) -> Pixels:
    """With white at the right of a narrow one, so that its caption has room."""
    right, below = side - pixels.shape[1], (side - pixels.shape[0]) * is_square
    if right <= 0 and below <= 0:
        return pixels
    return np.pad(pixels, ((0, max(0, below)), (0, max(0, right)), (0, 0)), constant_values=255)


def _curve(values: NDArray[Any], side: int) -> Pixels:
    """A curve for each of at most three channels (length, channels), drawn point to point: uint8 (side, side, 3)."""
    values = values[:: max(1, len(values) // _LONGEST_CURVE)]
    scaled = to_unit(values)
    scale = 2  # drawn larger and made smaller: smooth lines
    edge = side * scale
    picture = Image.new("RGB", (edge, edge), style.PAPER)
    pen = ImageDraw.Draw(picture)
    pen.rectangle((0, 0, edge - 1, edge - 1), outline=style.FRAME, width=scale)
    pad = 8 * scale
    x = np.linspace(pad, edge - pad, max(2, len(values)))[: len(values)]
    for channel, colour in reversed(list(enumerate((style.BLUE, style.GREEN, style.INK)[: values.shape[1]]))):
        y = edge - pad - scaled[:, channel] * (edge - 2 * pad)
        known = np.isfinite(y)
        points = [(float(one), float(other)) for one, other in zip(x[known], y[known], strict=True)]
        if len(points) > 1:
            pen.line(points, fill=colour, width=2 * scale, joint="curve")
    return np.asarray(picture.resize((side, side), Image.Resampling.LANCZOS))
