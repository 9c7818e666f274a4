"""Targets of a reconstruction: the inputs themselves, behind `prepare` and before `augment`."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from cnncli.data.dataset import INPUT, Examples
from cnncli.data.encoding import Encoding, OutputShape, as_floats
from cnncli.data.shapes import written
from cnncli.data.tables.cells import NoCells
from cnncli.data.targets import TableTargets, TargetInfo
from cnncli.errors import DataError, Problem
from cnncli.inputs import IMAGE, kind_of
from cnncli.recipe.keras_objects.objects import KerasObject, as_data, read
from cnncli.recipe.outputs import loss_class
from cnncli.recipe.schema_data import Data
from cnncli.recipe.yaml.nodes import Path
from cnncli.tasks.regression.targets import RANGES

if TYPE_CHECKING:
    from tensorflow import Tensor

PERCENTILES = np.linspace(0, 100, 101)  # of the errors that a model file knows

_MOST_LAYERS = 100  # of `augment`, in a model file


@dataclass(frozen=True, slots=True)
class InputEncoding(Encoding):
    """Raw inputs as the first layer of a network takes them.

    Attributes:
        layers: of `prepare`, at the beginning of the network.
        rank: axes of what a loss gives of a batch, of which the first is that of the examples.
    """

    layers: int = 0
    rank: int = 1

    def column(self, examples: Any) -> Any:
        return examples.input

    def of(self, model: Any) -> Encoding:
        return replace(self, encode=preparation(model, self.layers))

    def scored(self, stored: NDArray[Any], inputs: Any, encoded: Any) -> tuple[NDArray[Any], NDArray[Any]]:
        """What is to come out, and what goes into the network: float32 (batch, *shape) each."""
        return np.asarray(encoded), np.asarray(self.encode(inputs))

    def weights(self, targets: Any, of_examples: Any = None) -> Tensor | None:
        """The weights of the examples, with an axis for each axis of the loss; None where all are 1."""
        import tensorflow as tf

        return None if of_examples is None else tf.reshape(of_examples, [-1, *[1] * (self.rank - 1)])


def preparation(model: Any, layers: int) -> Callable[[Any], Tensor]:
    """What the first layers of a network make of raw inputs.

    Args:
        model: a `keras.Model` with one input.
        layers: how many of its first layers, one after the other.

    Returns:
        Raw inputs (batch, …) -> float32 (batch, …).

    Raises:
        ValueError: the network does not begin so.
    """
    if not layers:
        return as_floats
    import keras

    tensor = model.inputs[0]
    for layer in model.layers[1 : layers + 1]:
        if layer.input is not tensor:
            raise ValueError(f"its first {layers} layers do not stand one after the other")
        tensor = layer.output
    prepare = keras.Model(model.inputs[0], tensor, name="preparation")
    return lambda inputs: as_floats(prepare(inputs, training=False))


class InputTargets(TargetInfo):
    """The input itself: float32 (count, *shape).

    Attributes:
        shape: of an example behind `prepare`, and of an output of the network.
        low, high: the smallest and the largest value that an example can have there: PSNR and SSIM depend on the difference.
        layers: of `prepare`, at the beginning of the network.
        corruption: the layers of `augment`, as a recipe writes them, which validation and evaluation apply too; empty where
            there are none.
        seed: of their random numbers there.
        errors: percentiles 0 to 100 of the mean squared errors of the validation examples; empty before training has ended.
    """

    PLURAL: ClassVar[str] = "inputs"
    LISTED_IN: ClassVar[str] = "shape"
    OUTPUT_FORM: ClassVar[str] = "what an input is"
    UNLIKE_MODEL: ClassVar[str] = "does not reconstruct its input"
    USES_LABELS: ClassVar[bool] = False
    task: Literal["reconstruction"] = "reconstruction"
    class_names: tuple[()] = ()
    shape: tuple[Annotated[int, Field(ge=1)], ...] = ()
    low: float = 0.0
    high: float = 1.0
    layers: Annotated[int, Field(ge=0)] = 0
    corruption: Annotated[tuple[Any, ...], Field(max_length=_MOST_LAYERS)] = ()
    seed: Annotated[int, Field(ge=0)] = 0
    errors: tuple[float, ...] = ()

    @model_validator(mode="after")
    def _usable(self) -> Self:
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high):
            raise ValueError("`low` is not below `high`")
        if self.errors and (len(self.errors) != len(PERCENTILES) or list(self.errors) != sorted(self.errors)):
            raise ValueError(f"`errors` are not {len(PERCENTILES)} percentiles")
        list(self.corruption_layers())
        return self

    def corruption_layers(self) -> Iterator[KerasObject]:
        """The layers of `corruption`.

        Raises:
            ValueError: one of them is no layer of Keras.
        """
        for item in self.corruption:
            found, faults = read(item, "layers")
            if found is None or faults:
                raise ValueError(f"`corruption` has `{item}`, which is no layer of `augment`")
            yield found

    # ---- reading

    @classmethod
    def read(cls, name: str, array: NDArray[Any]) -> NDArray[Any]:
        return np.zeros(len(array), np.int8)

    @classmethod
    def describe(cls, targets: NDArray[Any], name: str) -> Self:
        return cls()

    @classmethod
    def label_cells(cls, columns: Sequence[str], separator: str | None) -> NoCells:
        return NoCells()

    @classmethod
    def of_cells(cls, cells: NoCells, known: Self | None) -> TableTargets:
        return TableTargets(cells.values(), known or cls())

    @classmethod
    def of_folders(cls, class_names: Sequence[str]) -> Self:
        return cls()

    def of_class_sets(self, sets: Sequence[Sequence[int]]) -> NDArray[Any]:
        return np.zeros(len(sets), np.int8)

    def renumber(self, class_names: Sequence[str]) -> tuple[NDArray[Any], tuple[Problem, ...]]:
        return np.zeros(len(class_names), np.int8), ()

    @classmethod
    def assumed(cls, class_count: int | None, output_shape: OutputShape) -> Self | None:
        sizes = tuple(size for size in output_shape if size is not None)
        return cls(shape=sizes) if len(sizes) == len(output_shape) > 0 else None

    def of_network(self, input_shape: OutputShape) -> Self:
        """The inputs' shape, where the network tells it."""
        sizes = tuple(size for size in input_shape if size is not None)
        return self.model_copy(update={"shape": sizes}) if len(sizes) == len(input_shape) else self

    def check(self, targets: NDArray[Any], name: str, whose: str) -> None:
        """There is nothing to check: labels are not read."""

    def prepared(self, data: Data, examples: Examples, prepare: Callable[[NDArray[Any]], NDArray[Any]]) -> Self:
        """The same with what the training examples and their preprocessing tell.

        Raises:
            DataError: all values of the examples are the same.
        """
        raw_low, raw_high = _raw_range(examples)
        shape = examples.input.shape[1:]
        ends = [prepare(np.full((1, *shape), value, np.float32)) for value in (raw_low, raw_high)]
        low, high = float(np.min(ends)), float(np.max(ends))
        if not low < high:
            message = f"every value of the training examples is {raw_low:g}" if raw_low == raw_high else ""
            raise DataError(
                Problem(message or f"`prepare` makes {low:g} of every value", "there is nothing to reconstruct")
            )
        return self.model_copy(
            update={
                "shape": tuple(ends[0].shape[1:]),
                "low": low,
                "high": high,
                "layers": len(data.prepare),
                "corruption": tuple(as_data(layer) for layer in data.augment),
                "seed": data.split.seed,
            }
        )

    # ---- description

    @property
    def count(self) -> int:
        return math.prod(self.shape)

    @property
    def size(self) -> str:
        return f"{written(self.shape)} inputs" if self.shape else "inputs"

    @property
    def data_range(self) -> float:
        return self.high - self.low

    def __str__(self) -> str:
        """`the input itself, values from 0 to 1`."""
        shown = f"the input itself, values from {self.low:.4g} to {self.high:.4g}"
        return f"{shown}, before {self.corruption_text}" if self.corruption else shown

    @property
    def corruption_text(self) -> str:
        """`GaussianNoise` and the like, for people: the layers that draw random numbers, or all where none does."""
        layers = list(self.corruption_layers())
        random = [layer for layer in layers if "seed" in (layer.entry.arguments or {})]
        return ", ".join(layer.name for layer in random or layers)

    @property
    def evaluated_as(self) -> Any:
        return [list(self.corruption), self.seed] if self.corruption else ()

    def texts_of(self, targets: NDArray[Any]) -> list[str]:
        return [""] * len(targets)

    # ---- losses

    @classmethod
    def unfit_output(cls, shape: OutputShape, layer: str) -> Problem | None:
        """None: any axes can be those of an input."""
        return None

    def encoding(
        self, loss: KerasObject, *, output_shape: OutputShape, layer: str = "", path: Path = ("model", "layers")
    ) -> Encoding:
        given = tuple(output_shape)
        if len(given) != len(self.shape) or any(a not in (None, b) for a, b in zip(given, self.shape, strict=True)):
            who = f"layer `{layer}`" if layer else "the network"
            behind = " behind `prepare`" if self.layers else ""
            message = f"{who} gives {written(given)}, and an input{behind} is {written(self.shape)}"
            raise DataError(Problem(message, _way_to(self.shape, given), path=path))
        if loss_class(loss) == "BinaryCrossentropy" and not (self.low >= 0 and self.high <= 1):
            message = f"{loss.name} needs targets from 0 to 1, and the inputs go from {self.low:.4g} to {self.high:.4g}"
            hint = "`prepare: [Rescaling: {scale: $(1 / 255)}]` makes them so; or use mean_squared_error"
            raise DataError(Problem(message, hint, path=("train", "loss")))
        return InputEncoding("inputs", "inputs", as_floats, layers=self.layers, rank=len(self.shape))

    def fits(self, output_shape: OutputShape) -> bool:
        return tuple(output_shape) == self.shape

    def stand_ins(self, count: int) -> NDArray[Any]:
        return np.full((count, *self.shape), (self.low + self.high) / 2, np.float32)

    def usual_loss(self, output_shape: OutputShape) -> str:
        return "the usual one is mean_squared_error"

    # ---- warnings

    def out_of_reach(self, targets: Sequence[NDArray[Any]], activation: str | None) -> Problem | None:
        least, most = RANGES.get(activation or "", (-math.inf, math.inf))
        if least <= self.low and self.high <= most:
            return None
        gives = f"from {least:g} to {most:g}" if math.isfinite(most) else f"from {least:g} on"
        behind = "behind `prepare` " if self.layers else ""
        message = f"{activation} gives values {gives}, and the inputs {behind}go from {self.low:.4g} to {self.high:.4g}"
        hint = "leave the last layer without an activation, or scale the inputs in `prepare`"
        return Problem(message, hint)


TARGETS = InputTargets


def _raw_range(examples: Examples) -> tuple[float, float]:
    """The smallest and the largest value that raw inputs can have: of bytes 0 and 255, else those of the examples."""
    if examples.input.dtype == np.uint8:
        return 0.0, 255.0
    scale = examples.scales[INPUT]
    return scale.low, scale.high


def _way_to(wanted: Sequence[int], given: OutputShape) -> str:
    """What to do about an output of another shape."""
    *sides, channels = wanted
    if len(given) == len(wanted) and list(given[:-1]) == sides:
        return f"`filters: {channels}` in the last layer" if sides else f"`units: {channels}` in the last layer"
    if len(given) == 1 and given[0] == math.prod(wanted):
        return f"end with `- Reshape: {list(wanted)}`"
    if len(given) == len(wanted):
        hint = "as many UpSampling or transposed convolutions as poolings, or strides; padding: same"
        if kind_of(wanted) is IMAGE and all(
            found is not None and found >= own for found, own in zip(given, sides, strict=False)
        ):
            height, width = given[:2]  # each halving rounded up
            hint += f"\nor images of {height}x{width} (height x width), by `image_size` or by a Resizing in `prepare`"
        return hint
    return f"an {kind_of(wanted).WORD} needs as many axes: end with `- Reshape: {list(wanted)}`"
