"""The kernels of a model's convolutions: found by name, and drawn."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from cnncli.errors import ModelFileError, Problem, RecipeError
from cnncli.figures.filters import draw_filters
from cnncli.figures.save import make_folder, save
from cnncli.wording import did_you_mean, listed, shortened

NO_CONVOLUTION = "the network has no convolution, so there is nothing to draw"
_CONVOLUTIONS = tuple(
    getattr(keras.layers, name)
    for name in ("Conv1D", "Conv2D", "Conv3D", "Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose")
)
_DEPTHWISE = tuple(
    getattr(keras.layers, name) for name in ("DepthwiseConv1D", "DepthwiseConv2D", "SeparableConv1D", "SeparableConv2D")
)


def convolutions(model: keras.Model) -> list[str]:
    """The names of the layers that have filters, in order."""
    return [layer.name for layer in model.layers if isinstance(layer, _CONVOLUTIONS + _DEPTHWISE)]


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


def draw_layers(
    model: keras.Model,
    layers: Sequence[str] | None,
    folder: Path,
    *,
    per_filter: bool = False,
    formats: Sequence[str] = ("png", "svg"),
) -> list[Path]:
    """Draw the filters of layers into `filters-<layer>.png` and so on.

    Args:
        layers: names; None for the first convolution.
        folder: made when it is missing.

    Raises:
        ModelFileError: the model has no convolution.
        RecipeError: names that no convolution has, each with the nearest one.
        OutputError: the folder or a picture cannot be written.
    """
    there = convolutions(model)
    if not there:
        raise ModelFileError(NO_CONVOLUTION)
    wanted = _found(model, layers or there[:1])
    make_folder(folder)
    files: list[Path] = []
    for layer in wanted:
        kernel, depthwise = kernel_of(layer)
        figure = draw_filters(
            kernel, layer_name=layer.name, normalise="filter" if per_filter else "layer", depthwise=depthwise
        )
        files += save(figure, folder / f"filters-{layer.name}.png", formats=formats)
    return files


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
    return model.get_layer(name)


def _found(model: keras.Model, names: Sequence[str]) -> list[Any]:
    """The convolutions of several names; everything wrong with them is told at once."""
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
