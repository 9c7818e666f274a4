"""What image files become: their size, colours, background and depth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

from cnncli.data import images
from cnncli.data.image_facts import DEEP
from cnncli.data.shapes import Shape, written
from cnncli.data.sources.image_scan import Usable
from cnncli.errors import DataError, Problem
from cnncli.inputs import IMAGE, kind_of
from cnncli.messages import counted
from cnncli.recipe.sources.base import ImageKeys
from cnncli.recipe.yaml.nodes import Path

WHITE = (255, 255, 255)


def form_of(settings: ImageKeys, input_shape: Shape | None, path: Path = ()) -> images.Form:
    """What every image becomes: `image_size` and `color`, or the network's input where they are left out.

    Args:
        path: of the settings in the recipe.

    Raises:
        DataError: neither says it, or the two disagree.
    """
    height, width, channels = _as_image_shape(input_shape)
    if settings.image_size:
        size = tuple(settings.image_size)
        if (height is not None and height != size[0]) or (width is not None and width != size[1]):
            message = f"`image_size` is {written(size)}, the network takes {height}x{width}"
            raise DataError(
                Problem(message, "leave `image_size` out: it follows `model.input`", path=(*path, "image_size"))
            )
        height, width = size
    if height is None or width is None:
        hint = "`image_size: [224, 224]` here, or `input: [224, 224, 3]` in `model`"
        raise DataError(Problem("no size is given for the images", hint, path=path))
    color = settings.color or ("grayscale" if channels == 1 else "rgb")
    low, high = settings.range or (None, None)
    depth: Literal[8, 16] = 16 if settings.depth == 16 else 8
    form = images.Form(
        height, width, settings.resize, color, settings.exif, _rgb(settings.background), depth, low, high
    )
    if channels is not None and channels != form.shape[2]:
        if settings.color is None:
            message = f"images have 1 or 3 channels, the network takes {channels}"
            raise DataError(Problem(message, path=("model", "input")))
        message = f"`color: {color}` gives {counted(form.shape[2], 'channel')}, the network takes {channels}"
        raise DataError(Problem(message, "leave `color` out: it follows `model.input`", path=(*path, "color")))
    return form


def settled(form: images.Form, settings: ImageKeys, used: Sequence[Usable]) -> images.Form:
    """The form with what `auto` leaves to the training images: white behind dark drawings, 16 bits for 16-bit images."""
    used = [each for each in used if each.file.part == "train"]
    if settings.background == "auto":
        transparent = [each for each in used if "transparent" in each.oddities]
        dark = sum("dark drawing" in each.oddities for each in transparent)
        if 2 * dark > len(transparent):
            form = replace(form, background=WHITE)
    if settings.depth == "auto" and any(oddity in DEEP for each in used for oddity in each.oddities):
        form = replace(form, depth=16)
    return form


def _rgb(background: Any) -> tuple[int, int, int]:
    if isinstance(background, list):
        red, green, blue = background
        return red, green, blue
    return WHITE if background == "white" else (0, 0, 0)


def _as_image_shape(shape: Shape | None) -> tuple[int | None, int | None, int | None]:
    if shape is None:
        return None, None, None
    if kind_of(shape) is not IMAGE:
        message = f"images are {' x '.join(IMAGE.AXES)}, the network takes {written(shape)}"
        raise DataError(Problem(message, path=("model", "input")))
    height, width, channels = shape
    return height, width, channels
