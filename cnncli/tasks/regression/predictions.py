"""predictions.csv of a regression: a line for each example."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from cnncli.tasks.predictions_csv import cell, line
from cnncli.tasks.spooled_rows import SpooledRows


def to_csv(targets: SpooledRows, outputs: SpooledRows, *, files: Sequence[str] | None = None) -> Iterator[str]:
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
    yield line("example", *titles, *(["file"] if files is not None else []))
    for index, (true, said) in enumerate(zip(targets, outputs, strict=True)):
        row = np.stack([true, said, said - true], axis=1, dtype=np.float32)  # (k, 3)
        yield line(str(index), *map(str, row.ravel()), *([cell(files[index])] if files is not None else []))
