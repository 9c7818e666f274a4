"""Line plots in text: two by four dots to a character, in Unicode's Braille patterns."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from rich.text import Text

_BLANK = 0x2800
# The bit of each dot, by its column and row within a cell.
_DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
_LARGEST = 1e300  # the difference of two is a number
_STYLES = ("cyan", "magenta", "green", "yellow")


def plot(curves: Mapping[str, Sequence[float]], *, width: int, height: int, last: int) -> Text:
    """Draw curves over epochs into one frame, with their names and the values at its ends.

    Args:
        curves: name -> a value an epoch from the first; one that is no number leaves a gap.
        width: in characters, the numbers at the left included.
        height: in lines, the line with the names included.
        last: the epoch at the right end; at least as many as there are values.
    """
    known = [value for values in curves.values() for value in values if _is_drawn(value)]
    if not known:
        return Text()
    low, high = min(known), max(known)
    labels = [f"{high:.3g}", f"{low:.3g}" if low < high else ""]
    margin = max(map(len, labels))
    canvas = _Canvas(max(width - margin - 1, 4), max(height - 1, 1))
    for number, values in enumerate(curves.values()):
        canvas.draw(values, number, low=low, high=high, last=last)
    title = Text(" " * (margin + 1))
    for number, name in enumerate(curves):
        title.append(f"{name}  ", style=_STYLES[number % len(_STYLES)])
    title.truncate(width)
    lines = [title]
    for row, cells in enumerate(canvas.cells):
        label = labels[0] if row == 0 else labels[1] if row == len(canvas.cells) - 1 else ""
        line = Text(f"{label:>{margin}} ", style="dim")
        for bits, owner in cells:
            line.append(chr(_BLANK | bits), style=_STYLES[owner % len(_STYLES)])
        lines.append(line)
    return Text("\n").join(lines)


def _is_drawn(value: float) -> bool:
    return math.isfinite(value) and abs(value) < _LARGEST


class _Canvas:
    """Cells with the bits of their dots, and which curve was drawn there last."""

    def __init__(self, width: int, height: int) -> None:
        self.cells = [[(0, 0)] * width for _ in range(height)]
        self.columns, self.rows = 2 * width, 4 * height

    def draw(self, values: Sequence[float], owner: int, *, low: float, high: float, last: int) -> None:
        """Draw a polyline through the values; the first is at the left end, that of `last` at the right."""
        step = (self.columns - 1) / max(last - 1, 1)
        span = (high - low) or 1.0
        points = [
            (index * step, (self.rows - 1) * (high - value) / span) if _is_drawn(value) else None
            for index, value in enumerate(values)
        ]
        for start, end in zip(points, [*points[1:], None], strict=True):
            if start is not None:
                self._line(start, end or start, owner)

    def _line(self, start: tuple[float, float], end: tuple[float, float], owner: int) -> None:
        steps = max(1, math.ceil(max(abs(end[0] - start[0]), abs(end[1] - start[1]))))
        for index in range(steps + 1):
            share = index / steps
            self._dot(start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1]), owner)

    def _dot(self, x: float, y: float, owner: int) -> None:
        column, row = round(x), round(y)
        bits, _ = self.cells[row // 4][column // 2]
        self.cells[row // 4][column // 2] = (bits | _DOTS[column % 2][row % 4], owner)
