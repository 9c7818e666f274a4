"""The x of blocks of boxes and lines that stand straight below each other, balanced between their neighbours."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence


def longest(ways: Mapping[int, Sequence[tuple[int, int]]]) -> dict[int, int]:
    """Of the ways from each item the longest, where one of at most two is."""
    found = {}
    for item, lengths in ways.items():
        ordered = sorted(lengths, reverse=True)
        if len(ordered) == 1 or (len(ordered) == 2 and ordered[0][0] > ordered[1][0]):
            found[item] = ordered[0][1]
    return found


def topological(blocks: Iterable[int], right_of: Mapping[int, Mapping[int, float]]) -> list[int]:
    """The blocks so that each comes after those at its left."""
    waits = dict.fromkeys(blocks, 0)
    for rights in right_of.values():
        for right in rights:
            waits[right] += 1
    ready = [block for block, count in waits.items() if not count]
    found = []
    while ready:
        block = ready.pop()
        found.append(block)
        for right in right_of.get(block, {}):
            waits[right] -= 1
            if not waits[right]:
                ready.append(right)
    return found


def balanced(
    blocks: Sequence[int],
    neighbours: Mapping[int, Sequence[tuple[int, float]]],
    left_of: Mapping[int, Mapping[int, float]],
    right_of: Mapping[int, Mapping[int, float]],
) -> dict[int, float]:
    """Move each block towards the middle of its neighbours as far as those beside it let it."""
    x: dict[int, float] = {}
    for block in blocks:
        x[block] = max((x[left] + apart for left, apart in left_of.get(block, {}).items()), default=0.0)
    for sweep in range(200):
        moved = 0.0
        for block in blocks if sweep % 2 else reversed(blocks):
            pulls = neighbours.get(block, ())
            if not pulls:
                continue
            wanted = sum(x[other] * weight for other, weight in pulls) / sum(weight for _, weight in pulls)
            low = max((x[left] + apart for left, apart in left_of.get(block, {}).items()), default=-math.inf)
            high = min((x[right] - apart for right, apart in right_of.get(block, {}).items()), default=math.inf)
            new = max(low, min(high, wanted)) if low <= high else low
            moved = max(moved, abs(new - x[block]))
            x[block] = new
        if moved < 1e-4:
            break
    return x
