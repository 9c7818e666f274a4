"""Feature maps: an image, and what a layer makes of it."""

from __future__ import annotations

from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from numpy.typing import NDArray

from cnncli.figures import style
from cnncli.figures.text import plain_text, text_width
from cnncli.figures.tiles import (
    Pixels,
    Sheet,
    Spacing,
    Strip,
    choose_grid,
    compose,
    resize,
    show_sheet,
    to_pixels,
    to_unit,
)

_PAGE = (1500, 840)  # pixels for the maps, beside the image
_LARGEST_TILE = 260  # pixels
_LONGEST_TILE = 700  # pixels of the longer side of one that is not square
_SMALLEST_TILE = 24
_FLAT = 0.8  # the gray of a map that is the same everywhere
_IMAGE_SIDE = 390  # pixels of the image's longer side
_GUTTER = 0.45  # inches between image and maps
_CAPTION_HEIGHT = 0.2
_SCALE_HEIGHT = 0.46  # inches, with its labels
_NOTE_HEIGHT = 0.2
_SCALE_WIDTH = 1.5


def draw_feature_maps(
    image: NDArray[Any],
    maps: NDArray[np.floating[Any]],
    *,
    layer_name: str,
    title: str,
    max_maps: int = 64,
    sizes: tuple[str, str] | None = None,
) -> Figure:
    """Draw an image and beside it the maps that a layer makes of it, each with its number from 0.

    Every map is scaled on its own, from its smallest value (dark) to its largest (bright): what counts is where a
    filter answers. A map that is the same everywhere (a dead filter) is flat gray and counted at the side; a value that
    is not finite is orange. Maps of 1 x 1 share one scale.

    Args:
        image: (height, width, 1 or 3), uint8, or float: in [0, 1], or any other range, which is then stretched.
        maps: float (map height, map width, filters), the layer's output for this image without the batch axis.
        layer_name: named below the title, any text.
        title: the heading, any text.
        max_maps: how many maps to draw at most; the picture says how many there are.
        sizes: what to say of the image and of the maps instead of their height and width, for slices of volumes.

    Raises:
        ValueError: an array has other axes or an empty one, or `max_maps` is below 1.
    """
    image, maps = np.asarray(image), np.asarray(maps)
    if image.ndim != 3 or image.shape[2] not in (1, 3) or 0 in image.shape:
        raise ValueError(f"an image is (height, width, 1 or 3); received shape {image.shape}")
    if maps.ndim != 3 or 0 in maps.shape:
        raise ValueError(f"maps are (height, width, filters), none of them 0; received shape {maps.shape}")
    if max_maps < 1:
        raise ValueError(f"max_maps is 1 or more; received {max_maps}")
    with style.look():
        shown = sizes or (f"image, {image.shape[0]} × {image.shape[1]}", f"{maps.shape[0]} × {maps.shape[1]}")
        return _draw_page(image, maps, plain_text(layer_name), title, max_maps, shown)


def _draw_page(
    image: NDArray[Any], maps: NDArray[Any], layer_name: str, title: str, max_maps: int, sizes: tuple[str, str]
) -> Figure:
    height, width, total = maps.shape
    shown = np.ascontiguousarray(np.moveaxis(maps[..., :max_maps], -1, 0))  # (maps, height, width)
    single = height * width == 1
    flat = np.array([not single and _is_flat(one) for one in shown])
    sheet = _compose_maps(shown, flat)
    picture = _image_pixels(image)
    count = f"{total} map{'s' * (total > 1)}" if total == len(shown) else f"first {len(shown)} of {total} maps"
    subtitle = f"{layer_name}: {count} of {sizes[1]} · numbers count from 0"
    notes = ["all maps on one scale" if single else "each map on a scale of its own"]
    if flat.any():
        notes.append(f"{flat.sum()} gray: the same everywhere")
    if not np.isfinite(shown).all():
        notes.append("orange: not finite")

    picture_height, picture_width = (pixels / style.DPI for pixels in picture.shape[:2])
    sheet_height, sheet_width = (pixels / style.DPI for pixels in sheet.image.shape[:2])
    left_width = max(picture_width, _SCALE_WIDTH + 0.4, *(text_width(note, style.LABEL_SIZE) for note in notes))
    left_height = _CAPTION_HEIGHT + picture_height + 0.25 + _SCALE_HEIGHT + _NOTE_HEIGHT * len(notes)
    sheet_left = style.MARGIN + left_width + _GUTTER
    top = style.MARGIN + style.HEADER_HEIGHT
    least = min(8.0, style.header_width(title, subtitle))
    figure = style.new_figure(
        max(sheet_left + sheet_width + style.MARGIN, least), top + max(left_height, sheet_height) + style.MARGIN
    )
    style.add_header(figure, title, subtitle)
    style.add_text(figure, style.MARGIN, top, sizes[0], color=style.MUTED)
    show_sheet(figure, style.MARGIN, top + _CAPTION_HEIGHT, picture)
    axes = show_sheet(figure, sheet_left, top, sheet.image)
    _write_numbers(axes, sheet)
    scale_top = top + _CAPTION_HEIGHT + picture_height + 0.25
    _draw_scale(figure, scale_top)
    for line, note in enumerate(notes):
        y = scale_top + _SCALE_HEIGHT + _NOTE_HEIGHT * line
        style.add_text(figure, style.MARGIN, y, note, color=style.MUTED)
    return figure


def _is_flat(one: NDArray[Any]) -> bool:
    finite = one[np.isfinite(one)]
    return finite.size == 0 or bool(finite.min() == finite.max())


def _compose_maps(maps: NDArray[Any], flat: NDArray[np.bool_]) -> Sheet:
    """Scale, colour, resize and compose (maps, height, width)."""
    count, height, width = maps.shape
    spacing = Spacing(above=_band(count), right=9, below=9)

    def tile(longer_side: int) -> tuple[int, int]:
        width_pixels, height_pixels = _fit(height, width, longer_side)
        return width_pixels + 2, height_pixels + 2  # with its frame

    longest = int(min(_LONGEST_TILE, _LARGEST_TILE * max(height, width) / min(height, width)))
    scales = (min(longest, _SMALLEST_TILE * max(height, width) // min(height, width)), longest)
    grid = choose_grid(count, tile, spacing, page=_PAGE, scales=scales, near_best=0.9)
    tile_width, tile_height = _fit(height, width, grid.scale)

    if height * width == 1:
        maps, flat = to_unit(maps), np.zeros(count, np.bool_)
    tiles = np.stack([_map_pixels(*pair, tile_height, tile_width) for pair in zip(maps, flat, strict=True)])
    strip = Strip(1, 1, tile_height, tile_width)
    return compose(strip.draw(tiles[:, None, None], 1), grid.columns, spacing)


def _map_pixels(one: NDArray[Any], flat: bool, height: int, width: int) -> Pixels:
    """Scale, resize and colour one map: uint8 (height, width, 3)."""
    unit = to_unit(one) if one.size > 1 else one.astype(np.float64)
    broken = np.isnan(unit)
    colours = matplotlib.colormaps["viridis"](resize(np.nan_to_num(unit), height, width))[..., :3]
    if flat:
        colours[:] = _FLAT
    if broken.any():
        colours[resize(broken.astype(np.float64), height, width) > 1e-6] = to_rgb(style.ORANGE)
    return to_pixels(colours)


def _fit(height: int, width: int, longer_side: int) -> tuple[int, int]:
    """Return the (width, height) in pixels of a picture whose longer side gets that many."""
    longer = max(height, width)
    return max(1, round(width * longer_side / longer)), max(1, round(height * longer_side / longer))


def _band(count: int) -> int:
    return round(_number_size(count) * style.DPI / 72 * 1.35)


def _number_size(count: int) -> float:
    return 9.0 if count <= 32 else 7.5 if count <= 128 else 6.0


def _image_pixels(image: NDArray[Any]) -> Pixels:
    """Return the image as uint8 (height, width, 3), enlarged or averaged to the size it is shown at."""
    values = image.astype(np.float64)
    if image.dtype == np.uint8:
        values /= 255
    elif not (np.isfinite(values).all() and values.min() >= 0 and values.max() <= 1):
        values = to_unit(values)
    width, height = _fit(image.shape[0], image.shape[1], _IMAGE_SIDE)
    resized = np.moveaxis(resize(np.moveaxis(values, -1, 0), height, width), 0, -1)
    framed: Pixels = Strip(1, 1, height, width).draw(to_pixels(resized)[None, None, None], 1)[0]
    return framed


def _write_numbers(axes: Axes, sheet: Sheet) -> None:
    size = _number_size(len(sheet.corners))
    for number, (left, top) in enumerate(sheet.corners):
        axes.text(left, top - 4, str(number), fontsize=size, color=style.MUTED, va="baseline")


def _draw_scale(figure: Figure, top: float) -> None:
    axes = style.add_axes(figure, style.MARGIN + 0.25, top, _SCALE_WIDTH, 0.15)
    axes.imshow(np.linspace(0, 1, 256)[None], cmap="viridis", vmin=0, vmax=1, aspect="auto", extent=(0, 1, 0, 1))
    axes.set_xticks([0, 1], ["smallest", "largest"], fontsize=8)
    axes.set_yticks([])
    axes.spines[["right", "top"]].set_visible(True)
