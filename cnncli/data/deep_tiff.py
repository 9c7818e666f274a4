"""TIFF files with several channels of 16 bits, of which Pillow keeps 8."""

from __future__ import annotations

import io
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, TiffImagePlugin

_WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC, _FILL_ORDER = 256, 257, 258, 259, 262, 266
_STRIPS, _CHANNELS, _ROWS_PER_STRIP, _STRIP_BYTES, _PLANAR, _PREDICTOR = 273, 277, 278, 279, 284, 317
_TILE_WIDTH, _TILE_HEIGHT, _TILES, _TILE_BYTES, _EXTRA, _FORMAT, _ORIENTATION = 322, 323, 324, 325, 338, 339, 274
_GREY, _RGB = 1, 2  # of the photometric interpretation
_PREMULTIPLIED, _ALPHA = 1, 2  # of extra channels
_DIFFERENCES = 2  # predictor: each value of a row minus the one before
_BYTE_STREAMS = (1, 5, 8, 32773, 32946, 34925, 50000)  # compressions of bytes, whatever they mean: LZW, deflate, …
_FORMATS = {1: "unsigned", 2: "signed", 3: "float"}
_LONG = 4  # the type of a tag's values: 32 bits


@dataclass(frozen=True, slots=True, eq=False)
class TiffPage:
    """The first page of a TIFF file.

    Attributes:
        tags: the values of each tag, by its number.
        is_big_endian: the order of the bytes in the file.
        page_count: 1, or 2 for any number above.
    """

    tags: Mapping[int, tuple[int, ...]]
    is_big_endian: bool
    page_count: int

    def first(self, tag: int, default: int) -> int:
        return (self.tags.get(tag) or (default,))[0]

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) as the pixels are stored."""
        return self.first(_WIDTH, 0), self.first(_HEIGHT, 0)

    @property
    def orientation(self) -> int:
        """1 to 8, as in EXIF."""
        found = self.first(_ORIENTATION, 1)
        return found if 1 <= found <= 8 else 1

    @property
    def channel_count(self) -> int:
        return self.first(_CHANNELS, 1)

    @property
    def is_deep(self) -> bool:
        """Whether it has grey with transparency, RGB, or RGB with a fourth channel, of 16 bits each."""
        extra = self.channel_count - {_GREY: 1, _RGB: 3}.get(self.first(_PHOTOMETRIC, -1), 0)
        return (
            set(self.tags.get(_BITS, ())) == {16}
            and set(self.tags.get(_FORMAT, (1,))) == {1}
            and (self.channel_count, extra) in ((2, 1), (3, 0), (4, 1))
            and self.first(_COMPRESSION, 1) in _BYTE_STREAMS
            and self.first(_PREDICTOR, 1) in (1, _DIFFERENCES)
            and self.first(_FILL_ORDER, 1) == 1
        )

    @property
    def described(self) -> str:
        """`5 channels of 16-bit unsigned`."""
        bits = "/".join(map(str, sorted(set(self.tags.get(_BITS, (1,))))))
        kind = _FORMATS.get(self.first(_FORMAT, 1), "unknown")
        noun = "channel" if self.channel_count == 1 else "channels"
        return f"{self.channel_count} {noun} of {bits}-bit {kind} values"


def first_page(content: bytes) -> TiffPage | None:
    """Read the directory of a TIFF or BigTIFF file; None where it cannot be read."""
    file = io.BytesIO(content)
    header = file.read(16 if b"+" in content[2:4] else 8)
    try:
        directory = TiffImagePlugin.ImageFileDirectory_v2(header)
        file.seek(directory.next)
        directory.load(file)
        tags = {tag: _integers(directory[tag]) for tag in _READ if tag in directory}
    except Exception:  # Pillow raises about anything on broken bytes
        return None
    return TiffPage(tags, content[:2] == b"MM", 2 if directory.next else 1)


_READ = (
    *(_WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC, _FILL_ORDER, _STRIPS, _CHANNELS, _ROWS_PER_STRIP),
    *(_STRIP_BYTES, _PLANAR, _PREDICTOR, _TILE_WIDTH, _TILE_HEIGHT, _TILES, _TILE_BYTES, _EXTRA, _FORMAT, _ORIENTATION),
)


def _integers(value: Any) -> tuple[int, ...]:
    return tuple(int(each) for each in (value if isinstance(value, tuple) else (value,)))


def decode_tiff(content: bytes, page: TiffPage) -> NDArray[np.uint16]:
    """Decode a page whose `is_deep` holds.

    Pillow decompresses it: a directory is appended that calls the same strips or tiles an image of single bytes, as wide
    as a row has bytes.

    Returns:
        (height, width, channels): grey and alpha, red, green and blue, or these and alpha; alpha is not multiplied in.

    Raises:
        Exception: it is damaged; whatever Pillow's decoders raise.
    """
    channels = page.channel_count
    if page.first(_PLANAR, 1) == 1:
        values = _samples(content, page, channels, 0)
    else:
        values = np.concatenate([_samples(content, page, 1, number) for number in range(channels)], axis=2)
    if channels in (2, 4):
        extra = page.first(_EXTRA, _ALPHA)
        if extra not in (_PREMULTIPLIED, _ALPHA):
            return values[..., : channels - 1] if channels == 4 else _opaque(values)
        if extra == _PREMULTIPLIED:
            alpha = np.maximum(values[..., -1:], 1).astype(np.float32)
            plain = np.minimum(values[..., :-1] * (np.float32(65535) / alpha), 65535)
            values = np.concatenate([plain.astype(np.uint16), values[..., -1:]], axis=2)
    return values


def _opaque(values: NDArray[np.uint16]) -> NDArray[np.uint16]:
    values = values.copy()
    values[..., -1] = 65535
    return values


def _samples(content: bytes, page: TiffPage, channels: int, plane: int) -> NDArray[np.uint16]:
    """All channels, or where they are stored one after the other one of them: (height, width, channels)."""
    width, height = page.size
    pixel_bytes = 2 * channels
    tags: dict[int, tuple[int, ...]] = {
        _WIDTH: (width * pixel_bytes,),
        _HEIGHT: (height,),
        _BITS: (8,),
        _COMPRESSION: (page.first(_COMPRESSION, 1),),
        _PHOTOMETRIC: (_GREY,),
        _CHANNELS: (1,),
    }
    if _TILES in page.tags:
        tile_width, tile_height = page.first(_TILE_WIDTH, 0), page.first(_TILE_HEIGHT, 0)
        tags |= {_TILE_WIDTH: (tile_width * pixel_bytes,), _TILE_HEIGHT: (tile_height,)}
        count = -(-width // tile_width) * -(-height // tile_height)
        places = (_TILES, _TILE_BYTES)
    else:
        tile_width, rows = width, min(page.first(_ROWS_PER_STRIP, height), height)
        tags[_ROWS_PER_STRIP] = (rows,)
        count = -(-height // rows)
        places = (_STRIPS, _STRIP_BYTES)
    for tag in places:
        tags[tag] = page.tags[tag][plane * count : (plane + 1) * count]
    order = ">" if page.is_big_endian else "<"
    with Image.open(io.BytesIO(_with_directory(content, tags, order)), formats=("TIFF",)) as image:
        found = np.asarray(image)  # uint8 (height, width * channels * 2)
    values = found.reshape(height, -1).view(f"{order}u2").reshape(height, width, channels).astype(np.uint16)
    if page.first(_PREDICTOR, 1) == _DIFFERENCES:
        for begin in range(0, width, tile_width):
            tile = values[:, begin : begin + tile_width]
            np.cumsum(tile, axis=1, dtype=np.uint16, out=tile)
    return values


def _with_directory(content: bytes, tags: Mapping[int, Sequence[int]], order: str) -> bytes:
    """The same file, but its first directory is one with these tags, behind everything else."""
    content += b"\0" * (len(content) % 2)
    values_at = len(content) + 2 + 12 * len(tags) + 4
    entries, behind = b"", b""
    for tag, values in sorted(tags.items()):
        packed = struct.pack(f"{order}{len(values)}I", *values)
        if len(values) > 1:
            packed, behind = struct.pack(f"{order}I", values_at + len(behind)), behind + packed
        entries += struct.pack(f"{order}HHI", tag, _LONG, len(values)) + packed
    directory = struct.pack(f"{order}H", len(tags)) + entries + b"\0\0\0\0" + behind
    mark = b"MM\0*" if order == ">" else b"II*\0"
    return mark + struct.pack(f"{order}I", len(content)) + content[8:] + directory
