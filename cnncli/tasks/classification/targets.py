"""Targets of a classification: read, described by the names of classes, and encoded for a loss."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BeforeValidator

from cnncli.data.alike_names import alike
from cnncli.data.encoding import Encoding, OutputShape
from cnncli.data.tables.cells import WordCells
from cnncli.data.tables.column_selection import in_natural_order
from cnncli.data.tables.label_cells import OneHotCells, without_decimals
from cnncli.data.targets import TableTargets, TargetInfo
from cnncli.errors import DataError, Problem
from cnncli.messages import counted, did_you_mean, listed, nearest, shortened
from cnncli.recipe.keras_objects.objects import KerasObject
from cnncli.recipe.outputs import loss_class
from cnncli.recipe.schema_data import Data
from cnncli.recipe.yaml.nodes import Path
from cnncli.tasks.classification.class_matching import match
from cnncli.tasks.classification.labels import read_labels, refuse_gaps, refuse_out_of_range

_LONGEST_NAME = 1000  # characters of a class name; a folder's name has 255 at most
_IMBALANCE = 20  # the largest class has so many times the examples of the smallest: worth a note
_INTEGERS = {"SparseCategoricalCrossentropy", "CategoricalGeneralizedCrossEntropy", "Circle"}


def _class_names(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(isinstance(name, str) for name in value):
        raise ValueError("expected a list of texts")
    if not value:
        raise ValueError("it is empty")
    if long := next((name for name in value if len(name) > _LONGEST_NAME), None):
        raise ValueError(f"a name has {len(long):,} characters")
    if len(set(value)) < len(value):
        raise ValueError("a name is listed twice")
    return tuple(value)


ClassNames = Annotated[tuple[str, ...], BeforeValidator(_class_names)]


def _as_integers(labels: Any) -> Any:
    import tensorflow as tf

    return tf.cast(labels, tf.int32)


def _as_column(labels: Any) -> Any:
    import tensorflow as tf

    return tf.cast(labels, tf.float32)[:, None]


INTEGERS = Encoding("integer", "class numbers", _as_integers)  # int32 (batch,)
COLUMN = Encoding("column", "a column of 0 and 1", _as_column)  # float32 (batch, 1)


def one_hot(class_count: int) -> Encoding:
    """Vectors float32 (batch, classes) with a 1 at the class."""

    def encode(labels: Any) -> Any:
        import tensorflow as tf

        return tf.one_hot(labels, class_count, dtype=tf.float32)

    return Encoding("one_hot", "one-hot vectors", encode)


class ClassTargets(TargetInfo):
    """One class for each example: int32 (count,), index into the class names.

    Attributes:
        class_names: at least one.
    """

    PLURAL: ClassVar[str] = "classes"
    LISTED_IN: ClassVar[str] = "class_names"
    task: Literal["classification"] = "classification"
    class_names: ClassNames

    @classmethod
    def read(cls, name: str, array: NDArray[Any]) -> NDArray[np.int32]:
        return read_labels(name, array)

    @classmethod
    def describe(cls, targets: NDArray[Any], name: str) -> ClassTargets:
        return cls.numbered(refuse_gaps(targets, name))

    @classmethod
    def label_cells(cls, columns: Sequence[str], separator: str | None) -> WordCells | OneHotCells:
        return WordCells(columns[0]) if len(columns) == 1 else OneHotCells(columns)

    @classmethod
    def of_cells(cls, cells: WordCells | OneHotCells, known: Self | None) -> TableTargets:
        """The words of the column are the names of the classes, in natural order: 0, 1, 2, …, 10; `1.0` is called 1.

        Of several columns their names are those of the classes, in the order of the columns.
        """
        if isinstance(cells, OneHotCells):
            refuse_long_names(cells.names, cells.columns)
            if known is None:
                return TableTargets(cells.classes(), cls(class_names=tuple(cells.names)))
            matched = match(cells.names, known.class_names)
            return TableTargets(matched.numbers[cells.classes()], known, matched.notes)
        found = without_decimals(cells.names)
        if known:
            found = cells.names if {*cells.names} <= {*known.class_names} else found
            matched = match(found, known.class_names)
            return TableTargets(matched.numbers[cells.values()], known, matched.notes)
        if len({*found}) == 1:
            message = f"`{shortened(cells.columns[0])}` holds one class only: every row has `{shortened(found[0])}`"
            raise DataError(Problem(message, "classification needs at least two classes"))
        refuse_long_names(found, cells.columns)
        if problem := _as_quantities(cells.columns[0], cells.names, len(cells)):
            raise DataError(problem)
        names = in_natural_order(dict.fromkeys(found))
        numbers = {name: number for number, name in enumerate(names)}
        order = np.array([numbers[name] for name in found], np.int32)
        column = shortened(cells.columns[0])
        notes = tuple(
            Problem(f"{' and '.join(group)} in `{column}` differ only in upper and lower case", _SPELLING)
            for group in alike(names)
        )
        return TableTargets(order[cells.values()], cls(class_names=tuple(names)), notes)

    @classmethod
    def numbered(cls, count: int) -> ClassTargets:
        """Classes without names of their own."""
        return cls(class_names=tuple(map(str, range(count))))

    @classmethod
    def assumed(cls, class_count: int | None, output_shape: OutputShape) -> ClassTargets | None:
        return cls.numbered(class_count) if class_count else None

    def check(self, targets: NDArray[Any], name: str, whose: str) -> None:
        refuse_out_of_range(targets, name, self.count, whose)

    def part_notes(self, targets: Mapping[str, NDArray[Any]], first: str) -> list[Problem]:
        return [
            note for name, labels in targets.items() for note in self._missing(name, labels, is_training=name == first)
        ]

    def _missing(self, name: str, labels: NDArray[Any], *, is_training: bool) -> Iterator[Problem]:
        missing = [shortened(self.class_names[number]) for number in np.setdiff1d(np.arange(self.count), labels)]
        if missing:
            message = f"{name} has no example of class {listed(missing, 5)}"
            hint = "nothing can be learned about them" if is_training else "no score is computed for them there"
            yield Problem(message, hint, kind="missing")

    def renumber(self, class_names: Sequence[str]) -> tuple[NDArray[np.int32], tuple[Problem, ...]]:
        matched = match(class_names, self.class_names)
        return matched.numbers, matched.notes

    @classmethod
    def of_folders(cls, class_names: Sequence[str]) -> Self:
        return cls(class_names=tuple(class_names))

    def of_class_sets(self, sets: Sequence[Sequence[int]]) -> NDArray[np.int32]:
        return np.array([number for [number] in sets], np.int32)

    def check_settings(self, data: Data) -> list[Problem]:
        problems = []
        if data.classes is not None and data.classes != self.count:
            message = f"`classes` is {data.classes}, the data has {self.count}"
            hint = f"they are {listed(map(shortened, self.class_names), 10)}"
            problems.append(Problem(message, hint, path=("data", "classes")))
        if isinstance(data.class_weight, dict):
            problems += self._wrong_weights(data.class_weight)
        return problems

    def _wrong_weights(self, weights: Mapping[str, float]) -> list[Problem]:
        """Weights for classes that there are not, and classes without one; a misspelt name is one problem, not two."""
        path = ("data", "class_weight")
        missing = [name for name in self.class_names if name not in weights]
        problems = []
        for name in weights:
            if name not in self.class_names:
                hint = did_you_mean(name, map(shortened, missing or self.class_names))
                problems.append(Problem(f"there is no class `{shortened(name)}`", hint, path=(*path, name)))
                missing = [other for other in missing if other != nearest(name, missing)]
        if missing:
            named = listed((f"`{shortened(name)}`" for name in missing), 5)
            problems.append(
                Problem(f"no weight is given for {named}", "1 is the weight that changes nothing", path=path)
            )
        return problems

    def training_notes(self, data: Data, targets: NDArray[Any]) -> list[Problem]:
        counts = np.bincount(targets, minlength=self.count)
        most, least = int(counts.argmax()), int(counts.argmin())
        if data.class_weight is not None or data.balance is not None or counts[most] <= _IMBALANCE * counts[least]:
            return []
        message = (
            f"class `{shortened(self.class_names[most])}` has {counted(int(counts[most]), 'training example')}, "
            f"`{shortened(self.class_names[least])}` has {int(counts[least]):,}"
        )
        hint = "`class_weight: balanced` in `data` lets every class count the same"
        return [Problem(message, hint, path=("data",), kind="imbalance")]

    def strata(self, targets: NDArray[Any]) -> NDArray[Any]:
        return targets

    def class_weight(self, wanted: Any, targets: NDArray[Any]) -> dict[int, float] | None:
        """`balanced` is scikit-learn's: count / (classes * count of the class)."""
        if wanted is None:
            return None
        if wanted == "balanced":
            counts = np.bincount(targets, minlength=self.count)
            return {index: float(counts.sum() / (self.count * max(count, 1))) for index, count in enumerate(counts)}
        return {index: wanted.get(name, 1.0) for index, name in enumerate(self.class_names)}

    @property
    def count(self) -> int:
        return len(self.class_names)

    @property
    def size(self) -> str:
        return counted(self.count, "class", "classes")

    def __str__(self) -> str:
        return self.size

    def counts(self, targets: NDArray[Any]) -> list[int]:
        found: list[int] = np.bincount(targets, minlength=self.count).tolist()
        return found

    def counts_by_name(self, targets: NDArray[Any]) -> dict[str, int]:
        return dict(zip(self.class_names, self.counts(targets), strict=True))

    def rows_of(self, targets: NDArray[Any], number: int) -> NDArray[np.int64]:
        return np.flatnonzero(targets == number)

    def names_of(self, targets: NDArray[Any]) -> list[str]:
        return [self.class_names[label] for label in targets.tolist()]

    def texts_of(self, targets: NDArray[Any]) -> list[str]:
        return self.names_of(targets)

    def encoding(
        self, loss: KerasObject, *, output_shape: OutputShape, layer: str = "", path: Path = ("model", "layers")
    ) -> Encoding:
        units = output_shape[-1]
        if loss_class(loss) not in _INTEGERS and units == 1:
            if self.count > 2:
                hint = "use `units: $classes`, softmax and sparse_categorical_crossentropy"
                message = f"{loss.name} with one output is for 2 classes, and the data has {self.count}"
                raise DataError(Problem(message, hint, path=path))
            return COLUMN
        if units != self.count:
            who = f"layer `{layer}`" if layer else "the network"
            message = f"the labels need {self.count} outputs, and {who} has {units}"
            raise DataError(Problem(message, "use `units: $classes` in the last layer", path=path))
        return INTEGERS if loss_class(loss) in _INTEGERS else one_hot(self.count)

    def fits(self, output_shape: OutputShape) -> bool:
        """As training allows it: classes may be fewer than outputs, and one output tells two classes apart."""
        return len(output_shape) == 1 and self.count <= max(output_shape[0] or 0, 2)

    def stand_ins(self, count: int) -> NDArray[Any]:
        return np.arange(count, dtype=np.int32) % self.count

    def usual_loss(self, output_shape: OutputShape) -> str:
        kind = "binary" if output_shape[-1] == 1 else "sparse_categorical"
        return f"for {self.count} classes the usual one is {kind}_crossentropy"

    def other_losses(self, loss: KerasObject, output_shape: OutputShape) -> Iterator[tuple[str, Encoding]]:
        if output_shape[-1] == self.count and "CategoricalCrossentropy" in loss_class(loss):
            yield "sparse_categorical_crossentropy", INTEGERS
            yield "categorical_crossentropy", one_hot(self.count)


def refuse_long_names(names: Sequence[str], columns: Sequence[str]) -> None:
    """Raise DataError where the words of a table are too long for names of classes: they are texts."""
    if long := next((name for name in names if len(name) > _LONGEST_NAME), None):
        message = f"`{shortened(columns[0])}` holds a text of {len(long):,} characters: that is no name of a class"
        raise DataError(Problem(message, f"a name has {_LONGEST_NAME:,} characters at most; is it another column?"))


def _as_quantities(column: str, names: Sequence[str], count: int) -> Problem | None:
    """Why a column is not of classes: it holds many different numbers with decimals."""
    if len(names) <= _MOST_DECIMALS or 2 * len(names) < count or not all(map(_DECIMAL.fullmatch, names)):
        return None
    message = f"`{shortened(column)}` holds {len(names):,} different numbers in {count:,} rows: these are no classes"
    return Problem(message, "if they are quantities, write `targets: numbers` in `data`")


_SPELLING = "they are classes of their own; if they mean the same, write them alike in the table"
_MOST_DECIMALS = 20
_DECIMAL = re.compile(r"[+-]?[0-9]*[.][0-9]+")

TARGETS = ClassTargets
