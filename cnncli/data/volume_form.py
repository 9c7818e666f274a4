"""What volumes of files become: their spacing, the range of their values, their shape."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncli.data.volume_file import Volume

_MOST_VOXELS = 1 << 29  # of a volume on its way: 2 GiB
_PADDING = 0  # of masks: class 0 is the background


@dataclass(frozen=True, slots=True)
class VolumeForm:
    """What every volume becomes.

    Attributes:
        shape: (depth, height, width) in voxels.
        spacing: millimetres between voxels along depth, height and width; None: as in the file.
        window: values that become 0 and 255; what lies outside is clipped. None: values stay as they are.
    """

    shape: tuple[int, int, int]
    spacing: tuple[float, float, float] | None = None
    window: tuple[float, float] | None = None

    def fault(self, volume: Volume) -> str:
        """Why a volume cannot be brought to this form; empty where it can."""
        if self.spacing is None:
            return ""
        if min(volume.spacing) <= 0:
            return "its voxels have a side of 0 mm, so it cannot be brought to `spacing`"
        size = self._size_at(volume.values.shape, volume.spacing)
        if math.prod(size) > _MOST_VOXELS:
            return f"at `spacing` it has {'x'.join(map(str, size))} voxels, more than {_MOST_VOXELS:,}"
        return ""

    def values(self, volume: Volume) -> NDArray[np.float32]:
        """The values of a volume in this form, float32 (depth, height, width); linear between voxels.

        What is added at the sides has the smallest value, as air around a body has.
        """
        values = volume.values.astype(np.float32)
        if self.window is not None:
            low, high = self.window
            values = (np.clip(values, low, high) - low) * np.float32(255 / (high - low))
        return self._placed(self._resampled(values, volume.spacing, order=1), values.min())

    def labels(self, volume: Volume, *, outside: int = _PADDING) -> NDArray[Any]:
        """The class numbers of a mask in this form, (depth, height, width), by the nearest voxel.

        Args:
            outside: what is added at the sides.
        """
        return self._placed(self._resampled(volume.values, volume.spacing, order=0), outside)

    def back(self, labels: NDArray[Any], volume: Volume, *, outside: int = _PADDING) -> NDArray[Any]:
        """Class numbers in this form -> (depth, height, width) of the voxels of a volume, by the nearest voxel.

        Args:
            volume: the file's.
            outside: of voxels that the form cuts off.
        """
        resampled = self._size_at(volume.values.shape, volume.spacing)
        found = np.full(resampled, outside, labels.dtype)
        inside, taken = zip(*map(_overlap, resampled, self.shape), strict=True)
        found[inside] = labels[taken]
        return _resized(found, volume.values.shape, order=0)

    def _resampled(self, values: NDArray[Any], spacing: Sequence[float], *, order: int) -> NDArray[Any]:
        return _resized(values, self._size_at(values.shape, spacing), order=order)

    def _size_at(self, shape: Sequence[int], spacing: Sequence[float]) -> tuple[int, ...]:
        """The voxels along each axis of a volume at this form's spacing."""
        if self.spacing is None:
            return tuple(shape)
        sides = zip(shape, spacing, self.spacing, strict=True)
        return tuple(max(1, round(length * own / wanted)) for length, own, wanted in sides)

    def _placed(self, values: NDArray[Any], outside: Any) -> NDArray[Any]:
        """The centre of a volume, cut or filled up on both sides."""
        found = np.full(self.shape, outside, values.dtype)
        taken, inside = zip(*map(_overlap, values.shape, self.shape), strict=True)
        found[inside] = values[taken]
        return found


def _overlap(length: int, other: int) -> tuple[slice, slice]:
    """What two axes whose centres coincide have in common: where it lies in each."""
    shared = min(length, other)
    begin, begin_in_other = (length - shared) // 2, (other - shared) // 2
    return slice(begin, begin + shared), slice(begin_in_other, begin_in_other + shared)


def _resized(values: NDArray[Any], shape: Sequence[int], *, order: int) -> NDArray[Any]:
    """Resize a volume; cells, not their centres, fill the same space."""
    if tuple(values.shape) == tuple(shape):
        return values
    from scipy.ndimage import zoom

    factors = [new / old for new, old in zip(shape, values.shape, strict=True)]
    resized: NDArray[Any] = zoom(values, factors, order=order, mode="nearest", grid_mode=True)
    assert resized.shape == tuple(shape)
    return resized
