"""Check for blank examples: all values alike, or nearly so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from cnncli.data_checks.examples_by_index import AllExamples
from cnncli.data_checks.findings import Finding
from cnncli.data_checks.measurements import Measured
from cnncli.inputs import kind_of
from cnncli.messages import counted

NEARLY = 0.01  # standard deviation of an example, as a share of the range of all
_MOST_LISTED = 100
_CENTRAL = 0.01  # of the examples at either end do not decide the range


def check_blank(every: AllExamples, measured: Mapping[str, Measured]) -> list[Finding]:
    """Examples of one value, pictures with hardly any contrast, texts without words."""
    found: list[Finding] = []
    for name, own in measured.items():
        kind = kind_of(own.shape)
        which = f" of input `{name}`" if len(measured) > 1 else ""
        words = f"{kind.WORD}{which}", f"{kind.WORD}s{which}"
        numbers = own.numbers
        if numbers is None:
            found += _finding(every, own.lengths == 0, *words, "no words")
            continue
        if not kind.has_places:
            continue
        constant = numbers.lows == numbers.highs
        found += _finding(every, constant, *words, "one value everywhere")
        if kind.ARE_PIXELS:
            low, high = np.quantile(numbers.lows, _CENTRAL), np.quantile(numbers.highs, 1 - _CENTRAL)
            nearly = ~constant & (numbers.spreads < NEARLY * (high - low))
            found += _finding(every, nearly, *words, "hardly any contrast")
    return found


def _finding(every: AllExamples, mask: Any, one: str, several: str, what: str) -> Iterator[Finding]:
    rows = np.flatnonzero(mask)
    if len(rows):
        message = f"{counted(len(rows), f'{one} has', f'{several} have')} {what}"
        examples = tuple(every.example(int(row)) for row in rows[:_MOST_LISTED])
        hint = "a network learns nothing from them"
        yield Finding(kind="blank", message=message, hint=hint, count=len(rows), examples=examples)
