"""Targets of identities: whose picture an example is; people of the test part are not in training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BeforeValidator, Field

from cnncli.data.encoding import Encoding, OutputShape
from cnncli.data.tables.cells import WordCells
from cnncli.data.tables.column_selection import in_natural_order
from cnncli.data.tables.label_cells import without_decimals
from cnncli.data.targets import TableTargets, TargetInfo
from cnncli.errors import DataError, Problem
from cnncli.messages import counted, listed, shortened
from cnncli.recipe.keras_objects.objects import KerasObject
from cnncli.recipe.schema_data import Data
from cnncli.recipe.yaml.nodes import Path
from cnncli.tasks.classification.labels import read_labels
from cnncli.tasks.classification.targets import INTEGERS, refuse_long_names

_MOST_NAMED = 5


def _names(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(isinstance(name, str) for name in value):
        raise ValueError("expected a list of texts")
    return tuple(value)


class IdentityTargets(TargetInfo):
    """Whose an example is: int32 (count,), an index into the names, or a number without a name.

    Attributes:
        names: of the identities of all parts, by number; empty where they are numbers.
        identities: how many train.
        threshold: the similarity from which on two examples are taken for one identity, chosen on the validation split once
            the network is trained; None before.
    """

    PLURAL: ClassVar[str] = "identities"
    LISTED_IN: ClassVar[str] = "names"
    GROUP: ClassVar[str] = "identity"
    NEEDS_KNOWN_CLASSES: ClassVar[bool] = False
    task: Literal["identities"] = "identities"
    names: Annotated[tuple[str, ...], BeforeValidator(_names)] = ()
    identities: Annotated[int, Field(ge=1)]
    threshold: float | None = None

    # ---- reading

    @classmethod
    def read(cls, name: str, array: NDArray[Any]) -> NDArray[np.int32]:
        return read_labels(name, array)

    @classmethod
    def describe(cls, targets: NDArray[Any], name: str) -> Self:
        return cls(identities=_counted(targets, name))

    @classmethod
    def label_cells(cls, columns: Sequence[str], separator: str | None) -> WordCells:
        [column] = columns
        return WordCells(column)

    @classmethod
    def of_cells(cls, cells: WordCells, known: Self | None) -> TableTargets:
        """The words of the column are the names, in natural order; of other data as well, whatever the model knows."""
        found = without_decimals(cells.names)
        refuse_long_names(found, cells.columns)
        names = in_natural_order(dict.fromkeys(found))
        numbers = {name: number for number, name in enumerate(names)}
        values = np.array([numbers[name] for name in found], np.int32)[cells.values()]
        if known is not None:
            return TableTargets(values, known.of_other_data(names))
        identities = _counted(values, f"`{shortened(cells.columns[0])}`")
        return TableTargets(values, cls(names=tuple(names), identities=identities))

    @classmethod
    def of_folders(cls, class_names: Sequence[str]) -> Self:
        return cls(names=tuple(class_names), identities=len(class_names))

    def of_class_sets(self, sets: Sequence[Sequence[int]]) -> NDArray[np.int32]:
        return np.array([number for [number] in sets], np.int32)

    def of_other_data(self, class_names: Sequence[str]) -> Self:
        return self.model_copy(update={"names": tuple(class_names)})

    def renumber(self, class_names: Sequence[str]) -> tuple[NDArray[np.int32], tuple[Problem, ...]]:
        return np.arange(len(class_names), dtype=np.int32), ()

    @classmethod
    def assumed(cls, class_count: int | None, output_shape: OutputShape) -> Self | None:
        return cls(identities=2)

    def check(self, targets: NDArray[Any], name: str, whose: str) -> None:
        """Other identities than those of the training are what the network is for."""

    def of_training(self, targets: NDArray[Any]) -> Self:
        return self.model_copy(update={"identities": _counted(targets, "the training split")})

    def of_model(self) -> Self:
        """Without the names: the network gives vectors of anyone, and its file need not say who taught it."""
        return self.model_copy(update={"names": ()})

    def groups_of(self, targets: NDArray[Any]) -> NDArray[np.object_]:
        return np.array(self.texts_of(targets), object)

    # ---- the recipe's settings

    def training_notes(self, data: Data, targets: NDArray[Any]) -> list[Problem]:
        numbers, counts = np.unique(targets, return_counts=True)
        alone = [shortened(self.name_of(number)) for number in numbers[counts == 1].tolist()]
        if not alone:
            return []
        message = (
            f"{counted(len(alone), 'identity', 'identities')} of {len(numbers):,} in training have one example only: "
        )
        hint = "nothing can be learned about what their examples have in common"
        return [Problem(message + listed(alone, _MOST_NAMED), hint, path=("data",), kind="missing")]

    # ---- description

    @property
    def count(self) -> int:
        return len(self.names)

    @property
    def size(self) -> str:
        return counted(len(self.names) or self.identities, "identity", "identities")

    def __str__(self) -> str:
        return self.size

    def name_of(self, number: int) -> str:
        """The name of an identity, or its number."""
        return self.names[number] if number < len(self.names) else str(number)

    def names_of(self, targets: NDArray[Any]) -> list[str]:
        return [self.name_of(number) for number in targets.tolist()]

    def texts_of(self, targets: NDArray[Any]) -> list[str]:
        return self.names_of(targets)

    # ---- losses

    def encoding(
        self, loss: KerasObject, *, output_shape: OutputShape, layer: str = "", path: Path = ("model", "layers")
    ) -> Encoding:
        if output_shape[-1] is not None and output_shape[-1] < 2:
            who = f"layer `{layer}`" if layer else "the network"
            message = f"{who} gives one number: a vector of length 1 is then 1 or -1"
            raise DataError(Problem(message, "64 numbers are usual: `Dense: 64` before `UnitNormalization`", path=path))
        return INTEGERS

    def fits(self, output_shape: OutputShape) -> bool:
        """A vector of any size."""
        return self.unfit_output(output_shape, "") is None

    def stand_ins(self, count: int) -> NDArray[Any]:
        return np.arange(count, dtype=np.int32) // 2

    def usual_loss(self, output_shape: OutputShape) -> str:
        return "the usual one is Circle"

    # ---- warnings

    def part_notes(self, targets: Mapping[str, NDArray[Any]], first: str) -> list[Problem]:
        """Parts in which no two examples are of one identity, so that nothing can be scored there."""
        notes = []
        for name, values in targets.items():
            _, counts = np.unique(values, return_counts=True)
            if counts.max() == 1:
                message = f"in {name} every identity has one example only"
                notes.append(Problem(message, "verification cannot be scored there", kind="missing"))
        return notes


def _counted(targets: NDArray[Any], name: str) -> int:
    """How many identities there are.

    Raises:
        DataError: one only, or each has one example.
    """
    _, counts = np.unique(targets, return_counts=True)
    if len(counts) == 1:
        hint = "a network learns to tell identities apart from several of them"
        raise DataError(Problem(f"{name} has one identity only", hint))
    if counts.max() == 1:
        message = f"{name} has one example only of each of {counted(len(counts), 'identity', 'identities')}"
        raise DataError(Problem(message, "what examples of one identity have in common is learned from several"))
    return len(counts)


TARGETS = IdentityTargets
