"""Find the convolutions of a model by name, and their kernels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from cnncli.errors import Problem, RecipeError
from cnncli.messages import did_you_mean, listed, shortened
from cnncli.network.flatten_submodels import layers_of

NO_CONVOLUTION = "the network has no convolution, so there is nothing to draw"
_CONVOLUTIONS = tuple(
    getattr(keras.layers, name)
    for name in ("Conv1D", "Conv2D", "Conv3D", "Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose")
)
_DEPTHWISE = tuple(
    getattr(keras.layers, name) for name in ("DepthwiseConv1D", "DepthwiseConv2D", "SeparableConv1D", "SeparableConv2D")
)
_RECURRENT = (keras.layers.ConvLSTM1D, keras.layers.ConvLSTM2D, keras.layers.ConvLSTM3D)


@dataclass(frozen=True)
class Convolution:
    """A convolution of a model: a layer, or what a wrapper such as TimeDistributed applies.

    Attributes:
        name: of the layer in the model; of a model that a wrapper applies, `wrapper/layer`.
        layer: the convolution itself, or Bidirectional where that applies two.
        around: the classes of the wrappers, from the outside in.
    """

    name: str
    layer: Any
    around: tuple[str, ...] = ()

    @property
    def answers_by_filter(self) -> bool:
        """Whether the channels that leave the layer are its filters: not of gates, nor of a separable convolution."""
        kind = type(self.layer)
        return "/" not in self.name and not kind.__name__.startswith("Separable") and not self.gates

    @property
    def gates(self) -> str:
        """What the filters of a convolutional LSTM are for, in words; empty for any other convolution."""
        parts = _directions(self.layer)
        if not isinstance(parts[0], _RECURRENT):
            return ""
        each = f"{parts[0].cell.kernel.shape[-1] // 4} each for the input, forget, cell and output gates"
        return f"{each}, forwards and then backwards" if len(parts) > 1 else each

    def __str__(self) -> str:
        """`Conv2D: 6 filters 5x5x1`, `TimeDistributed Conv2D: …`."""
        kernel, depthwise = kernel_of(self.layer)
        size = "x".join(map(str, kernel.shape[:-2] if depthwise else kernel.shape[:-1]))
        count = kernel.shape[-2] * kernel.shape[-1] if depthwise else kernel.shape[-1]
        kinds = [*self.around, type(_directions(self.layer)[0]).__name__]
        return f"{' '.join(kinds)}: {count:,} filters {size}"


def convolutions(model: keras.Model) -> list[Convolution]:
    """The layers that have filters, in order; also those of a model within the model, and those that a wrapper applies."""
    return [found for layer in layers_of(model) for found in _in_layer(layer, layer.name, ())]


def has_convolution(layer: Any) -> bool:
    """Whether a layer is a convolution, or applies one."""
    return next(_in_layer(layer, "", ()), None) is not None


def _in_layer(layer: Any, name: str, around: tuple[str, ...]) -> Iterator[Convolution]:
    kind = type(layer).__name__
    if isinstance(layer, keras.Model):
        for inner in layers_of(layer):
            yield from _in_layer(inner, f"{name}/{inner.name}", around)
    elif isinstance(layer, keras.layers.Wrapper):
        yield from _in_layer(layer.layer, name, (*around, kind))
    elif isinstance(_directions(layer)[0], _CONVOLUTIONS + _DEPTHWISE + _RECURRENT):
        yield Convolution(name, layer, (*around, kind) if isinstance(layer, keras.layers.Bidirectional) else around)


def _directions(layer: Any) -> list[Any]:
    """The two layers that a Bidirectional applies; else the layer itself."""
    return [layer.forward_layer, layer.backward_layer] if isinstance(layer, keras.layers.Bidirectional) else [layer]


def kernel_of(layer: Any) -> tuple[np.ndarray, bool]:
    """A convolution's kernel, and whether each input channel has filters of its own.

    Of a convolutional LSTM it is the kernel for its input: the filters of one gate after another.

    Returns:
        float32 (*window, in, filters); depthwise: (*window, in, multiplier).
    """
    if isinstance(layer, keras.layers.Bidirectional):
        return np.concatenate([kernel_of(part)[0] for part in _directions(layer)], axis=-1), False
    depthwise = isinstance(layer, _DEPTHWISE)
    holder = layer.cell if isinstance(layer, _RECURRENT) else layer
    weights = holder.depthwise_kernel if hasattr(holder, "depthwise_kernel") else holder.kernel
    kernel = np.asarray(keras.ops.convert_to_numpy(weights), dtype=np.float32)
    if "Transpose" in type(layer).__name__:
        kernel = np.swapaxes(kernel, -1, -2)  # Keras keeps these as (*window, filters, in)
    return kernel, depthwise


def find(model: keras.Model, name: str) -> Convolution:
    """The convolution of a name.

    Raises:
        RecipeError: there is none; with the nearest one.
    """
    there = {one.name: one for one in convolutions(model)}
    if name not in there:
        hint = did_you_mean(name, there) or f"there are: {listed(there, 12)}"
        raise RecipeError(f"no convolution is named `{shortened(name)}`", hint=hint)
    return there[name]


def find_all(model: keras.Model, names: Sequence[str]) -> list[Convolution]:
    """The convolutions of several names; everything wrong with them is reported at once.

    Raises:
        RecipeError: as `find`, for all of them.
    """
    found: list[Convolution] = []
    problems: list[Problem] = []
    for name in names:
        try:
            found.append(find(model, name))
        except RecipeError as error:
            problems += error.problems
    if problems:
        raise RecipeError(problems)
    return found
