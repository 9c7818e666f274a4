"""Draw the most confident wrong predictions."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence

from matplotlib.figure import Figure

from cnncli.data.input_values import InputValues
from cnncli.data.input_values import count as count_of
from cnncli.inputs import InputKind, kind_of
from cnncli.messages import percent
from cnncli.plots import style
from cnncli.plots.example_tiles import example_tiles, side_by_side
from cnncli.plots.sentence_figures import as_text, draw_wrong_sentences
from cnncli.plots.sentences import SENTENCE_WIDTH
from cnncli.plots.text_fitting import Title, fit_text, plain_text, text_width
from cnncli.plots.tiles import Spacing, choose_columns, compose, show_sheet
from cnncli.recipe.named_inputs import INPUT, by_name
from cnncli.tasks.classification.mistakes import Wrong

_TILE = 280  # pixels of an example's longer side, at most, and of its width at the least: room for its caption
_LINE = 24  # pixels of a line of the caption
_LINES = 3
_GAP = 18
_LEAST_WIDTH = 5.2  # inches

Caption = tuple[tuple[str, str], ...]  # the lines below an example, each with its colour


def draw_confident_errors(
    examples: InputValues,
    wrong: Sequence[Wrong],
    *,
    title: str | Title,
    count: int,
    wrong_count: int,
    kinds: Mapping[str, InputKind] | None = None,
) -> Figure:
    """Draw a sheet of examples, each with its predicted and its true class.

    Images are enlarged by whole pixels or made smaller, never distorted; of a volume its middle slice is shown, and
    anything with one axis beside its channels is drawn as curves over its length. Texts are written out, and sequences of
    tokens are their numbers.

    Args:
        examples: those of `wrong` in the same order: (len(wrong), height, width, 1 or 3), (…, depth, height, width,
            1 or 3), (…, length, channels), (…, length) or texts (…,); uint8, or float that is stretched to its range. Of several
            inputs by name; those that can be shown stand side by side.
        wrong: what is said of each; none draws a page that says so.
        title: the heading, any text.
        count: how many examples were scored.
        wrong_count: how many of them wrong.
        kinds: as of `draw_sheet`.

    Raises:
        ValueError: examples of another shape, or not one for each of `wrong`.
    """
    if count_of(examples) != len(wrong):
        raise ValueError(f"{len(wrong)} images or curves are needed; received {count_of(examples)}")

    def caption(number: int, width: float) -> Caption:
        return _caption(wrong[number], width)

    return draw_sheet(examples, caption, title=title, subtitle=_subtitle(len(wrong), count, wrong_count), kinds=kinds)


def draw_sheet(
    examples: InputValues,
    caption: Callable[[int, float], Caption],
    *,
    title: str | Title,
    subtitle: str,
    kinds: Mapping[str, InputKind] | None = None,
) -> Figure:
    """Draw a sheet of examples with three lines below each; see `draw_confident_errors`.

    Args:
        examples: as of `draw_confident_errors`.
        caption: the number of an example and the width in inches that its lines have -> the lines.
        title, subtitle: the heading, any text.
        kinds: of the inputs by name; of those that are left out what their shape says.

    Raises:
        ValueError: examples of another shape.
    """
    inputs = by_name(examples)
    shapes = {name: values.shape[1:] for name, values in inputs.items()}
    known = {name: kind_of(shape) for name, shape in shapes.items()} | dict(kinds or {})
    inputs = {name: values for name, values in inputs.items() if known[name].can_show(shapes[name])}
    if not inputs:
        raise ValueError(f"images or curves are needed; received shapes {list(shapes.values())}")
    if all(known[name].ARE_NUMBERED for name in inputs) and count_of(examples):
        values = next(iter(inputs.values()))
        lines = [caption(number, SENTENCE_WIDTH) for number in range(len(values))]
        return draw_wrong_sentences(list(map(as_text, values)), lines, title=title, subtitle=subtitle)
    inputs = {name: values for name, values in inputs.items() if not known[name].ARE_NUMBERED} or inputs
    left_out = [kind_of(shapes[name]).for_tile(values)[1] for name, values in inputs.items()]
    names = [] if INPUT in inputs else [f"from left to right: {', '.join(map(plain_text, inputs))}"]
    if count_of(examples):
        subtitle = " · ".join([subtitle, *names, *dict.fromkeys(filter(None, left_out))])
    with style.look():
        if not count_of(examples):
            figure = style.new_figure(
                max(_LEAST_WIDTH, style.header_width("", subtitle)), 2 * style.MARGIN + style.HEADER_HEIGHT
            )
            style.add_header(figure, title, subtitle)
            return figure
        tiles = side_by_side([example_tiles(values, _TILE) for values in inputs.values()])
        height, width = tiles.shape[1:3]
        gap = _GAP if len(inputs) == 1 else 3 * _GAP
        columns = len(tiles) if len(tiles) <= 5 else choose_columns(len(tiles), (5, 4, 6, 7))
        if len(inputs) > 1:
            columns = min(len(tiles), max(1, 6 // len(inputs)))
        sheet = compose(tiles, columns, Spacing(right=gap, below=_LINES * _LINE + _GAP))
        top = style.MARGIN + style.HEADER_HEIGHT
        page = max(_LEAST_WIDTH, sheet.image.shape[1] / style.DPI + 2 * style.MARGIN, style.header_width("", subtitle))
        captions = _LINES * _LINE / style.DPI
        figure = style.new_figure(page, top + sheet.image.shape[0] / style.DPI + captions + style.MARGIN)
        style.add_header(figure, title, subtitle)
        show_sheet(figure, style.MARGIN, top, sheet.image)
        for number, (left, above) in enumerate(sheet.corners):
            place = style.MARGIN + left / style.DPI, top + (above + height + 8) / style.DPI
            for line, (text, colour) in enumerate(caption(number, width / style.DPI)):
                down = place[1] + line * _LINE / style.DPI
                style.add_text(figure, place[0], down, text, color=colour)
    return figure


def _caption(wrong: Wrong, width: float) -> Caption:
    share = "" if wrong.probability is None else f" ({percent(wrong.probability)})"
    return prediction_lines(wrong.predicted, wrong.true, where_line(wrong.index, wrong.file, width), width, share=share)


def prediction_lines(
    predicted: str, true: str, where: tuple[str, str], width: float, *, share: str = "", is_wrong: bool = True
) -> Caption:
    """The lines below an example: `predicted bees (98.2%)`, `true ants`, where it is. Names are shortened, the share is not."""
    lines = []
    own = style.ORANGE if is_wrong else style.INK
    for word, name, end, colour in (("predicted ", predicted, share, own), ("true ", true, "", style.INK)):
        room = width - text_width(word + end, style.LABEL_SIZE)
        lines.append((word + fit_text(plain_text(name), room, style.LABEL_SIZE) + end, colour))
    return *lines, where


def where_line(index: int, file: str | None, width: float) -> tuple[str, str]:
    """The last line of a caption: which example it is."""
    where = f"example {index}" if file is None else plain_text(os.path.basename(file))
    return fit_text(where, width, style.LABEL_SIZE), style.MUTED


def _subtitle(shown: int, count: int, wrong_count: int) -> str:
    if not wrong_count:
        return f"all {count:,} predictions are correct"
    which = "the most confident first" if shown == wrong_count else f"the {shown} most confident ones"
    return f"{wrong_count:,} of {count:,} predictions are wrong: {which}"
