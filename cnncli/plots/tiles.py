"""Compose many small images into one sheet, pixel by pixel."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.transforms import IdentityTransform
from numpy.typing import NDArray

from cnncli.plots import style

Pixels = NDArray[np.uint8]
Floats = NDArray[np.floating[Any]]

_FRAME = 1  # pixels around a tile


@dataclass(frozen=True)
class Spacing:
    """The pixels of white that belong to each block: above it and left of it for its number, and to its neighbours."""

    above: int = 0
    left: int = 0
    right: int = 8
    below: int = 8


@dataclass(frozen=True)
class Grid:
    """How many blocks stand side by side, and how many pixels a value gets."""

    columns: int
    scale: int


@dataclass(frozen=True)
class Sheet:
    """A composed picture.

    Attributes:
        image: uint8 (height, width, 3).
        corners: (left, top) of each block in pixels of `image`, in the order of the blocks.
        block: (width, height) of every block in pixels.
    """

    image: Pixels
    corners: tuple[tuple[int, int], ...]
    block: tuple[int, int]


def to_unit(values: Floats, *, axes: tuple[int, ...] | None = None) -> NDArray[np.float64]:
    """Scale to [0, 1] by (value - smallest) / (largest - smallest) over `axes`, by default over everything.

    Where all values are equal they become 0.5. What is not finite is left out of the range and becomes NaN.
    """
    finite = np.where(np.isfinite(values), values, np.nan).astype(np.float64)
    known = ~np.isnan(finite)
    low = np.min(finite, axis=axes, keepdims=True, initial=np.inf, where=known)
    high = np.max(finite, axis=axes, keepdims=True, initial=-np.inf, where=known)
    span = high - low
    spread = span > 0
    return np.where(spread, (finite - low) / np.where(spread, span, 1), np.where(known, 0.5, np.nan))


def to_pixels(values: NDArray[np.float64], *, missing: str = style.ORANGE) -> Pixels:
    """Turn [0, 1] (…, 1 or 3) into uint8 (…, 3): one channel is gray, three are red, green, blue; NaN is `missing`."""
    colours = np.broadcast_to(values, (*values.shape[:-1], 3))
    is_missing = np.isnan(colours).any(axis=-1, keepdims=True)
    colours = np.where(is_missing, to_rgb(missing), colours)
    return np.rint(colours * 255).astype(np.uint8)


def resize(maps: NDArray[np.float64], height: int, width: int) -> NDArray[np.float64]:
    """Resize (…, height, width): each new value is the mean of the old ones under its square.

    A whole multiple repeats the values, a whole fraction averages squares of them, and in between edges stay sharp.
    """
    across = _resize_last(maps, width)
    return _resize_last(across.swapaxes(-1, -2), height).swapaxes(-1, -2)


@dataclass(frozen=True)
class Strip:
    """The shape of a block: tiles side by side, in groups, each tile framed.

    Attributes:
        groups, slices: how many; slices stand near each other, groups further apart.
        height, width: of a tile, in values.
        gap: pixels between slices; between groups it is `group_gap`.
    """

    groups: int
    slices: int
    height: int
    width: int
    gap: int = 3
    group_gap: int = 3

    def size(self, scale: int) -> tuple[int, int]:
        """Return the (width, height) in pixels when a value gets `scale` pixels a side."""
        last = self.tile_left(self.groups - 1, self.slices - 1, scale)
        return last + self.width * scale + 2 * _FRAME, self.height * scale + 2 * _FRAME

    def tile_left(self, group: int, index: int, scale: int) -> int:
        """Return where a tile's frame begins, in pixels from the left."""
        tile = self.width * scale + 2 * _FRAME
        return group * (self.slices * (tile + self.gap) - self.gap + self.group_gap) + index * (tile + self.gap)

    def draw(self, tiles: Pixels, scale: int) -> Pixels:
        """Lay out uint8 (blocks, groups, slices, height, width, 3) as uint8 (blocks, pixel rows, pixel columns, 3)."""
        width, height = self.size(scale)
        image = np.full((len(tiles), height, width, 3), 255, np.uint8)
        for group in range(self.groups):
            for index in range(self.slices):
                left = self.tile_left(group, index, scale)
                right = left + self.width * scale + 2 * _FRAME
                image[:, :, left:right] = _bytes(style.FRAME)
                enlarged = tiles[:, group, index].repeat(scale, axis=1).repeat(scale, axis=2)
                image[:, _FRAME : height - _FRAME, left + _FRAME : right - _FRAME] = enlarged
        return image


def choose_grid(
    count: int,
    block_size: Callable[[int], tuple[int, int]],
    spacing: Spacing,
    *,
    page: tuple[int, int],
    scales: tuple[int, int],
    near_best: float = 0.7,
    down: bool = False,
    together: int = 1,
) -> Grid:
    """Choose the columns and the scale that show `count` blocks as large as they fit on a page.

    The last row is more than half full, or the last column where blocks are numbered down the columns. Of grids that are
    nearly as large, the one wins whose blocks fill most of the page's width over the height that they take. Where not
    even the smallest scale fits, the page grows.

    Args:
        block_size: (width, height) of a block in pixels at a scale.
        page: (width, height) in pixels to fill.
        scales: smallest and largest number of pixels a value may get.
        near_best: by which factor tiles may be smaller than they could be for a grid that fills the page better.
        down: they are numbered column by column, as `compose` does.
        together: every so many blocks in turn stay in one row, or in one column.
    """
    smallest, largest = scales

    def largest_scale(columns: int) -> int:
        """Return the largest scale at which the grid fits on the page, one below the smallest when none does."""
        fits, too_large = smallest - 1, largest + 1
        while too_large - fits > 1:
            scale = (fits + too_large) // 2
            width, height = _cell(block_size(scale), spacing)
            if columns * width <= page[0] and math.ceil(count / columns) * height <= page[1]:
                fits = scale
            else:
                too_large = scale
        return fits

    def filled(grid: Grid) -> float:
        """Return which share of the page's width and the grid's height the blocks fill, less where there are holes."""
        width, height = block_size(grid.scale)
        rows = math.ceil(count / grid.columns)
        full = count / (rows * grid.columns)
        return full * count * width * height / (page[0] * rows * _cell((width, height), spacing)[1])

    def is_whole(columns: int) -> bool:
        """Return whether the grid has few holes and tears nothing apart."""
        in_line = math.ceil(count / columns) if down else columns
        return in_line % together == 0 and (_fills_columns if down else _fills_rows)(count, columns)

    grids = [Grid(columns, largest_scale(columns)) for columns in range(1, count + 1) if is_whole(columns)]
    best = max(grid.scale for grid in grids)
    if best < smallest:
        larger = (page[0] * 9 // 8, page[1] * 9 // 8)
        return choose_grid(
            count, block_size, spacing, page=larger, scales=scales, near_best=near_best, down=down, together=together
        )
    near = [grid for grid in grids if grid.scale >= max(smallest, near_best * best)]
    return max(near, key=lambda grid: (filled(grid), grid.columns))


def choose_columns(count: int, choices: Sequence[int]) -> int:
    """Return the first of some numbers of columns whose last row is more than half full, else the one with fewest holes."""
    return next((each for each in choices if _fills_rows(count, each)), min(choices, key=lambda each: -count % each))


def _fills_rows(count: int, columns: int) -> bool:
    """Whether the last row of so many columns is more than half full."""
    return 2 * (-count % columns) < columns


def _fills_columns(count: int, columns: int) -> bool:
    """Whether, numbered downwards, the last of so many columns is more than half full."""
    rows = math.ceil(count / columns)
    return math.ceil(count / rows) == columns and _fills_rows(count, rows)


def compose(blocks: Pixels, columns: int, spacing: Spacing, *, header: int = 0, down: bool = False) -> Sheet:
    """Put blocks of one size on a white sheet.

    Args:
        blocks: uint8 (blocks, height, width, 3).
        header: pixels of white above the first row.
        down: number them column by column, rather than row by row.
    """
    count, height, width, _ = blocks.shape
    rows = math.ceil(count / columns)
    cell_width, cell_height = _cell((width, height), spacing)
    image = np.full(
        (header + rows * cell_height - spacing.below, columns * cell_width - spacing.right, 3), 255, np.uint8
    )
    corners = []
    for index, block in enumerate(blocks):
        column, row = divmod(index, rows) if down else reversed(divmod(index, columns))
        left = column * cell_width + spacing.left
        top = header + row * cell_height + spacing.above
        image[top : top + height, left : left + width] = block
        corners.append((left, top))
    return Sheet(image, tuple(corners), (width, height))


def show_sheet(figure: Figure, left: float, top: float, image: Pixels) -> Axes:
    """Show a sheet so that one of its pixels is one pixel of the saved picture; data coordinates are its pixels.

    Args:
        left, top: inches from the page's top left corner.
        image: uint8 (height, width, 3).
    """
    height, width, _ = image.shape
    axes = style.add_axes(figure, left, top, width / style.DPI, height / style.DPI)
    axes.set(xlim=(0, width), ylim=(height, 0))
    shown = _AsItIs(axes, interpolation="nearest", extent=(0, width, height, 0))
    shown.set_data(image)
    axes.add_image(shown)
    axes.set_axis_off()
    return axes


class _AsItIs(AxesImage):
    """An image that fills its axes and is drawn as it is, for matplotlib takes its time to resample one to its own size."""

    def make_image(
        self, renderer: Any, magnification: float = 1.0, unsampled: bool = False
    ) -> tuple[Any, float, float, Any]:
        pixels = np.asarray(self.get_array())
        opaque = np.full((*pixels.shape[:2], 1), 255, np.uint8)
        corner = self.axes.bbox
        return np.concatenate([pixels, opaque], axis=-1)[::-1], corner.x0, corner.y0, IdentityTransform()


def _cell(block: tuple[int, int], spacing: Spacing) -> tuple[int, int]:
    return block[0] + spacing.left + spacing.right, block[1] + spacing.above + spacing.below


def _resize_last(values: NDArray[np.float64], new: int) -> NDArray[np.float64]:
    """Resize the last axis: the differences of the running sum, read off at the new edges."""
    old = values.shape[-1]
    edges = np.arange(new + 1) * (old / new)
    cells = np.minimum(edges.astype(int), old - 1)
    sums = np.cumsum(values, axis=-1) - values  # of the cells before
    resized: NDArray[np.float64] = np.diff(sums[..., cells] + (edges - cells) * values[..., cells]) * (new / old)
    return resized


def _bytes(colour: str) -> Pixels:
    return to_pixels(np.array(to_rgb(colour)))
