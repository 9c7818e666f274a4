"""Masks of a network's outputs: the class of each pixel, and the share of each class."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

THRESHOLD = 0.5  # of the probability of class 1, where there is one channel


def masks_of(outputs: NDArray[np.floating[Any]]) -> NDArray[np.uint8]:
    """The class of each pixel.

    Args:
        outputs: float (batch, *mask, classes), or (batch, *mask, 1): the probability of class 1.

    Returns:
        uint8 (batch, *mask).
    """
    if outputs.shape[-1] == 1:
        return (outputs[..., 0] > THRESHOLD).astype(np.uint8)
    found: NDArray[np.uint8] = outputs.argmax(axis=-1).astype(np.uint8)
    return found


def shares_of(masks: NDArray[np.uint8], count: int) -> NDArray[np.float32]:
    """The share of the pixels of each mask that each class has: float32 (batch, count).

    Args:
        masks: uint8 (batch, *mask).
        count: of classes.
    """
    found = [np.bincount(mask.ravel(), minlength=count)[:count] / mask.size for mask in masks]
    return np.asarray(found, np.float32).reshape(len(masks), count)
