"""Draw the kernels of a model's convolutions, one picture for each layer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np
from matplotlib.figure import Figure

from cnncli.errors import ModelFileError
from cnncli.interpretability.filter_diagnostics import strongest as strongest_of
from cnncli.network.kernels import NO_CONVOLUTION, Convolution, convolutions, find_all, kernel_of
from cnncli.plots import naming
from cnncli.plots.filter_scale import Scale, check_scale
from cnncli.plots.filter_tiles import MOST_STRIPS, Normalise
from cnncli.plots.filters import draw_filters
from cnncli.plots.save import Folder, claim, make_folder, save
from cnncli.plots.text_fitting import plain_text


def draw_layers(
    model: keras.Model,
    layers: Sequence[str] | None,
    folder: Folder,
    *,
    scale: Scale = "diverging",
    per_filter: bool = False,
    strongest: int | None = None,
    initial: keras.Model | None = None,
    formats: Sequence[str] = ("png", "svg"),
) -> list[Path]:
    """Draw the filters of layers into `filters-<layer>.png` and so on.

    Whatever is not the default is an option of the name: `filters-C1--strongest-4--change.png`.

    Args:
        layers: names; None for the first convolution.
        folder: made when it is missing.
        scale: of the colors, as for `draw_filters`.
        per_filter: each filter has a scale of its own.
        strongest: only so many filters a layer, those with the largest norms, largest first.
        initial: the same network before training: each filter is drawn as it was, and beside it as it is.

    Raises:
        ModelFileError: the model has no convolution.
        RecipeError: names that no convolution has, each with the nearest one; or filters that cannot be drawn as colors.
        OutputError: the folder or a picture cannot be written.
    """
    wanted = named_or_first(model, layers)
    for layer in wanted:
        check_scale(layer, scale)
    options = [
        scale if scale != "diverging" else "",
        "per-filter" if per_filter else "",
        f"strongest-{strongest}" if strongest is not None else "",
        "change" if initial else "",
    ]
    stems = [naming.stem(f"filters-{naming.part(layer.name)}", options) for layer in wanted]
    claim(folder, stems, formats)
    make_folder(folder)
    files: list[Path] = []
    for layer, stem in zip(wanted, stems, strict=True):
        before = kernel_of(find_all(initial, [layer.name])[0].layer)[0] if initial else None
        normalise: Normalise = "filter" if per_filter else "layer"
        figure = _draw(layer, before, scale, normalise, strongest)
        files += save(figure, folder / f"{stem}.png", formats=formats)
    return files


def named_or_first(model: keras.Model, layers: Sequence[str] | None) -> list[Convolution]:
    """The convolutions of these names; of None the first.

    Raises:
        ModelFileError: the model has no convolution.
        RecipeError: names that no convolution has, each with the nearest one.
    """
    there = convolutions(model)
    if not there:
        raise ModelFileError(NO_CONVOLUTION)
    return find_all(model, layers) if layers else there[:1]


def _draw(
    layer: Convolution,
    before: np.ndarray | None,
    scale: Scale,
    normalise: Normalise,
    strongest: int | None,
) -> Figure:
    kernel, depthwise = kernel_of(layer.layer)
    name = layer.name
    if strongest is None and before is None:
        return draw_filters(
            kernel, layer_name=name, scale=scale, normalise=normalise, depthwise=depthwise, order=layer.gates
        )
    count = kernel.shape[-2] * kernel.shape[-1] if depthwise else kernel.shape[-1]
    if strongest is not None:
        numbers = strongest_of(kernel, depthwise, strongest)
        which = f"{len(numbers)} strongest of the {count}"
    else:
        numbers = np.arange(min(count, MOST_STRIPS // 2))
        which = f"{count}" if len(numbers) == count else f"first {len(numbers)} of the {count}"
    title = f"The {which} filters of {plain_text(name)}"
    shown = _numbered(kernel, depthwise)[..., numbers]
    names = [str(number) for number in numbers]
    if before is not None:
        was = _numbered(before, depthwise)[..., numbers]
        shown = np.stack([was, shown], axis=-1).reshape(*shown.shape[:-1], -1)  # (…, before and after in turn)
        names = [f"{number} {when}" for number in names for when in ("start", "end")]
        title += ", before and after training"
    return draw_filters(
        shown, layer_name=name, scale=scale, normalise=normalise, names=names, title=title, max_filters=len(names),
        order=layer.gates,
        together=1 if before is None else 2,
    )  # fmt: skip


def _numbered(kernel: np.ndarray, depthwise: bool) -> np.ndarray:
    """A kernel with its filters on the last axis: (*window, in, filters)."""
    return kernel.reshape(*kernel.shape[:-2], 1, -1) if depthwise else kernel
