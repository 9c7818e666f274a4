"""Kinds of input, a module each: texts, rows of numbers, signals, images, volumes, sequences of tokens."""

from __future__ import annotations

from collections.abc import Sequence

from cnncli.inputs.base import OTHER, InputKind
from cnncli.inputs.image import IMAGE
from cnncli.inputs.numbers import NUMBERS
from cnncli.inputs.signal import SIGNAL
from cnncli.inputs.text import TEXT
from cnncli.inputs.tokens import TOKENS
from cnncli.inputs.volume import VOLUME

__all__ = ["IMAGE", "KINDS", "OTHER", "TEXT", "TOKENS", "VOLUME", "InputKind", "kind_of", "kind_of_rank"]

KINDS = (TEXT, NUMBERS, SIGNAL, IMAGE, VOLUME)


def kind_of(shape: Sequence[int | None]) -> InputKind:
    """The kind of input whose examples have a shape; `OTHER` where there is none. Feature maps of a layer count as well."""
    return kind_of_rank(len(shape))


def kind_of_rank(rank: int) -> InputKind:
    """The kind of input whose examples have so many axes."""
    return next((kind for kind in KINDS if len(kind.AXES) == rank), OTHER)
