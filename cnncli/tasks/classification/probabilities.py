"""Probabilities in a network's outputs."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_ROUNDING = 1e-4  # a softmax in float32 may give a hair more than 1


def are_probabilities(outputs: NDArray[np.floating[Any]]) -> bool:
    """Whether every output lies between 0 and 1; a last layer without softmax or sigmoid gives others.

    Args:
        outputs: float (examples, outputs).
    """
    return bool(np.all((outputs >= 0) & (outputs <= 1 + _ROUNDING)))


def of_the_predicted(outputs: NDArray[np.floating[Any]], predicted: NDArray[np.integer[Any]]) -> NDArray[np.float64]:
    """Return each example's output for the class that is predicted.

    Args:
        outputs: float (examples, classes); or (examples, 1), the probability of class 1.
        predicted: int (examples,).

    Returns:
        float64 (examples,); of one output p it is p for class 1 and 1 - p for class 0.
    """
    if outputs.shape[1] == 1:
        of_class_1 = outputs[:, 0].astype(np.float64)
        return np.where(predicted == 1, of_class_1, 1 - of_class_1)
    of_predicted: NDArray[np.float64] = outputs[np.arange(len(outputs)), predicted].astype(np.float64)
    return of_predicted
