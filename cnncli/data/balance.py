"""Balance of the training examples: their weights in the loss."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from cnncli.data.dataset import Examples
from cnncli.data.encoding import Encoding
from cnncli.data.targets import TargetInfo
from cnncli.errors import DataError, Problem
from cnncli.recipe.schema_data import Data


def read_weights(name: str, array: NDArray[np.generic]) -> NDArray[np.float32]:
    """Check an array with the weight of each example.

    Args:
        name: how messages call the array or column.

    Returns:
        float32 (count,).

    Raises:
        DataError: it is no row of finite numbers ≥ 0, or all are 0.
    """
    if array.shape != (array.size,) or array.dtype.kind not in "biuf":
        message = f"{name} has the type {array.dtype} and the shape {array.shape}; expected a weight for each example"
        raise DataError(Problem(message, "numbers ≥ 0, shape (count,)"))
    with np.errstate(over="ignore"):
        weights = array.astype(np.float32)
    wrong = np.flatnonzero(~(np.isfinite(weights) & (weights >= 0)))
    if len(wrong):
        message = f"{name} holds {array[wrong[0]]} at index {wrong[0]:,}; expected a finite number ≥ 0"
        raise DataError(Problem(message, "0 leaves an example out of the loss"))
    if not weights.any():
        raise DataError(Problem(f"every weight of {name} is 0: nothing would be learned"))
    return weights


def loss_weights(data: Data, targets: TargetInfo, examples: Examples) -> NDArray[np.float32] | None:
    """The weight of each training example in the loss: its own times that of its class; None where all are 1.

    Returns:
        float32 (count,).
    """
    labels = targets.whole(examples.targets)
    by_class = targets.class_weight(data.class_weight, labels)
    strata = None if by_class is None else targets.strata(labels)
    if by_class is None or strata is None:
        return examples.weights  # all are 1, or an example has several classes: `weigh_classes`
    weights = np.asarray([by_class[number] for number in range(len(by_class))], np.float32)
    own = 1 if examples.weights is None else examples.weights
    return np.asarray(weights[strata] * own, np.float32)


def weigh_classes(
    data: Data, targets: TargetInfo, examples: Examples, encodings: Mapping[str, Encoding]
) -> dict[str, Encoding]:
    """The encodings of training, by output: with the weights of the classes where an example has several."""
    by_class = targets.class_weight(data.class_weight, targets.whole(examples.targets))
    if by_class is None:
        return dict(encodings)
    return {name: targets.weighing(encoding, by_class) for name, encoding in encodings.items()}


def weight_notes(examples: Examples) -> list[Problem]:
    """What example weights count in, where there are some."""
    if examples.weights is None:
        return []
    message = (
        "the weights of the examples count in the training loss; validation loss, metrics and scores do not use them"
    )
    return [Problem(message, path=("data",))]
