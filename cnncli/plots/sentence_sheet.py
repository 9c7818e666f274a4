"""Sentences with the heat of their words, as data: pictures and the page draw them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

SUPPORTS = "Orange ground: the word {meaning}. Dashed blue line: without the word the score is higher."
ONLY_SUPPORTS = "The more orange, the more a word {meaning}."

CONTENT = "cnncli"  # the entry of a PNG file with the sheet as JSON
_LEVELS = 5  # of a word's colour in the page

Role = Literal["right", "wrong", "plain", "muted"]
_Heat = Annotated[float, Field(ge=-1, le=1)]


class Line(BaseModel):
    """A line above a sentence, and what it is: a right or a wrong prediction, plain, or said in passing."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    text: str
    role: Role = "plain"


class Sentence(BaseModel):
    """A text that is shown.

    Attributes:
        words: as they are written.
        heat: of each from -1, speaks against, to 1, speaks for; empty where none is known.
        caption: lines above it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    words: tuple[str, ...]
    heat: tuple[_Heat, ...] = ()
    caption: tuple[Line, ...] = ()

    @model_validator(mode="after")
    def _one_for_each_word(self) -> Sentence:
        if self.heat and len(self.heat) != len(self.words):
            raise ValueError(f"{len(self.words)} words have {len(self.heat)} values of heat")
        return self

    def levels(self) -> Sequence[tuple[str, int]]:
        """Each word with the level of its colour, from -5 to 5."""
        return [(word, round(heat * _LEVELS)) for word, heat in self.pairs()]

    def pairs(self) -> Sequence[tuple[str, float]]:
        """Each word with its heat; 0 where none is known."""
        return list(zip(self.words, self.heat or [0.0] * len(self.words), strict=True))


class SentenceSheet(BaseModel):
    """Sentences below a heading.

    Attributes:
        title, subtitle: the heading, any text.
        notes: lines at the bottom.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str
    subtitle: str
    sentences: tuple[Sentence, ...]
    notes: tuple[str, ...] = ()
