"""Search for near duplicates: examples that are each other's copy, re-encoded, resized or a little brighter.

Perceptual hashes of 64 bits (pHash, dHash) cannot tell copies of small pictures from distinct ones: distinct digits of MNIST
have the same bits by the thousand. What tells a copy is that it is much nearer than other examples are (the ratio test of Lowe,
"Distinctive image features from scale-invariant keypoints", 2004): two examples are near duplicates when the distance of
their small pictures is less than three tenths of the distance to the fifth neighbour, or when they hardly differ at all.
`python -m benchmarks.data_examination copies DATA` measures what is found and what is not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

MOST = 60_000  # examples that are compared with each other; the time grows with their square
RATIO = 0.3  # of the distances to a copy and to the fifth neighbour
LEAST, CERTAIN = 0.9, 0.999  # correlation of any copy, and of two examples that are copies whatever lies around them
_RANK = 5  # of the neighbour that is no copy; so many copies of one example are found
_COARSE_RATIO, _COARSE_LEAST = 0.5, 0.85  # with few cells, for a first choice
_BLOCK = 1 << 26  # similarities in memory at a time


@dataclass(frozen=True, slots=True)
class Near:
    """Two examples that are near duplicates.

    Attributes:
        first, second: their indices, the smaller first.
        similarity: the correlation of their small pictures.
    """

    first: int
    second: int
    similarity: float


def find_near(
    coarse: Floats,
    fine: NDArray[np.float16],
    *,
    wanted: NDArray[np.bool_] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> list[Near]:
    """Find pairs of near duplicates.

    Args:
        coarse: float32 (count, k), rows of length 1, or of 0 for those that are not compared.
        fine: float16 (count, n), likewise.
        wanted: bool (count,), the examples whose copies are searched; None: all.
        progress: called with (done, all).

    Returns:
        Each pair once, the most similar first.
    """
    rows = np.flatnonzero(coarse.any(axis=1))
    if len(rows) < 2:
        return []
    rank = min(_RANK, len(rows) - 1)
    own = np.arange(len(rows)) if wanted is None else np.flatnonzero(wanted[rows])
    best = _nearest(coarse[rows[own]], coarse[rows], own, rank, progress)[1]
    nearest, others = best[:, 0], best[:, -1]
    candidates = (nearest >= CERTAIN) | (
        (nearest >= _COARSE_LEAST) & (_distance(nearest) <= _COARSE_RATIO * _distance(others))
    )
    if rank < _RANK:  # a few examples: all of them
        candidates[:] = True
    chosen = own[candidates]
    pictures = fine[rows].astype(np.float32)
    neighbours, similar = _nearest(pictures[chosen], pictures, chosen, rank, None)
    pairs: dict[tuple[int, int], float] = {}
    for row, ids, values in zip(chosen.tolist(), neighbours, similar, strict=True):
        limit = RATIO * _distance(values[-1]) if rank > 1 else 0.0
        for other, value in zip(ids.tolist(), values.tolist(), strict=True):
            if value >= CERTAIN or (value >= LEAST and _distance(value) <= limit):
                first, second = sorted((int(rows[row]), int(rows[other])))
                pairs[first, second] = value
    found = [Near(first, second, min(1.0, value)) for (first, second), value in pairs.items()]
    return sorted(found, key=lambda pair: (-pair.similarity, pair.first, pair.second))


def _distance(similarity: Any) -> Any:
    """The distance of two vectors of length 1."""
    return np.sqrt(np.maximum(0.0, 2.0 - 2.0 * similarity))


def _nearest(
    some: Floats, every: Floats, own: NDArray[np.int64], rank: int, progress: Callable[[int, int], None] | None
) -> tuple[NDArray[np.int64], Floats]:
    """The `rank` most similar ones of each row but itself, the most similar first.

    Args:
        own: the places of `some` in `every`.

    Returns:
        Their places and similarities, both (len(some), rank).
    """
    places = np.empty((len(some), rank), np.int64)
    similar = np.empty((len(some), rank), np.float32)
    step = max(1, _BLOCK // len(every))
    for begin in range(0, len(some), step):
        end = min(begin + step, len(some))
        block = some[begin:end] @ every.T
        here = np.arange(end - begin)
        block[here, own[begin:end]] = -2.0
        for number in range(rank):
            best = block.argmax(axis=1)
            places[begin:end, number] = best
            similar[begin:end, number] = block[here, best]
            block[here, best] = -2.0
        if progress:
            progress(end, len(some))
    return places, similar


def sample_of(counts: Sequence[int], most: int = MOST) -> NDArray[np.int64]:
    """Which of the examples of the parts are compared: all, or of each part its share, evenly spread."""
    total = sum(counts)
    if total <= most:
        return np.arange(total, dtype=np.int64)
    chosen, begin = [], 0
    for count in counts:
        share = max(1, count * most // total)
        chosen.append(begin + np.unique(np.linspace(0, count - 1, share).astype(np.int64)))
        begin += count
    return np.concatenate(chosen)
