"""Boundary error of a predicted mask: how far its boundaries lie from the true ones."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt


def boundary_distances(true: NDArray[np.uint8], said: NDArray[np.uint8], *, ignored: int) -> tuple[float, int]:
    """The distances between the boundaries of two masks, in both directions: their sum in pixels, and how many there are.

    Each pixel of a boundary has the distance to the nearest one of the other mask, as in the average symmetric surface distance
    (Heimann et al., 2009), here of the boundaries between any classes. Where pixels do not count is no boundary.

    Args:
        true, said: class numbers (*mask).
        ignored: the true number of pixels that do not count.

    Returns:
        (0.0, 0) where one of the masks has no boundary.
    """
    counts = true != ignored
    of_true, of_said = _boundary(true, counts), _boundary(said, counts)
    if not of_true.any() or not of_said.any():
        return 0.0, 0
    there, back = _distances_to(of_true)[of_said], _distances_to(of_said)[of_true]
    return float(there.sum() + back.sum()), there.size + back.size


def _boundary(mask: NDArray[np.uint8], counts: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which pixels have another class than the next one along an axis."""
    found = np.zeros(mask.shape, bool)
    for axis in range(mask.ndim):
        here = tuple(slice(None, -1) if each == axis else slice(None) for each in range(mask.ndim))
        after = tuple(slice(1, None) if each == axis else slice(None) for each in range(mask.ndim))
        found[here] |= (mask[here] != mask[after]) & counts[here] & counts[after]
    return found


def _distances_to(boundary: NDArray[np.bool_]) -> NDArray[Any]:
    distances: NDArray[Any] = distance_transform_edt(~boundary)
    return distances
