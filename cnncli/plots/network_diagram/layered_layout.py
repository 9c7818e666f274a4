"""Layered layout of a graph: the places of boxes and lines.

After Sugiyama, Tagawa and Toda, "Methods for visual understanding of hierarchical system structures" (1981): a box stands
one rank below the lowest of those that it takes; a line that passes a rank has a lane of its own there, so that it meets no
box; within a rank the order is the one with the fewest crossings that sweeping by barycentres finds. A chain of boxes stands
in a straight line, and so does a lane. Long drawings are broken into columns where a single line passes.

All lengths are in inches; x goes right and y down.
"""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

Edge = tuple[int, int]
Point = tuple[float, float]


@dataclass(frozen=True)
class Sizes:
    """The measures of a drawing.

    Attributes:
        width, height: of a box.
        between: from box to box, side by side.
        beside: from a box to a line that passes it.
        lane: from line to line.
        lead: from a box's lower edge to the first line that runs sideways.
        arrow: from the last such line to the next box.
        heading: for the title of a frame, above the first rank of its boxes.
        gutter: between two columns.
    """

    width: float
    height: float = 0.42
    between: float = 0.22
    beside: float = 0.16
    lane: float = 0.13
    lead: float = 0.09
    arrow: float = 0.15
    heading: float = 0.26
    gutter: float = 0.55


@dataclass(frozen=True)
class Route:
    """A line.

    Attributes:
        points: its corners, from the lower edge of a box to the upper edge of another.
        skips: there is a longer way between the same two boxes.
        arrow: it ends at a box.
    """

    points: tuple[Point, ...]
    skips: bool
    arrow: bool


@dataclass(frozen=True)
class Frame:
    """A rectangle around the boxes of a group in one column."""

    group: int
    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True)
class Layout:
    """A drawing that begins at (0, 0).

    Attributes:
        boxes: the upper left corner of every box.
        empty: the share of the area below the columns.
    """

    width: float
    height: float
    empty: float
    boxes: tuple[Point, ...]
    routes: tuple[Route, ...]
    frames: tuple[Frame, ...]


def lay_out(
    count: int,
    edges: Sequence[Edge],
    sizes: Sizes,
    *,
    groups: Sequence[int | None] | None = None,
    tallest: float = 8.0,
    shape: float = 1.4,
) -> Layout:
    """Place boxes and lines.

    Args:
        count: of boxes; they are numbered from 0, and a line goes from a smaller number to a larger one.
        groups: for each box the number of the frame that it stands in, if any.
        tallest: up to this height there is one column.
        shape: height over width that a drawing in several columns should come near to.
    """
    groups = list(groups) if groups is not None else [None] * count
    graph = _Graph(count, edges, groups)
    single = _in_columns(graph, sizes, 1)
    if single.height <= tallest:
        return single
    wanted = math.sqrt(single.height / single.width / shape)
    tried = [_in_columns(graph, sizes, columns) for columns in range(max(2, int(wanted)), math.ceil(wanted) + 2)]

    def ugliness(layout: Layout) -> float:
        # A column that is much shorter than the others tears a drawing apart more than it helps.
        return abs(math.log(layout.height / layout.width / shape)) + 2 * layout.empty

    return min([single, *tried], key=ugliness)


class _Graph:
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


def _in_columns(graph: _Graph, sizes: Sizes, wanted: int) -> Layout:
    """Set the drawing in at most so many columns side by side, and join them by lines."""
    boxes: list[Point] = [(0.0, 0.0)] * graph.count
    routes: list[Route] = []
    frames: list[Frame] = []
    left = height = filled = 0.0
    leaving: Point | None = None
    top = sizes.lead if wanted > 1 else 0.0
    for first, last in _breaks(graph, wanted):
        column = _Column(graph, sizes, first, last)
        column.arrange()
        for box, (x, y) in column.boxes():
            boxes[box] = (left + x, top + y)
        routes += [_moved(route, left, top) for route in column.routes()]
        frames += [Frame(f.group, left + f.left, top + f.top, left + f.right, top + f.bottom) for f in column.frames()]
        if leaving is not None:
            x, y = left + column.entry[0], top + column.entry[1]
            gutter = left - sizes.gutter / 2
            corners = (leaving, (gutter, leaving[1]), (gutter, 0.0), (x, 0.0), (x, y))
            routes.append(Route(corners, skips=False, arrow=False))
        height = max(height, top + column.height)
        filled += column.height * column.width
        leaving = (left + column.exit[0], top + column.exit[1])
        left += column.width + sizes.gutter
    width = left - sizes.gutter
    return Layout(width, height, 1 - filled / (width * height), tuple(boxes), tuple(routes), tuple(frames))


def _moved(route: Route, right: float, down: float) -> Route:
    return Route(tuple((x + right, y + down) for x, y in route.points), route.skips, route.arrow)


def _breaks(graph: _Graph, wanted: int) -> list[tuple[int, int]]:
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
    ends = [rank for rank in range(ranks - 1) if len(graph.passing(rank)) == 1]
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


@dataclass
class _Item:
    """A box, or what stands for a line on a rank that it passes.

    Attributes:
        box: its number; None for a line.
    """

    rank: int
    box: int | None = None
    up: list[int] = field(default_factory=list)
    down: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class _Chain:
    """A line as the items that it leads through, from end to end."""

    items: tuple[int, ...]
    skips: bool
    arrow: bool


class _Column:
    """A run of ranks.

    Lines that come from the column before enter at one point above the first rank; what goes on leaves below the last.
    """

    def __init__(self, graph: _Graph, sizes: Sizes, first: int, last: int) -> None:
        self.graph, self.sizes, self.first, self.last = graph, sizes, first, last
        self.items: list[_Item] = []
        self.chains: list[_Chain] = []
        self.item_of: dict[int, int] = {}
        for box in range(graph.count):
            if first <= graph.rank[box] <= last:
                self.item_of[box] = self._new(graph.rank[box], box)
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
        self.items.append(_Item(rank, box))
        return len(self.items) - 1

    def _connect(self, start: int, end: int, skips: bool, *, arrow: bool) -> None:
        passed = [self._new(rank) for rank in range(self.items[start].rank + 1, self.items[end].rank)]
        chain = (start, *passed, end)
        for upper, lower in itertools.pairwise(chain):
            self.items[upper].down.append(lower)
            self.items[lower].up.append(upper)
        self.chains.append(_Chain(chain, skips, arrow))

    def arrange(self) -> None:
        """Decide the order within each rank, then every x, then every y."""
        self.frame_of = self._frames_by_item()
        aside = {item for box, item in self.item_of.items() if box in self.graph.aside}
        self.order = _ordered(self.items, self.chains, aside)
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
        x = _balanced(_topological(members, right_of), neighbours, left_of, right_of)
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
                if ranks and self._first_rank(group) <= ranks[0] and ranks[-1] <= self._last_rank(group):
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
        return _longest(below), _longest(above)

    # ---- y -------------------------------------------------------------------------------------------------------------

    def _place_down(self) -> None:
        sizes = self.sizes
        ranks = sorted(self.order)
        headed = {self._first_rank(group) for group in self._groups_here()}
        ended = {self._last_rank(group) for group in self._groups_here()}
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
        for group in self._groups_here():
            first, last = self._first_rank(group), self._last_rank(group)
            inside = [item for item, its in self.frame_of.items() if its == group]
            half = [self.sizes.width / 2 if self.items[item].box is not None else 0.0 for item in inside]
            left = min(self.x[item] - h for item, h in zip(inside, half, strict=True)) - self.sizes.beside
            right = max(self.x[item] + h for item, h in zip(inside, half, strict=True)) + self.sizes.beside
            reach = self.sizes.width / 2
            others = [
                item
                for item in self.item_of.values()
                if self._group(item) != group
                and first <= self.items[item].rank <= last
                and left - reach < self.x[item] < right + reach
            ]
            if not others:
                yield Frame(group, left, self.frame_top[first], right, self.bottom[last] + self.sizes.beside)

    def _groups_here(self) -> list[int]:
        found = dict.fromkeys(self._group(item) for item in self.item_of.values())
        return [group for group in found if group is not None]

    def _first_rank(self, group: int) -> int:
        return min(self.items[item].rank for item in self.item_of.values() if self._group(item) == group)

    def _last_rank(self, group: int) -> int:
        return max(self.items[item].rank for item in self.item_of.values() if self._group(item) == group)


# ---- order ---------------------------------------------------------------------------------------------------------------


def _ordered(items: Sequence[_Item], chains: Sequence[_Chain], aside: set[int]) -> dict[int, list[int]]:
    """The items of each rank from left to right, with few crossings."""
    order = _depth_first(items, chains, aside)
    best, fewest = order, _crossings(items, order)
    for sweep in range(24):
        if not fewest:
            break
        downwards = sweep % 2 == 0
        for rank in sorted(order, reverse=not downwards):
            order = {**order, rank: _by_barycentre(items, order, rank, downwards=downwards)}
        count = _crossings(items, order)
        if count < fewest:
            best, fewest = order, count
    return best


def _depth_first(items: Sequence[_Item], chains: Sequence[_Chain], aside: set[int]) -> dict[int, list[int]]:
    """Each branch beside the one before it; side branches at the right of them, and what skips at the right of all."""
    from_start: dict[int, list[_Chain]] = defaultdict(list)
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


def _by_barycentre(items: Sequence[_Item], order: Mapping[int, list[int]], rank: int, *, downwards: bool) -> list[int]:
    beside = order.get(rank - 1 if downwards else rank + 1, [])
    place = {item: index for index, item in enumerate(beside)}

    def middle(index: int) -> float:
        item = order[rank][index]
        found = [place[other] for other in (items[item].up if downwards else items[item].down)]
        return sum(found) / len(found) if found else float(index)

    return [order[rank][index] for index in sorted(range(len(order[rank])), key=middle)]


def _crossings(items: Sequence[_Item], order: Mapping[int, list[int]]) -> int:
    count = 0
    for rank, upper in order.items():
        place = {item: index for index, item in enumerate(order.get(rank + 1, []))}
        steps = [(index, place[below]) for index, item in enumerate(upper) for below in items[item].down]
        count += sum((a - c) * (b - d) < 0 for (a, b), (c, d) in itertools.combinations(steps, 2))
    return count


# ---- x -------------------------------------------------------------------------------------------------------------------


def _longest(ways: Mapping[int, Sequence[tuple[int, int]]]) -> dict[int, int]:
    """Of the ways from each item the longest, where one of at most two is."""
    found = {}
    for item, lengths in ways.items():
        ordered = sorted(lengths, reverse=True)
        if len(ordered) == 1 or (len(ordered) == 2 and ordered[0][0] > ordered[1][0]):
            found[item] = ordered[0][1]
    return found


def _topological(blocks: Iterable[int], right_of: Mapping[int, Mapping[int, float]]) -> list[int]:
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


def _balanced(
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
