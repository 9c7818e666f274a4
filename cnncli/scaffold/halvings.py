"""Count how often the maps of a new network can be halved."""

from __future__ import annotations

from collections.abc import Sequence

MOST = 4


def halvings_of(sides: Sequence[int], *, smallest: int) -> int:
    """How often every side can be halved without a rest, at most `MOST` times.

    Args:
        sides: of the input, without channels.
        smallest: the fewest positions along a side after the last halving.
    """
    levels = 0
    while levels < MOST and all(side % (2 << levels) == 0 and side >> (levels + 1) >= smallest for side in sides):
        levels += 1
    return levels
