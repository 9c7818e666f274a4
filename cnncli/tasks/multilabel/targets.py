"""Targets of a multi-label classification: a matrix of 0 and 1, read, described and encoded for a loss."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray

from cnncli.data.encoding import Encoding, OutputShape, as_floats
from cnncli.data.tables.label_cells import IndicatorCells, TagCells
from cnncli.data.targets import TableTargets, TargetInfo
from cnncli.errors import DataError, Problem
from cnncli.messages import counted, listed, shortened
from cnncli.recipe.keras_objects.objects import KerasObject
from cnncli.recipe.schema_data import Data
from cnncli.recipe.yaml.nodes import Path
from cnncli.tasks.classification.class_matching import match
from cnncli.tasks.classification.targets import ClassNames, refuse_long_names

_EXPECTED = "expected 0 and 1, shape (count, labels) with 2 labels or more"


MULTI_HOT = Encoding("multi_hot", "rows of 0 and 1", as_floats)  # float32 (batch, labels)


class LabelTargets(TargetInfo):
    """Any number of labels for each example: uint8 (count, labels), 1 where the example has the label.

    Attributes:
        class_names: of the labels, by column.
    """

    PLURAL: ClassVar[str] = "labels"
    LISTED_IN: ClassVar[str] = "class_names"
    task: Literal["multilabel"] = "multilabel"
    class_names: ClassNames

    @classmethod
    def read(cls, name: str, array: NDArray[Any]) -> NDArray[np.uint8]:
        if array.dtype.kind not in "biuf" or array.ndim != 2 or array.shape[1] < 2 or not len(array):
            raise DataError(Problem(f"{name} has the type {array.dtype} and the shape {array.shape}; {_EXPECTED}"))
        wrong = np.argwhere((array != 0) & (array != 1))
        if len(wrong):
            row, column = wrong[0].tolist()
            message = f"{name} holds {array[row, column]} at index {row:,}, column {column}; {_EXPECTED}"
            raise DataError(Problem(message, "probabilities need a threshold: `(y > 0.5).astype(np.uint8)`"))
        return array.astype(np.uint8)

    @classmethod
    def describe(cls, targets: NDArray[Any], name: str) -> Self:
        if not targets.any():
            raise DataError(Problem(f"{name} has no label at all: every value is 0"))
        return cls(class_names=tuple(map(str, range(targets.shape[1]))))

    @classmethod
    def label_cells(cls, columns: Sequence[str], separator: str | None) -> TagCells | IndicatorCells:
        return TagCells(columns[0], separator) if separator else IndicatorCells(columns)

    @classmethod
    def of_cells(cls, cells: TagCells | IndicatorCells, known: Self | None) -> TableTargets:
        """The labels are the words in the cells, in natural order, or the columns."""
        names = cells.names
        refuse_long_names(names, cells.columns)
        found = cells.values()
        if known is None:
            what = listed((f"`{column}`" for column in cells.columns), 3)
            if not found.any():
                raise DataError(Problem(f"{what} has no label at all", "every row is without labels"))
            if len(names) < 2:
                message = f"{what} has one label only: `{shortened(names[0])}`"
                raise DataError(Problem(message, "multi-label classification needs at least two labels"))
            return TableTargets(found, cls(class_names=tuple(names)))
        numbers, notes = known.renumber(names)
        values = np.zeros((len(found), known.count), np.uint8)
        values[:, numbers] = found
        return TableTargets(values, known, notes)

    def renumber(self, class_names: Sequence[str]) -> tuple[NDArray[np.int32], tuple[Problem, ...]]:
        matched = match(class_names, self.class_names)
        return matched.numbers, matched.notes

    @classmethod
    def assumed(cls, class_count: int | None, output_shape: OutputShape) -> Self | None:
        count = class_count or output_shape[-1]
        return cls(class_names=tuple(map(str, range(count)))) if count else None

    def check(self, targets: NDArray[Any], name: str, whose: str) -> None:
        if targets.shape[1] != self.count:
            raise DataError(f"{name} has {counted(targets.shape[1], 'label')}; {whose} has {self.size}")

    def part_notes(self, targets: Mapping[str, NDArray[Any]], first: str) -> list[Problem]:
        notes = []
        for name, values in targets.items():
            if missing := [self.class_names[column] for column in np.flatnonzero(~values.any(axis=0))]:
                message = f"{name} has no example with label {listed(missing, 5)}"
                hint = (
                    "nothing can be learned about them"
                    if name == first
                    else "recall and average precision are undefined there"
                )
                notes.append(Problem(message, hint, kind="missing"))
        return notes

    SEVERAL_CLASSES: ClassVar[bool] = True

    @classmethod
    def of_folders(cls, class_names: Sequence[str]) -> Self:
        return cls(class_names=tuple(class_names))

    def of_class_sets(self, sets: Sequence[Sequence[int]]) -> NDArray[np.uint8]:
        found = np.zeros((len(sets), self.count), np.uint8)
        for row, numbers in enumerate(sets):
            found[row, list(numbers)] = 1
        return found

    def check_settings(self, data: Data) -> list[Problem]:
        if data.classes is None or data.classes == self.count:
            return []
        return [Problem(f"`classes` is {data.classes}, the data has {self.size}", path=("data", "classes"))]

    @property
    def count(self) -> int:
        return len(self.class_names)

    @property
    def size(self) -> str:
        return counted(self.count, "label")

    def __str__(self) -> str:
        return self.size

    def counts_by_name(self, targets: NDArray[Any]) -> dict[str, int]:
        return dict(zip(self.class_names, targets.sum(axis=0, dtype=np.int64).tolist(), strict=True))

    def rows_of(self, targets: NDArray[Any], number: int) -> NDArray[np.int64]:
        return np.flatnonzero(targets[:, number])

    def texts_of(self, targets: NDArray[Any]) -> list[str]:
        return [", ".join(self.class_names[label] for label in np.flatnonzero(row)) or "none" for row in targets]

    def encoding(
        self, loss: KerasObject, *, output_shape: OutputShape, layer: str = "", path: Path = ("model", "layers")
    ) -> Encoding:
        units = output_shape[-1]
        if units != self.count:
            who = f"layer `{layer}`" if layer else "the network"
            message = f"the data has {self.size}, and {who} has {units} outputs"
            raise DataError(Problem(message, "use `units: $classes` in the last layer", path=path))
        return MULTI_HOT

    def stand_ins(self, count: int) -> NDArray[Any]:
        return (np.add.outer(np.arange(count), np.arange(self.count)) % 2).astype(np.uint8)

    def usual_loss(self, output_shape: OutputShape) -> str:
        return "the usual one is binary_crossentropy"


TARGETS = LabelTargets
