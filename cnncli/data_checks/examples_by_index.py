"""The examples of all parts, one after the other, by index."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from cnncli.data.columns import as_column
from cnncli.data.dataset import Part, Splits
from cnncli.data_checks.findings import Example


@dataclass(frozen=True, slots=True, eq=False)
class AllExamples:
    """The examples of the parts of a data set, counted from the first of training to the last of test.

    Attributes:
        splits: the data set.
        begins: where each part begins.
        part_of: int64 (count,), the number of the part of each example.
    """

    splits: Splits
    begins: tuple[int, ...]
    part_of: NDArray[np.int64]

    @classmethod
    def of(cls, splits: Splits) -> AllExamples:
        counts = [len(part.examples) for part in splits.parts]
        begins = tuple(accumulate(counts[:-1], initial=0))
        return cls(splits, begins, np.repeat(np.arange(len(counts)), counts))

    def __len__(self) -> int:
        return len(self.part_of)

    @property
    def parts(self) -> Sequence[Part]:
        return self.splits.parts

    def place(self, index: int) -> tuple[Part, int]:
        """The part of an example, and its index there."""
        number = bisect_right(self.begins, index) - 1
        return self.parts[number], index - self.begins[number]

    def example(self, index: int) -> Example:
        """An example as findings name it."""
        part, row = self.place(index)
        files = part.examples.files
        [label] = self.splits.targets.texts_of(as_column(part.examples.targets).read([row]))
        return Example(part=part.name, index=row, file=None if files is None else files[row], label=label)

    def labels_differ(self, one: int, other: int) -> bool:
        """Whether two examples have different classes, labels or identities; False where there are none."""
        targets = self.splits.targets
        if not targets.class_names and not targets.GROUP:
            return False
        labels = [as_column(part.examples.targets).read([row]) for part, row in map(self.place, (one, other))]
        return bool(np.any(labels[0] != labels[1]))
