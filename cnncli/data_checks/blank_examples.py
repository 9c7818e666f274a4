"""Check for blank examples: all values alike, or nearly so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from cnncli.data_checks.examples_by_index import AllExamples
from cnncli.data_checks.findings import Finding
from cnncli.data_checks.measurements import Measured
from cnncli.inputs import kind_of
from cnncli.messages import counted

NEARLY = 0.01  # standard deviation of an example, as a share of the range of all
_MOST_LISTED = 100
_CENTRAL = 0.01  # of the examples at either end do not decide the range


def check_blank(every: AllExamples, measured: Mapping[str, Measured]) -> list[Finding]:
    """Examples of one value, and pictures with hardly any contrast."""
    found: list[Finding] = []
    for name, own in measured.items():
        kind = kind_of(own.shape)
        if not kind.has_places:
            continue
        which = f" of input `{name}`" if len(measured) > 1 else ""
        constant = own.is_constant
        found += _finding(every, constant, f"{kind.WORD}{which}", f"{kind.WORD}s{which}", "one value everywhere")
        if kind.ARE_PIXELS:
            low, high = np.quantile(own.lows, _CENTRAL), np.quantile(own.highs, 1 - _CENTRAL)
            nearly = ~constant & (own.spreads < NEARLY * (high - low))
            found += _finding(every, nearly, f"{kind.WORD}{which}", f"{kind.WORD}s{which}", "hardly any contrast")
    return found


def _finding(every: AllExamples, mask: NDArray[np.bool_], one: str, several: str, what: str) -> Iterator[Finding]:
    rows = np.flatnonzero(mask)
    if len(rows):
        message = f"{counted(len(rows), f'{one} has', f'{several} have')} {what}"
        examples = tuple(every.example(int(row)) for row in rows[:_MOST_LISTED])
        hint = "a network learns nothing from them"
        yield Finding(kind="blank", message=message, hint=hint, count=len(rows), examples=examples)
