"""Check whether the filters of a layer can be drawn in the colors that are asked for; imports no Matplotlib."""

from __future__ import annotations

from typing import Any, Literal

from numpy.typing import NDArray

from cnncli.errors import RecipeError
from cnncli.messages import shortened
from cnncli.network.kernels import Convolution, kernel_of

Scale = Literal["diverging", "min-max", "rgb"]


def check_scale(layer: Convolution, scale: Scale) -> None:
    """Refuse colors for filters that have not three input channels.

    Raises:
        RecipeError: with the shape of the filters.
    """
    if scale == "rgb" and not has_colours(*kernel_of(layer.layer)):
        message = f"the filters of `{shortened(layer.name)}` cannot be drawn as RGB colors: {layer}"
        raise RecipeError(message, hint="RGB needs filters with a height, a width and 3 input channels")


def has_colours(kernel: NDArray[Any], depthwise: bool) -> bool:
    """Whether filters can be drawn as colours: each has a height, a width and three input channels."""
    return kernel.ndim in (4, 5) and kernel.shape[-2] == 3 and not depthwise
