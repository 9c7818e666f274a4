"""Targets: what a task knows of them, and how they are encoded for a loss."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from cnncli import task_registry
from cnncli.data.columns import Values, as_array
from cnncli.data.encoding import Encoding, OutputShape
from cnncli.data.shapes import written
from cnncli.data.tables.cells import CellReader
from cnncli.errors import DataError, Problem
from cnncli.recipe.keras_objects.objects import KerasObject
from cnncli.recipe.schema_data import Data
from cnncli.recipe.targets import TASKS
from cnncli.recipe.yaml.nodes import Path


class LabelCells(CellReader, Protocol):
    """What reads the columns of a table that hold its targets."""

    def values(self) -> Values:
        """The targets of all rows, (count, …)."""


@dataclass(frozen=True, slots=True, eq=False)
class TableTargets:
    """The targets of a table.

    Attributes:
        values: of each row, (count, …), in the form of the task.
        info: what is known of them; the model's, where they are for one.
        notes: what is unusual about them.
    """

    values: NDArray[Any]
    info: TargetInfo
    notes: tuple[Problem, ...] = ()


class TargetInfo(BaseModel, ABC):
    """What is known of the targets of the training examples; a task has one subclass, `TARGETS` in its `targets`.

    run.json and model files hold its fields. The targets themselves are arrays (examples, …).

    Attributes:
        task: the task's name.
        class_names: by number; empty where there are no classes.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    PLURAL: ClassVar[str]  # what targets are called: "classes"
    COUNTED: ClassVar[str] = ""  # what `counts_by_name` counts, where it is not `PLURAL`
    LISTED_IN: ClassVar[str]  # the field that has as many values as `count` says
    OUTPUT_FORM: ClassVar[str] = "a row of numbers"  # what a network gives an example
    UNLIKE_MODEL: ClassVar[str] = "does not classify"  # what messages say of a model whose outputs cannot be read
    HAS_SEVERAL_OUTPUTS: ClassVar[bool] = False  # whether all outputs are needed together; else the main one tells all
    GROUP: ClassVar[str] = ""  # what `groups_of` tells of an example, where it tells something: "identity"
    NEEDS_KNOWN_CLASSES: ClassVar[bool] = True  # whether every class of another part has to be in training
    HAS_PLACES: ClassVar[bool] = False  # whether a label has the height and width of its input, as a mask has
    ARE_BOXES: ClassVar[bool] = False  # whether a label is the boxes of its image, each with a class
    USES_LABELS: ClassVar[bool] = True  # whether labels of the data are read; else the inputs alone tell the targets
    task: str
    class_names: tuple[str, ...] = ()

    # ---- reading

    @classmethod
    @abstractmethod
    def read(cls, name: str, array: NDArray[Any]) -> NDArray[Any]:
        """Check the targets of an array file and bring them into the one form that everything else knows.

        Args:
            name: how messages call the array: `y_train`.

        Raises:
            DataError: the task has no such targets.
        """

    @classmethod
    @abstractmethod
    def describe(cls, targets: NDArray[Any], name: str) -> Self:
        """Describe the targets that train.

        Raises:
            DataError: nothing can be learned from them.
        """

    @classmethod
    @abstractmethod
    def label_cells(cls, columns: Sequence[str], separator: str | None) -> LabelCells:
        """What reads the targets of a table.

        Args:
            columns: those that hold them.
            separator: between several labels in one cell; None: no cell has several.
        """

    @classmethod
    @abstractmethod
    def of_cells(cls, cells: Any, known: Self | None) -> TableTargets:
        """The targets of a table.

        Args:
            cells: what `label_cells` gave, with all rows.
            known: the targets of a trained model, which these must fit; None for training.

        Raises:
            DataError: nothing can be learned from them; or they do not fit.
        """

    @classmethod
    @abstractmethod
    def assumed(cls, class_count: int | None, output_shape: OutputShape) -> Self | None:
        """What a recipe alone tells of its targets, or of a model from elsewhere the model; None where it does not.

        Args:
            class_count: as the recipe says it.
            output_shape: of the main output of an example.
        """

    @abstractmethod
    def check(self, targets: NDArray[Any], name: str, whose: str) -> None:
        """Raise DataError where targets do not fit those of the training or the model (`whose`)."""

    def of_training(self, targets: NDArray[Any]) -> Self:
        """The same of the targets that train, after others have been set aside."""
        return self

    def of_other_data(self, class_names: Sequence[str]) -> Self:
        """The same for data that a trained model is to read, with the names of its classes: other data has those of the model."""
        return self

    def of_model(self) -> Self:
        """What a model file is to hold of them."""
        return self

    def groups_of(self, targets: NDArray[Any]) -> NDArray[np.object_] | None:
        """The name of what each example belongs to, object (count,), which a split keeps together; None where it is nothing."""
        return None

    def of_network(self, input_shape: OutputShape) -> Self:
        """The same with what the network of a recipe tells of them.

        Args:
            input_shape: of the first input of an example behind `prepare`.
        """
        return self

    def prepared(self, data: Data, train: Any, prepare: Callable[[NDArray[Any]], NDArray[Any]]) -> Self:
        """The same with what the preprocessing of the training examples tells of them.

        Args:
            data: the recipe's section, settled.
            train: `Examples`, raw.
            prepare: raw inputs (count, …) -> the same behind `prepare`; called only where that matters.

        Raises:
            DataError: nothing can be learned from them.
        """
        return self

    def in_windows(self, size: Sequence[int]) -> Self:
        """The same of windows of this size of the examples."""
        return self

    @property
    def evaluated_as(self) -> Any:
        """What an evaluation does to examples, as plain data, which belongs to their fingerprint; empty where it does nothing."""
        return ()

    def part_notes(self, targets: Mapping[str, NDArray[Any]], first: str) -> list[Problem]:
        """Notes on how the targets of parts, by the name of the array, differ from those of the first, which trains."""
        return []

    def renumber(self, class_names: Sequence[str]) -> tuple[NDArray[Any], tuple[Problem, ...]]:
        """The numbers of classes that data brings by name, int32 (classes,), and notes.

        Raises:
            DataError: the task or the model has no such classes.
        """
        raise DataError(
            f"the model gives {self.PLURAL}, and the labels of this data are classes", hint="--data photos.npz"
        )

    @classmethod
    def of_class_names(cls, class_names: Sequence[str]) -> Self:
        """Describe the targets of a source that names the classes of what it marks in its images.

        Raises:
            DataError: the task has no such classes.
        """
        raise DataError(f"this data has classes of objects, and `targets` are {cls.PLURAL}")

    def named(self, class_names: Sequence[str]) -> Self:
        """The same, whose classes the recipe names.

        Args:
            class_names: of the numbers from 0.

        Raises:
            DataError: there are more classes than names.
        """
        raise DataError(f"classes of {self.PLURAL} have names of their own")

    def with_numbers(self, targets: NDArray[Any], numbers: NDArray[np.int32]) -> NDArray[Any]:
        """Targets with other numbers of classes.

        Args:
            numbers: by each number that targets have the one of these targets, as `renumber` gives them.
        """
        found: NDArray[Any] = numbers[targets].astype(targets.dtype)
        return found

    # ---- folders of classes

    SEVERAL_CLASSES: ClassVar[bool] = False  # whether an example may lie in the folders of several classes

    @classmethod
    def of_folders(cls, class_names: Sequence[str]) -> Self:
        """Describe the targets of a folder for each class.

        Raises:
            DataError: the task has no classes.
        """
        raise DataError(f"a folder for each class has classes, and `targets` are {cls.PLURAL}")

    def of_class_sets(self, sets: Sequence[Sequence[int]]) -> NDArray[Any]:
        """The targets of examples (count, …) by the numbers of the classes of each.

        Raises:
            DataError: as `of_folders`.
        """
        raise DataError(f"a folder for each class has classes, and the model gives {self.PLURAL}")

    # ---- the recipe's settings

    def whole(self, values: Values) -> Any:
        """Targets as the methods of this class take them: in memory, unless they look at some at a time."""
        return as_array(values)

    def check_settings(self, data: Data) -> list[Problem]:
        """What the section `data` says of the targets that is not so."""
        return []

    def training_notes(self, data: Data, targets: NDArray[Any]) -> list[Problem]:
        """Notes on the targets that train."""
        return []

    def strata(self, targets: NDArray[Any]) -> NDArray[Any] | None:
        """The class of each example, int (count,), whose shares a split keeps; None where there are no classes."""
        return None

    def class_weight(self, wanted: Any, targets: NDArray[Any]) -> dict[int, float] | None:
        """Class number -> weight in the loss, for `data.class_weight`; None where nothing is weighted."""
        return None

    def weighing(self, encoding: Encoding, by_class: Mapping[int, float]) -> Encoding:
        """The encoding with weights of classes, as `class_weight` gives them, where an example has several of them.

        Of tasks with one class for each example it is the weight of the example, and the encoding stays as it is.
        """
        return encoding

    # ---- description

    @property
    @abstractmethod
    def count(self) -> int:
        """How many outputs tell all of an example: classes, or numbers."""

    @property
    def class_count(self) -> int | None:
        """The value of `$classes`; None where there are no classes."""
        return len(self.class_names) or None

    @abstractmethod
    def __str__(self) -> str:
        """In a few words, after the counts of examples."""

    @property
    @abstractmethod
    def size(self) -> str:
        """`10 classes`, `2 numbers`."""

    def counts(self, targets: NDArray[Any]) -> list[int]:
        """How many examples there are; where each has one class, by class."""
        return [len(targets)]

    def counts_by_name(self, targets: NDArray[Any]) -> dict[str, int]:
        """How many examples each class or label has, by name; empty where there are none."""
        return {}

    def rows_of(self, targets: NDArray[Any], number: int) -> NDArray[np.int64]:
        """The examples of a class, or with a label, by its number: int64, ascending."""
        return np.empty(0, np.int64)

    def names_of(self, targets: NDArray[Any]) -> list[str] | None:
        """The class of each example by its name; None where there is none. Fingerprints hold it."""
        return None

    def texts_of(self, targets: NDArray[Any]) -> list[str]:
        """The targets of each example in words, for people."""
        return [", ".join(f"{value:.4g}" for value in np.ravel(row)) for row in targets]

    def to_json(self) -> dict[str, Any]:
        """The fields of a record, which `read_targets` reads back."""
        return self.model_dump(mode="json")

    # ---- losses

    @classmethod
    def unfit_output(cls, shape: OutputShape, layer: str) -> Problem | None:
        """Why an output has other axes than the targets need; None where it has theirs.

        How long the axes are is not asked: the last may depend on the number of classes, which need not be known.

        Args:
            shape: of an example's output.
            layer: the name of the layer that gives it, for the message.
        """
        if len(shape) == 1:
            return None
        if shape:
            message = f"the output of layer `{layer}` is a map of {written(shape[:-1])}, but {cls.PLURAL} need one row of numbers"
            return Problem(message, "put `- Flatten` or `- GlobalAveragePooling2D` before the last Dense layer")
        message = f"the output of layer `{layer}` is a number without an axis, but {cls.PLURAL} need a row of them"
        return Problem(message, "end with `- Reshape: [1]`")

    @abstractmethod
    def encoding(
        self, loss: KerasObject, *, output_shape: OutputShape, layer: str = "", path: Path = ("model", "layers")
    ) -> Encoding:
        """Choose the encoding for a loss.

        Args:
            loss: the recipe's.
            output_shape: of an example's output, which has the axes that the targets need.
            layer: the name of the layer that gives it, for the message.
            path: where that layer stands in the recipe.

        Raises:
            DataError: the network's outputs do not fit the targets.
        """

    def fits(self, output_shape: OutputShape) -> bool:
        """Whether a network whose output has this shape can have been trained on them."""
        return self.unfit_output(output_shape, "") is None and self.count == output_shape[-1]

    @classmethod
    def can_read(cls, output_shapes: Mapping[str, OutputShape]) -> bool:
        """Whether the outputs of a model, by name, have the axes that the targets need, with a known last length."""
        return (len(output_shapes) == 1 or cls.HAS_SEVERAL_OUTPUTS) and all(
            cls.unfit_output(shape, name) is None and isinstance(shape[-1], int)
            for name, shape in output_shapes.items()
        )

    def fits_all(self, output_shapes: Mapping[str, OutputShape]) -> bool:
        """Whether a network whose outputs have these shapes, by name, can have been trained on them."""
        return self.can_read(output_shapes) and all(map(self.fits, output_shapes.values()))

    @abstractmethod
    def stand_ins(self, count: int) -> NDArray[Any]:
        """Made-up targets (count, …), to try a loss."""

    @abstractmethod
    def usual_loss(self, output_shape: OutputShape) -> str:
        """A hint that names the usual loss."""

    def other_losses(self, loss: KerasObject, output_shape: OutputShape) -> Iterator[tuple[str, Encoding]]:
        """Losses that are the same as this one but take targets in another encoding."""
        return iter(())

    # ---- warnings

    def out_of_reach(self, targets: Sequence[NDArray[Any]], activation: str | None) -> Problem | None:
        """Why the last activation cannot give some of the targets of the parts; None when it can."""
        return None

    def unlike_training(self, targets: NDArray[Any], what: str) -> list[Problem]:
        """Warnings on targets of other data, `what`, that are not as those of the training."""
        return []


def targets_of(word: str) -> type[TargetInfo]:
    """The class for a word of `data.targets`."""
    return _of_task(TASKS[word])


def read_targets(record: Mapping[str, Any]) -> TargetInfo:
    """Read the fields that `TargetInfo.to_json` wrote from a record that holds others too.

    Raises:
        ValueError: they are missing or wrong; the message says what.
    """
    task = record.get("task")
    if task not in task_registry.names():
        raise ValueError(f"its `task` is not one of {', '.join(task_registry.names())}")
    kind = _of_task(task)
    try:
        return kind.model_validate({name: record[name] for name in kind.model_fields if name in record})
    except ValidationError as error:
        first, *_ = error.errors(include_url=False, include_context=False, include_input=False)
        message = f"`{'.'.join(map(str, first['loc']))}`: {first['msg'].removeprefix('Value error, ')}"
        raise ValueError(message) from None


def _of_task(task: str) -> type[TargetInfo]:
    kind: type[TargetInfo] = task_registry.part(task, "targets").TARGETS
    return kind
