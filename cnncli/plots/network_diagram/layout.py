"""A layout of a network's diagram: the measures, and the places of boxes, lines and frames.

All lengths are in inches; x goes right and y down.
"""

from __future__ import annotations

from dataclasses import dataclass

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
