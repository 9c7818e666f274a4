"""The style of all pictures: colours, sizes, and a page laid out in inches."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.text import Text

from cnncli.plots.text_fitting import Title, fit_text, font_families, plain_text, text_width

DPI = 150  # of the saved PNG; pages are laid out on whole pixels of it

# Okabe and Ito, "Color universal design" (2008): told apart with every kind of colour blindness.
BLUE = "#0072B2"  # train; right
ORANGE = "#D55E00"  # validation; wrong; not a number
GREEN = "#009E73"
INK = "#1F2328"  # what is said
MUTED = "#646C76"  # what is said about it
FRAME = "#AEB6BF"  # around tiles, and the axis lines
FAINT = "#E6E9ED"  # grid lines
PAPER = "#FFFFFF"

TITLE_SIZE = 15.0  # points
SUBTITLE_SIZE = 10.0
HEADING_SIZE = 11.0  # of a panel
LABEL_SIZE = 9.0
SMALLEST_SIZE = 5.5  # 11 pixels at 150 dpi: the least that can be read

MARGIN = 0.3  # inches of white around everything
HEADER_HEIGHT = 0.66  # inches that `add_header` takes below the margin

RIGHT_RAMP = LinearSegmentedColormap.from_list("right", [PAPER, "#CFE3F1", "#7FB8DA", "#2F8BC3", BLUE, "#004B79"])
WRONG_RAMP = LinearSegmentedColormap.from_list("wrong", [PAPER, "#F9D5BD", "#F2AC7E", "#E5803F", ORANGE, "#8F3D00"])

_LOOK: dict[str, Any] = {
    "axes.axisbelow": True,
    "axes.edgecolor": FRAME,
    "axes.grid": False,
    "axes.labelcolor": MUTED,
    "axes.labelsize": LABEL_SIZE,
    "axes.linewidth": 0.8,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.unicode_minus": True,
    "figure.dpi": DPI,
    "figure.facecolor": PAPER,
    "font.size": LABEL_SIZE,
    "grid.color": FAINT,
    "grid.linewidth": 0.8,
    "lines.linewidth": 2.0,
    "lines.solid_capstyle": "round",
    "savefig.dpi": "figure",
    "savefig.facecolor": "auto",
    "svg.fonttype": "path",  # letters as outlines: the same picture where the font is missing
    "svg.hashsalt": "cnncli",  # without it every file gets new random ids
    "text.color": INK,
    "text.parse_math": False,  # a `$` in a class name is a dollar
    "text.usetex": False,
    "xtick.color": FRAME,
    "xtick.labelcolor": MUTED,
    "xtick.labelsize": LABEL_SIZE,
    "xtick.major.size": 3,
    "ytick.color": FRAME,
    "ytick.labelcolor": MUTED,
    "ytick.labelsize": LABEL_SIZE,
    "ytick.major.size": 3,
}


_is_set = ContextVar("_is_set", default=False)


@contextmanager
def look() -> Iterator[None]:
    """Draw in the shared look, whatever the machine's own matplotlibrc says; nothing global changes.

    Within another `look` nothing is left to do: to check some 300 settings takes as long as to draw a few words.
    """
    if _is_set.get():
        yield
        return
    settings: dict[Any, Any] = {**matplotlib.rcParamsDefault, **_LOOK, "font.family": list(font_families())}
    with matplotlib.rc_context({key: value for key, value in settings.items() if not key.startswith("backend")}):
        token = _is_set.set(True)
        try:
            yield
        finally:
            _is_set.reset(token)


def new_figure(width: float, height: float) -> Figure:
    """Make an empty page of `width` by `height` inches, on whole pixels."""
    figure = Figure(figsize=(on_pixel(width), on_pixel(height)), dpi=DPI)
    FigureCanvasAgg(figure)
    return figure


def on_pixel(inches: float) -> float:
    """Round a length in inches to whole pixels of the saved picture."""
    return round(inches * DPI) / DPI


def add_axes(figure: Figure, left: float, top: float, width: float, height: float) -> Axes:
    """Add axes at a place in inches from the page's top left corner, on whole pixels."""
    page_width, page_height = figure.get_size_inches()
    left, top, width, height = (on_pixel(length) for length in (left, top, width, height))
    bottom = page_height - top - height
    return figure.add_axes((left / page_width, bottom / page_height, width / page_width, height / page_height))


def add_text(figure: Figure, left: float, top: float, text: str, *, size: float = LABEL_SIZE, **options: Any) -> Text:
    """Write a line at a place in inches from the page's top left corner; `top` is the top of its letters."""
    page_width, page_height = figure.get_size_inches()
    options = {"va": "top", "ha": "left", "fontsize": size, **options}
    return figure.text(left / page_width, 1 - top / page_height, text, **options)


def add_header(figure: Figure, title: str | Title, subtitle: str) -> None:
    """Write the title and the line below it at the top of the page, shortened to the page's width."""
    width = float(figure.get_size_inches()[0]) - 2 * MARGIN
    shown = (Title(title) if isinstance(title, str) else title).fitted(width, TITLE_SIZE)
    add_text(figure, MARGIN, MARGIN, shown, size=TITLE_SIZE, fontweight="bold")
    add_text(figure, MARGIN, MARGIN + 0.3, fit_text(subtitle, width, SUBTITLE_SIZE), size=SUBTITLE_SIZE, color=MUTED)


def header_width(title: str | Title, subtitle: str) -> float:
    """Return the page width in inches that shows both lines of a header in full."""
    title_width = text_width(plain_text(title), TITLE_SIZE, bold=True)
    return 2 * MARGIN + 0.02 + max(title_width, text_width(subtitle, SUBTITLE_SIZE))
