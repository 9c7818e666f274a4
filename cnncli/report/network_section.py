"""The network of a report as a drawing in SVG units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cnncli.network import summary_json
from cnncli.network.row_text import kind_with_detail
from cnncli.network.summary_json import DrawnNetwork
from cnncli.plots.kinds import KINDS, kind_of_class
from cnncli.plots.network_diagram.layered_layout import lay_out
from cnncli.plots.network_diagram.layout import Point, Sizes
from cnncli.plots.network_diagram.u_shaped_layout import fold
from cnncli.report import values

_UNIT = 96  # of the drawing, to the inch
_SIZES = Sizes(width=2.55, height=0.44)
_LETTERS, _SMALL_LETTERS = 33, 42  # that a box has room for, in its upper and lower line
_MOST_BOXES = 120


@dataclass(frozen=True)
class Box:
    """A box of the drawing, with its texts.

    Attributes:
        kind: number of its colour.
        is_block: several layers seen as one, drawn as a stack.
    """

    x: float
    y: float
    width: float
    height: float
    kind: int
    is_block: bool
    name: str
    what: str
    shape: str
    params: str
    about: str


@dataclass(frozen=True)
class Drawing:
    """The network as boxes and lines."""

    width: float
    height: float
    boxes: tuple[Box, ...]
    lines: tuple[str, ...]
    arrows: tuple[str, ...]
    kinds: tuple[tuple[int, str], ...]
    about: str


def draw(network: DrawnNetwork) -> Drawing | None:
    """Place the boxes of a network, its blocks closed.

    Returns:
        None where there are too many boxes for a picture.
    """
    rows = network.boxes
    if not 0 < len(rows) <= _MOST_BOXES:
        return None
    edges = [(source, index) for index, row in enumerate(rows) for source in row.inputs if 0 <= source < index]
    alone: list[int | None] = [None] * len(rows)
    layout = fold(len(rows), edges, _SIZES, groups=alone) or lay_out(len(rows), edges, _SIZES, groups=alone)
    boxes = tuple(_box(row, place) for row, place in zip(rows, layout.boxes, strict=True))
    used = {box.kind for box in boxes}
    shown = _layers_in_words(boxes)
    return Drawing(
        width=round(layout.width * _UNIT + 2, 1),
        height=round(layout.height * _UNIT + 2, 1),
        boxes=boxes,
        lines=tuple(_path(route.points) for route in layout.routes),
        arrows=tuple(_arrow(route.points) for route in layout.routes if route.arrow and len(route.points) > 1),
        kinds=tuple((number, kind) for number, kind in enumerate(KINDS) if number in used),
        about=f"The network from its input to its output: {shown}",
    )


def _layers_in_words(boxes: Sequence[Box]) -> str:
    named = [box.name for box in boxes]
    return ", ".join(named if len(named) <= 12 else [*named[:6], "…", *named[-5:]])


def _box(row: summary_json.Box, place: Point) -> Box:
    kind, shape = row.kind or "", values.shape(row.output_shape)
    is_block = row.layer_count > 1
    what = (
        ", ".join(filter(None, (kind, f"{row.layer_count:,} layers", row.detail)))
        if is_block
        else kind_with_detail(kind, row.detail)
    )
    name, about = row.name, row.name
    if row.repeat:
        name = f"{row.name} … {row.repeat.last} ×{row.repeat.times}"
        what = ", ".join(filter(None, (kind if row.repeat.varied else what, row.repeat.varied)))
        about = f"{row.name} … {row.repeat.last}, {row.repeat.times} times"
    params = f"{row.params:,}" if row.params else ""
    room = _SMALL_LETTERS - len(params)
    varied = row.repeat.varied if row.repeat else ""
    return Box(
        x=_units(place[0]),
        y=_units(place[1]),
        width=round(_SIZES.width * _UNIT, 1),
        height=round(_SIZES.height * _UNIT, 1),
        kind=KINDS.index(kind_of_class(kind, is_group=is_block)),
        is_block=is_block or row.repeat is not None,
        name=_cut(name, _LETTERS - len(shape)),
        what=_cut(varied if varied and len(what) > room - 2 else what, room - 2 * bool(varied)),
        shape=shape,
        params=params,
        about=f"{about}: {what}, output {shape}, {values.whole(row.params)} parameters",
    )


def _cut(text: str, length: int) -> str:
    length = max(length, 6)
    return text if len(text) <= length else text[: length - 1] + "…"


def _units(inches: float) -> float:
    return round(inches * _UNIT + 1, 1)


def _path(points: Sequence[Point]) -> str:
    return "M" + "L".join(f"{_units(x):g} {_units(y):g}" for x, y in points)


def _arrow(points: Sequence[Point]) -> str:
    """The head of a line that ends straight down, up or sideways."""
    (x, y), (from_x, from_y) = points[-1], points[-2]
    length = abs(x - from_x) + abs(y - from_y) or 1.0
    right, down = (x - from_x) / length, (y - from_y) / length
    back_x, back_y = x - 0.085 * right, y - 0.085 * down
    corners = [(x, y), (back_x - 0.036 * down, back_y - 0.036 * right), (back_x + 0.036 * down, back_y + 0.036 * right)]
    return _path(corners) + "Z"
