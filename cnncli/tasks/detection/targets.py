"""Targets of an object detection: boxes with a class, encoded as maps of centres and sides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Annotated, Any, ClassVar, Literal, NoReturn, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from cnncli.data.encoding import Encoding, OutputShape
from cnncli.data.shapes import written
from cnncli.data.targets import TableTargets, TargetInfo
from cnncli.errors import DataError, Problem
from cnncli.messages import counted, listed
from cnncli.recipe.keras_objects.objects import KerasObject
from cnncli.recipe.outputs import REGRESSION_LOSSES, loss_class
from cnncli.recipe.schema_data import Data
from cnncli.recipe.yaml.nodes import Path
from cnncli.tasks.classification.class_matching import match
from cnncli.tasks.classification.targets import ClassNames

SIDES_OF_A_BOX = 4
LEAST_SCORE = 0.3  # of boxes that are shown, where no validation examples told it
_SAME = 0.95  # intersection over union from which two boxes of a class are one object that is labelled twice
_TINY = 0.02  # of the height or width of an image
_EXPECTED = (
    "expected (count, boxes, 5): top, left, bottom, right in [0, 1] and the class, rows of -1 where there is none"
)


class BoxTargets(TargetInfo):
    """Boxes for each image: float32 (count, boxes, 5), top, left, bottom, right in [0, 1] of the network's image and the class.

    Rows of -1 fill up images with fewer boxes.

    Attributes:
        class_names: by number.
        threshold: the score of the best F1 on the validation split, at an intersection over union of 0.5, chosen once the network
            is trained; None before, or where the validation split has no object.
    """

    PLURAL: ClassVar[str] = "boxes"
    COUNTED: ClassVar[str] = "classes"
    LISTED_IN: ClassVar[str] = "class_names"
    OUTPUT_FORM: ClassVar[str] = "maps of centres and sides"
    UNLIKE_MODEL: ClassVar[str] = "does not detect"
    HAS_SEVERAL_OUTPUTS: ClassVar[bool] = True
    ARE_BOXES: ClassVar[bool] = True
    task: Literal["detection"] = "detection"
    class_names: ClassNames
    threshold: Annotated[float | None, Field(ge=0, le=1)] = None

    @property
    def least_score(self) -> float:
        """The score from which on a box counts as found."""
        return LEAST_SCORE if self.threshold is None else self.threshold

    @classmethod
    def read(cls, name: str, array: NDArray[Any]) -> NDArray[np.float32]:
        if array.dtype.kind not in "iuf" or array.shape[2:] != (5,) or not len(array):
            raise DataError(Problem(f"{name} has the type {array.dtype} and the shape {array.shape}; {_EXPECTED}"))
        boxes = array.astype(np.float32)
        is_box = boxes[..., 4] >= 0
        inside = (boxes[..., :4] >= 0).all(axis=-1) & (boxes[..., :4] <= 1).all(axis=-1)
        is_wide = (boxes[..., 2] > boxes[..., 0]) & (boxes[..., 3] > boxes[..., 1])
        wrong = np.argwhere(is_box & ~(inside & is_wide & (boxes[..., 4] % 1 == 0)))
        if len(wrong):
            row, number = wrong[0].tolist()
            found = ", ".join(f"{value:g}" for value in boxes[row, number])
            raise DataError(Problem(f"{name} holds {found} at index {row:,}, box {number}; {_EXPECTED}"))
        boxes[~is_box] = -1
        return boxes

    @classmethod
    def describe(cls, targets: NDArray[Any], name: str) -> Self:
        if not (targets[..., 4] >= 0).any():
            raise DataError(Problem(f"{name} has no box at all", "nothing can be learned"))
        return cls(class_names=tuple(map(str, range(int(targets[..., 4].max()) + 1))))

    @classmethod
    def of_class_names(cls, class_names: Sequence[str]) -> Self:
        return cls(class_names=tuple(class_names))

    @classmethod
    def label_cells(cls, columns: Sequence[str], separator: str | None) -> NoReturn:
        raise DataError(Problem("a table has no boxes", "use `source: {yolo: …}`, `coco` or `voc`"))

    @classmethod
    def of_cells(cls, cells: Any, known: Self | None) -> TableTargets:
        raise DataError("a table has no boxes")

    def renumber(self, class_names: Sequence[str]) -> tuple[NDArray[np.int32], tuple[Problem, ...]]:
        matched = match(class_names, self.class_names)
        return matched.numbers, matched.notes

    def with_numbers(self, targets: NDArray[Any], numbers: NDArray[np.int32]) -> NDArray[np.float32]:
        found: NDArray[np.float32] = targets.copy()
        is_box = targets[..., 4] >= 0
        found[is_box, 4] = numbers[targets[is_box, 4].astype(np.int64)]
        return found

    @classmethod
    def assumed(cls, class_count: int | None, output_shape: OutputShape) -> Self | None:
        return cls(class_names=tuple(map(str, range(class_count)))) if class_count else None

    def check(self, targets: NDArray[Any], name: str, whose: str) -> None:
        largest = int(targets[..., 4].max(initial=-1))
        if largest >= self.count:
            raise DataError(f"{name} has the class {largest}; {whose} has {self.size} (0 to {self.count - 1})")

    def part_notes(self, targets: Mapping[str, NDArray[Any]], first: str) -> list[Problem]:
        notes = []
        for name, values in targets.items():
            numbers = set(np.unique(values[..., 4]).astype(int).tolist())
            if missing := [self.class_names[number] for number in range(self.count) if number not in numbers]:
                hint = (
                    "nothing can be learned about them"
                    if name == first
                    else "their average precision is undefined there"
                )
                notes.append(Problem(f"{name} has no object of {listed(missing, 5)}", hint, kind="missing"))
        return notes

    def check_settings(self, data: Data) -> list[Problem]:
        if data.classes is None or data.classes == self.count:
            return []
        return [Problem(f"`classes` is {data.classes}, the data has {self.size}", path=("data", "classes"))]

    def training_notes(self, data: Data, targets: NDArray[Any]) -> list[Problem]:
        return [*self._lacking(targets), *_tiny(targets), *_twice(targets)]

    def _lacking(self, targets: NDArray[Any]) -> list[Problem]:
        counts = self.counts_by_name(targets)
        missing = [name for name, count in counts.items() if not count]
        if not missing:
            return []
        message = f"the training examples have no object of {listed(missing, 5)}"
        return [Problem(message, "nothing can be learned about them", kind="missing")]

    @property
    def count(self) -> int:
        return len(self.class_names)

    @property
    def size(self) -> str:
        return counted(self.count, "class", "classes")

    def __str__(self) -> str:
        return self.size

    def counts_by_name(self, targets: NDArray[Any]) -> dict[str, int]:
        """How many objects each class has."""
        numbers = targets[..., 4]
        counts = np.bincount(numbers[numbers >= 0].astype(int), minlength=self.count)
        return dict(zip(self.class_names, counts.tolist(), strict=False))

    def rows_of(self, targets: NDArray[Any], number: int) -> NDArray[np.int64]:
        return np.flatnonzero((targets[..., 4] == number).any(axis=1))

    def texts_of(self, targets: NDArray[Any]) -> list[str]:
        return [self.text_of(row) for row in targets]

    def text_of(self, boxes: NDArray[Any]) -> str:
        """The boxes of an image in words: `2 disc, 1 square`."""
        numbers = boxes[boxes[:, 4] >= 0, 4].astype(int)
        counts = np.bincount(numbers, minlength=self.count)
        return (
            ", ".join(f"{count} {self.class_names[number]}" for number, count in enumerate(counts) if count)
            or "no object"
        )

    @classmethod
    def unfit_output(cls, shape: OutputShape, layer: str) -> Problem | None:
        if len(shape) == 3:
            return None
        message = f"the output of layer `{layer}` has the shape {written(shape)}, but boxes need maps (height, width, filters)"
        return Problem(
            message, "end with `Conv2D: {filters: $classes, kernel_size: 1, activation: sigmoid}` for centres"
        )

    def encoding(
        self, loss: KerasObject, *, output_shape: OutputShape, layer: str = "", path: Path = ("model", "layers")
    ) -> Encoding:
        """Centres for a crossentropy, sides for a loss of lengths."""
        height, width, filters = output_shape
        are_sides = loss_class(loss) in REGRESSION_LOSSES
        wanted = SIDES_OF_A_BOX if are_sides else self.count
        if filters != wanted:
            who = f"layer `{layer}`" if layer else "the network"
            what = "a box has 4 sides" if are_sides else f"the data has {self.size}"
            hint = "use `filters: 4`" if are_sides else "use `filters: $classes`"
            raise DataError(Problem(f"{what}, and {who} has {filters} filters", hint, path=path))
        if height is None or width is None:
            raise DataError(
                Problem("the maps of boxes need a fixed size", "`image_size` or `model.input` say it", path=path)
            )
        from cnncli.tasks.detection import encode  # TensorFlow

        grid = encode.Grid(height, width, self.count)
        if are_sides:
            return Encoding(
                "sides", "distances to sides", partial(_as_float(encode.sides), grid=grid),
                partial(_as_float(encode.side_weights), grid=grid),
            )  # fmt: skip
        return Encoding(
            "centres", "maps of centres", partial(_as_float(encode.centres), grid=grid),
            partial(_as_float(encode.centre_weights), grid=grid),
        )  # fmt: skip

    def fits(self, output_shape: OutputShape) -> bool:
        return self.unfit_output(output_shape, "") is None and output_shape[-1] in (self.count, SIDES_OF_A_BOX)

    def stand_ins(self, count: int) -> NDArray[np.float32]:
        boxes = np.zeros((count, 1, 5), np.float32)
        boxes[..., :4] = 0.25, 0.25, 0.75, 0.75
        boxes[:, 0, 4] = np.arange(count) % self.count
        return boxes

    def usual_loss(self, output_shape: OutputShape) -> str:
        return "the usual ones are BinaryFocalCrossentropy for centres and Huber for sides"


def _as_float(function: Any) -> Any:
    """A function of boxes and a grid, for boxes of any type."""

    def called(targets: Any, grid: Any) -> Any:
        import tensorflow as tf

        return function(tf.cast(targets, tf.float32), grid)

    return called


def _tiny(targets: NDArray[Any]) -> list[Problem]:
    """Boxes that hardly any network can find."""
    is_box = targets[..., 4] >= 0
    smaller = np.minimum(targets[..., 2] - targets[..., 0], targets[..., 3] - targets[..., 1])
    count = int((is_box & (smaller < _TINY)).sum())
    if not count:
        return []
    message = f"{count:,} of {counted(int(is_box.sum()), 'box', 'boxes')} are narrower than {_TINY:.0%} of the image"
    return [Problem(message, "a larger `image_size` and a map with smaller cells find them better")]


def _twice(targets: NDArray[Any]) -> list[Problem]:
    """Objects that are labelled twice."""
    from cnncli.tasks.detection.matching import overlaps

    rows = []
    for row, boxes in enumerate(targets):
        own = boxes[boxes[:, 4] >= 0]
        if len(own) > 1:
            same = (overlaps(own, own) >= _SAME) & (own[:, None, 4] == own[None, :, 4])
            rows += [row] * (int(same.sum() - len(own)) // 2)
    if not rows:
        return []
    message = f"{counted(len(rows), 'object is', 'objects are')} labelled twice in the training examples"
    return [Problem(message, f"first in the image with the number {rows[0]:,}", kind="duplicates")]


TARGETS = BoxTargets
