"""The first bytes of an image file: its format, or what the file is instead of an image."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable

from PIL import ExifTags, Image


class BadImage(Exception):
    """A file that cannot be used as an image; its text is the reason, as it stands after the file's name."""


READ_FORMATS = "JPEG, PNG, BMP, GIF, WebP, TIFF and AVIF are read"
_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")


def image_format(content: bytes) -> str | None:
    """The format by the first bytes (32 are enough), whatever the file's name; None where there is no known one."""
    for name, matches in _SIGNATURES.items():
        if matches(content):
            return name
    return None


def refuse_damaged_png(content: bytes) -> None:
    """Compare the checksums of a PNG's critical chunks; Pillow looks at those of the pixels in `verify` alone.

    `verify` also refuses what harms no pixel: a comment whose checksum does not fit, a file without its end.

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
    if not exif:
        return 1
    found = Image.Exif()
    try:
        found.load(exif)
        value = found.get(ExifTags.Base.Orientation)
    except Exception:  # Pillow raises about anything on broken bytes
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


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
    "TIFF": lambda content: content[:4] in (b"II*\0", b"MM\0*", b"II+\0"),
    "AVIF": lambda content: (
        content[4:8] == b"ftyp" and (content[8:12] in (b"avif", b"avis") or _lists(content, b"avif"))
    ),
    "HEIF": lambda content: content[4:8] == b"ftyp" and content[8:12] in _HEIC_BRANDS,
}
_OTHER_SIGNATURES: tuple[tuple[int, bytes, str], ...] = (
    (0, b"MM\0+", "a big-endian BigTIFF image"),
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


def what_it_is(content: bytes) -> str:
    """What a file without a known format is instead of an image, as it stands after the file's name."""
    if not content:
        return "empty (0 bytes)"
    for offset, signature, name in _OTHER_SIGNATURES:
        if content[offset : offset + len(signature)] == signature:
            return f"{name}; {READ_FORMATS}"
    for offset, signature, name in _NOT_IMAGES:
        if content[offset : offset + len(signature)] == signature:
            return f"{name}, not an image"
    beginning = content[:1024]
    text = beginning.decode("utf-8", errors="ignore")  # a character may be cut at the end
    if b"\0" in beginning or len(text.encode()) < len(beginning) - 3:
        return f"this is not the beginning of an image; {READ_FORMATS}"
    start = text.lstrip("\ufeff \t\r\n").lower()
    return next((name for mark, name in _MARKUP if start.startswith(mark)), "text") + ", not an image"


def _lists(content: bytes, brand: bytes) -> bool:
    """Whether the first box of an ISO media file lists a brand among those that it is compatible with."""
    length = int.from_bytes(content[:4], "big")
    brands = content[16 : min(length, 256)]
    return any(brands[begin : begin + 4] == brand for begin in range(0, len(brands), 4))
