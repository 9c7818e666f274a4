"""predictions.csv: one row for each example."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import repeat
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncli.messages import printable
from cnncli.tasks.spooled_rows import SpooledRows

MOST_OUTPUTS = 100  # columns; with more classes only the predicted one's probability is written

_FORMULA = re.compile(r"\s*[=+\-@]|[\t\r\n]")
_SPECIAL = re.compile(r'[,"\r\n]')
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")


def to_csv(
    labels: NDArray[np.integer[Any]],
    predicted: NDArray[np.integer[Any]],
    confidence: NDArray[np.floating[Any]] | None,
    outputs: SpooledRows,
    class_names: Sequence[str],
    *,
    files: Sequence[str] | None = None,
) -> Iterator[str]:
    """Yield a line for the titles, then one for each example.

    Columns: `example`, its number in the split from 0; `true` and `predicted`, class names; `probability` of the predicted
    class, empty where the outputs are no probabilities; `file`, when the examples came from files; and, of up to 100
    outputs, `output_0` and so on, in the order of the class names (one for two classes: the second's).

    A name that a spreadsheet would take for a formula, as it begins with = + - @ or a tab or line break and is no number,
    gets an apostrophe before it, by which a spreadsheet shows it as the text that it is (OWASP, "CSV injection").
    run.json and evaluation.json have every name as it is.

    Args:
        labels, predicted: int (examples,), index into `class_names`.
        confidence: float (examples,), the probability of the predicted class; None where the outputs are no probabilities.
        outputs: float (examples, outputs).
        files: one an example.
    """
    names = [cell(name) for name in class_names]
    count, width = outputs.shape
    numbered = range(width) if width <= MOST_OUTPUTS else range(0)
    file_column = ["file"] if files is not None else []
    yield _line("example", "true", "predicted", "probability", *file_column, *(f"output_{index}" for index in numbered))
    rows: Iterable[NDArray[np.floating[Any]]] = outputs if numbered else repeat(np.empty(0), count)
    for index, (label, said, row) in enumerate(zip(labels, predicted, rows, strict=True)):
        probability = "" if confidence is None else f"{confidence[index]:.6g}"
        file = [cell(files[index])] if files is not None else []
        yield _line(
            str(index), names[label], names[said], probability, *file, *(f"{value:.6g}" for value in row.tolist())
        )


def numbers_to_csv(targets: SpooledRows, outputs: SpooledRows, *, files: Sequence[str] | None = None) -> Iterator[str]:
    """Yield a line for the titles, then one for each example of quantities.

    Columns: `example`, its number in the split from 0; `true`, `predicted` and `error`, predicted minus true; `file`, when
    the examples came from files. Of several numbers an example `true_0`, `predicted_0`, `error_0`, `true_1` and so on.
    Each number has the digits that tell it from any other in float32.

    Args:
        targets, outputs: float32 (examples, k).
        files: one an example.
    """
    width = targets.shape[1]
    endings = [""] if width == 1 else [f"_{number}" for number in range(width)]
    titles = [f"{word}{ending}" for ending in endings for word in ("true", "predicted", "error")]
    yield _line("example", *titles, *(["file"] if files is not None else []))
    for index, (true, said) in enumerate(zip(targets, outputs, strict=True)):
        row = np.stack([true, said, said - true], axis=1, dtype=np.float32)  # (k, 3)
        yield _line(str(index), *map(str, row.ravel()), *([cell(files[index])] if files is not None else []))


def _line(*cells: str) -> str:
    return ",".join(cells) + "\n"


def cell_text(text: str) -> str:
    """Text as a cell that no spreadsheet takes for a formula, with its control characters visible.

    Example:
        >>> cell_text("=1+1"), cell_text("-1"), cell_text("cat")
        ("'=1+1", '-1', 'cat')
    """
    shown = printable(text)
    return f"'{shown}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else shown


def cell(text: str) -> str:
    """Text as it stands in the file (RFC 4180); csv.writer leaves a carriage return bare, which csv.reader refuses."""
    safe = cell_text(text).encode("utf-8", "backslashreplace").decode()  # a name that is no UTF-8 has lone surrogates
    quoted = safe.replace('"', '""')
    return f'"{quoted}"' if _SPECIAL.search(safe) else safe
