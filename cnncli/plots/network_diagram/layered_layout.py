"""Layered layout of a graph: the places of boxes and lines.

After Sugiyama, Tagawa and Toda, "Methods for visual understanding of hierarchical system structures" (1981): a box stands
one rank below the lowest of those that it takes; a line that passes a rank has a lane of its own there, so that it meets no
box; within a rank the order is the one with the fewest crossings that sweeping by barycentres finds. A chain of boxes stands
in a straight line, and so does a lane. Long drawings are broken into columns where a single line passes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from cnncli.plots.network_diagram.layered_column import Column
from cnncli.plots.network_diagram.layered_graph import LayeredGraph, breaks
from cnncli.plots.network_diagram.layout import Edge, Frame, Layout, Point, Route, Sizes


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
    graph = LayeredGraph(count, edges, groups)
    single = _in_columns(graph, sizes, 1)
    if single.height <= tallest:
        return single
    wanted = math.sqrt(single.height / single.width / shape)
    tried = [_in_columns(graph, sizes, columns) for columns in range(max(2, int(wanted)), math.ceil(wanted) + 2)]

    def ugliness(layout: Layout) -> float:
        # A column that is much shorter than the others tears a drawing apart more than it helps.
        return abs(math.log(layout.height / layout.width / shape)) + 2 * layout.empty

    return min([single, *tried], key=ugliness)


def _in_columns(graph: LayeredGraph, sizes: Sizes, wanted: int) -> Layout:
    """Set the drawing in at most so many columns side by side, and join them by lines."""
    boxes: list[Point] = [(0.0, 0.0)] * graph.count
    routes: list[Route] = []
    frames: list[Frame] = []
    left = height = filled = 0.0
    leaving: Point | None = None
    top = sizes.lead if wanted > 1 else 0.0
    for first, last in breaks(graph, wanted):
        column = Column(graph, sizes, first, last)
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
