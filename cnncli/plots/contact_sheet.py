"""Draw a contact sheet: images side by side in one PNG, each under its name."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from cnncli.plots.tiles import choose_columns

_TILE = 168  # pixels of a side
_CAPTION = 18
_GAP = 8
_COLUMNS = (6, 5, 7)
_MOST = 60
_LETTERS = 27  # of a caption


def to_png(names: Sequence[str], pixels: Sequence[NDArray[np.generic]]) -> bytes:
    """Draw a sheet.

    Args:
        names: one an image.
        pixels: each (height, width, 1 or 3), from 0 to 255; at least one image.

    Returns:
        The bytes of a PNG file with the first 60 of them.
    """
    shown = list(zip(names, pixels, strict=True))[:_MOST]
    columns = len(shown) if len(shown) <= max(_COLUMNS) else choose_columns(len(shown), _COLUMNS)
    rows = math.ceil(len(shown) / columns)
    size = (columns * (_TILE + _GAP) + _GAP, rows * (_TILE + _CAPTION + _GAP) + _GAP)
    sheet = Image.new("RGB", size, (240, 240, 240))
    draw = ImageDraw.Draw(sheet)
    for number, (name, image) in enumerate(shown):
        left = _GAP + (number % columns) * (_TILE + _GAP)
        top = _GAP + (number // columns) * (_TILE + _CAPTION + _GAP)
        tile = Image.fromarray(np.clip(image, 0, 255).astype(np.uint8).squeeze())
        scale = _TILE / max(tile.size)
        wanted = (max(1, round(tile.width * scale)), max(1, round(tile.height * scale)))
        how = Image.Resampling.NEAREST if scale > 1 else Image.Resampling.BILINEAR
        sheet.paste(tile.convert("RGB").resize(wanted, how), (left, top))
        text = name if len(name) <= _LETTERS else f"...{name[3 - _LETTERS :]}"
        draw.text((left, top + _TILE + 3), text.encode("latin-1", "replace").decode("latin-1"), fill=(40, 40, 40))
    file = io.BytesIO()
    sheet.save(file, "PNG")
    return file.getvalue()
