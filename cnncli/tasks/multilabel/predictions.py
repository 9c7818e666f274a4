"""predictions.csv of a multi-label classification: a line for each example."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from cnncli.tasks.multilabel.scores import THRESHOLD
from cnncli.tasks.predictions_csv import cell, line
from cnncli.tasks.spooled_rows import SpooledRows


def to_csv(
    targets: SpooledRows, outputs: SpooledRows, names: Sequence[str], *, files: Sequence[str] | None = None
) -> Iterator[str]:
    """Yield a line for the titles, then one for each example.

    Columns: `example`, its number in the split; `labels` and `predicted_labels`, their names with `|` between them; `file`,
    when the examples came from files; and for each label, by its number, `true_0` and `predicted_0`, 0 or 1, and `output_0`,
    its probability.

    Args:
        targets: uint8 (examples, labels).
        outputs: float32 (examples, labels), probabilities.
        names: of the labels.
        files: one an example.
    """
    numbered = [f"{word}_{index}" for index in range(len(names)) for word in ("true", "predicted", "output")]
    yield line("example", "labels", "predicted_labels", *(["file"] if files is not None else []), *numbered)
    for index, (true, probabilities) in enumerate(zip(targets, outputs, strict=True)):
        said = (probabilities > THRESHOLD).astype(np.uint8)
        texts = ["|".join(names[column] for column in np.flatnonzero(row).tolist()) for row in (true, said)]
        file = [files[index]] if files is not None else []
        rows = zip(true.tolist(), said.tolist(), (f"{value:.6g}" for value in probabilities.tolist()), strict=True)
        yield line(str(index), *map(cell, [*texts, *file]), *(str(each) for row in rows for each in row))
