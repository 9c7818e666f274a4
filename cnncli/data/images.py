"""Decode image files to pixels of the wanted size."""

from __future__ import annotations

import io
import logging
import warnings
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, TiffImagePlugin, UnidentifiedImageError, WebPImagePlugin, features  # noqa: F401

# The plugins, imported, are what reads TIFF and WebP.
from cnncli.data.deep_color import LUMINANCE, WHOLE_RANGE, DeepImage, compose, decode_png, is_dark, is_deep_png
from cnncli.data.deep_tiff import TiffPage, decode_tiff, first_page
from cnncli.data.heic import register_heic
from cnncli.data.image_file import read
from cnncli.data.image_header import BadImage, image_format, orientation, refuse_damaged_png, what_it_is
from cnncli.messages import shortened

__all__ = ["BadImage", "Decoded", "Form", "Placement", "decode", "placement", "read"]

MOST_PIXELS = 64_000_000

# Pillow warns on stderr about much that is reported here in other words, or that does not matter.
warnings.filterwarnings("ignore", module=r"PIL\.")
logging.getLogger("PIL").addHandler(logging.NullHandler())
Image.MAX_IMAGE_PIXELS = None  # the limit here is lower, and its error tells the size


@dataclass(frozen=True, slots=True)
class Form:
    """What every image becomes.

    Attributes:
        height, width: in pixels.
        resize: `pad` fits the whole image in, centred, with borders of the background; `crop` covers the area and cuts the middle
            out; `stretch` distorts. All of them bilinear with antialiasing. `keep` resizes nothing: smaller images get borders,
            of larger ones the middle is taken.
        color: `rgb` (3 channels) or `grayscale` (1).
        exif: `apply` turns and mirrors an image as its EXIF orientation says.
        background: (red, green, blue), on which transparent images are laid.
        depth: 8: pixels are uint8. 16: they are float32, still from 0 to 255, and 16-bit images keep all of their levels.
        low, high: the values of a file that become 0 and 255; None: the whole range of its type.
        invert: swap dark and light.
    """

    height: int
    width: int
    resize: Literal["pad", "crop", "stretch", "keep"] = "stretch"
    color: Literal["rgb", "grayscale"] = "rgb"
    exif: Literal["apply", "ignore"] = "apply"
    background: tuple[int, int, int] = (0, 0, 0)
    depth: Literal[8, 16] = 8
    low: float | None = None
    high: float | None = None
    invert: bool = False

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of the pixels."""
        return np.dtype(np.uint8 if self.depth == 8 else np.float32)

    @property
    def shape(self) -> tuple[int, int, int]:
        """(height, width, channels)."""
        return self.height, self.width, 3 if self.color == "rgb" else 1


@dataclass(frozen=True, slots=True)
class Placement:
    """Where an image lies in what it becomes; boxes are (left, top, right, bottom) in pixels.

    Attributes:
        part: the box of the upright image that is used; the rest is cut off.
        place: the box of the result that it fills; the rest is padding.
    """

    part: tuple[float, float, float, float]
    place: tuple[int, int, int, int]


@dataclass(frozen=True, slots=True, eq=False)
class Decoded:
    """An image ready for use, and what was found on the way.

    Attributes:
        pixels: (height, width, channels) of the form's type, 0 to 255.
        format: by content, as Pillow calls it: `JPEG`.
        width, height: of the image in the file, upright.
        mode: how colours are stored in the file, as Pillow calls it: `RGB`, `L`, `RGBA`.
        oddities: what was converted: `CMYK`, `palette`, `1-bit`, `16-bit`, `transparent`, `animated`, …; and
            `dark drawing` of a transparent image whose visible part is dark.
        top: the largest value in the file, of images with more than 8 bits; else 0.
    """

    pixels: NDArray[Any]
    format: str
    width: int
    height: int
    mode: str
    oddities: tuple[str, ...]
    top: float = 0.0


def decode(content: bytes, form: Form) -> Decoded:
    """Decode an image and bring it into the wanted form.

    Colours are taken as they stand in the file, colour profiles are left aside. Transparent images are laid on the form's
    background. Grey of more than 8 bits is scaled from its whole range, or from `low` and `high`, not from the values that
    occur. Of an animation, and of a TIFF with several pages, the first frame is used. A JPEG much larger than wanted is
    decoded at half, a quarter or an eighth of its size, never below twice the wanted one.

    Raises:
        BadImage: it is no image, it is damaged, or it has more than 64 megapixels; such a one is not decoded.
    """
    name = image_format(content)
    if name is None:
        raise BadImage(what_it_is(content))
    if name == "PNG":
        refuse_damaged_png(content)
    if name == "HEIF":
        register_heic()
    page = first_page(content) if name == "TIFF" else None
    try:
        raw = _deep_tiff(content, page, form) if page and page.is_deep else _by_pillow(content, name, page, form)
    except (BadImage, MemoryError):
        raise
    except UnidentifiedImageError as error:
        if page and min(page.size) > 0:
            raise BadImage(f"a TIFF of a kind that is not read: {page.described}") from error
        raise BadImage(f"damaged: it begins like {name} but cannot be read") from error
    except Exception as error:  # Pillow's decoders raise about anything on broken bytes
        raise BadImage(_decoder_reason(error)) from error
    forms = _forms(form, len(raw.planes))
    pixels = np.dstack([_placed(plane, each, raw.turn) for plane, each in zip(raw.planes, forms, strict=True)])
    if pixels.shape[2] < form.shape[2]:
        pixels = np.repeat(pixels, form.shape[2], axis=2)  # (height, width, channels)
    width, height = raw.size[::-1] if raw.turn in _TURNED else raw.size
    return Decoded(pixels.astype(form.dtype, copy=False), name, width, height, raw.mode, tuple(raw.oddities), raw.top)


@dataclass(frozen=True, slots=True, eq=False)
class _Raw:
    """An image before it is turned and resized.

    Attributes:
        planes: the image, or its red, green and blue channels.
        turn: the EXIF orientation that is still to be applied.
        size: (width, height) before that.
        mode, oddities, top: as in `Decoded`.
    """

    planes: list[Image.Image]
    turn: int
    size: tuple[int, int]
    mode: str
    oddities: list[str]
    top: float


def _by_pillow(content: bytes, name: str, page: TiffPage | None, form: Form) -> _Raw:
    with Image.open(io.BytesIO(content), formats=(name,)) as image:
        _refuse_huge(*image.size)
        if page:  # Pillow turns a TIFF by itself
            turn = 1 if form.exif == "apply" else _INVERSE.get(page.orientation, page.orientation)
        else:
            turn = orientation(_exif(image)) if form.exif == "apply" else 1
        several = name != "JPEG" and getattr(image, "is_animated", False)
        oddities = ["multi-page" if name in ("TIFF", "HEIF") else "animated"] if several else []
        size, mode = image.size, image.mode
        image.draft("L" if form.color == "grayscale" and image.mode == "RGB" else None, _draft_size(form, turn, size))
        if is_deep_png(content) and not is_deep(mode) and "transparency" not in image.info:
            image.load()  # says in its own words what is damaged
            planes, converted, top = _deep_planes(decode_png(content), form)
        else:
            top = float(np.asarray(image).max()) if is_deep(mode) else 0.0
            cut = ["16-bit color TIFF"] if _is_cut_to_bytes(image) else []
            flat, converted = _flattened(image, form)
            converted += cut
            flat.load()
            planes = [flat]
        return _Raw(planes, turn, size, mode, oddities + converted, top)


def _deep_tiff(content: bytes, page: TiffPage, form: Form) -> _Raw:
    _refuse_huge(*page.size)
    image = DeepImage(decode_tiff(content, page))
    planes, converted, top = _deep_planes(image, form)
    turn = page.orientation if form.exif == "apply" else 1
    pages = ["multi-page"] if page.page_count > 1 else []
    return _Raw(planes, turn, page.size, _MODES_BY_CHANNELS[image.values.shape[2]], pages + converted, top)


def _forms(form: Form, count: int) -> list[Form]:
    """The form of an image, or those of its red, green and blue channels: each has its own background."""
    if count == 1:
        return [form]
    return [replace(form, background=(value, value, value)) for value in form.background]


def _placed(plane: Image.Image, form: Form, turn: int) -> NDArray[Any]:
    """An image, or one channel of it, upright and in the wanted size."""
    upright = plane.transpose(_TRANSPOSE[turn]) if turn in _TRANSPOSE else plane
    return np.asarray(_resized(upright, form))


def _deep_planes(image: DeepImage, form: Form) -> tuple[list[Image.Image], list[str], float]:
    """The channels of an image from 0 to 255, what had to be converted, and its largest value."""
    low, high = (0.0, WHOLE_RANGE) if form.low is None or form.high is None else (form.low, form.high)
    oddities = ["16-bit color" if image.is_color else "16-bit"]
    if image.alpha is not None:
        oddities += ["transparent", *(["dark drawing"] if is_dark(image, low, high) else [])]
    behind = _inverted(form.background) if form.invert else form.background
    planes = compose(image, behind, low, high, as_grey=form.color == "grayscale")
    if form.invert:
        planes = [255 - plane for plane in planes]
    if form.depth == 8:
        pixels = np.dstack([np.floor(plane + 0.5).astype(np.uint8) for plane in planes])
        return [Image.fromarray(pixels if len(planes) == 3 else pixels[..., 0])], oddities, image.top
    return [Image.fromarray(plane) for plane in planes], oddities, image.top


_TRANSPOSE = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_WORDS_OF_MODES = {"L": "gray", "LA": "gray", "La": "gray", "RGBA": "RGB", "RGBa": "RGB", "RGBX": "RGB"}


def mode_in_words(mode: str, *, is_deep: bool = False) -> str:
    """How the values of a file are stored, from one of Pillow's modes: `RGB`, `gray`, `palette`, `16-bit gray`, `CMYK`.

    Args:
        is_deep: whether it is a PNG with channels of 16 bits, of which Pillow's mode does not tell.
    """
    known = _MODE_NAMES.get(mode, "")
    if known.endswith("-bit"):
        return f"{known} gray"
    words = known or _WORDS_OF_MODES.get(mode, mode)
    return f"16-bit {words}" if is_deep else words


_TURNED = (5, 6, 7, 8)  # those that exchange width and height
_INVERSE = {6: 8, 8: 6}  # the others are their own inverse
_MODES_BY_CHANNELS = {2: "LA", 3: "RGB", 4: "RGBA"}
_MODE_NAMES = {
    "CMYK": "CMYK",
    "P": "palette",
    "PA": "palette",
    "1": "1-bit",
    "I": "16-bit",
    "I;16": "16-bit",
    "I;16B": "16-bit",
    "I;16L": "16-bit",
    "F": "32-bit",
}
_BITS = 258  # the TIFF tag with the bits of each channel
_PHOTOMETRIC = 262  # the TIFF tag that says whether 0 is white
_REDUCING_GAP = (
    3.0  # shrink in whole steps first, as long as three times the wanted size is left: faster, and looks the same
)


def _is_cut_to_bytes(image: Image.Image) -> bool:
    """Whether a TIFF file has channels of more bits than the 8 that Pillow keeps."""
    if image.mode not in ("RGB", "RGBA", "LA") or not hasattr(image, "tag_v2"):
        return False
    bits: Any = np.atleast_1d(image.tag_v2.get(_BITS, ()))
    return bool(max(bits, default=8) > 8)


def is_deep(mode: str) -> bool:
    """Whether an image of one of Pillow's modes is grey with more than 8 bits."""
    return mode.startswith("I") or mode == "F"


def _refuse_huge(width: int, height: int) -> None:
    if width * height > MOST_PIXELS:
        megapixels = f"{width * height / 1e6:,.0f} megapixels ({width:,}x{height:,})"
        raise BadImage(f"{megapixels}; the limit is {MOST_PIXELS // 1_000_000}")


def _exif(image: Image.Image) -> bytes:
    exif = image.info.get("exif", b"")
    return exif if isinstance(exif, bytes) else b""


def _draft_size(form: Form, turn: int, own: tuple[int, int]) -> tuple[int, int]:
    if form.resize == "keep":
        return own
    size = (2 * form.width, 2 * form.height)
    return size[::-1] if turn in _TURNED else size


def _flattened(image: Image.Image, form: Form) -> tuple[Image.Image, list[str]]:
    """The image in the mode of the form, `RGB` or `L`, or of more than 8 bits as `F`; and what had to be converted."""
    mode = "RGB" if form.color == "rgb" else "L"
    odd = image.mode in _MODE_NAMES and image.format != "GIF"  # a GIF has a palette, and nobody wonders
    oddities = [_MODE_NAMES[image.mode]] if odd else []
    if is_deep_grey := is_deep(image.mode):
        grey = _grey(image, form)  # 0 to 255
        if form.depth == 16:
            return Image.fromarray(255 - grey if form.invert else grey), oddities
        image = Image.fromarray(np.floor(grey + 0.5).astype(np.uint8))
    elif image.mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in image.info:
        image = image.convert("RGBA")
        alpha = image.getchannel("A")
        if alpha.getextrema()[0] != 255:
            oddities.append("transparent")
            if _is_dark(image, alpha):
                oddities.append("dark drawing")
            behind = _inverted(form.background) if form.invert else form.background  # it is inverted with the drawing
            image = Image.alpha_composite(Image.new("RGBA", image.size, (*behind, 255)), image)
    image = image if image.mode == mode else image.convert(mode)
    if form.low is not None and form.high is not None and not is_deep_grey:
        image = image.point(_stretch_table(form.low, form.high) * len(image.getbands()))
    return (ImageOps.invert(image) if form.invert else image), oddities


def _inverted(color: tuple[int, int, int]) -> tuple[int, int, int]:
    red, green, blue = color
    return 255 - red, 255 - green, 255 - blue


def _grey(image: Image.Image, form: Form) -> NDArray[np.float32]:
    """Grey of more than 8 bits as float32 (height, width), 0 to 255.

    Raises:
        BadImage: the range of its values is not known.
    """
    values = np.asarray(image).astype(np.float64)
    if np.isnan(values).any():
        raise BadImage("it holds NaN")
    low, high = form.low, form.high
    if low is None or high is None:
        if image.mode == "F" or (image.mode == "I" and image.format == "TIFF"):
            found = f"{values.min():.6g} to {values.max():.6g}"
            raise BadImage(
                f"32-bit values ({found}): `range: [low, high]` beside `image_size` says which values are black and white"
            )
        low, high = 0.0, WHOLE_RANGE
    scaled = np.clip((values - low) * (255 / (high - low)), 0, 255).astype(np.float32)
    is_white_zero = image.format == "TIFF" and getattr(image, "tag_v2", {}).get(_PHOTOMETRIC) == 0
    return 255 - scaled if is_white_zero else scaled  # Pillow inverts those of 8 bits alone


def _stretch_table(low: float, high: float) -> list[int]:
    """For each of 256 grey values the one that it becomes when `low` becomes 0 and `high` 255."""
    return [min(255, max(0, round((value - low) * 255 / (high - low)))) for value in range(256)]


def _is_dark(image: Image.Image, alpha: Image.Image) -> bool:
    """Whether the visible part of a transparent image is dark; invisible images are not."""
    weights = np.asarray(alpha, np.float64)
    total = weights.sum()
    return bool(total > 0 and (np.asarray(image.convert("L"), np.float64) * weights).sum() / total < 128)


def placement(width: int, height: int, form: Form) -> Placement:
    """Where an upright image of that size lies in what it becomes."""
    whole, full = (0.0, 0.0, float(width), float(height)), (0, 0, form.width, form.height)
    if form.resize == "crop":
        scale = min(width / form.width, height / form.height)  # pixels of the file for one of the result
        cut_width, cut_height = scale * form.width, scale * form.height
        left, top = max(0.0, (width - cut_width) / 2), max(0.0, (height - cut_height) / 2)
        right, bottom = min(width, left + cut_width), min(height, top + cut_height)  # not a hair outside, by rounding
        return Placement((left, top, right, bottom), full)
    if form.resize == "pad":
        scale = min(form.width / width, form.height / height)
        inner_width = min(form.width, max(1, round(width * scale)))
        inner_height = min(form.height, max(1, round(height * scale)))
        left, top = (form.width - inner_width) // 2, (form.height - inner_height) // 2
        return Placement(whole, (left, top, left + inner_width, top + inner_height))
    if form.resize == "keep":
        (left, x, wide), (top, y, high) = _shared(width, form.width), _shared(height, form.height)
        return Placement((left, top, left + wide, top + high), (x, y, x + wide, y + high))
    return Placement(whole, full)


def _shared(length: int, wanted: int) -> tuple[int, int, int]:
    """What two sides whose middles coincide share: where it begins in each, and how long it is."""
    shared = min(length, wanted)
    return (length - shared) // 2, (wanted - shared) // 2, shared


def _resized(image: Image.Image, form: Form) -> Image.Image:
    where = placement(*image.size, form)
    left, top, right, bottom = where.place
    size = right - left, bottom - top
    inner = image.resize(size, Image.Resampling.BILINEAR, box=where.part, reducing_gap=_REDUCING_GAP)
    if size == (form.width, form.height):
        return inner
    grey = round(float(np.dot(LUMINANCE, form.background)))
    canvas = Image.new(image.mode, (form.width, form.height), form.background if image.mode == "RGB" else grey)
    canvas.paste(inner, (left, top))
    return canvas


def _decoder_reason(error: Exception) -> str:
    said = shortened(str(error), 100)
    return f"damaged or cut off: {said[:1].lower() + said[1:]}" if said else "damaged or cut off"
