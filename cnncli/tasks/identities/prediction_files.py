"""Write the vectors of examples, the nearest other example of each, and a table of all similarities."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from cnncli.plots.file_contents import npy
from cnncli.tasks.decoder import Decoder, Original
from cnncli.tasks.identities.neighbours import find_neighbours
from cnncli.tasks.identities.targets import IdentityTargets
from cnncli.tasks.predictions_csv import cell, line

VECTORS, NEAREST, SIMILARITIES = "vectors.npy", "nearest.csv", "similarities.csv"
MOST_COMPARED = 2000  # examples of a table of all similarities: 4 million cells


class VectorFiles:
    """`vectors.npy`, a row an example; `nearest.csv` in the same order; `similarities.csv` of up to 2,000 examples."""

    PICTURES: ClassVar[Mapping[str, str]] = {}

    def __init__(self, decoder: Decoder) -> None:
        assert isinstance(decoder.targets, IdentityTargets)
        self._threshold = decoder.targets.threshold
        self._names: list[str] = []
        self._vectors: list[NDArray[np.float32]] = []

    def of(self, originals: Sequence[Original], outputs: NDArray[np.float32]) -> Iterator[tuple[str, bytes]]:
        """Nothing yet: the examples of all batches are compared."""
        self._names += [each.file for each in originals]
        self._vectors.append(outputs)
        return iter(())

    def end(self) -> Iterator[tuple[str, bytes]]:
        """The files of all examples."""
        vectors = np.concatenate(self._vectors)
        yield VECTORS, npy(vectors)
        yield NEAREST, "".join(self._nearest(vectors)).encode()
        if 1 < len(vectors) <= MOST_COMPARED:
            yield SIMILARITIES, "".join(self._similarities(vectors)).encode()

    def _nearest(self, vectors: NDArray[np.float32]) -> Iterator[str]:
        yield line("file", "nearest", "similarity", "same")
        if len(vectors) < 2:
            yield from (line(cell(name), "", "", "") for name in self._names)
            return
        found = find_neighbours(vectors, np.zeros(len(vectors), np.int64))
        for name, nearest, value in zip(self._names, found.nearest.tolist(), found.values.tolist(), strict=True):
            same = "" if self._threshold is None else str(int(value >= self._threshold))
            yield line(cell(name), cell(self._names[nearest]), f"{value:.6g}", same)

    def _similarities(self, vectors: NDArray[np.float32]) -> Iterator[str]:
        names = list(map(cell, self._names))
        yield line("file", *names)
        for name, row in zip(names, vectors @ vectors.T, strict=True):
            yield line(name, *(f"{value:.4f}" for value in row.tolist()))


FILES = VectorFiles
