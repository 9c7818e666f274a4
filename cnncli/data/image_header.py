"""The header of an image file: its format and size, or what the file is instead of an image."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass


class BadImage(Exception):
    """A file that cannot be used as an image; its text is the reason, as it stands after the file's name."""


@dataclass(frozen=True, slots=True)
class Header:
    """Format as Pillow calls it; width and height in pixels as the header states them."""

    format: str
    width: int
    height: int


FORMATS = ("JPEG", "PNG", "GIF", "BMP", "WEBP", "TIFF", "AVIF")
READ_FORMATS = "JPEG, PNG, BMP, GIF, WebP, TIFF and AVIF are read"
_CONVERT_HEIC = "convert it to JPEG or PNG first"
_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")


def read_header(content: bytes) -> Header:
    """Find format and size without decoding.

    Raises:
        BadImage: it is no image of a known format, or it ends within its header.
    """
    name = image_format(content)
    if name is None:
        raise BadImage(_what_it_is(content))
    try:
        width, height = _SIZES[name](content)
    except (struct.error, IndexError) as error:
        raise BadImage("cut off within its header") from error
    if width < 1 or height < 1:
        raise BadImage(f"its header says {width}x{height} pixels")
    return Header(name, width, height)


def image_format(content: bytes) -> str | None:
    """The format by the first bytes (32 are enough), whatever the file's name; None where there is no known one."""
    for name, matches in _SIGNATURES.items():
        if matches(content):
            return name
    return None


def refuse_damaged_png(content: bytes) -> None:
    """Compare the checksums of a PNG's critical chunks; Pillow does not look at those of the pixels.

    Raises:
        BadImage: one of them does not fit.
    """
    position = 8
    while position + 12 <= len(content):
        (length,) = struct.unpack_from(">I", content, position)
        kind = content[position + 4 : position + 8]
        end = position + 8 + length
        if end + 4 > len(content):
            return  # cut off: the decoder says so
        critical = not kind[0] & 0x20
        if (
            critical
            and zlib.crc32(memoryview(content)[position + 4 : end]) != struct.unpack_from(">I", content, end)[0]
        ):
            raise BadImage(f"damaged: the checksum of its {kind.decode('latin-1')} chunk does not fit")
        position = end + 4


def orientation(exif: bytes) -> int:
    """The EXIF orientation, 1 to 8; 1 (upright) where there is none or the block cannot be read."""
    exif = exif.removeprefix(b"Exif\0\0")
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(exif[:4])
    if order is None:
        return 1
    try:
        (directory,) = struct.unpack_from(order + "I", exif, 4)
        (count,) = struct.unpack_from(order + "H", exif, directory)
        for entry in range(count):
            tag, kind, _, value = struct.unpack_from(order + "HHIH", exif, directory + 2 + 12 * entry)
            if (tag, kind) == (0x0112, 3):
                return value if 1 <= value <= 8 else 1
    except struct.error:
        pass
    return 1


def _is_bmp(content: bytes) -> bool:
    # "BM" alone begins many a text; the size of the second header is one of a few.
    return content[:2] == b"BM" and content[14:18] in {
        struct.pack("<I", size) for size in (12, 40, 52, 56, 64, 108, 124)
    }


_SIGNATURES: dict[str, Callable[[bytes], bool]] = {
    "JPEG": lambda content: content[:3] == b"\xff\xd8\xff",
    "PNG": lambda content: content[:8] == b"\x89PNG\r\n\x1a\n",
    "GIF": lambda content: content[:6] in (b"GIF87a", b"GIF89a"),
    "WEBP": lambda content: content[:4] == b"RIFF" and content[8:12] == b"WEBP",
    "BMP": _is_bmp,
    "TIFF": lambda content: content[:4] in (b"II*\0", b"MM\0*"),
    "AVIF": lambda content: (
        content[4:8] == b"ftyp" and (content[8:12] in (b"avif", b"avis") or _lists(content, b"avif"))
    ),
}
_OTHER_SIGNATURES: tuple[tuple[int, bytes, str], ...] = (
    (0, b"II+\0", "a BigTIFF image"),
    (0, b"MM\0+", "a BigTIFF image"),
    (4, b"jP  \r\n", "a JPEG 2000 image"),
    (0, b"\0\0\1\0", "an icon file"),
    (0, b"8BPS", "a Photoshop file"),
)
_NOT_IMAGES: tuple[tuple[int, bytes, str], ...] = (
    (0, b"%PDF", "a PDF"),
    (0, b"PK\3\4", "a zip archive"),
    (0, b"\x1f\x8b", "a gzip archive"),
    (128, b"DICM", "a DICOM file"),
    (344, b"n+1\0", "a NIfTI volume"),
    (0, b"\x89HDF\r\n", "an HDF5 file"),
    (0, b"MATLAB 5.0", "a MATLAB file"),
    (0, b"\x93NUMPY", "a NumPy array"),
    (4, b"ftyp", "a video"),
)
_MARKUP = (("<!doctype html", "an HTML page"), ("<html", "an HTML page"), ("<svg", "an SVG drawing"), ("<?xml", "XML"))


def _what_it_is(content: bytes) -> str:
    if not content:
        return "empty (0 bytes)"
    if content[4:8] == b"ftyp" and content[8:12] in _HEIC_BRANDS:
        return f"a HEIC image, which is not read; {_CONVERT_HEIC}"
    for offset, signature, name in _OTHER_SIGNATURES:
        if content[offset : offset + len(signature)] == signature:
            return f"{name}; {READ_FORMATS}"
    for offset, signature, name in _NOT_IMAGES:
        if content[offset : offset + len(signature)] == signature:
            return f"{name}, not an image"
    beginning = content[:1024]
    text = beginning.decode("utf-8", errors="ignore")  # a character may be cut at the end
    if b"\0" in beginning or len(text.encode()) < len(beginning) - 3:
        return f"the beginning is that of no image; {READ_FORMATS}"
    start = text.lstrip("\ufeff \t\r\n").lower()
    return next((name for mark, name in _MARKUP if start.startswith(mark)), "text") + ", not an image"


def _lists(content: bytes, brand: bytes) -> bool:
    """Whether the first box of an ISO media file lists a brand among those that it is compatible with."""
    length = int.from_bytes(content[:4], "big")
    brands = content[16 : min(length, 256)]
    return any(brands[begin : begin + 4] == brand for begin in range(0, len(brands), 4))


def _tiff_size(content: bytes) -> tuple[int, int]:
    order = "<" if content[:2] == b"II" else ">"
    (directory,) = struct.unpack_from(order + "I", content, 4)
    (count,) = struct.unpack_from(order + "H", content, directory)
    found: dict[int, int] = {}
    for entry in range(count):
        tag, kind = struct.unpack_from(order + "HH", content, directory + 2 + 12 * entry)
        if tag in (256, 257) and kind in (3, 4):  # ImageWidth, ImageLength, as SHORT or LONG
            (found[tag],) = struct.unpack_from(
                order + ("H" if kind == 3 else "I"), content, directory + 10 + 12 * entry
            )
    if len(found) < 2:
        raise BadImage("damaged: a TIFF file without a size")
    return found[256], found[257]


def _avif_size(content: bytes) -> tuple[int, int]:
    place = content.find(b"ispe")  # the box of the image's spatial extents
    if place < 0:
        raise BadImage("damaged: an AVIF file without a size")
    width, height = struct.unpack_from(">II", content, place + 8)
    return width, height


def _jpeg_size(content: bytes) -> tuple[int, int]:
    position = 2
    while True:
        if content[position] != 0xFF:
            raise BadImage("damaged: no JPEG marker where one must be")
        while content[position] == 0xFF:
            position += 1
        marker = content[position]
        position += 1
        if marker == 0x01 or 0xD0 <= marker <= 0xD7:
            continue  # markers without content
        if marker in (0xD9, 0xDA):
            raise BadImage("damaged: the pixels begin before their size is told")
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack_from(">HH", content, position + 3)
            return width, height
        (length,) = struct.unpack_from(">H", content, position)
        position += max(2, length)


def _png_size(content: bytes) -> tuple[int, int]:
    width, height = struct.unpack_from(">II", content, 16)
    return width, height


def _gif_size(content: bytes) -> tuple[int, int]:
    width, height = struct.unpack_from("<HH", content, 6)
    return width, height


def _bmp_size(content: bytes) -> tuple[int, int]:
    old = content[14] == 12
    width, height = struct.unpack_from("<HH" if old else "<ii", content, 18)
    return width, abs(height)  # a negative height: the rows run from the top


def _webp_size(content: bytes) -> tuple[int, int]:
    kind = content[12:16]
    if kind == b"VP8X":
        low_width, high_width, low_height, high_height = struct.unpack_from("<HBHB", content, 24)
        return low_width + (high_width << 16) + 1, low_height + (high_height << 16) + 1
    if kind == b"VP8L":
        (bits,) = struct.unpack_from("<I", content, 21)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 ":
        width, height = struct.unpack_from("<HH", content, 26)
        return width & 0x3FFF, height & 0x3FFF
    raise BadImage("damaged: a WebP file without an image")


_SIZES: dict[str, Callable[[bytes], tuple[int, int]]] = {
    "JPEG": _jpeg_size,
    "PNG": _png_size,
    "GIF": _gif_size,
    "BMP": _bmp_size,
    "WEBP": _webp_size,
    "TIFF": _tiff_size,
    "AVIF": _avif_size,
}
