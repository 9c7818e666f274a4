"""What image files become before they enter a network, and warnings about those that it cannot know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cnncli.data import images, scales
from cnncli.errors import Problem
from cnncli.evaluation.models import TrainedModel
from cnncli.wording import counted, printable

MOST = 100  # files that are looked at before the others are predicted
_ALIKE = 2  # of 255: an image whose values differ by no more shows nothing
_DARK, _LIGHT = 0.25, 0.75
_RESIZED = {"pad": "padded", "crop": "cropped", "stretch": "stretched"}


@dataclass(frozen=True, eq=False)
class Looked:
    """Image files as a network gets them.

    Attributes:
        steps: what was done to them, in one line.
        warnings: images without content, and with another background than the training images.
        names: of the images that could be read.
        pixels: (count, height, width, channels), 0 to 255, one for each name.
    """

    steps: str
    warnings: tuple[Problem, ...]
    names: tuple[str, ...]
    pixels: NDArray[np.generic]


def look_at(trained: TrainedModel, paths: Sequence[str], form: images.Form) -> Looked:
    """Decode the first images as the network gets them; those that cannot be read are left to the caller.

    Args:
        form: what each image becomes.
    """
    found: list[tuple[str, images.Decoded]] = []
    for path in paths[:MOST]:
        try:
            found.append((path, images.decode(images.read(path), form)))
        except images.BadImage:
            continue
    names = tuple(path for path, _ in found)
    pixels = np.stack([each.pixels for _, each in found]) if found else np.empty((0, *form.shape), form.dtype)
    warnings = [*_blank(names, pixels), *_other_ground(trained, names, pixels, form)]
    return Looked(_steps(found, form), tuple(warnings), names, pixels)


def _steps(found: Sequence[tuple[str, images.Decoded]], form: images.Form) -> str:
    """`300x300 RGB, stretched to 28x28, converted to grayscale, not inverted`."""
    if not found:
        return ""
    kinds = {(each.width, each.height, each.mode) for _, each in found}
    width, height, mode = next(iter(kinds))
    came = (
        f"{width}x{height} {mode}"
        if len(kinds) == 1
        else counted(len(kinds), "size or color mode", "sizes or color modes")
    )
    is_same = len(kinds) == 1 and (height, width) == (form.height, form.width)
    parts = [came, "not resized" if is_same else f"{_RESIZED[form.resize]} to {form.width}x{form.height}"]
    wanted = "grayscale" if form.color == "grayscale" else "RGB"
    if len(kinds) > 1 or mode != ("L" if form.color == "grayscale" else "RGB"):
        parts.append(f"converted to {wanted}")
    if any("transparent" in each.oddities for _, each in found):
        parts.append(f"transparent parts become {list(form.background)}")
    parts.append("inverted" if form.invert else "not inverted")
    return ", ".join(parts)


def _blank(names: Sequence[str], pixels: NDArray[np.generic]) -> list[Problem]:
    values = pixels.reshape(len(pixels), int(np.prod(pixels.shape[1:]))).astype(np.float32)
    blank = [row for row, each in enumerate(values) if each.max() - each.min() <= _ALIKE]
    if not blank:
        return []
    first = f"{printable(names[blank[0]])} has (nearly) one value at all pixels, {values[blank[0]].mean():.0f}"
    message = first if len(blank) == 1 else f"{first}; so have {counted(len(blank) - 1, 'other image')}"
    return [Problem(message, "it shows nothing that a network can recognize: the prediction means nothing")]


def _other_ground(
    trained: TrainedModel, names: Sequence[str], pixels: NDArray[np.generic], form: images.Form
) -> list[Problem]:
    known = trained.scale.ground if trained.scale else None
    if known is None or _DARK < known < _LIGHT:
        return []
    other = []
    for row, each in enumerate(pixels):
        if float(each.max()) - float(each.min()) <= _ALIKE:
            continue  # another warning says what it is
        ground = scales.ground_of(each[None], 0.0, 255.0)
        if ground is not None and (ground >= _LIGHT if known <= _DARK else ground <= _DARK):
            other.append(row)
    if not other:
        return []
    is_one = len(other) == 1
    who = printable(names[other[0]]) if is_one else f"{counted(len(other), 'image')} ({printable(names[other[0]])}, …)"
    mine, theirs = ("light", "dark") if known <= _DARK else ("dark", "light")
    message = f"{who} {'has' if is_one else 'have'} a {mine} background, and the training images have a {theirs} one"
    hint = "leave out --invert" if form.invert else "--invert exchanges dark and light"
    return [Problem(message, f"the network has not learned from images of this kind; {hint}")]
