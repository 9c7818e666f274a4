"""Check the lengths of texts and signals against what the recipe keeps of them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cnncli.data_checks.examples_by_index import AllExamples
from cnncli.data_checks.findings import Finding
from cnncli.data_checks.measurements import Measured
from cnncli.inputs import kind_of
from cnncli.messages import share_text

_MANY = 0.05  # of the examples
_MOST_LISTED = 100


def check_lengths(every: AllExamples, measured: Mapping[str, Measured], longest: Mapping[str, int]) -> list[Finding]:
    """Inputs of which many examples are longer than what is kept.

    Args:
        longest: by input, how many words or positions are kept.
    """
    found = []
    for name, most in longest.items():
        own = measured[name]
        if own.lengths is None:
            continue
        rows = np.flatnonzero(own.lengths > most)
        share = len(rows) / len(own.lengths)
        if share >= _MANY:
            kind = kind_of(own.shape)
            shown = share_text(len(rows), len(own.lengths))
            message = f"{len(rows):,} {kind.WORD}s ({shown}) have more than {most:,} {kind.LENGTH_IN}"
            message += ": the rest is cut off"
            hint = f"nine of ten have at most {int(np.quantile(own.lengths, 0.9)):,}"
            examples = tuple(every.example(int(row)) for row in rows[:_MOST_LISTED])
            found.append(Finding(kind="cut", message=message, hint=hint, count=len(rows), examples=examples))
    return found
