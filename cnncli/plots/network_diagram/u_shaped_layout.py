"""U-shaped layout of an encoder and decoder with skip connections, as in the U-Net paper."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Sequence

from cnncli.plots.network_diagram.layout import Edge, Frame, Layout, Point, Route, Sizes

_ACROSS = 1.1  # inches between the arms


def fold(count: int, edges: Sequence[Edge], sizes: Sizes, *, groups: Sequence[int | None]) -> Layout | None:
    """Place the boxes of a chain whose other lines are nested, one within the next.

    The left arm goes down and the right one up. Both ends of a line across stand on one row.

    Args:
        count, edges, sizes, groups: as `layered_layout.lay_out` takes them.

    Returns:
        None for any other network, and where fewer than two lines go across.
    """
    chain = {(box, box + 1) for box in range(count - 1)}
    across = sorted(set(edges) - chain)
    if not chain <= set(edges) or len(across) < 2:
        return None
    if any(s >= next_s or t <= next_t for (s, t), (next_s, next_t) in itertools.pairwise(across)):
        return None
    first_right = _turn(across[-1], groups)
    rows = _rows(count, across, first_right)
    right = [box >= first_right for box in range(count)]
    frames = _frame_rows(groups, rows, right)
    y = _row_tops(max(rows) + 1, sizes, frames)
    left_edge = sizes.beside if frames else 0.0
    x = [left_edge + (sizes.width + _ACROSS if on_right else 0.0) for on_right in right]
    boxes = [(x[box], y[rows[box]]) for box in range(count)]
    floor = y[max(rows)] + sizes.height + 2 * sizes.lead + left_edge
    routes = [_route(boxes, edge, right, sizes, floor) for edge in [*sorted(chain), *across]]
    return Layout(
        width=2 * left_edge + 2 * sizes.width + _ACROSS,
        height=floor,
        empty=0.0,
        boxes=tuple(boxes),
        routes=tuple(routes),
        frames=tuple(
            Frame(
                group,
                x[member] - sizes.beside,
                y[first] - sizes.heading - sizes.arrow,
                x[member] + sizes.width + sizes.beside,
                y[last] + sizes.height + sizes.beside,
            )
            for group, member, first, last in frames
        ),
    )


def _turn(innermost: Edge, groups: Sequence[int | None]) -> int:
    """The first box of the right arm: half of those below the innermost line, and no frame torn apart."""
    source, target = innermost
    whole = [box for box in range(source + 1, target + 1) if groups[box] is None or groups[box] != groups[box - 1]]
    return min(whole or [target], key=lambda box: abs(box - (source + target + 2) / 2))


def _rows(count: int, across: Sequence[Edge], first_right: int) -> list[int]:
    """The row of each box."""
    rows = [0] * count
    (first, last), (innermost, returning) = across[0], across[-1]
    row = max(first, count - 1 - last)
    for box in range(first + 1):
        rows[box] = row - (first - box)
    for box in range(last, count):
        rows[box] = row - (box - last)
    for (source, target), (inner_source, inner_target) in itertools.pairwise(across):
        row += max(inner_source - source, target - inner_target)
        for box in range(source + 1, inner_source + 1):
            rows[box] = row - (inner_source - box)
        for box in range(inner_target, target):
            rows[box] = row - (box - inner_target)
    for box in range(innermost + 1, first_right):
        rows[box] = row + box - innermost
    for box in range(first_right, returning):
        rows[box] = row + returning - box
    return rows


def _frame_rows(
    groups: Sequence[int | None], rows: Sequence[int], right: Sequence[bool]
) -> list[tuple[int, int, int, int]]:
    """For each frame its group, a box in it, and its first and last row; a group on both arms has two."""
    members: dict[tuple[int, bool], list[int]] = defaultdict(list)
    for box, group in enumerate(groups):
        if group is not None:
            members[group, right[box]].append(box)
    return [
        (group, boxes[0], min(rows[box] for box in boxes), max(rows[box] for box in boxes))
        for (group, _), boxes in members.items()
    ]


def _row_tops(count: int, sizes: Sizes, frames: Sequence[tuple[int, int, int, int]]) -> list[float]:
    headed, ended = {first for *_, first, _ in frames}, {last for *_, last in frames}
    tops = []
    y = 0.0
    for row in range(count):
        if row:
            y += sizes.lead
        if row in headed:
            y += sizes.heading
        if row or row in headed:
            y += sizes.arrow
        tops.append(y)
        y += sizes.height + (sizes.beside if row in ended else 0.0)
    return tops


def _route(boxes: Sequence[Point], edge: Edge, right: Sequence[bool], sizes: Sizes, floor: float) -> Route:
    """Across at the height of the boxes, down in the left arm, up in the right one, and round the turn at the floor."""
    source, target = edge
    (x, y), (goal_x, goal_y) = boxes[source], boxes[target]
    middle, goal_middle = x + sizes.width / 2, goal_x + sizes.width / 2
    points: tuple[Point, ...]
    if target != source + 1:
        level = y + sizes.height / 2
        points = ((x + sizes.width, level), (goal_x, level))
    elif right[source]:
        points = ((middle, y), (middle, goal_y + sizes.height))
    elif right[target]:
        points = (
            (middle, y + sizes.height),
            (middle, floor),
            (goal_middle, floor),
            (goal_middle, goal_y + sizes.height),
        )
    else:
        points = ((middle, y + sizes.height), (middle, goal_y))
    return Route(points, skips=target != source + 1, arrow=True)
