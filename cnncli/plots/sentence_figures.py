"""Sheets of sentences: the heat of words, and the most confident errors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from cnncli.interpretability.words import words
from cnncli.plots import style
from cnncli.plots.sentence_sheet import ONLY_SUPPORTS, SUPPORTS, Line, Role, Sentence, SentenceSheet
from cnncli.plots.sentences import draw_sentences
from cnncli.plots.text_fitting import Title

_ROLES: dict[str, Role] = {style.BLUE: "right", style.ORANGE: "wrong", style.MUTED: "muted", style.INK: "plain"}

Caption = Sequence[tuple[str, str]]  # lines, each with its colour


def draw_word_heat(
    texts: Sequence[str],
    heat: Sequence[NDArray[Any]],
    captions: Sequence[Caption],
    *,
    title: str | Title,
    subtitle: str,
    meaning: str = "supports the class",
    notes: Sequence[str] = (),
) -> Figure:
    """Draw texts with the heat of their words.

    Args:
        heat: for each text float (words,) in [-1, 1].
        captions: the lines above each text, each with its colour.
        title, subtitle: the heading, any text.
        meaning: what a word with heat does.
        notes: more lines at the bottom.
    """
    has_against = any((one < 0).any() for one in heat)
    legend = (SUPPORTS if has_against else ONLY_SUPPORTS).format(meaning=meaning)
    sentences = [
        Sentence(words=tuple(words(text)), heat=tuple(map(float, one)), caption=_lines(caption))
        for text, one, caption in zip(texts, heat, captions, strict=True)
    ]
    return _drawn(sentences, title, subtitle, [legend, *notes])


def draw_wrong_sentences(
    texts: Sequence[str], captions: Sequence[Caption], *, title: str | Title, subtitle: str
) -> Figure:
    """Draw texts with the lines that say what is wrong of each."""
    sentences = [
        Sentence(words=tuple(words(text)), caption=_lines(caption))
        for text, caption in zip(texts, captions, strict=True)
    ]
    return _drawn(sentences, title, subtitle, [])


def as_text(example: Any) -> str:
    """A text as it is; a sequence of tokens as its numbers, without the padding at its end."""
    if isinstance(example, str):
        return example
    return " ".join(str(int(token)) for token in np.trim_zeros(np.asarray(example), "b"))


def _drawn(sentences: Sequence[Sentence], title: str | Title, subtitle: str, notes: Sequence[str]) -> Figure:
    sheet = SentenceSheet(title=str(title), subtitle=subtitle, sentences=tuple(sentences), notes=tuple(notes))
    return draw_sentences(sheet)


def _lines(caption: Caption) -> tuple[Line, ...]:
    return tuple(Line(text=text, role=_ROLES[colour]) for text, colour in caption)
