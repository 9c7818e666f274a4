"""Decode mask files to class numbers."""

from __future__ import annotations

import hashlib
import io
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cnncli.data import images
from cnncli.data.image_geometry import Geometry, upright
from cnncli.data.image_header import BadImage, image_format, orientation, refuse_damaged_png, what_it_is
from cnncli.recipe.sources.mask_folder import MOST_CLASSES, Value

IGNORED = 255  # of a pixel that does not count, in what is read here
_UNKNOWN = -1
_NUMBERS = 1 << 16
_COLORS = 1 << 24
_SCALES = {2: 85, 4: 17}  # Pillow spreads grey values of so few bits over 0 to 255
_MODES_OF_NUMBERS = ("1", "L", "P", "I", "I;16", "I;16B", "I;16L", "F")


class InColors(BadImage):
    """A mask with colors where numbers are wanted."""


@dataclass(frozen=True, slots=True, eq=False)
class Mask:
    """A mask, and what is wrong with it.

    Attributes:
        numbers: uint8 (height, width) of the form: class numbers, 255 where nothing counts; None where it cannot be used.
        sha256: of the file, hex; empty where it cannot be read.
        reason: why it cannot be used, after its name; empty where it can.
        unknown: how many pixels hold each value that is no class: a number, or red, green and blue as one number.
        format: of the file, as Pillow calls it.
    """

    numbers: NDArray[np.uint8] | None
    sha256: str
    reason: str = ""
    unknown: Mapping[int, int] | None = None
    format: str = ""


class MaskReader:
    """Reads mask files.

    Args:
        values: what the pixels of each class hold, by name; None: the numbers of the classes, 0 to 254.
        ignore: what pixels hold that do not count.

    Attributes:
        are_colors: whether these are colors.
    """

    def __init__(self, values: Mapping[str, Value] | None, ignore: Value | None) -> None:
        self._are_own_numbers = values is None
        self.are_colors = values is not None and any(isinstance(each, list) for each in values.values())
        self._table = np.full(_COLORS if self.are_colors else _NUMBERS, _UNKNOWN, np.int16)
        if values is None:
            self._table[:MOST_CLASSES] = np.arange(MOST_CLASSES)
        for number, value in enumerate((values or {}).values()):
            self._table[_packed(value)] = number
        if ignore is not None:
            self._table[_packed(ignore)] = IGNORED

    def read(self, path: str, size: tuple[int, int], form: images.Form) -> Mask:
        """Read the mask of an image.

        Args:
            size: (height, width) of the upright image.
            form: what the image becomes; the mask becomes the same, by the nearest pixel.
        """
        try:
            content = images.read(path)
        except BadImage as error:
            return Mask(None, "", str(error))
        digest = hashlib.sha256(content).hexdigest()
        try:
            raw, kind = _decoded(content, as_colors=self.are_colors, turns=form.exif == "apply")
        except BadImage as error:
            return Mask(None, digest, str(error))
        if kind == "JPEG" and self._are_own_numbers:
            return Mask(None, digest, "JPEG changes values, so its class numbers cannot be trusted: save masks as PNG")
        height, width = raw.shape
        if (height, width) != size:
            said = f"it has {width}x{height} pixels, and its image {size[1]}x{size[0]}"
            turned = "; `exif: ignore` where masks were drawn on the images as they are stored"
            return Mask(None, digest, said + (turned if (width, height) == size else ""))
        in_table = (raw >= 0) & (raw < len(self._table))
        found = self._table[np.where(in_table, raw, 0)]
        found[~in_table] = _UNKNOWN
        if (found == _UNKNOWN).any():
            values, counts = np.unique(raw[found == _UNKNOWN], return_counts=True)
            return Mask(None, digest, unknown=dict(zip(values.tolist(), counts.tolist(), strict=True)), format=kind)
        numbers = Geometry(height, width, form).forward_labels(found.astype(np.uint8), outside=IGNORED)
        return Mask(numbers, digest, format=kind)


def values_in(path: str) -> tuple[dict[tuple[int, ...], int], bool]:
    """How many pixels of a mask file hold each value: (number,), or (red, green, blue); and whether these are colors.

    Raises:
        BadImage: it cannot be read.
    """
    content = images.read(path)
    try:
        raw, _ = _decoded(content, as_colors=False, turns=False)
    except InColors:
        raw, _ = _decoded(content, as_colors=True, turns=False)
        values, counts = np.unique(raw, return_counts=True)
        colors = [(value >> 16, value >> 8 & 255, value & 255) for value in values.tolist()]
        return dict(zip(colors, counts.tolist(), strict=True)), True
    values, counts = np.unique(raw, return_counts=True)
    return {(value,): count for value, count in zip(values.tolist(), counts.tolist(), strict=True)}, False


def values_text(unknown: Mapping[int, int], *, are_colors: bool, most: int = 4) -> str:
    """`7 at 1,204 pixels, 9 at 3`, the most frequent first."""
    common = Counter(unknown).most_common(most)
    texts = [f"{value_text(value, are_colors=are_colors)} at {count:,}" for value, count in common]
    texts[0] += " pixels" if common[0][1] != 1 else " pixel"
    return ", ".join(texts) + (f", {len(unknown) - most:,} more" if len(unknown) > most else "")


def value_text(value: int, *, are_colors: bool) -> str:
    """`7`, or `[128, 64, 128]`."""
    return str([value >> 16, value >> 8 & 255, value & 255]) if are_colors else str(value)


def _packed(value: Value) -> int:
    return value if isinstance(value, int) else value[0] << 16 | value[1] << 8 | value[2]


def _decoded(content: bytes, *, as_colors: bool, turns: bool) -> tuple[NDArray[np.int64], str]:
    """The values of a mask, int (height, width), upright: numbers, or colors as one number each; and its format.

    Raises:
        BadImage: it is no image, it is damaged, or it has colors where numbers are wanted.
    """
    name = image_format(content)
    if name is None:
        raise BadImage(what_it_is(content))
    if name == "PNG":
        refuse_damaged_png(content)
    try:
        with Image.open(io.BytesIO(content), formats=(name,)) as image:
            if image.width * image.height > images.MOST_PIXELS:
                raise BadImage(f"it has {image.width:,}x{image.height:,} pixels; the limit is 64 megapixels")
            if (frames := getattr(image, "n_frames", 1)) > 1:
                raise BadImage(f"it has {frames:,} pages, and a mask has one")
            turn = orientation(image.info.get("exif") or b"") if turns and name != "TIFF" else 1
            values = _colors(image) if as_colors else _numbers(image, content, name)
    except (BadImage, MemoryError):
        raise
    except Exception as error:  # Pillow's decoders raise about anything on broken bytes
        raise BadImage("damaged or cut off") from error
    return upright(values, turn), name


def _colors(image: Image.Image) -> NDArray[np.int64]:
    channels = np.asarray(image.convert("RGB"), np.int64)  # (height, width, 3)
    return channels[..., 0] << 16 | channels[..., 1] << 8 | channels[..., 2]


def _numbers(image: Image.Image, content: bytes, name: str) -> NDArray[np.int64]:
    """Indexes of a palette, or gray values."""
    values: NDArray[Any] = np.asarray(image)
    if image.mode in ("LA", "PA"):
        _refuse_alpha_alone(values[..., :1], values[..., 1])
        values = values[..., 0]
    elif image.mode not in _MODES_OF_NUMBERS:
        channels = np.asarray(image.convert("RGB"))
        if (np.ptp(channels, axis=-1) > 0).any():
            raise InColors(_in_colors(channels))
        if image.mode == "RGBA":
            _refuse_alpha_alone(channels, values[..., 3])
        values = channels[..., 0]
    if values.dtype.kind == "f" and (wrong := values[values != np.floor(values)]).size:  # NaN is unequal to itself
        raise BadImage(f"it holds {wrong.flat[0]:.4g}, and a mask has a class number in each pixel")
    bits, color_type = (content[24], content[25]) if name == "PNG" else (8, 0)
    return values.astype(np.int64) // (_SCALES.get(bits, 1) if color_type == 0 else 1)


def _refuse_alpha_alone(channels: NDArray[np.uint8], alpha: NDArray[np.uint8]) -> None:
    """Refuse a mask whose objects are seen by their transparency alone, which is not read."""
    if np.ptp(channels) == 0 and np.ptp(alpha) > 0:
        raise BadImage("its pixels differ in transparency alone: save class numbers, without an alpha channel")


def _in_colors(channels: NDArray[np.uint8]) -> str:
    colors, counts = np.unique(channels.reshape(-1, 3), axis=0, return_counts=True)
    order = np.argsort(-counts, kind="stable")[:4]
    some = ", ".join(str(colors[place].tolist()) for place in order)
    return f"it has colors ({some}), and `classes` names numbers: name colors there, `{{road: {colors[order[0]].tolist()}}}`"
