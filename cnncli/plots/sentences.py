"""Draw sentences, alone and with the heat of their words."""

from __future__ import annotations

from dataclasses import dataclass

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from cnncli.plots import style
from cnncli.plots.sentence_sheet import Line, Sentence, SentenceSheet
from cnncli.plots.text_fitting import fit_text, plain_text, text_width

SENTENCE_WIDTH = 7.4  # inches of a sentence's lines, at the most
_NARROWEST = 4.6
_SIZE = 10.5  # points of its letters
_LINE = 0.25  # inches
_CAPTION_LINE = 0.18
_GAP = 0.2  # between sentences
_SPACE = 0.065  # between words
_MOST_LINES = 6
_MOST_IN_A_COLUMN = 5  # sentences; more are drawn in two columns
_GUTTER = 0.5
_LONGEST_WORD = 60  # letters
_FAINTEST = 0.05  # heat that is not drawn
_ORANGES = matplotlib.colormaps["Oranges"]
_STRONGEST = 0.6  # of the colours: black letters stay readable on it
_CUT = "…"
_COLOURS = {"right": style.BLUE, "wrong": style.ORANGE, "plain": style.INK, "muted": style.MUTED}


@dataclass(frozen=True)
class _Placed:
    """A word on a line: inches from the left, its width, what is written, its heat."""

    left: float
    width: float
    text: str
    heat: float


def draw_sentences(sheet: SentenceSheet) -> Figure:
    """Draw sentences with their captions, more than five in two columns.

    A word that speaks for something has an orange ground, the stronger the darker; one that speaks against it a dashed blue
    line below, the stronger the thicker. So they can be distinguished without colours. Of a long text the lines with the most
    heat are shown, else the first ones.

    Returns:
        The picture. Its label is what it shows as JSON, a `SentenceSheet`, which a PNG file keeps.
    """
    sentences, notes = sheet.sentences, sheet.notes
    with style.look():
        laid = [_cut(_lines(sentence)) for sentence in sentences]
        columns = 1 if len(sentences) <= _MOST_IN_A_COLUMN else 2
        width = max([_NARROWEST, *(line[-1].left + line[-1].width for lines in laid for line in lines if line)])
        cells = [
            _CAPTION_LINE * len(sentence.caption) + 0.05 + _LINE * len(lines) + _GAP
            for sentence, lines in zip(sentences, laid, strict=True)
        ]
        rows = [max(cells[start : start + columns]) for start in range(0, len(cells), columns)]
        top = style.MARGIN + style.HEADER_HEIGHT
        below = top + sum(rows)
        height = below + _CAPTION_LINE * len(notes) + style.MARGIN - (0 if notes or not sentences else _GAP)
        figure = style.new_figure(_page_width(columns * (width + _GUTTER) - _GUTTER, sheet), height)
        style.add_header(figure, sheet.title, sheet.subtitle)
        for number, (sentence, lines) in enumerate(zip(sentences, laid, strict=True)):
            row, column = divmod(number, columns)
            left = style.MARGIN + column * (width + _GUTTER)
            _draw_sentence(figure, left, top + sum(rows[:row]), width, sentence.caption, lines)
        for number, text in enumerate(notes):
            style.add_text(figure, style.MARGIN, below + number * _CAPTION_LINE, text, color=style.MUTED)
    shown = tuple(_shown(*pair) for pair in zip(sentences, laid, strict=True))
    figure.set_label(sheet.model_copy(update={"sentences": shown}).model_dump_json())
    return figure


def _page_width(content: float, sheet: SentenceSheet) -> float:
    """The width in inches that shows the sentences and the lines above and below them in full."""
    notes = (text_width(plain_text(note), style.LABEL_SIZE) for note in sheet.notes)
    return max(
        content + 2 * style.MARGIN, style.header_width("", sheet.subtitle), *(2 * style.MARGIN + note for note in notes)
    )


def _shown(sentence: Sentence, lines: list[list[_Placed]]) -> Sentence:
    """What is drawn of a sentence."""
    words = [word for line in lines for word in line]
    heat = tuple(word.heat for word in words) if sentence.heat else ()
    return Sentence(words=tuple(word.text for word in words), heat=heat, caption=sentence.caption)


def _draw_sentence(
    figure: Figure, left: float, top: float, width: float, caption: tuple[Line, ...], lines: list[list[_Placed]]
) -> None:
    for number, line_above in enumerate(caption):
        shown = fit_text(plain_text(line_above.text), width, style.LABEL_SIZE)
        style.add_text(figure, left, top + number * _CAPTION_LINE, shown, color=_COLOURS[line_above.role])
    first = top + _CAPTION_LINE * len(caption) + 0.05
    for number, line in enumerate(lines):
        for word in line:
            _draw_word(figure, word, left + word.left, first + number * _LINE)


def _lines(sentence: Sentence) -> list[list[_Placed]]:
    """The words wrapped to the width."""
    lines: list[list[_Placed]] = [[]]
    left = 0.0
    for word, heat in sentence.pairs():
        text = fit_text(plain_text(word[:_LONGEST_WORD]), SENTENCE_WIDTH, _SIZE)
        width = text_width(text, _SIZE)
        if lines[-1] and left + width > SENTENCE_WIDTH:
            lines.append([])
            left = 0.0
        lines[-1].append(_Placed(left, width, text, heat))
        left += width + _SPACE
    return lines


def _cut(lines: list[list[_Placed]]) -> list[list[_Placed]]:
    """So many lines as there is room for, those with the most heat, and a sign where some are left out."""
    if len(lines) <= _MOST_LINES:
        return lines
    heat = np.array([sum(abs(word.heat) for word in line) for line in lines])
    sums = np.convolve(heat, np.ones(_MOST_LINES), mode="valid")
    best = np.flatnonzero(sums == sums.max())
    first = int(best[len(best) // 2]) if sums.any() else 0
    kept = lines[first : first + _MOST_LINES]
    if first:
        kept = [_with_sign(kept[0], at=0), *kept[1:]]
    if first + _MOST_LINES < len(lines):
        kept = [*kept[:-1], _with_sign(kept[-1], at=len(kept[-1]) - 1)]
    return kept


def _with_sign(line: list[_Placed], *, at: int) -> list[_Placed]:
    """The line with one word replaced by a sign."""
    word = line[at]
    return [*line[:at], _Placed(word.left, word.width, _CUT, 0.0), *line[at + 1 :]]


def _draw_word(figure: Figure, word: _Placed, left: float, top: float) -> None:
    """A word, its ground and its line, at a place in inches from the page's top left corner."""
    width, height = figure.get_size_inches()
    if word.heat >= _FAINTEST:
        ground = Rectangle(
            ((left - 0.02) / width, 1 - (top + _LINE - 0.04) / height),
            (word.width + 0.04) / width,
            (_LINE - 0.04) / height,
            facecolor=_ORANGES(word.heat * _STRONGEST),
            edgecolor="none",
            transform=figure.transFigure,
        )
        figure.add_artist(ground)
    if word.heat <= -_FAINTEST:
        y = 1 - (top + _LINE - 0.045) / height
        line = Line2D(
            [left / width, (left + word.width) / width],
            [y, y],
            color=style.BLUE,
            linewidth=0.8 + 1.8 * -word.heat,
            linestyle=(0, (2, 1)),
            transform=figure.transFigure,
        )
        figure.add_artist(line)
    style.add_text(figure, left, top + 0.02, word.text, size=_SIZE, color=style.INK)
