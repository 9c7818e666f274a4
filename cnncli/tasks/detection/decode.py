"""Decode maps as boxes: maxima of the centres with their sides, the most certain first; no other suppression is needed."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST_BOXES = 100  # of a picture, as COCO counts them
_LEAST_SCORE = 1e-3  # below it a maximum is no detection


def decode_boxes(
    centres: NDArray[np.floating[Any]], sides: NDArray[np.floating[Any]], *, most: int = MOST_BOXES
) -> NDArray[np.float32]:
    """Find the boxes of pictures.

    A cell that is a maximum of the 3x3 cells around it in the map of a class is the centre of an object of that class:
    Zhou et al., Objects as Points (2019), section 4.1.

    Args:
        centres: (batch, height, width, classes) in [0, 1].
        sides: (batch, height, width, 4): from the middle of a cell up, left, down, right, in cells.
        most: boxes of a picture.

    Returns:
        float32 (batch, most, 6): top, left, bottom, right in [0, 1], class, score, by falling score; rows of -1 where there
        are no more.
    """
    count, height, width, classes = centres.shape
    scores = np.where(_is_peak(centres), centres, 0.0).reshape(count, -1).astype(np.float32)
    kept = min(most, scores.shape[1])
    best = np.argpartition(-scores, kept - 1, axis=1)[:, :kept]
    order = np.lexsort((best, -np.take_along_axis(scores, best, axis=1)), axis=1)  # equal scores: by place
    best = np.take_along_axis(best, order, axis=1)  # (batch, kept)
    cells, numbers = np.divmod(best, classes)
    rows, columns = np.divmod(cells, width)
    up, left, down, right = np.moveaxis(sides[np.arange(count)[:, None], rows, columns], -1, 0)
    edges = [
        (rows + 0.5 - up) / height,
        (columns + 0.5 - left) / width,
        (rows + 0.5 + down) / height,
        (columns + 0.5 + right) / width,
    ]
    score = np.take_along_axis(scores, best, axis=1)
    found = np.stack([*(np.clip(edge, 0, 1) for edge in edges), numbers, score], axis=-1)
    boxes = np.full((count, most, 6), -1, np.float32)
    boxes[:, :kept] = np.where((score >= _LEAST_SCORE)[..., None], found, -1)
    return boxes


def _is_peak(centres: NDArray[np.floating[Any]]) -> NDArray[np.bool_]:
    """Which cells are no smaller than any of the 3x3 cells around them; of equal neighbours the first."""
    _, height, width, _ = centres.shape
    padded = np.pad(centres, ((0, 0), (1, 1), (1, 1), (0, 0)), constant_values=-np.inf)
    found = np.ones(centres.shape, bool)
    for down in range(3):
        for across in range(3):
            other = padded[:, down : down + height, across : across + width]
            found &= centres > other if (down, across) < (1, 1) else centres >= other
    return found
