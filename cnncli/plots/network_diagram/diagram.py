"""Draw the diagram of a network: a box for each layer or closed block, with lines between them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch, PathPatch, Polygon, Rectangle
from matplotlib.path import Path

from cnncli.network.explanation import shape_text
from cnncli.network.outline import Row, without_prefix
from cnncli.network.row_text import kind_with_detail
from cnncli.network.summary import Summary
from cnncli.plots import style
from cnncli.plots.kinds import KINDS, kind_of_class
from cnncli.plots.network_diagram.layered_layout import lay_out
from cnncli.plots.network_diagram.layout import Frame, Layout, Point, Route, Sizes
from cnncli.plots.network_diagram.u_shaped_layout import fold
from cnncli.plots.text_fitting import fit_text, plain_text, text_width

NAME_SIZE = 8.0  # points
DETAIL_SIZE = 6.8
_NARROWEST, _WIDEST = 1.55, 3.1  # inches of a box
_PADDING = 0.07  # between a box's edge and its text
_BAR = 0.055  # the strip that has the colour of the kind
_ROUND = 0.055  # radius of a line's corner
_STACK = 0.035  # how far the sheets of a closed block stand out
_LINE = "#4B535C"
_MOST_PIXELS = 60_000_000  # of a PNG: 240 MB while it is drawn
_BESIDE_TITLE = 0.16  # between the chips of the legend

# Kind of layer -> colour, in the order of the legend. Those of Okabe and Ito that style.py does not use yet are added.
_COLOURS = (style.BLUE, style.ORANGE, style.GREEN, "#CC79A7", "#56B4E9", "#E69F00", "#9AA3AD", style.INK)
COLOURS = dict(zip(KINDS, _COLOURS, strict=True))


def draw_diagram(summary: Summary, rows: Sequence[Row]) -> Figure:
    """Draw a network from top to bottom; long ones go on in further columns.

    Each box has the layer's name and class at its left, and the output's shape and the number of parameters at its right. A
    closed block is a stack of sheets; an opened one has a frame.

    Args:
        summary: for the title and the totals.
        rows: the boxes, as `network.outline.rows` lists them.
    """
    with style.look():
        return _draw_page(summary, rows)


def kind_of(row: Row) -> str:
    """Which of `COLOURS` a row has."""
    return kind_of_class(row.kind, is_group=row.is_group)


def _draw_page(summary: Summary, rows: Sequence[Row]) -> Figure:
    kinds_of_groups = {group.name: group.kind for group in summary.groups}
    around = [_group_of(row, kinds_of_groups) for row in rows]
    frames = list(dict.fromkeys(filter(None, around)))
    texts = [_texts(row) for row in rows]
    edges = [(source, index) for index, row in enumerate(rows) for source in row.inputs]
    groups = [frames.index(frame) if frame else None for frame in around]
    sizes = Sizes(width=_box_width(rows, texts))
    layout = fold(len(rows), edges, sizes, groups=groups) or lay_out(len(rows), edges, sizes, groups=groups)
    title, subtitle, notes = summary.name, _subtitle(summary), _notes(summary, rows)
    kinds = [kind for kind in COLOURS if kind in {kind_of(row) for row in rows}]
    written = max(text_width(note, DETAIL_SIZE) for note in notes) + 2 * style.MARGIN + 0.02
    width = max(layout.width + 2 * style.MARGIN, min(6.0, max(style.header_width(title[:60], subtitle), written)))
    inner = width - 2 * style.MARGIN
    legend = _legend_lines(kinds, inner)
    top = style.MARGIN + style.HEADER_HEIGHT + 0.2 * len(legend) + 0.16
    height = top + layout.height + 0.16 + 0.17 * len(notes) + style.MARGIN - 0.05
    figure = _new_page(width, height)
    style.add_header(figure, title, subtitle)
    axes = _page_axes(figure)
    _draw_legend(axes, legend, style.MARGIN + style.HEADER_HEIGHT - 0.02)
    # Rounded to whole pixels the page may be smaller than asked for.
    left = (float(figure.get_size_inches()[0]) - layout.width) / 2
    _draw_layout(axes, layout, left, top, rows, texts, frames)
    for number, note in enumerate(notes):
        axes.text(
            style.MARGIN,
            top + layout.height + 0.16 + 0.17 * number,
            fit_text(note, inner, DETAIL_SIZE),
            fontsize=DETAIL_SIZE,
            color=style.MUTED,
            va="top",
        )
    return figure


def _new_page(width: float, height: float) -> Figure:
    """Make the page; one that is too large for a PNG is drawn more coarsely there, an SVG stays as it is."""
    density = math.sqrt(_MOST_PIXELS / (width * height))
    if density >= style.DPI:
        return style.new_figure(width, height)
    figure = Figure(figsize=(width, height), dpi=density)
    FigureCanvasAgg(figure)
    return figure


def _page_axes(figure: Figure) -> Axes:
    """Axes over the whole page, in inches from its upper left corner."""
    width, height = (float(length) for length in figure.get_size_inches())
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, width), ylim=(height, 0))
    axes.set_axis_off()
    return axes


@dataclass(frozen=True)
class _Group:
    """What a frame is around: an opened group, several equal ones, or boxes that are repeated in turn.

    Attributes:
        key: a name that no other frame has.
        label, what: its heading, and what is said after it.
        short: the heading where there is less room.
    """

    key: str
    label: str
    what: str = ""
    short: str = ""


def _group_of(row: Row, kinds: Mapping[str, str]) -> _Group | None:
    repeat = row.repeat
    if row.within:
        name = row.within[0]
        kind = kinds[name] if not name.startswith(kinds[name]) else ""
        if repeat and name in repeat.groups:
            often = f"×{repeat.times}"
            return _Group(name, f"{name} … {repeat.groups[name]} {often}", repeat.varied, f"{name} {often}")
        return _Group(name, name, kind)
    return _Group(repeat.first, f"×{repeat.times}", repeat.varied) if repeat and repeat.rows > 1 else None


# ---- words ---------------------------------------------------------------------------------------------------------------


def _texts(row: Row) -> tuple[str, str, str, str]:
    """Of a box: upper left, lower left, upper right, lower right."""
    name = without_prefix(row.name, row.within[:1])
    repeat = row.repeat if row.repeat and not row.repeat.groups else None
    layers = f"{row.layer_count:,} layers"
    what = kind_with_detail(row.kind, row.detail)
    if row.is_group:
        what = f"{row.kind}, {row.detail or layers}" if row.kind else row.detail or layers
    if repeat:
        # Rows that are repeated in turn have a frame that says how often.
        often = f" ×{repeat.times}" if repeat.rows == 1 else ""
        name = f"{name} … {without_prefix(repeat.last, row.within[:1])}{often}"
        what = ", ".join(filter(None, (row.kind, repeat.varied))) if repeat.varied else what
    shape = shape_text(row.output_shape, row.kind)
    return plain_text(name), plain_text(what), shape, f"{row.params:,}" if row.params else ""


def _box_width(rows: Sequence[Row], texts: Sequence[tuple[str, str, str, str]]) -> float:
    needed = [
        max(
            text_width(name, NAME_SIZE, bold=True) + text_width(shape, NAME_SIZE),
            text_width(what, DETAIL_SIZE) + text_width(params, DETAIL_SIZE),
        )
        + (2 * _STACK if row.repeat else 0.0)
        for row, (name, what, shape, params) in zip(rows, texts, strict=True)
    ]
    return min(_WIDEST, max(_NARROWEST, max(needed, default=0.0) + _BAR + 2 * _PADDING + 0.14))


def _subtitle(summary: Summary) -> str:
    return f"{summary.params:,} parameters · {_short(summary.multiply_adds)} multiply-adds"


def _short(number: int) -> str:
    for size, word in ((10**9, "billion"), (10**6, "million")):
        if number >= size:
            return f"{number / size:,.2f} {word}"
    return f"{number:,}"


def _notes(summary: Summary, rows: Sequence[Row]) -> list[str]:
    notes = ["At the right of each box: the shape of its output, and its parameters."]
    times = next((row.repeat.times for row in rows if row.repeat), None)
    if times:
        notes.append(f"×{times}: {times} times in a row; the parameters are those of all.")
    if summary.placeholders:
        notes.append(f"{plain_text(', '.join(summary.placeholders))}: computed for 2 classes.")
    return notes


# ---- the legend ----------------------------------------------------------------------------------------------------------


def _legend_lines(kinds: Sequence[str], width: float) -> list[list[tuple[str, float]]]:
    """The kinds with where each begins, broken into lines."""
    lines: list[list[tuple[str, float]]] = [[]]
    x = 0.0
    for kind in kinds:
        length = 0.16 + text_width(kind, DETAIL_SIZE) + _BESIDE_TITLE
        if lines[-1] and x + length - _BESIDE_TITLE > width:
            lines.append([])
            x = 0.0
        lines[-1].append((kind, x))
        x += length
    return lines


def _draw_legend(axes: Axes, lines: Sequence[Sequence[tuple[str, float]]], top: float) -> None:
    for number, line in enumerate(lines):
        y = top + 0.2 * number
        for kind, x in line:
            axes.add_artist(Rectangle((style.MARGIN + x, y), 0.11, 0.11, facecolor=COLOURS[kind], edgecolor="none"))
            axes.text(
                style.MARGIN + x + 0.16,
                y + 0.055,
                kind,
                fontsize=DETAIL_SIZE,
                color=style.MUTED,
                va="center_baseline",
            )


# ---- boxes and lines -----------------------------------------------------------------------------------------------------


def _draw_layout(
    axes: Axes,
    layout: Layout,
    left: float,
    top: float,
    rows: Sequence[Row],
    texts: Sequence[tuple[str, str, str, str]],
    frames: Sequence[_Group],
) -> None:
    seen: set[int] = set()
    for frame in layout.frames:
        group = frames[frame.group]
        continued = "… " if frame.group in seen else ""
        labels = [continued + plain_text(label) for label in (group.label, group.short) if label]
        seen.add(frame.group)
        _draw_frame(axes, frame, left, top, labels, plain_text(group.what) if group.what else "")
    for route in layout.routes:
        _draw_route(axes, [(x + left, y + top) for x, y in route.points], route)
    sizes = Sizes(width=_box_width(rows, texts))
    for row, (x, y), text in zip(rows, layout.boxes, texts, strict=True):
        _draw_box(axes, (x + left, y + top), sizes, row, text)


def _draw_frame(axes: Axes, frame: Frame, left: float, top: float, labels: Sequence[str], kind: str) -> None:
    width, height = frame.right - frame.left, frame.bottom - frame.top
    shape = FancyBboxPatch(
        (left + frame.left, top + frame.top),
        width,
        height,
        boxstyle="round,pad=0,rounding_size=0.08",
        facecolor="#F6F7F9",
        edgecolor=style.FRAME,
        linewidth=0.8,
        zorder=0,
    )
    axes.add_artist(shape)
    # The line that enters the frame comes down its middle.
    room = width / 2 - 0.2
    fitting = (label for label in labels if text_width(label, NAME_SIZE, bold=True) <= room)
    shown = next(fitting, None) or fit_text(labels[-1], room, NAME_SIZE, bold=True)
    x, y = left + frame.left + 0.09, top + frame.top + 0.13
    axes.text(x, y, shown, fontsize=NAME_SIZE, fontweight="bold", color=style.INK, va="center_baseline")
    used = text_width(shown, NAME_SIZE, bold=True) + 0.08
    if kind and text_width(kind, DETAIL_SIZE) < room - used:
        axes.text(x + used, y, kind, fontsize=DETAIL_SIZE, color=style.MUTED, va="center_baseline")


def _draw_route(axes: Axes, points: Sequence[Point], route: Route) -> None:
    path = _rounded(points)
    axes.add_artist(PathPatch(path, fill=False, edgecolor=_LINE, linewidth=1.0, capstyle="butt", zorder=2))
    if route.arrow:
        (x, y), (from_x, from_y) = points[-1], points[-2]
        length = abs(x - from_x) + abs(y - from_y)  # it ends straight down, up or sideways
        right, down = (x - from_x) / length, (y - from_y) / length
        back = (x - 0.085 * right, y - 0.085 * down)
        head = [(x, y)] + [(back[0] + side * down, back[1] + side * right) for side in (-0.036, 0.036)]
        axes.add_artist(Polygon(head, closed=True, facecolor=_LINE, edgecolor="none", zorder=3))


def _rounded(points: Sequence[Point]) -> Path:
    """A line through the points with round corners."""
    vertices, codes = [points[0]], [Path.MOVETO]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        for towards in (before, after):
            length = abs(towards[0] - corner[0]) + abs(towards[1] - corner[1])
            part = min(_ROUND, length / 2) / length if length else 0.0
            end = (corner[0] + (towards[0] - corner[0]) * part, corner[1] + (towards[1] - corner[1]) * part)
            vertices += [end] if towards is before else [corner, end]
            codes += [Path.LINETO] if towards is before else [Path.CURVE3, Path.CURVE3]
    return Path([*vertices, points[-1]], [*codes, Path.LINETO])


def _draw_box(axes: Axes, corner: Point, sizes: Sizes, row: Row, text: tuple[str, str, str, str]) -> None:
    x, y = corner
    width, height = sizes.width, sizes.height
    colour = COLOURS[kind_of(row)]
    if row.is_group or row.repeat:
        width, height = width - 2 * _STACK, height - 2 * _STACK
        for sheet in (2, 1):
            _draw_sheet(axes, x + sheet * _STACK, y + sheet * _STACK, width, height)
    _draw_sheet(axes, x, y, width, height)
    axes.add_artist(Rectangle((x, y), _BAR, height, facecolor=colour, edgecolor="none", zorder=5))
    name, what, shape, params = text
    left, right = x + _BAR + _PADDING, x + width - _PADDING
    upper, lower = y + height * 0.31, y + height * 0.71
    for line, size, bold, beside, colours in (
        (upper, NAME_SIZE, True, shape, (style.INK, style.INK)),
        (lower, DETAIL_SIZE, False, params, (style.MUTED, style.MUTED)),
    ):
        said = fit_text(name if bold else what, right - left - text_width(beside, size) - 0.1, size, bold=bold)
        weight = "bold" if bold else "normal"
        axes.text(left, line, said, fontsize=size, fontweight=weight, color=colours[0], va="center_baseline", zorder=6)
        axes.text(right, line, beside, fontsize=size, color=colours[1], ha="right", va="center_baseline", zorder=6)


def _draw_sheet(axes: Axes, x: float, y: float, width: float, height: float) -> None:
    axes.add_artist(
        Rectangle((x, y), width, height, facecolor=style.PAPER, edgecolor=style.FRAME, linewidth=0.8, zorder=4)
    )
