"""Original photos: image files in their own resolution, and a network's heat map laid back on them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cnncli.data import images
from cnncli.data.dataset import ImageFiles
from cnncli.inputs.base import enlarged

LONGEST = 1000  # pixels of a photo's longer side; larger ones are made smaller


@dataclass(frozen=True, eq=False)
class Photo:
    """An image file in its own resolution.

    Attributes:
        pixels: uint8 (height, width, 3), upright as the network's input, in the file's own colours.
        seen: the box of it that the network gets, (left, top, right, bottom) as shares of its width and height.
        place: the box of the network's input that it fills, as shares too; the rest is padding.
    """

    pixels: NDArray[np.uint8]
    seen: tuple[float, float, float, float]
    place: tuple[float, float, float, float]

    @property
    def is_cut(self) -> bool:
        """Whether the network does not get all of it."""
        left, top, right, bottom = self.seen
        height, width = self.pixels.shape[:2]
        return bool(max(left, 1 - right) * width >= 1 or max(top, 1 - bottom) * height >= 1)

    def heat(self, heat: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
        """The heat (any height, any width) of the network's input, on the photo: float32 (height, width).

        What lies in the padding falls away, and what the network did not get has none.
        """
        height, width = self.pixels.shape[:2]
        left, top, right, bottom = _scaled(self.seen, width, height)
        box = (round(left), round(top), max(round(left) + 1, round(right)), max(round(top) + 1, round(bottom)))
        cells = _scaled(self.place, heat.shape[1], heat.shape[0])
        image = Image.fromarray(np.asarray(heat, np.float32))
        fitted = image.resize((box[2] - box[0], box[3] - box[1]), Image.Resampling.BILINEAR, box=cells)
        whole = np.zeros((height, width), np.float32)
        whole[box[1] : box[3], box[0] : box[2]] = np.asarray(fitted)
        return whole


def read_photo(path: str, form: images.Form) -> Photo:
    """Read an image file in its own resolution, at most `LONGEST` pixels a side.

    Args:
        form: what the network gets of it.

    Raises:
        BadImage: it cannot be read.
    """
    content = images.read(path)
    read = images.decode(content, form)
    factor = min(1.0, LONGEST / max(read.width, read.height))
    height, width = (max(1, round(side * factor)) for side in (read.height, read.width))
    red, green, blue = form.background
    behind = (255 - red, 255 - green, 255 - blue) if form.invert else form.background
    own = replace(form, height=height, width=width, resize="stretch", color="rgb", depth=8, invert=False)
    pixels = images.decode(content, replace(own, background=behind)).pixels
    where = images.placement(read.width, read.height, form)
    return Photo(pixels, _shares(where.part, read.width, read.height), _shares(where.place, form.width, form.height))


def photos_of(originals: ImageFiles) -> list[Photo] | None:
    """The photos of all files; None where one of them cannot be read any more."""
    try:
        return [read_photo(path, originals.form) for path in originals.paths]
    except images.BadImage:
        return None


def share_in_padding(photo: Photo, heat: NDArray[np.floating[Any]], form: images.Form) -> float:
    """How much of all heat (any height, any width) lies where the image reader added padding: 0 to 1."""
    whole = enlarged(heat, (form.height, form.width))
    left, top, right, bottom = (round(edge) for edge in _scaled(photo.place, form.width, form.height))
    total = float(whole.sum())
    return 1 - float(whole[top:bottom, left:right].sum()) / total if total > 0 else 0.0


def _shares(box: tuple[float, float, float, float], width: int, height: int) -> tuple[float, float, float, float]:
    left, top, right, bottom = box
    return left / width, top / height, right / width, bottom / height


def _scaled(box: tuple[float, float, float, float], width: int, height: int) -> tuple[float, float, float, float]:
    left, top, right, bottom = box
    return left * width, top * height, right * width, bottom * height
