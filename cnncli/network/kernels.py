"""Find the convolutions of a model by name, and their kernels."""

from __future__ import annotations

from collections.abc import Sequence
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


def convolutions(model: keras.Model) -> list[str]:
    """The names of the layers that have filters, in order; also of those of a model within the model."""
    return [layer.name for layer in layers_of(model) if isinstance(layer, _CONVOLUTIONS + _DEPTHWISE)]


def describe(layer: Any) -> str:
    """`Conv2D: 6 filters 5x5x1`."""
    kernel, depthwise = kernel_of(layer)
    size = "x".join(map(str, kernel.shape[:-2] if depthwise else kernel.shape[:-1]))
    count = kernel.shape[-2] * kernel.shape[-1] if depthwise else kernel.shape[-1]
    return f"{type(layer).__name__}: {count:,} filters {size}"


def kernel_of(layer: Any) -> tuple[np.ndarray, bool]:
    """A layer's kernel, and whether each input channel has filters of its own.

    Returns:
        float32 (*window, in, filters); depthwise: (*window, in, multiplier).
    """
    depthwise = isinstance(layer, _DEPTHWISE)
    weights = layer.depthwise_kernel if hasattr(layer, "depthwise_kernel") else layer.kernel
    kernel = np.asarray(keras.ops.convert_to_numpy(weights), dtype=np.float32)
    if "Transpose" in type(layer).__name__:
        kernel = np.swapaxes(kernel, -1, -2)  # Keras keeps these as (*window, filters, in)
    return kernel, depthwise


def find(model: keras.Model, name: str) -> Any:
    """The convolution of a name.

    Raises:
        RecipeError: there is none; with the nearest one.
    """
    return find_among(model, name, convolutions(model), "convolution")


def find_among(model: keras.Model, name: str, there: Sequence[str], noun: str) -> Any:
    """The layer of a name, if it is one of those that are `there`.

    Raises:
        RecipeError: it is not; with the nearest one.
    """
    if name not in there:
        hint = did_you_mean(name, there) or f"there are: {listed(there, 12)}"
        raise RecipeError(f"no {noun} is named `{shortened(name)}`", hint=hint)
    return next(layer for layer in layers_of(model) if layer.name == name)


def find_all(model: keras.Model, names: Sequence[str]) -> list[Any]:
    """The convolutions of several names; everything wrong with them is reported at once.

    Raises:
        RecipeError: as `find`, for all of them.
    """
    found: list[Any] = []
    problems: list[Problem] = []
    for name in names:
        try:
            found.append(find(model, name))
        except RecipeError as error:
            problems += error.problems
    if problems:
        raise RecipeError(problems)
    return found
