"""predictions.csv of a verification of identities: a line for each example."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from cnncli.tasks.identities.neighbours import Neighbours
from cnncli.tasks.identities.targets import IdentityTargets
from cnncli.tasks.predictions_csv import cell, line
from cnncli.tasks.spooled_rows import SpooledRows


def to_csv(
    labels: NDArray[np.int32],
    outputs: SpooledRows,
    neighbours: Neighbours,
    targets: IdentityTargets,
    *,
    files: Sequence[str] | None = None,
) -> Iterator[str]:
    """Yield a line for the titles, then one for each example.

    Columns: `example`, its number in the split from 0; `true`, the name of its identity; `predicted`, that of the nearest other
    example; `nearest`, the number of that one; `similarity`, the cosine of the two; `file`, when the examples came from files;
    and the vector, `vector_0`, `vector_1`, …, with the digits that tell each number from any other in float32.
    """
    vector = [f"vector_{index}" for index in range(outputs.shape[1])]
    yield line(
        "example", "true", "predicted", "nearest", "similarity", *(["file"] if files is not None else []), *vector
    )
    names = [cell(name) for name in targets.texts_of(labels)]
    for index, values in enumerate(outputs):
        nearest = int(neighbours.nearest[index])
        similarity = f"{neighbours.values[index]:.6g}"
        file = [cell(files[index])] if files is not None else []
        cells = [names[index], names[nearest], str(nearest), similarity, *file]
        yield line(str(index), *cells, *(f"{value:.9g}" for value in values.tolist()))
