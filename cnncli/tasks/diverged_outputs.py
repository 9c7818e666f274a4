"""The error for outputs of a network that are NaN or infinite."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncli.errors import DivergedError


def refuse_diverged(is_diverged: NDArray[np.bool_], what: str) -> None:
    """Raise DivergedError where an example has such outputs.

    Args:
        is_diverged: bool (examples,).
        what: what the outputs are, `not a number`.
    """
    diverged: NDArray[Any] = np.flatnonzero(is_diverged)
    if diverged.size:
        raise DivergedError(
            f"the network's output is {what} for {diverged.size} of {len(is_diverged)} examples, first {diverged[0]}",
            hint="its weights or the data hold NaN or infinity: lower the learning_rate, or look at the data",
        )
