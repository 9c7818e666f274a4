"""Draw the feature maps of one layer as tiles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from numpy.typing import NDArray

from cnncli.inputs import InputKind, kind_of
from cnncli.plots import style
from cnncli.plots.signals import add_curves, tile_sheet
from cnncli.plots.text_fitting import text_width
from cnncli.plots.tiles import Pixels, Sheet, Spacing, Strip, choose_grid, compose, resize, to_pixels, to_unit

_LARGEST_TILE = 360  # pixels
_LONGEST_TILE = 700  # pixels of the longer side of one that is not square
_SMALLEST_TILE = 24
_LEAST_STRIP = 14  # pixels of the height of a strip over many positions
_UNITS = 4  # units for a map: each is one place and needs little room
_LARGEST_UNIT = 60
_BAND = 16  # pixels above a tile for its number
_NUMBER_SIZE = 7.5
_FLAT = 0.8  # the gray of a map that is the same everywhere


@dataclass(frozen=True)
class LayerMaps:
    """What a layer gives for one example.

    Attributes:
        name: of the layer, any text.
        kind: its class, such as `Conv2D`.
        maps: float (units,), (length, filters), (height, width, filters) or (depth, height, width, filters).
        shown_as: the kind of input that they are laid out as; None for the one that has as many axes.
        places: where they lie, in words, where that is not plain.
    """

    name: str
    kind: str
    maps: NDArray[np.floating[Any]]
    shown_as: InputKind | None = None
    places: str = ""

    def __post_init__(self) -> None:
        if not self.maps.shape or not self.seen_as.map_axes or 0 in self.maps.shape:
            shape = self.maps.shape
            raise ValueError(f"maps have 1 to 4 axes, none of them 0, the filters last; received shape {shape}")

    @property
    def seen_as(self) -> InputKind:
        """The kind of input that they are laid out as."""
        return self.shown_as or kind_of(self.maps.shape)

    @property
    def are_units(self) -> bool:
        """Whether each is a single number."""
        return bool(np.prod(self.maps.shape[:-1]) == 1)

    @property
    def are_curves(self) -> bool:
        return self.seen_as.ARE_CURVES and not self.are_units


@dataclass(frozen=True)
class Plan:
    """Which maps of a layer are shown, and how large.

    Attributes:
        numbers: of the filters, ascending.
        columns: tiles side by side.
        tile: (width, height) in pixels; None for curves.
        size: (width, height) in pixels of all of them.
        page: (width, height) in pixels that they were to fill.
    """

    layer: LayerMaps
    numbers: NDArray[np.int64]
    columns: int
    tile: tuple[int, int] | None
    size: tuple[int, int]
    page: tuple[int, int]

    @property
    def about(self) -> str:
        """The layer's kind, the shape that leaves it, and how many of its maps are shown."""
        total, shown = self.layer.maps.shape[-1], len(self.numbers)
        word = ("unit" if self.layer.are_units else "map") + "s" * (total > 1)
        which = "1 " if total == 1 else f"all {total} " if shown == total else f"the strongest {shown} of {total} "
        layout = "" if self.layer.are_units or self.layer.are_curves else self.layer.seen_as.LAYOUT
        layout = self.layer.places or layout
        shape = " × ".join(map(str, self.layer.maps.shape))
        return f"{self.layer.kind}, {shape} · {which}{word}{f', {layout}' if layout else ''}"


def plan(layer: LayerMaps, *, most: int, page: tuple[int, int]) -> Plan:
    """Choose the maps of a layer and their size: all of them, or the strongest where they are many.

    The strongest have the largest mean of their absolute values; they stay in the order of their numbers.

    Args:
        most: maps; of units four times as many.
        page: (width, height) in pixels to fill, which is never exceeded where one map fits it.
    """
    total = layer.maps.shape[-1]
    count = min(total, most * _UNITS if layer.are_units else most)
    while True:
        columns, tile, size = _grid(layer, count, page)
        if count == 1 or (size[0] <= page[0] and size[1] <= page[1]):
            return Plan(layer, _strongest(layer.maps, count), columns, tile, size, page)
        count = (count + 1) // 2


def draw_tiles(planned: Plan) -> tuple[Sheet, list[str]]:
    """Draw the tiles of images and units; of curves empty ones.

    Returns:
        The sheet, and what is to be said about it.
    """
    layer, numbers = planned.layer, planned.numbers
    if layer.are_curves:
        return tile_sheet(len(numbers), planned.page, above=_BAND), []
    shown = np.ascontiguousarray(np.moveaxis(layer.maps[..., numbers], -1, 0), np.float64)  # (maps, …)
    # (maps, height, width)
    shown = shown.reshape(-1, 1, 1) if layer.are_units else layer.seen_as.pictures(shown[..., None])[..., 0]
    flat = np.zeros(len(shown), np.bool_) if layer.are_units else _is_flat(shown)
    unit = to_unit(shown, axes=None if layer.are_units else (1, 2))
    assert planned.tile is not None
    width, height = planned.tile
    tiles = _colour(unit, flat, height, width)
    sheet = compose(Strip(1, 1, height, width).draw(tiles[:, None, None], 1), planned.columns, _spacing())
    notes = []
    if flat.any():
        notes.append(f"{flat.sum()} gray: the same everywhere")
    if not np.isfinite(shown).all():
        notes.append("orange: not finite")
    return sheet, notes


def write_tiles(axes: Axes, planned: Plan, sheet: Sheet) -> None:
    """Write the numbers of the filters above their tiles, and draw curves into them."""
    if planned.layer.are_curves:
        add_curves(axes, sheet, np.asarray(planned.layer.maps, np.float64).T[planned.numbers][..., None])
    room = (sheet.block[0] + _spacing().right - 3) / style.DPI
    size = _NUMBER_SIZE * min(1.0, room / text_width(str(planned.numbers[-1]), _NUMBER_SIZE))
    for number, (left, top) in zip(planned.numbers, sheet.corners, strict=True):
        axes.text(left, top - 4, str(number), fontsize=size, color=style.MUTED, va="baseline")


def _strongest(maps: NDArray[Any], count: int) -> NDArray[np.int64]:
    total = maps.shape[-1]
    if count == total:
        return np.arange(total)
    values = np.abs(maps.reshape(-1, total).astype(np.float64))
    strength = np.where(np.isfinite(values), values, 0).mean(axis=0)
    return np.sort(np.argsort(-strength, kind="stable")[:count])


def _grid(layer: LayerMaps, count: int, page: tuple[int, int]) -> tuple[int, tuple[int, int] | None, tuple[int, int]]:
    """The columns, the (width, height) of a tile, and of all of them, in pixels."""
    if layer.are_curves:
        height, width, _ = tile_sheet(count, page, above=_BAND).image.shape
        return 0, None, (width, height)
    if layer.are_units:
        height = width = 1
    else:
        _, height, width, _ = layer.seen_as.pictures(layer.maps[None, ..., :1]).shape
    ratio = max(height, width) / min(height, width)
    spacing = _spacing()
    # Of one that is very long the longer side fits the page.
    room = page[1] - spacing.above - spacing.below - 2 if height > width else page[0] - spacing.right - 2
    longest = _LARGEST_UNIT if layer.are_units else int(min(_LONGEST_TILE, _LARGEST_TILE * ratio))
    scales = (int(min(longest, room, _SMALLEST_TILE * ratio)), longest)

    def tile(longer_side: int) -> tuple[int, int]:
        across, down = fitted(longer_side)
        return across + 2, down + 2  # with its frame

    def fitted(longer_side: int) -> tuple[int, int]:
        across, down = fit(height, width, longer_side)
        return across, max(down, _LEAST_STRIP) if layer.seen_as.ARE_NUMBERED else down

    grid = choose_grid(count, tile, spacing, page=page, scales=scales)
    across, down = tile(grid.scale)
    rows = -(-count // grid.columns)
    size = (
        grid.columns * (across + spacing.left + spacing.right) - spacing.right,
        rows * (down + spacing.above + spacing.below) - spacing.below,
    )
    return grid.columns, fitted(grid.scale), size


def _spacing() -> Spacing:
    return Spacing(above=_BAND, right=9, below=9)


def fit(height: int, width: int, longer_side: int) -> tuple[int, int]:
    """Return the (width, height) in pixels of a picture whose longer side gets that many."""
    longer = max(height, width)
    return max(1, round(width * longer_side / longer)), max(1, round(height * longer_side / longer))


def _is_flat(maps: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which of (maps, height, width) have one finite value, or none."""
    known = np.isfinite(maps)
    low = np.min(maps, axis=(1, 2), initial=np.inf, where=known)
    high = np.max(maps, axis=(1, 2), initial=-np.inf, where=known)
    return np.asarray(low >= high)


def _colour(unit: NDArray[np.float64], flat: NDArray[np.bool_], height: int, width: int) -> Pixels:
    """Resize and colour maps (maps, height, width) in [0, 1]: uint8 (maps, height, width, 3)."""
    broken = np.isnan(unit)
    resized = resize(np.nan_to_num(unit), height, width)
    table = to_pixels(matplotlib.colormaps["viridis"](np.arange(256))[:, :3])
    colours = table[np.clip(resized * 256, 0, 255).astype(np.uint8)]
    colours[flat] = round(_FLAT * 255)
    if broken.any():
        colours[resize(broken.astype(np.float64), height, width) > 1e-6] = to_pixels(np.array(to_rgb(style.ORANGE)))
    return colours
