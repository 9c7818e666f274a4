"""How batches are divided among the replicas of a network, before any example is read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Parts:
    """Into how many parts each batch is divided.

    Attributes:
        count: of parts; one for each replica, over all processes.
        are_equal: all parts of a batch have the same size: up to `count - 1` examples are left out at the end of an epoch.
            The mean over the parts is then the mean over the batch, as training needs it. False: no example is left out.
    """

    count: int = 1
    are_equal: bool = False

    def sizes(self, rows: int, batch_size: int) -> list[int]:
        """How many examples each batch of an epoch has; no part of a batch is empty.

        Args:
            rows: examples of an epoch, at least one for each part.
            batch_size: a multiple of the number of parts.
        """
        whole, rest = divmod(rows, batch_size)
        if self.are_equal:
            rest -= rest % self.count
        sizes = [batch_size] * whole
        if rest >= self.count or not whole:
            return [*sizes, rest] if rest else sizes
        sizes[-1] += rest
        return sizes

    def slices(self, sizes: list[int], own: range) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Where some of the parts begin in an epoch, and how long they are; batch after batch.

        Args:
            sizes: of all batches.
            own: numbers of the wanted parts.
        """
        whole = np.asarray(sizes, dtype=np.int64)[:, None]
        first = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64)[:, None]
        bounds = first + np.arange(self.count + 1) * (whole // self.count)
        bounds += np.minimum(np.arange(self.count + 1), whole % self.count)
        chosen = slice(own.start, own.stop)
        starts, ends = bounds[:, :-1][:, chosen], bounds[:, 1:][:, chosen]
        return starts.ravel(), (ends - starts).ravel()
