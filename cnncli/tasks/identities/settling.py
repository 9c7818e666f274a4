"""What the validation examples tell of a trained network: the threshold of equal error rates."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cnncli.tasks.identities.pair_scores import threshold_of
from cnncli.tasks.identities.targets import IdentityTargets


def settled(info: IdentityTargets, targets: NDArray[np.int32], outputs: NDArray[np.float32]) -> IdentityTargets:
    """The targets with their threshold.

    Args:
        targets: int32 (count,), the identity of each validation example.
        outputs: float32 (count, size), their vectors.
    """
    return info.model_copy(update={"threshold": threshold_of(outputs, targets)})
