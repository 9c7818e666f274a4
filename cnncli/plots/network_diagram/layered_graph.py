"""The ranks of a graph, and where its layered drawing may be broken into columns."""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Iterator, Sequence

from cnncli.plots.network_diagram.layout import Edge


class LayeredGraph:
    """The boxes and lines, with what their arrangement follows from."""

    def __init__(self, count: int, edges: Sequence[Edge], groups: Sequence[int | None]) -> None:
        self.count = count
        self.edges = list(dict.fromkeys(edges))
        self.groups = groups
        self.after: list[list[int]] = [[] for _ in range(count)]
        for source, target in self.edges:
            self.after[source].append(target)
        self.rank = [0] * count
        for source, target in sorted(self.edges):
            self.rank[target] = max(self.rank[target], self.rank[source] + 1)
        # How many boxes the longest way down from each has.
        self.below = [0] * count
        reached = [0] * count
        for source in reversed(range(count)):
            for target in self.after[source]:
                self.below[source] = max(self.below[source], self.below[target] + 1)
                reached[source] |= reached[target] | 1 << target
        # What does not lead to the lowest box is a side branch, such as an auxiliary head.
        lowest = max(range(count), key=lambda box: self.rank[box], default=0)
        self.aside = {box for box in range(count) if box != lowest and not reached[box] >> lowest & 1}
        self.skips = {
            (source, target)
            for source, target in self.edges
            if any(reached[other] >> target & 1 for other in self.after[source] if other != target)
        }

    @property
    def ranks(self) -> int:
        return max(self.rank, default=-1) + 1

    def passing(self, rank: int) -> set[int]:
        """The boxes whose lines pass from a rank to the next one."""
        return {source for source, target in self.edges if self.rank[source] <= rank < self.rank[target]}

    def passing_counts(self) -> list[int]:
        """How many boxes have lines that pass from each rank to the next one."""
        changes = [0] * (self.ranks + 1)
        for source, targets in enumerate(self.after):
            if targets:
                changes[self.rank[source]] += 1
                changes[max(self.rank[target] for target in targets)] -= 1
        return list(itertools.accumulate(changes[:-1]))


def breaks(graph: LayeredGraph, wanted: int) -> list[tuple[int, int]]:
    """The first and last ranks of at most so many columns of nearly one length.

    A column ends where all that passes comes from one box, and better between two frames than within one.
    """
    ranks = graph.ranks
    within = [0] * ranks  # how many frames go on below a rank
    spans: dict[int, list[int]] = defaultdict(list)
    for box, group in enumerate(graph.groups):
        if group is not None:
            spans[group].append(graph.rank[box])
    for members in spans.values():
        for rank in range(min(members), max(members)):
            within[rank] += 1
    ends = [rank for rank, count in enumerate(graph.passing_counts()[:-1]) if count == 1]
    length = ranks / wanted
    while True:
        columns = list(_filled(ranks, ends, within, math.ceil(length)))
        if len(columns) <= wanted or length > ranks:
            return columns
        length *= 1.03


def _filled(ranks: int, ends: Sequence[int], within: Sequence[int], length: int) -> Iterator[tuple[int, int]]:
    first = 0
    while first < ranks:
        fitting = [end for end in ends if first <= end < first + length]
        if first + length >= ranks or not fitting:
            later = [end for end in ends if end >= first + length]
            last = ranks - 1 if first + length >= ranks or not later else later[0]
        else:
            outside = [end for end in fitting if not within[end] and end >= first + length * 0.7]
            last = (outside or fitting)[-1]
        yield first, last
        first = last + 1
