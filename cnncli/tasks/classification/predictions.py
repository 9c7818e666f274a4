"""predictions.csv of a classification: a line for each example."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import repeat
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncli.tasks.predictions_csv import cell, line
from cnncli.tasks.spooled_rows import SpooledRows

MOST_OUTPUTS = 100  # columns; with more classes only the predicted one's probability is written


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
    yield line("example", "true", "predicted", "probability", *file_column, *(f"output_{index}" for index in numbered))
    rows: Iterable[NDArray[np.floating[Any]]] = outputs if numbered else repeat(np.empty(0), count)
    for index, (label, said, row) in enumerate(zip(labels, predicted, rows, strict=True)):
        probability = "" if confidence is None else f"{confidence[index]:.6g}"
        file = [cell(files[index])] if files is not None else []
        yield line(
            str(index), names[label], names[said], probability, *file, *(f"{value:.6g}" for value in row.tolist())
        )
