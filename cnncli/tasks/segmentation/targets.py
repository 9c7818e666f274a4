"""Targets of a segmentation: masks with a class for each pixel, read, described, encoded for a loss and weighed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from cnncli.data.columns import Values, as_column
from cnncli.data.encoding import Encoding, OutputShape
from cnncli.data.shapes import written
from cnncli.data.targets import LabelCells, TableTargets, TargetInfo
from cnncli.errors import DataError, Problem
from cnncli.messages import counted, listed, shortened
from cnncli.recipe.keras_objects.objects import KerasObject
from cnncli.recipe.outputs import loss_class
from cnncli.recipe.schema_data import Data
from cnncli.recipe.targets.segmentation import OVERLAP, SPARSE
from cnncli.recipe.yaml.nodes import Path
from cnncli.tasks.classification.class_matching import match
from cnncli.tasks.classification.targets import ClassNames

if TYPE_CHECKING:
    from tensorflow import Tensor

IGNORED = 255  # of a pixel that does not count
MOST_CLASSES = 255
_EXPECTED = "expected a class number for each pixel, shape (count, height, width) or (count, depth, height, width)"
_CHUNK = 1 << 25  # pixels looked at in one go
_RARE = 0.001  # of all pixels
_NO_TABLE = "a table has no masks: use `mask_folder`, or arrays"


class MaskTargets(TargetInfo):
    """A class for each pixel: uint8 (count, height, width), of volumes (count, depth, height, width); 255 does not count.

    Attributes:
        class_names: by number.
        mask_shape: of one mask.
    """

    PLURAL: ClassVar[str] = "masks"
    COUNTED: ClassVar[str] = "classes"
    LISTED_IN: ClassVar[str] = "class_names"
    OUTPUT_FORM: ClassVar[str] = "a map with a channel for each class"
    UNLIKE_MODEL: ClassVar[str] = "does not give masks"
    HAS_PLACES: ClassVar[bool] = True
    task: Literal["segmentation"] = "segmentation"
    class_names: ClassNames
    mask_shape: Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=2, max_length=3)]

    @classmethod
    def read(cls, name: str, array: NDArray[Any]) -> NDArray[np.uint8]:
        array = _without_channels(name, array)
        if array.dtype.kind not in "biuf" or array.ndim not in (3, 4) or not array.size:
            raise DataError(Problem(f"{name} has the type {array.dtype} and the shape {array.shape}; {_EXPECTED}"))
        values = np.unique(array)
        if array.dtype.kind == "f" and (values != np.floor(values)).any():
            wrong = values[values != np.floor(values)][0]
            hint = "probabilities need a threshold: `(y > 0.5).astype(np.uint8)`"
            raise DataError(Problem(f"{name} holds {wrong:g}; {_EXPECTED}", hint))
        if values.tolist() in ([0, IGNORED], [IGNORED]):
            message = f"{name} holds 0 and {IGNORED} alone, and {IGNORED} means a pixel that does not count"
            raise DataError(Problem(message, f"divide it by {IGNORED}: `y // {IGNORED}`"))
        wrong_values = values[(values < -1) | (values > IGNORED)]
        if len(wrong_values):
            message = f"{name} holds {wrong_values[0]:g}; classes are 0 to {MOST_CLASSES - 1}"
            raise DataError(Problem(message, f"-1 and {IGNORED} mean pixels that do not count"))
        return np.where(array < 0, IGNORED, array).astype(np.uint8) if values[0] < 0 else array.astype(np.uint8)

    @classmethod
    def describe(cls, targets: Values, name: str) -> Self:
        present = np.flatnonzero(pixel_counts(targets, MOST_CLASSES))
        if not len(present):
            raise DataError(Problem(f"{name} has no pixel that counts: every value is {IGNORED}"))
        count = int(present[-1]) + 1
        if count < 2:
            raise DataError(Problem(f"{name} holds class 0 alone", "a segmentation needs at least two classes"))
        return cls.numbered(count, targets.shape[1:])

    @classmethod
    def numbered(cls, count: int, mask_shape: Sequence[int]) -> Self:
        """Classes that have no names."""
        return cls(class_names=tuple(map(str, range(count))), mask_shape=tuple(mask_shape))

    def named(self, class_names: Sequence[str]) -> Self:
        if len(class_names) < self.count:
            message = f"the masks hold class {self.count - 1}, and `classes` names 0 to {len(class_names) - 1}"
            raise DataError(Problem(message, "name every class, the background too"))
        return self.model_copy(update={"class_names": tuple(class_names)})

    @classmethod
    def label_cells(cls, columns: Sequence[str], separator: str | None) -> LabelCells:
        raise DataError(_NO_TABLE)

    @classmethod
    def of_cells(cls, cells: Any, known: Self | None) -> TableTargets:
        raise DataError(_NO_TABLE)

    @classmethod
    def assumed(cls, class_count: int | None, output_shape: OutputShape) -> Self | None:
        channels = output_shape[-1] or 0
        count = class_count or (2 if channels == 1 else channels)
        sides = [side or 1 for side in output_shape[:-1]]
        return cls.numbered(count, sides) if 2 <= count <= MOST_CLASSES and len(sides) in (2, 3) else None

    def check(self, targets: Values, name: str, whose: str) -> None:
        counts = pixel_counts(targets, IGNORED)
        beyond = np.flatnonzero(counts[self.count :]) + self.count
        if len(beyond):
            held = listed((f"{value} ({counts[value]:,} pixels)" for value in beyond.tolist()), 5)
            message = f"{name} holds {held}; {whose} has {self.size}, 0 to {self.count - 1}"
            raise DataError(
                Problem(message, "set the number of classes with `classes` in `data`, or correct the masks")
            )

    def renumber(self, class_names: Sequence[str]) -> tuple[NDArray[np.int32], tuple[Problem, ...]]:
        matched = match(class_names, self.class_names)
        return matched.numbers, matched.notes

    def with_numbers(self, targets: NDArray[Any], numbers: NDArray[np.int32]) -> NDArray[Any]:
        table = np.full(256, IGNORED, np.uint8)
        table[: len(numbers)] = numbers
        found: NDArray[np.uint8] = table[targets]
        return found

    def in_windows(self, size: Sequence[int]) -> Self:
        return self.model_copy(update={"mask_shape": tuple(size)})

    def check_settings(self, data: Data) -> list[Problem]:
        if data.classes is None or data.classes == self.count:
            return []
        return [Problem(f"`classes` is {data.classes}, the data has {self.count}", path=("data", "classes"))]

    def training_notes(self, data: Data, targets: Values) -> list[Problem]:
        counts = pixel_counts(targets, self.count)
        total = max(int(counts.sum()), 1)
        problems = []
        if missing := [self.class_names[number] for number in np.flatnonzero(counts == 0).tolist()]:
            named = listed((f"`{shortened(name)}`" for name in missing), 5)
            counts_from_1 = "where masks count from 1, name the numbers: `classes: {ground: 1, object: 2}`"
            hint = counts_from_1 if missing == ["0"] else ""
            problems.append(Problem(f"no pixel of the training masks is {named}", hint, kind="classes"))
        rare = [number for number in np.flatnonzero(counts).tolist() if counts[number] < _RARE * total]
        if rare and data.class_weight is None:
            shares = listed((f"`{shortened(self.class_names[n])}` {counts[n] / total:.2%}" for n in rare), 5)
            hint = "`class_weight: balanced` in `data` lets every class count the same; Dice and Tversky do so too"
            problems.append(Problem(f"few pixels are {shares}", hint, path=("data",), kind="imbalance"))
        return problems

    def whole(self, values: Values) -> Values:
        return values  # they may be larger than the memory, and are looked at some at a time

    def class_weight(self, wanted: Any, targets: Values) -> dict[int, float] | None:
        """`balanced`: all pixels / (classes * pixels of the class), as scikit-learn's for examples."""
        if wanted is None:
            return None
        if wanted == "balanced":
            counts = pixel_counts(targets, self.count)
            return {n: float(counts.sum() / (self.count * max(count, 1))) for n, count in enumerate(counts.tolist())}
        return {number: wanted.get(name, 1.0) for number, name in enumerate(self.class_names)}

    def weighing(self, encoding: Encoding, by_class: Mapping[int, float]) -> Encoding:
        weights = np.ones(256, np.float32)
        weights[: self.count] = [by_class[number] for number in range(self.count)]
        weights[IGNORED] = 0
        return Encoding(encoding.name, encoding.description, encoding.encode, partial(_weights_of, weights))

    @property
    def count(self) -> int:
        return len(self.class_names)

    @property
    def size(self) -> str:
        return counted(self.count, "class", "classes")

    def __str__(self) -> str:
        return f"masks of {self.size}"

    def texts_of(self, targets: Values) -> list[str]:
        """The classes of each mask, the largest first: `background 83%, disc 17%`."""
        column = as_column(targets)
        return [self.shares_text(column.read([row])[0]) for row in range(len(column))]

    def shares_text(self, mask: NDArray[np.uint8]) -> str:
        counts = np.bincount(mask.ravel(), minlength=256)[: self.count]
        order = np.argsort(-counts, kind="stable")
        total = max(int(counts.sum()), 1)
        shares = [f"{self.class_names[n]} {counts[n] / total:.0%}" for n in order.tolist() if counts[n]]
        return ", ".join(shares) or "no pixel that counts"

    def counts_by_name(self, targets: Values) -> dict[str, int]:
        """How many masks have pixels of each class."""
        present = np.zeros(self.count, np.int64)
        for masks in chunks(targets):
            present += np.array(
                [(masks == number).reshape(len(masks), -1).any(axis=1).sum() for number in range(self.count)]
            )
        return dict(zip(self.class_names, present.tolist(), strict=True))

    def rows_of(self, targets: Values, number: int) -> NDArray[np.int64]:
        found = [(masks == number).reshape(len(masks), -1).any(axis=1) for masks in chunks(targets)]
        return np.flatnonzero(np.concatenate(found)) if found else np.empty(0, np.int64)

    @classmethod
    def unfit_output(cls, shape: OutputShape, layer: str) -> Problem | None:
        if len(shape) in (3, 4):
            return None
        message = (
            f"the output of layer `{layer}` is {written(shape)}, but masks need a map with a channel for each class"
        )
        return Problem(message, "end with `Conv2D: {filters: $classes, kernel_size: 1, activation: softmax}`")

    def encoding(
        self, loss: KerasObject, *, output_shape: OutputShape, layer: str = "", path: Path = ("model", "layers")
    ) -> Encoding:
        who = f"layer `{layer}`" if layer else "the network"
        *sides, channels = output_shape
        if len(sides) != len(self.mask_shape) or any(
            side is not None and side != own for side, own in zip(sides, self.mask_shape, strict=False)
        ):
            message = f"the masks are {written(self.mask_shape)}, and {who} gives a map of {written(sides)}"
            hint = "the output must be as large as the masks: UpSampling2D or Conv2DTranspose enlarge, `padding: same` keeps"
            raise DataError(Problem(message, hint, path=path))
        if not self._fits_channels(channels):
            message = f"the masks have {self.size}, and {who} gives {counted(channels or 0, 'channel')}"
            raise DataError(Problem(message, "use `filters: $classes` in the last layer", path=path))
        if channels == 1:
            return COLUMN
        if loss_class(loss) in SPARSE:
            return IGNORING if loss.args.get("ignore_class") == IGNORED else NUMBERS
        return one_hot(self.count)

    def _fits_channels(self, channels: int | None) -> bool:
        return channels == self.count or (channels == 1 and self.count == 2)

    def fits(self, output_shape: OutputShape) -> bool:
        return self.unfit_output(output_shape, "") is None and self._fits_channels(output_shape[-1])

    def stand_ins(self, count: int) -> NDArray[Any]:
        pixels = np.arange(count * math.prod(self.mask_shape), dtype=np.int64) % self.count
        return pixels.astype(np.uint8).reshape(count, *self.mask_shape)

    def usual_loss(self, output_shape: OutputShape) -> str:
        kind = "binary" if output_shape[-1] == 1 else "sparse_categorical"
        return f"for masks of {self.count} classes the usual one is {kind}_crossentropy"

    def other_losses(self, loss: KerasObject, output_shape: OutputShape) -> Iterator[tuple[str, Encoding]]:
        if output_shape[-1] == self.count and "CategoricalCrossentropy" in loss_class(loss):
            yield "sparse_categorical_crossentropy", NUMBERS
            yield "categorical_crossentropy", one_hot(self.count)


def chunks(targets: Values) -> Iterator[NDArray[np.uint8]]:
    """All masks in order, some at a time: uint8 (some, *shape of one)."""
    column = as_column(targets)
    rows = max(1, _CHUNK // max(1, math.prod(targets.shape[1:])))
    for begin in range(0, len(column), rows):
        yield column.read(np.arange(begin, min(begin + rows, len(column))))


def pixel_counts(targets: Values, count: int) -> NDArray[np.int64]:
    """How many pixels each class has, int64 (count,), those that do not count left out.

    Args:
        targets: uint8 (masks, …).
        count: of classes.
    """
    found = np.zeros(256, np.int64)
    for masks in chunks(targets):
        found += np.bincount(masks.ravel(), minlength=256)
    return found[: min(count, IGNORED)]


def _without_channels(name: str, array: NDArray[Any]) -> NDArray[Any]:
    """Masks (count, …, 1) without the last axis, and one-hot masks (count, …, classes) as class numbers."""
    if array.ndim < 4:
        return array
    if array.shape[-1] == 1:
        return array[..., 0]
    are_one_hot = array.dtype.kind in "biuf" and 2 <= array.shape[-1] <= MOST_CLASSES and array.max(initial=0) == 1
    if are_one_hot and all((array[row].sum(axis=-1) == 1).all() for row in range(len(array))):
        return np.stack([mask.argmax(axis=-1) for mask in array]).astype(np.uint8)
    return array


def _as_numbers(masks: Any) -> Tensor:
    import tensorflow as tf

    numbers = tf.cast(masks, tf.int32)
    return tf.where(numbers == IGNORED, tf.zeros_like(numbers), numbers)


def _as_ignoring(masks: Any) -> Tensor:
    import tensorflow as tf

    return tf.cast(masks, tf.int32)


def _as_column(masks: Any) -> Tensor:
    import tensorflow as tf

    return tf.cast(_as_numbers(masks), tf.float32)[..., tf.newaxis]


def _weights(masks: Any) -> Tensor:
    import tensorflow as tf

    return tf.cast(tf.cast(masks, tf.int32) != IGNORED, tf.float32)


def _weights_of(by_class: NDArray[np.float32], masks: Any) -> Tensor:
    import tensorflow as tf

    return tf.gather(tf.constant(by_class), tf.cast(masks, tf.int32))


NUMBERS = Encoding("numbers", "class numbers of pixels", _as_numbers, _weights)  # int32 (batch, *mask)
IGNORING = Encoding("numbers", "class numbers of pixels", _as_ignoring, _weights)
COLUMN = Encoding("column", "maps of 0 and 1", _as_column, _weights)  # float32 (batch, *mask, 1)


def one_hot(count: int) -> Encoding:
    """One-hot vectors of pixels, float32 (batch, *mask, count); a pixel that does not count has no class."""

    def encode(masks: Any) -> Tensor:
        import tensorflow as tf

        return tf.one_hot(tf.cast(masks, tf.int32), count)

    return Encoding("one_hot", "one-hot vectors of pixels", encode, _weights)


__all__ = ["IGNORED", "OVERLAP", "MaskTargets", "chunks", "one_hot", "pixel_counts"]

TARGETS = MaskTargets
