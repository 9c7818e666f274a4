"""Images with several channels of 16 bits, of which Pillow keeps 8."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

WHOLE_RANGE = 65535.0  # of 16 bits
LUMINANCE = (0.299, 0.587, 0.114)  # of red, green and blue


@dataclass(frozen=True, slots=True, eq=False)
class DeepImage:
    """A decoded image.

    Attributes:
        values: uint16 (height, width, channels): grey and alpha, red, green and blue, or these and alpha.
    """

    values: NDArray[np.uint16]

    @property
    def is_color(self) -> bool:
        return bool(self.values.shape[2] > 2)

    @property
    def top(self) -> float:
        """The largest value of grey or color."""
        return float(self.values[..., : 3 if self.is_color else 1].max())

    @property
    def alpha(self) -> NDArray[np.float32] | None:
        """(height, width), 0 to 1; None where all of it is 1."""
        if self.values.shape[2] == 3 or self.values[..., -1].min() == WHOLE_RANGE:
            return None
        return self.values[..., -1].astype(np.float32) / np.float32(WHOLE_RANGE)

    def plane(self, number: int, low: float, high: float) -> NDArray[np.float32]:
        """A channel, float32 (height, width): 0 to 255 for `low` to `high`."""
        plane = self.values[..., number].astype(np.float32)
        plane -= np.float32(low)
        plane *= np.float32(255 / (high - low))
        return np.clip(plane, 0, 255, out=plane)


def is_deep_png(content: bytes) -> bool:
    """Whether a file is a PNG with 16 bits a channel."""
    return content[:8] == b"\x89PNG\r\n\x1a\n" and content[24:25] == b"\x10"


def decode_png(content: bytes) -> DeepImage:
    """Decode a PNG with 16 bits a channel.

    Raises:
        tf.errors.InvalidArgumentError: it is damaged.
    """
    import tensorflow as tf  # this module is needed without it too

    with tf.device("CPU"):
        values: NDArray[Any] = tf.io.decode_png(content, dtype=tf.uint16).numpy()
    return DeepImage(values)


def compose(
    image: DeepImage, background: Sequence[int], low: float, high: float, *, as_grey: bool
) -> list[NDArray[np.float32]]:
    """Lay an image on a background.

    Args:
        background: red, green and blue, 0 to 255.
        low, high: the values that become 0 and 255.
        as_grey: give the brightness alone.

    Returns:
        One or three channels, float32 (height, width), 0 to 255.
    """
    alpha = image.alpha
    is_grey = not image.is_color and (alpha is None or len(set(background)) == 1)
    planes: list[NDArray[np.float32]] = []
    for number in range(1 if is_grey else 3):
        plane = image.plane(number if image.is_color else 0, low, high)
        if alpha is not None:
            plane = (plane - background[number]) * alpha + np.float32(background[number])
        if as_grey and not is_grey:
            weighted = plane * np.float32(LUMINANCE[number])
            planes = [planes[0] + weighted] if planes else [weighted]
        else:
            planes.append(plane)
    return planes


def is_dark(image: DeepImage, low: float, high: float) -> bool:
    """Whether the visible part of a transparent image is dark; invisible images are not."""
    alpha = image.alpha
    if alpha is None or not alpha.any():
        return False
    numbers = range(3) if image.is_color else (0,)
    means = [float(np.average(image.plane(number, low, high), weights=alpha)) for number in numbers]
    return float(np.mean(means)) < 128
