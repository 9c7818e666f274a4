"""Bring found boxes from inputs of the network to the images of which these were made."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncli.data.image_geometry import Geometry


def in_original(boxes: NDArray[np.floating[Any]], geometry: Geometry) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Bring boxes back to the upright original.

    Args:
        boxes: (n, 4): top, left, bottom, right in [0, 1] of the network's input.
        geometry: how the original became the input.

    Returns:
        (n, 4) in pixels of the original, cut at its borders; and which of them lie in it, (n,): others were found in padding.
    """
    form = geometry.form
    placed = geometry.back_boxes(np.asarray(boxes, np.float64) * [form.height, form.width, form.height, form.width])
    inside = np.clip(placed, 0, [geometry.height, geometry.width, geometry.height, geometry.width])
    return inside, np.all(inside[:, 2:] > inside[:, :2], axis=1)
