"""Geometry of prepared images: points, boxes and label maps between an image file and what a network gets of it.

Coordinates are in pixels with the origin at the upper left corner: the first pixel reaches from 0 to 1. Those of an image are of
the upright one, turned as its EXIF orientation says where the form applies it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cnncli.data.images import Form, placement

# EXIF orientation -> whether rows and columns are exchanged, then whether the rows and the columns are reversed.
_TURNS = {
    1: (False, False, False),
    2: (False, False, True),
    3: (False, True, True),
    4: (False, True, False),
    5: (True, False, False),
    6: (True, False, True),
    7: (True, True, True),
    8: (True, True, False),
}


@dataclass(frozen=True, slots=True)
class Geometry:
    """How an image of some size became that of a network: stretched, cropped or padded.

    Attributes:
        height, width: of the upright image, in pixels.
        form: what every image becomes.
    """

    height: int
    width: int
    form: Form

    def forward(self, points: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
        """Points (…, 2), y and x, of the image -> of the network's input; those that are cut off lie outside of it."""
        part, place = self._axes
        return place[:, 0] + (np.asarray(points, np.float64) - part[:, 0]) * _ratio(place, part)

    def back(self, points: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
        """Points (…, 2), y and x, of the network's input -> of the image; those of the padding lie outside of it."""
        part, place = self._axes
        return part[:, 0] + (np.asarray(points, np.float64) - place[:, 0]) * _ratio(part, place)

    def forward_boxes(self, boxes: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
        """Boxes (…, 4), top, left, bottom and right, of the image -> of the network's input, not cut at its borders."""
        return _of_corners(self.forward, boxes)

    def back_boxes(self, boxes: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
        """Boxes (…, 4) of the network's input -> of the image, not cut at its borders."""
        return _of_corners(self.back, boxes)

    def forward_labels(self, labels: NDArray[Any], *, outside: int) -> NDArray[Any]:
        """A label map (height, width, …) of the image -> (form.height, form.width, …), by the nearest pixel.

        Args:
            outside: what padding has.
        """
        ways = [
            _nearest(length, place, part, size)
            for length, place, part, size in zip(
                (self.form.height, self.form.width),
                self._axes[1],
                self._axes[0],
                (self.height, self.width),
                strict=True,
            )
        ]
        return _picked(labels, *ways, outside=outside)

    def back_labels(self, labels: NDArray[Any], *, outside: int) -> NDArray[Any]:
        """A label map (form.height, form.width, …) of the network -> (height, width, …) of the image, by the nearest pixel.

        Args:
            outside: what the network did not get of the image has.
        """
        ways = [
            _nearest(length, part, place, size)
            for length, part, place, size in zip(
                (self.height, self.width), self._axes[0], self._axes[1], labels.shape[:2], strict=True
            )
        ]
        return _picked(labels, *ways, outside=outside)

    def back_image(self, image: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
        """An image (height, width, channels) of the network, of any size -> that of the upright original, interpolated.

        What the network did not get of the original is 0.
        """
        (top, bottom), (left, right) = self._axes[0].round().astype(int).tolist()
        (first, last), (begin, end) = self._axes[1].tolist()
        scale_y, scale_x = image.shape[0] / self.form.height, image.shape[1] / self.form.width
        box = (begin * scale_x, first * scale_y, end * scale_x, last * scale_y)
        found = np.zeros((self.height, self.width, image.shape[-1]))
        size = (right - left, bottom - top)
        for number in range(image.shape[-1]):
            plane = Image.fromarray(image[..., number].astype(np.float32))
            part = plane.resize(size, Image.Resampling.BILINEAR, box=box)
            found[top:bottom, left:right, number] = np.asarray(part)
        return found

    def without_padding(self, labels: NDArray[Any]) -> NDArray[Any]:
        """The part of a label map (form.height, form.width, …) of the network that the image fills."""
        (top, bottom), (left, right) = self._axes[1].astype(int).tolist()
        return labels[top:bottom, left:right]

    @property
    def _axes(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The used part of the image and the place that it fills: each begin and end, of y and of x, (2, 2)."""
        found = placement(self.width, self.height, self.form)
        boxes = [np.asarray(box, np.float64) for box in (found.part, found.place)]
        part, place = (np.array([[box[1], box[3]], [box[0], box[2]]]) for box in boxes)
        return part, place


def unchanged(height: int, width: int) -> Geometry:
    """The geometry of an image that is its own input."""
    return Geometry(height, width, Form(height, width))


def upright(pixels: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Turn and mirror pixels (height, width, …) as they stand in a file by its EXIF orientation, 1 to 8."""
    exchanged, rows_reversed, columns_reversed = _TURNS.get(orientation, _TURNS[1])
    turned = np.swapaxes(pixels, 0, 1) if exchanged else pixels
    return turned[:: -1 if rows_reversed else 1, :: -1 if columns_reversed else 1]


def stored(pixels: NDArray[Any], orientation: int) -> NDArray[Any]:
    """The reverse of `upright`: upright pixels (height, width, …) as a file with that orientation has them."""
    exchanged, rows_reversed, columns_reversed = _TURNS.get(orientation, _TURNS[1])
    turned = pixels[:: -1 if rows_reversed else 1, :: -1 if columns_reversed else 1]
    return np.swapaxes(turned, 0, 1) if exchanged else turned


def _ratio(wanted: NDArray[np.float64], given: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray((wanted[:, 1] - wanted[:, 0]) / (given[:, 1] - given[:, 0]))


def _of_corners(move: Any, boxes: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    corners = np.asarray(boxes, np.float64)
    return np.concatenate([move(corners[..., :2]), move(corners[..., 2:4])], axis=-1)


def _nearest(length: int, own: NDArray[np.float64], other: NDArray[np.float64], size: int) -> NDArray[np.int64]:
    """For each pixel along an axis the pixel of the other image in which its centre lies, int64 (length,); -1 outside.

    Args:
        length: of this axis.
        own, other: begin and end of what the two images share, on this axis and on the other image's.
        size: of the other image along its axis.
    """
    centres = np.arange(length) + 0.5
    places = other[0] + (centres - own[0]) * ((other[1] - other[0]) / (own[1] - own[0]))
    found = np.clip(np.floor(places).astype(np.int64), 0, size - 1)
    return np.where((centres > own[0]) & (centres < own[1]), found, -1)


def _picked(labels: NDArray[Any], rows: NDArray[np.int64], columns: NDArray[np.int64], *, outside: int) -> NDArray[Any]:
    found = labels[np.ix_(rows, columns)].copy()
    found[rows < 0] = outside
    found[:, columns < 0] = outside
    return found
