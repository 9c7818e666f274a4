"""A column of a layered layout: the places of the boxes, lines and frames of a run of ranks."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from cnncli.plots.network_diagram.block_alignment import balanced, longest, topological
from cnncli.plots.network_diagram.layered_graph import LayeredGraph
from cnncli.plots.network_diagram.layout import Frame, Point, Route, Sizes
from cnncli.plots.network_diagram.rank_order import Chain, Item, ordered


class Column:
    """A run of ranks.

    Lines that come from the column before enter at one point above the first rank; what goes on leaves below the last.
    """

    def __init__(self, graph: LayeredGraph, sizes: Sizes, first: int, last: int) -> None:
        self.graph, self.sizes, self.first, self.last = graph, sizes, first, last
        self.items: list[Item] = []
        self.chains: list[Chain] = []
        self.item_of: dict[int, int] = {}
        for box in range(graph.count):
            if first <= graph.rank[box] <= last:
                self.item_of[box] = self._new(graph.rank[box], box)
        ranks: dict[int, list[int]] = defaultdict(list)  # of the boxes of each group
        for box in self.item_of:
            if (group := graph.groups[box]) is not None:
                ranks[group].append(graph.rank[box])
        self.group_span = {group: (min(its), max(its)) for group, its in ranks.items()}
        enters = graph.passing(first - 1) if first else set()
        leaves = graph.passing(last)
        self._entry = self._new(first - 1) if enters else None
        self._exit = self._new(last + 1) if leaves else None
        for source, target in graph.edges:
            if first <= graph.rank[target] <= last:
                start = self.item_of.get(source, self._entry)
                assert start is not None
                self._connect(start, self.item_of[target], (source, target) in graph.skips, arrow=True)
        for source in leaves:
            if self._exit is not None:
                start = self.item_of.get(source, self._entry)
                assert start is not None
                self._connect(start, self._exit, skips=False, arrow=False)

    def _new(self, rank: int, box: int | None = None) -> int:
        self.items.append(Item(rank, box))
        return len(self.items) - 1

    def _connect(self, start: int, end: int, skips: bool, *, arrow: bool) -> None:
        passed = [self._new(rank) for rank in range(self.items[start].rank + 1, self.items[end].rank)]
        chain = (start, *passed, end)
        for upper, lower in itertools.pairwise(chain):
            self.items[upper].down.append(lower)
            self.items[lower].up.append(upper)
        self.chains.append(Chain(chain, skips, arrow))

    def arrange(self) -> None:
        """Decide the order within each rank, then every x, then every y."""
        self.frame_of = self._frames_by_item()
        aside = {item for box, item in self.item_of.items() if box in self.graph.aside}
        self.order = ordered(self.items, self.chains, aside)
        self.place = {item: place for rank in self.order.values() for place, item in enumerate(rank)}
        self._place_sideways()
        self._place_down()

    # ---- x -------------------------------------------------------------------------------------------------------------

    def _place_sideways(self) -> None:
        straight = self._straight_segments()
        block_of = list(range(len(self.items)))
        for upper, lower in sorted(straight, key=lambda pair: self.items[pair[0]].rank):
            block_of[lower] = block_of[upper]
        members: dict[int, list[int]] = defaultdict(list)
        for item, block in enumerate(block_of):
            members[block].append(item)
        neighbours: dict[int, list[tuple[int, float]]] = defaultdict(list)
        for chain in self.chains:
            for upper, lower in itertools.pairwise(chain.items):
                for one, other in ((block_of[upper], block_of[lower]), (block_of[lower], block_of[upper])):
                    if one != other:
                        # A line that skips comes to the boxes; they do not move for it.
                        is_box = any(self.items[item].box is not None for item in members[one])
                        neighbours[one].append((other, 1e-4 if chain.skips and is_box else 1.0))
        left_of: dict[int, dict[int, float]] = defaultdict(dict)
        right_of: dict[int, dict[int, float]] = defaultdict(dict)
        for rank in self.order.values():
            for one, other in itertools.pairwise(rank):
                apart = self._apart(one, other)
                a, b = block_of[one], block_of[other]
                left_of[b][a] = max(left_of[b].get(a, 0.0), apart)
                right_of[a][b] = max(right_of[a].get(b, 0.0), apart)
        x = balanced(topological(members, right_of), neighbours, left_of, right_of)
        half = [self.sizes.width / 2 if item.box is not None else 0.0 for item in self.items]
        margins = [self._margin(item) for item in range(len(self.items))]
        leftmost = min(x[block_of[i]] - half[i] - margins[i] for i in range(len(self.items)))
        self.x = [x[block_of[item]] - leftmost for item in range(len(self.items))]
        self.width = max(self.x[i] + half[i] + margins[i] for i in range(len(self.items)))

    def _margin(self, item: int) -> float:
        """The room that a frame needs beside an item."""
        return self.sizes.beside if item in self.frame_of else 0.0

    def _apart(self, one: int, other: int) -> float:
        """From middle to middle of two items side by side."""
        boxes = [item for item in (one, other) if self.items[item].box is not None]
        free = {0: self.sizes.lane, 1: self.sizes.beside, 2: self.sizes.between}[len(boxes)]
        if self.frame_of.get(one) != self.frame_of.get(other):
            free += self._margin(one) + self._margin(other)
        return free + self.sizes.width / 2 * len(boxes)

    def _frames_by_item(self) -> dict[int, int]:
        """The frame that each box stands in, and each line that runs beside the frame's boxes to or from one of them."""
        found = {item: group for item in self.item_of.values() if (group := self._group(item)) is not None}
        for chain in self.chains:
            for group in {self._group(chain.items[0]), self._group(chain.items[-1])} - {None}:
                assert group is not None
                ranks = [self.items[item].rank for item in chain.items[1:-1]]
                first, last = self.group_span[group]
                if ranks and first <= ranks[0] and ranks[-1] <= last:
                    found |= dict.fromkeys(chain.items[1:-1], group)
        return found

    def _group(self, item: int) -> int | None:
        box = self.items[item].box
        return None if box is None else self.graph.groups[box]

    def _straight_segments(self) -> set[tuple[int, int]]:
        """The steps from rank to rank that run straight down: a lane's own, and those of the main line of boxes."""
        inner, main = [], []
        down, up = self._main_ways()
        for chain in self.chains:
            steps = list(itertools.pairwise(chain.items))
            is_main = down.get(chain.items[0]) == chain.items[-1] and up.get(chain.items[-1]) == chain.items[0]
            inner += steps[1:-1]
            if chain.skips:
                continue
            if len(steps) > 1:
                main += [steps[0]] if down.get(chain.items[0]) == chain.items[-1] else []
                main += [steps[-1]] if up.get(chain.items[-1]) == chain.items[0] else []
            elif is_main:
                main += steps
        accepted: set[tuple[int, int]] = set()
        by_rank: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for upper, lower in [*inner, *main]:
            rank = self.items[upper].rank
            if not any(self._cross((upper, lower), other) for other in by_rank[rank]):
                accepted.add((upper, lower))
                by_rank[rank].append((upper, lower))
        return accepted

    def _cross(self, one: tuple[int, int], other: tuple[int, int]) -> bool:
        above = self.place[one[0]] - self.place[other[0]]
        below = self.place[one[1]] - self.place[other[1]]
        return above * below <= 0

    def _main_ways(self) -> tuple[dict[int, int], dict[int, int]]:
        """For each item the one that stands straight below it, and the one straight above.

        Of two branches that is the longer one; of three or more, or two of one length, it is none: they stand around the
        middle.
        """
        below: dict[int, list[tuple[int, int]]] = defaultdict(list)
        above: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for chain in self.chains:
            if not chain.skips:
                start, end = chain.items[0], chain.items[-1]
                box = self.items[end].box
                below[start].append((self.graph.below[box] if box is not None else -1, end))
                above[end].append((self.items[start].rank, start))
        return longest(below), longest(above)

    # ---- y -------------------------------------------------------------------------------------------------------------

    def _place_down(self) -> None:
        sizes = self.sizes
        ranks = sorted(self.order)
        headed = {first for first, _ in self.group_span.values()}
        ended = {last for _, last in self.group_span.values()}
        self.top: dict[int, float] = {}
        self.bottom: dict[int, float] = {}
        self.frame_top: dict[int, float] = {}
        self.tracks: dict[tuple[int, int], float] = {}  # a step between ranks -> where it runs sideways
        y = 0.0
        for rank in ranks:
            is_row = any(self.items[item].box is not None for item in self.order[rank])
            if rank != ranks[0]:
                y += sizes.lead
            if rank in headed:
                self.frame_top[rank] = y
                y += sizes.heading
            if rank != ranks[0]:
                levels = self._levels(rank)
                count = max(levels.values(), default=-1) + 1
                for step, level in levels.items():
                    self.tracks[step] = y + level * sizes.lane
                y += max(0, count - 1) * sizes.lane + (sizes.arrow if is_row else 0.0)
            self.top[rank] = y
            y += sizes.height if is_row else 0.0
            self.bottom[rank] = y
            if rank in ended:
                y += sizes.beside
        self.height = y

    def _levels(self, rank: int) -> dict[tuple[int, int], int]:
        """For each step down to a rank that is not straight, how far down it runs sideways; 0 is the uppermost.

        Steps from one item, or to one item, run together. Of two bundles the one is above that so crosses the other less.
        """
        steps = [(upper, lower) for lower in self.order[rank] for upper in self.items[lower].up]
        bundles: dict[tuple[str, int], list[tuple[int, int]]] = defaultdict(list)
        for upper, lower in steps:
            together = (
                ("from", upper) if len(self.items[upper].down) > 1 or len(self.items[lower].up) == 1 else ("to", lower)
            )
            bundles[together].append((upper, lower))
        bent = [b for b in bundles.values() if any(abs(self.x[u] - self.x[w]) > 1e-3 for u, w in b)]
        levels: list[int] = []
        done: list[list[tuple[int, int]]] = []
        for bundle in sorted(bent, key=lambda b: min(self.x[u] for u, _ in b)):
            level = 0
            for other, its in zip(done, levels, strict=True):
                if self._overlap(bundle, other):
                    above = self._clashes(bundle, other) <= self._clashes(other, bundle)
                    level = level if above and its > level else max(level, its + 1)
            done.append(bundle)
            levels.append(level)
        return {step: level for bundle, level in zip(done, levels, strict=True) for step in bundle}

    def _span(self, bundle: Iterable[tuple[int, int]]) -> tuple[float, float]:
        xs = [self.x[item] for step in bundle for item in step]
        return min(xs), max(xs)

    def _overlap(self, one: Sequence[tuple[int, int]], other: Sequence[tuple[int, int]]) -> bool:
        (a, b), (c, d) = self._span(one), self._span(other)
        return a - 1e-6 <= d and c <= b + 1e-6

    def _clashes(self, above: Sequence[tuple[int, int]], below: Sequence[tuple[int, int]]) -> int:
        """How often two bundles cross when the first runs above the second; running on top of each other counts much."""
        (a, b), (c, d) = self._span(above), self._span(below)
        ends = {self.x[lower] for _, lower in above}
        starts = {self.x[upper] for upper, _ in below}
        crossings = sum(c < x < d for x in ends) + sum(a < x < b for x in starts)
        return crossings + 100 * sum(abs(x - other) < 1e-3 for x in ends for other in starts)

    # ---- what comes of it ----------------------------------------------------------------------------------------------

    def boxes(self) -> Iterator[tuple[int, Point]]:
        """Every box with its upper left corner."""
        for box, item in self.item_of.items():
            yield box, (self.x[item] - self.sizes.width / 2, self.top[self.items[item].rank])

    @property
    def entry(self) -> Point:
        assert self._entry is not None
        return self.x[self._entry], self.bottom[self.first - 1]

    @property
    def exit(self) -> Point:
        return (self.x[self._exit], self.top[self.last + 1]) if self._exit is not None else (0.0, 0.0)

    def routes(self) -> Iterator[Route]:
        for chain in self.chains:
            points: list[Point] = []
            for upper, lower in itertools.pairwise(chain.items):
                points.append((self.x[upper], self.bottom[self.items[upper].rank]))
                if (upper, lower) in self.tracks and abs(self.x[upper] - self.x[lower]) > 1e-3:
                    y = self.tracks[upper, lower]
                    points += [(self.x[upper], y), (self.x[lower], y)]
                points.append((self.x[lower], self.top[self.items[lower].rank]))
            yield Route(tuple(_corners(points)), chain.skips, chain.arrow)

    def frames(self) -> Iterator[Frame]:
        """A frame around each group that no other box stands in."""
        members: dict[int, list[int]] = defaultdict(list)
        for item, group in self.frame_of.items():
            members[group].append(item)
        for group, (first, last) in self.group_span.items():
            inside = members[group]
            half = [self.sizes.width / 2 if self.items[item].box is not None else 0.0 for item in inside]
            left = min(self.x[item] - h for item, h in zip(inside, half, strict=True)) - self.sizes.beside
            right = max(self.x[item] + h for item, h in zip(inside, half, strict=True)) + self.sizes.beside
            reach = self.sizes.width / 2
            others = [
                item
                for rank in range(first, last + 1)
                for item in self.order[rank]
                if self.items[item].box is not None
                and self._group(item) != group
                and left - reach < self.x[item] < right + reach
            ]
            if not others:
                yield Frame(group, left, self.frame_top[first], right, self.bottom[last] + self.sizes.beside)


def _corners(points: Sequence[Point]) -> list[Point]:
    """The points at which a line turns, and its ends."""
    kept: list[Point] = []
    for point in points:
        if kept and abs(kept[-1][0] - point[0]) < 1e-6 and abs(kept[-1][1] - point[1]) < 1e-6:
            continue
        if len(kept) >= 2 and abs(kept[-2][0] - kept[-1][0]) < 1e-6 and abs(kept[-1][0] - point[0]) < 1e-6:
            kept[-1] = point
        else:
            kept.append(point)
    return kept
