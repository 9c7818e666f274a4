"""Images: (height, width, channels)."""

from __future__ import annotations

from collections.abc import Sequence

from cnncli.inputs.base import InputKind, Shape

_MOST_CHANNELS = 4  # of images whose last axis may be that of the channels


class Image(InputKind):
    WORD = "image"
    PLURAL = "images"
    AXES = ("height", "width", "channels")
    FROM_IMAGE_FILES = True
    ARE_PIXELS = True
    SMALL = (8, 16)

    def is_gray_or_colour(self, shape: Shape) -> bool:
        return shape[-1] in (1, 3)

    def file_ending(self, shape: Shape) -> str:
        return ".png" if self.is_gray_or_colour(shape) else ".npy"

    def is_channels_first(self, shape: Sequence[int]) -> bool:
        return shape[0] in (1, 3) and shape[1] == shape[2] > _MOST_CHANNELS

    can_show = is_gray_or_colour


IMAGE = Image()
