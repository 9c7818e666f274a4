"""Describe how image files become inputs, and warn about images unlike those of the training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cnncli.data import images, scales
from cnncli.data.sources.image_remarks import other_depth
from cnncli.data.threads import in_threads
from cnncli.errors import Problem
from cnncli.inference.model_loading import TrainedModel
from cnncli.messages import counted, listed, printable

_MOST_BYTES = 256 << 20  # of pixels that are kept, so that no image is decoded twice
_ALIKE = 2  # of 255: an image whose values differ by no more shows nothing
_DARK, _LIGHT = 0.25, 0.75
_MOST_NAMED = 3
_RESIZED = {"pad": "padded", "crop": "cropped", "stretch": "stretched", "keep": "cut or filled up"}


@dataclass(frozen=True, eq=False)
class Looked:
    """Image files as a network gets them.

    Attributes:
        steps: what was done to them, in one line.
        warnings: images without content, of another depth, and with another background than the training images.
        decoded: by path, those that could be read; the first ones where all would take too much memory.
    """

    steps: str
    warnings: tuple[Problem, ...]
    decoded: Mapping[str, images.Decoded]


@dataclass(frozen=True, slots=True)
class _Seen:
    """What was seen of an image.

    Attributes:
        kind: width, height and mode.
        is_deep: whether it has more than 8 bits a channel.
        blank: its value, where it has (nearly) one value alone.
        ground: as `scales.ground_of` gives it.
    """

    path: str
    kind: tuple[int, int, str]
    is_transparent: bool
    is_deep: bool
    blank: float | None
    ground: float | None


_MODES = {
    "L": "grayscale",
    "LA": "grayscale with transparency",
    "RGBA": "RGB with transparency",
    "P": "palette",
}  # Pillow's names


def look_at(trained: TrainedModel, paths: Sequence[str], form: images.Form) -> Looked:
    """Decode images as the network gets them; those that cannot be read are left to the caller.

    Args:
        form: what each image becomes.
    """
    kept: dict[str, images.Decoded] = {}
    most = _MOST_BYTES // (int(np.prod(form.shape)) * form.dtype.itemsize)
    wanted = set(paths[:most])

    def look(path: str) -> _Seen | None:
        try:
            decoded = images.decode(images.read(path), form)
        except images.BadImage:
            return None
        if path in wanted:
            kept[path] = decoded
        return _seen(path, decoded)

    found = [seen for seen in in_threads(look, paths) if seen]
    names = [printable(each.path) for each in found if not each.is_deep]
    depth = other_depth(names, form)
    warnings = [*_blank(found), *([depth] if depth else []), *_other_ground(trained, found, form)]
    return Looked(_steps(found, form), tuple(warnings), kept)


def _seen(path: str, decoded: images.Decoded) -> _Seen:
    pixels = decoded.pixels
    low, high = float(pixels.min()), float(pixels.max())
    is_blank = high - low <= _ALIKE
    return _Seen(
        path,
        (decoded.width, decoded.height, decoded.mode),
        "transparent" in decoded.oddities,
        decoded.top > 0,
        float(pixels.mean()) if is_blank else None,
        None if is_blank else scales.ground_of(pixels[None], 0.0, 255.0),
    )


def _steps(found: Sequence[_Seen], form: images.Form) -> str:
    """`300x300 RGB, stretched to 28x28, converted to grayscale, not inverted`."""
    if not found:
        return ""
    kinds = {each.kind for each in found}
    width, height, mode = next(iter(kinds))
    came = (
        f"{width}x{height} {_MODES.get(mode, mode)}"
        if len(kinds) == 1
        else counted(len(kinds), "size or color mode", "sizes or color modes")
    )
    is_same = len(kinds) == 1 and (height, width) == (form.height, form.width)
    parts = [came, "not resized" if is_same else f"{_RESIZED[form.resize]} to {form.width}x{form.height}"]
    wanted = "grayscale" if form.color == "grayscale" else "RGB"
    if len(kinds) > 1 or mode != ("L" if form.color == "grayscale" else "RGB"):
        parts.append(f"converted to {wanted}")
    if any(each.is_transparent for each in found):
        parts.append(f"transparent parts become {list(form.background)}")
    parts.append("inverted" if form.invert else "not inverted")
    return ", ".join(parts)


def _blank(found: Sequence[_Seen]) -> list[Problem]:
    blank = [each for each in found if each.blank is not None]
    if not blank:
        return []
    value = f", {blank[0].blank:.0f}" if len(blank) == 1 else ""
    message = f"{_who(blank, found, 'has', 'have')} (nearly) one value at all pixels{value}"
    hint = "there is nothing to recognize: the prediction is meaningless"
    return [Problem(message, _with_names(blank, hint))]


def _other_ground(trained: TrainedModel, found: Sequence[_Seen], form: images.Form) -> list[Problem]:
    known = trained.scale.ground if trained.scale else None
    if known is None or _DARK < known < _LIGHT:
        return []
    other = [
        each
        for each in found
        if each.ground is not None and (each.ground >= _LIGHT if known <= _DARK else each.ground <= _DARK)
    ]
    if not other:
        return []
    mine, theirs = ("light", "dark") if known <= _DARK else ("dark", "light")
    who = _who(other, found, "has", "have")
    message = f"{who} a {mine} background, and the training images have a {theirs} one"
    way_out = "leave out --invert" if form.invert else "--invert swaps dark and light"
    hint = f"the network has not learned from images of this kind; {way_out}"
    return [Problem(message, _with_names(other, hint))]


def _who(some: Sequence[_Seen], found: Sequence[_Seen], one: str, several: str) -> str:
    """`seven.png has`, `3 of 200 images have`."""
    if len(some) == 1:
        return f"{printable(some[0].path)} {one}"
    return f"{len(some):,} of {counted(len(found), 'image')} {several}"


def _with_names(some: Sequence[_Seen], hint: str) -> str:
    names = [] if len(some) == 1 else [listed((each.path for each in some), _MOST_NAMED)]
    return "\n".join([*names, hint])
