"""Draw feature maps: an example, and below it the maps of one layer after another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from cnncli.inputs import InputKind, kind_of
from cnncli.plots import style
from cnncli.plots.map_tiles import LayerMaps, Plan, draw_tiles, fit, plan, write_tiles
from cnncli.plots.signals import plot_signal
from cnncli.plots.text_fitting import fit_text, plain_text, text_width
from cnncli.plots.tiles import Pixels, Strip, resize, show_sheet, to_pixels, to_unit
from cnncli.plots.token_strips import ROW_HEIGHT, TICKS_HEIGHT, plot_tokens

TALLEST = 3000  # pixels of a sheet; the layers that do not fit go on in a second one

_WIDTH = 1500  # pixels for the maps
# How many maps of a layer, and the height in pixels that they may fill. The first with which all layers fit on one sheet.
_ROOM = ((64, 840), (64, 430), (32, 270), (16, 170))
_IMAGE_SIDE = 300  # pixels of the example's longer side
_CAPTION_HEIGHT = 0.2
_SIGNAL = (6.0, 1.6)  # inches
_GUTTER = 0.35  # inches between the example and what is said of it
_BESIDE = 2.9  # inches that this takes at the least
_LINE = 0.26
_NOTE = 0.2
_MOST_NOTES = 2
_SPACE = 0.14
_SCALE = (1.7, 0.46)  # inches, with its labels
_SECTION_GAP = 0.3
_HEADING = 0.3
_CONTINUED = 0.12  # inches of white where a sheet goes on


@dataclass(frozen=True)
class _Example:
    """An example as the first picture of a sheet.

    Attributes:
        values: as its kind has them.
        about: what is written above it; empty for its kind and its size.
    """

    values: NDArray[Any]
    kind: InputKind
    about: str = ""

    @property
    def is_wide(self) -> bool:
        """Whether it is drawn over its positions: a curve, or a strip of tokens."""
        return self.kind.ARE_NUMBERED or (self.kind.ARE_CURVES and len(self.values) > 1)

    @property
    def caption(self) -> str:
        return self.about or self.kind.caption(self.values.shape)

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in inches."""
        if self.kind.ARE_NUMBERED:
            return _SIGNAL[0], ROW_HEIGHT + TICKS_HEIGHT
        if self.is_wide:
            return _SIGNAL[0], _SIGNAL[1] + 0.3
        height, width, _ = self.picture.shape
        across, down = fit(height, width, _IMAGE_SIDE - 2)
        return (across + 2) / style.DPI, (down + 2) / style.DPI

    @property
    def picture(self) -> NDArray[Any]:
        """(height, width, 1 or 3)."""
        picture: NDArray[Any] = self.kind.pictures(self.values[None])[0]
        return picture

    def draw(self, figure: Figure, top: float) -> None:
        if self.kind.ARE_NUMBERED:
            plot_tokens(style.add_axes(figure, style.MARGIN, top, _SIGNAL[0], ROW_HEIGHT), self.values)
        elif self.is_wide:
            plot_signal(style.add_axes(figure, style.MARGIN + 0.02, top, *_SIGNAL), self.values)
        else:
            show_sheet(figure, style.MARGIN, top, _image_pixels(self.picture))


def draw_feature_maps(
    example: NDArray[Any],
    layers: Sequence[LayerMaps],
    *,
    title: str,
    answer: Sequence[tuple[str, str]] = (),
    kind: InputKind | None = None,
    caption: str = "",
) -> list[Figure]:
    """Draw an example, and below it for each layer the maps that it makes of it, each with its filter's number from 0.

    Every map is scaled on its own, from its smallest value (dark) to its largest (bright): what counts is where a filter
    answers. A map that is the same everywhere (a dead filter) is flat gray and counted; a value that is not finite is
    orange. Units, which have one place each, share their layer's scale. Signals and their maps are curves, of volumes
    slices are shown.

    Of each layer up to 64 maps are drawn; of many layers 32 or 16, so that all are on one sheet; layers that do not fit go
    on in further sheets.

    Args:
        example: (height, width, channels), (length, channels) or (depth, height, width, channels), uint8, or float: in
            [0, 1], or any other range, which is then stretched. Of channels other than 1 and 3 an image is their mean.
        layers: one or more, in the order of the network.
        title: the heading, any text.
        answer: lines beside the example, such as its true and its predicted class, each with its colour.
        kind: of the example; None for the one that has as many axes.
        caption: what is written above the example; left out: its kind and its size.

    Returns:
        A sheet or more, none taller than `TALLEST` pixels.

    Raises:
        ValueError: the example has other axes or an empty one, or there is no layer.
    """
    example = np.asarray(example)
    shown = _Example(example, kind or kind_of(example.shape), caption)
    if not shown.kind.has_places or 0 in example.shape:
        raise ValueError(f"an example has 2 to 4 axes, the channels last, none 0; received shape {example.shape}")
    if not layers:
        raise ValueError("feature maps of one layer or more; received none")
    with style.look():
        top = style.MARGIN + style.HEADER_HEIGHT
        sheets = _on_sheets(layers, top + _example_height(shown, answer) + _SECTION_GAP, top + _CONTINUED)
        return [
            _draw_page(shown if number == 0 else None, sections, title, answer, number, len(sheets), len(layers))
            for number, sections in enumerate(sheets)
        ]


def _on_sheets(layers: Sequence[LayerMaps], first_top: float, other_top: float) -> list[list[Plan]]:
    """The layers of each sheet, which begin so many inches from its top; several sheets become about equally tall."""
    limit = TALLEST / style.DPI
    for most, height in _ROOM if len(layers) == 1 else _ROOM[1:]:
        sections = [plan(layer, most=most, page=(_WIDTH, height)) for layer in layers]
        sheets = _fill(sections, first_top, other_top, limit)
        if len(sheets) == 1:
            return sheets
    while len(lower := _fill(sections, first_top, other_top, limit)) == len(sheets):
        sheets = lower
        limit -= 0.25
    return sheets


def _fill(sections: Sequence[Plan], first_top: float, other_top: float, limit: float) -> list[list[Plan]]:
    """Sheets of at most so many inches, one layer at the least."""
    sheets: list[list[Plan]] = [[]]
    bottom = first_top
    for section in sections:
        if sheets[-1] and bottom + _section_height(section) - _SECTION_GAP + style.MARGIN > limit:
            sheets.append([])
            bottom = other_top
        sheets[-1].append(section)
        bottom += _section_height(section)
    return sheets


def _section_height(section: Plan) -> float:
    """Inches, with the gap below."""
    return _HEADING + section.size[1] / style.DPI + _SECTION_GAP


def _draw_page(
    example: _Example | None,
    sections: Sequence[Plan],
    title: str,
    answer: Sequence[tuple[str, str]],
    number: int,
    count: int,
    layer_count: int,
) -> Figure:
    of = f"{layer_count} layers, in the order of the network" if layer_count > 1 else "one layer"
    subtitle = f"feature maps of {of} · filters are numbered from 0" + (
        f" · sheet {number + 1} of {count}" if count > 1 else ""
    )
    drawn = [draw_tiles(section) for section in sections]
    abouts = [" · ".join([section.about, *notes]) for section, (_, notes) in zip(sections, drawn, strict=True)]
    widest = max(section.size[0] for section in sections) / style.DPI
    named = max(
        _name_width(section) + text_width(about, style.LABEL_SIZE)
        for section, about in zip(sections, abouts, strict=True)
    )
    is_wide = example is not None and example.is_wide
    least = _SIGNAL[0] + _GUTTER + _BESIDE if is_wide else 8.0 - 2 * style.MARGIN
    content = min(max(widest, named, least), _WIDTH / style.DPI)
    top = style.MARGIN + style.HEADER_HEIGHT
    below = top + (_CONTINUED if example is None else _example_height(example, answer) + _SECTION_GAP)
    height = below + sum(map(_section_height, sections)) - _SECTION_GAP + style.MARGIN
    figure = style.new_figure(content + 2 * style.MARGIN, height)
    style.add_header(figure, title, subtitle)
    if example is not None:
        _draw_example(figure, example, top, answer, _notes(sections))
    for section, (sheet, _), about in zip(sections, drawn, abouts, strict=True):
        _draw_heading(figure, below, section, about, content)
        axes = show_sheet(figure, style.MARGIN, below + _HEADING, sheet.image)
        write_tiles(axes, section, sheet)
        below += _section_height(section)
    return figure


def _draw_heading(figure: Figure, top: float, section: Plan, about: str, width: float) -> None:
    page_width, page_height = figure.get_size_inches()
    ends = np.array([style.MARGIN, style.MARGIN + width]) / page_width
    y = 1 - (top - _SECTION_GAP * 0.45) / page_height
    figure.add_artist(Line2D(ends, [y, y], color=style.FAINT, linewidth=1.0))
    name = fit_text(plain_text(section.layer.name), width * 0.4, style.HEADING_SIZE, bold=True)
    base = top + 0.15  # of the letters of both sizes
    options: dict[str, Any] = {"va": "baseline"}
    style.add_text(figure, style.MARGIN, base, name, size=style.HEADING_SIZE, fontweight="bold", **options)
    room = width - _name_width(section)
    about = fit_text(about, room, style.LABEL_SIZE)
    style.add_text(figure, style.MARGIN + _name_width(section), base, about, color=style.MUTED, **options)


def _name_width(section: Plan) -> float:
    """Inches of a section's name and the white after it."""
    name = fit_text(plain_text(section.layer.name), _WIDTH / style.DPI * 0.4, style.HEADING_SIZE, bold=True)
    return text_width(name, style.HEADING_SIZE, bold=True) + 0.12


def _notes(sections: Sequence[Plan]) -> list[str]:
    layers = [section.layer for section in sections]
    notes = []
    if not all(layer.are_units or layer.are_curves for layer in layers):
        notes.append("each map has its own scale")
    if any(layer.are_curves for layer in layers):
        notes.append("each curve has its own scale; gray line: 0")
    if any(layer.are_units for layer in layers):
        notes.append("the units of a layer share a scale")
    return notes


def _example_height(example: _Example, answer: Sequence[tuple[str, str]]) -> float:
    """Inches of an example with its caption, and of what stands beside it."""
    beside = _LINE * len(answer) + _SPACE + _SCALE[1] + _NOTE * _MOST_NOTES
    return _CAPTION_HEIGHT + max(example.size[1], beside)


def _draw_example(
    figure: Figure, example: _Example, top: float, answer: Sequence[tuple[str, str]], notes: Sequence[str]
) -> None:
    """Draw it, and beside it the answer and what the colours say."""
    example.draw(figure, top + _CAPTION_HEIGHT)
    style.add_text(figure, style.MARGIN, top, example.caption, color=style.MUTED)
    left = style.MARGIN + max(example.size[0], text_width(example.caption, style.LABEL_SIZE)) + _GUTTER
    room = float(figure.get_size_inches()[0]) - left - style.MARGIN
    y = top + _CAPTION_HEIGHT
    for text, colour in answer:
        shown = fit_text(plain_text(text), room, style.HEADING_SIZE, bold=True)
        style.add_text(figure, left, y, shown, size=style.HEADING_SIZE, fontweight="bold", color=colour)
        y += _LINE
    y += _SPACE
    if not all("curve" in note for note in notes):
        _draw_scale(figure, left, y)
        y += _SCALE[1]
    for note in notes:
        style.add_text(figure, left, y, fit_text(note, room, style.LABEL_SIZE), color=style.MUTED)
        y += _NOTE


def _image_pixels(image: NDArray[Any]) -> Pixels:
    """Return the image as uint8 (height, width, 3), enlarged or averaged to the size it is shown at."""
    values = image.astype(np.float64)
    if image.dtype == np.uint8:
        values /= 255
    elif not (np.isfinite(values).all() and values.min() >= 0 and values.max() <= 1):
        values = to_unit(values)
    width, height = fit(image.shape[0], image.shape[1], _IMAGE_SIDE - 2)
    resized = np.moveaxis(resize(np.moveaxis(values, -1, 0), height, width), 0, -1)
    framed: Pixels = Strip(1, 1, height, width).draw(to_pixels(resized)[None, None, None], 1)[0]
    return framed


def _draw_scale(figure: Figure, left: float, top: float) -> None:
    axes = style.add_axes(figure, left, top, _SCALE[0], 0.15)
    axes.imshow(np.linspace(0, 1, 256)[None], cmap="viridis", vmin=0, vmax=1, aspect="auto", extent=(0, 1, 0, 1))
    axes.set_xticks([0, 1], ["smallest", "largest"], fontsize=8)
    axes.set_yticks([])
    axes.spines[["right", "top"]].set_visible(True)
    start, end = axes.get_xticklabels()
    start.set_horizontalalignment("left")
    end.set_horizontalalignment("right")
