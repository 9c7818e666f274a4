"""The order of boxes and lines within each rank, with few crossings, found by sweeping by barycentres."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass
class Item:
    """A box, or what stands for a line on a rank that it passes.

    Attributes:
        box: its number; None for a line.
    """

    rank: int
    box: int | None = None
    up: list[int] = field(default_factory=list)
    down: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Chain:
    """A line as the items that it leads through, from end to end."""

    items: tuple[int, ...]
    skips: bool
    arrow: bool


def ordered(items: Sequence[Item], chains: Sequence[Chain], aside: set[int]) -> dict[int, list[int]]:
    """The items of each rank from left to right, with few crossings."""
    order = _depth_first(items, chains, aside)
    best, fewest = order, _crossings(items, order)
    for sweep in range(24):
        if not fewest:
            break
        downwards = sweep % 2 == 0
        order = dict(order)
        for rank in sorted(order, reverse=not downwards):
            order[rank] = _by_barycentre(items, order, rank, downwards=downwards)
        count = _crossings(items, order)
        if count < fewest:
            best, fewest = order, count
    return best


def _depth_first(items: Sequence[Item], chains: Sequence[Chain], aside: set[int]) -> dict[int, list[int]]:
    """Each branch beside the one before it; side branches at the right of them, and what skips at the right of all."""
    from_start: dict[int, list[Chain]] = defaultdict(list)
    for chain in sorted(chains, key=lambda chain: (chain.skips, chain.items[-1] in aside, chain.items[-1])):
        from_start[chain.items[0]].append(chain)
    order: dict[int, list[int]] = {rank: [] for rank in sorted({item.rank for item in items})}
    seen: set[int] = set()
    starts = [index for index, item in enumerate(items) if not item.up]
    waiting = [[start] for start in reversed(starts)]
    while waiting:
        for item in waiting.pop():
            if item in seen:
                continue
            seen.add(item)
            order[items[item].rank].append(item)
            if from_start[item]:
                waiting += [list(chain.items[1:]) for chain in reversed(from_start[item])]
    return order


def _by_barycentre(items: Sequence[Item], order: Mapping[int, list[int]], rank: int, *, downwards: bool) -> list[int]:
    beside = order.get(rank - 1 if downwards else rank + 1, [])
    place = {item: index for index, item in enumerate(beside)}

    def middle(index: int) -> float:
        item = order[rank][index]
        found = [place[other] for other in (items[item].up if downwards else items[item].down)]
        return sum(found) / len(found) if found else float(index)

    return [order[rank][index] for index in sorted(range(len(order[rank])), key=middle)]


def _crossings(items: Sequence[Item], order: Mapping[int, list[int]]) -> int:
    count = 0
    for rank, upper in order.items():
        place = {item: index for index, item in enumerate(order.get(rank + 1, []))}
        steps = [(index, place[below]) for index, item in enumerate(upper) for below in items[item].down]
        count += sum((a - c) * (b - d) < 0 for (a, b), (c, d) in itertools.combinations(steps, 2))
    return count
