"""How the batches of a recipe are drawn: rare classes more often, or some identities with some examples of each."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cnncli.data.dataset import Examples
from cnncli.data.drawing import Drawing, IdentityBatches, Oversampling
from cnncli.data.targets import TargetInfo
from cnncli.errors import DataError, Problem
from cnncli.recipe.schema_data import Data


def drawing_of(data: Data, targets: TargetInfo, examples: Examples, batch_size: int) -> Drawing | None:
    """Which training examples an epoch draws, where `data.balance` says it; None: each once.

    Raises:
        DataError: there are not enough identities for a batch.
    """
    if isinstance(data.balance, dict):
        return _identity_batches(examples.labels, batch_size, data.balance["per_identity"])
    if data.balance != "oversample":
        return None
    classes = targets.strata(examples.labels)
    return None if classes is None else Oversampling(classes)


def _identity_batches(identities: NDArray[np.integer], batch_size: int, of_each: int) -> IdentityBatches:
    count = len(np.unique(identities))
    if count * of_each < batch_size:
        wanted = batch_size // of_each
        message = (
            f"a batch of {batch_size} has {of_each} examples of each of {wanted} identities, and training has {count}"
        )
        hint = f"`batch_size: {count * of_each}` or less in `train`, or more examples of each: `balance: {{per_identity: …}}`"
        raise DataError(Problem(message, hint, path=("data", "balance")))
    return IdentityBatches(identities, batch_size=batch_size, examples_of_each=of_each)


def comparing_drawing(data: Data, examples: Examples, batch_size: int) -> Drawing | None:
    """How batches of other examples than those of training are drawn, where the loss compares the examples of a batch.

    None: in their order, also where there are fewer identities than a batch of training has.
    """
    if not isinstance(data.balance, dict):
        return None
    of_each = data.balance["per_identity"]
    if len(np.unique(examples.labels)) * of_each < batch_size:
        return None
    return IdentityBatches(examples.labels, batch_size=batch_size, examples_of_each=of_each)


def examples_per_epoch(data: Data, targets: TargetInfo, examples: Examples, batch_size: int) -> int:
    """How many training examples an epoch draws.

    Raises:
        DataError: as `drawing_of`.
    """
    drawing = drawing_of(data, targets, examples, batch_size)
    return len(examples) if drawing is None else drawing.count
