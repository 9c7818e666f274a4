"""The kernels of a model's convolutions as pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import keras

from cnncli.errors import ModelFileError
from cnncli.figures.filters import draw_filters
from cnncli.figures.save import make_folder, save
from cnncli.network.kernels import NO_CONVOLUTION, convolutions, find_all, kernel_of


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
    wanted = find_all(model, layers or there[:1])
    make_folder(folder)
    files: list[Path] = []
    for layer in wanted:
        kernel, depthwise = kernel_of(layer)
        figure = draw_filters(
            kernel, layer_name=layer.name, normalise="filter" if per_filter else "layer", depthwise=depthwise
        )
        files += save(figure, folder / f"filters-{layer.name}.png", formats=formats)
    return files
