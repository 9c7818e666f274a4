"""TIFF with 16 bits, BigTIFF, AVIF and HEIC."""

from __future__ import annotations

import io
import struct
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from cnncli.data import heic
from cnncli.data.deep_tiff import decode_tiff, first_page
from cnncli.data.image_header import BadImage
from cnncli.data.images import Form, decode
from cnncli.data.sources.folder_tree import IMAGE_FILES, read_tree

DEEP = Form(16, 24, depth=16)
RED_AND_GREEN = np.zeros((16, 24, 3), np.uint8)
RED_AND_GREEN[:, :12, 0] = RED_AND_GREEN[:, 12:, 1] = 250
RANDOM = np.random.default_rng(0).integers(0, 65536, (16, 24, 4), dtype=np.uint16)


def encoded(image: Image.Image, format: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def tiff(
    values: NDArray[np.uint16],
    *,
    order: str = "<",
    compression: str = "raw",
    differences: bool = False,
    planar: bool = False,
    extra: int = 2,
    orientation: int = 1,
    bits: int = 16,
) -> bytes:
    """A TIFF of values (height, width, channels): Pillow compresses the bytes, and a second directory says what they mean."""
    height, width, channels = values.shape
    stored = np.diff(values, axis=1, prepend=np.uint16(0)) if differences else values
    if planar:
        stored = np.moveaxis(stored, 2, 0)
    row_count = height * channels if planar else height
    rows = np.ascontiguousarray(stored).astype(f"{order}u2").view(np.uint8).reshape(row_count, -1)
    content = encoded(Image.fromarray(rows), "TIFF", compression=compression, tiffinfo={278: height})
    page = first_page(content)
    assert page is not None
    strips, lengths = page.tags[273], page.tags[279]
    if planar and compression == "raw":  # one strip whatever is asked for: one of each channel is the same bytes
        lengths = (rows[:height].nbytes,) * channels
        strips = tuple(strips[0] + number * lengths[0] for number in range(channels))
    tags: dict[int, tuple[int, ...]] = {256: (width,), 257: (height,), 258: (bits,) * channels}
    tags |= {259: page.tags[259], 262: (2 if channels > 2 else 1,), 273: strips, 274: (orientation,)}
    tags |= {277: (channels,), 278: (height,), 279: lengths}
    tags |= {284: (2,)} if planar else {}
    tags |= {317: (2,)} if differences else {}
    tags |= {338: (extra,)} if channels in (2, 4) else {}
    return directory_of(content, tags, order)


def directory_of(content: bytes, tags: dict[int, tuple[int, ...]], order: str) -> bytes:
    content += b"\0" * (len(content) % 2)
    values_at = len(content) + 2 + 12 * len(tags) + 4
    entries, behind = b"", b""
    for tag, values in sorted(tags.items()):
        packed = struct.pack(f"{order}{len(values)}I", *values)
        if len(values) > 1:
            packed, behind = struct.pack(f"{order}I", values_at + len(behind)), behind + packed
        entries += struct.pack(f"{order}HHI", tag, 4, len(values)) + packed
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", len(content))
    return head + content[8:] + struct.pack(f"{order}H", len(tags)) + entries + b"\0\0\0\0" + behind


@pytest.mark.parametrize("channels", [2, 3, 4])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("compression", ["raw", "tiff_lzw", "tiff_adobe_deflate", "packbits"])
@pytest.mark.parametrize("layout", [{}, {"differences": True}, {"planar": True}])
def test_16_bit_tiff_gives_every_value(channels: int, order: str, compression: str, layout: dict[str, bool]) -> None:
    values = RANDOM[..., :channels]
    content = tiff(values, order=order, compression=compression, **layout)

    page = first_page(content)

    assert page is not None
    assert page.is_deep
    assert np.array_equal(decode_tiff(content, page), values)


def test_16_bit_color_tiff_keeps_its_levels() -> None:
    decoded = decode(tiff(np.full((16, 24, 3), 1000, np.uint16)), DEEP)

    assert np.allclose(decoded.pixels, 1000 / 257)
    assert (decoded.oddities, decoded.mode, decoded.top) == (("16-bit color",), "RGB", 1000)


def test_16_bit_tiff_with_alpha_is_laid_on_the_background() -> None:
    values = np.full((16, 24, 2), 1000, np.uint16)
    values[:, :12, 1], values[:, 12:, 1] = 65535, 0

    decoded = decode(tiff(values), Form(16, 24, depth=16, color="grayscale", background=(255, 255, 255)))

    assert np.allclose(decoded.pixels[:, :12], 1000 / 257)
    assert np.allclose(decoded.pixels[:, 12:], 255)
    assert decoded.oddities == ("16-bit", "transparent", "dark drawing")


@pytest.mark.parametrize(("extra", "expected"), [(0, 100), (1, 200), (2, 100)])
def test_fourth_channel_counts_as_the_file_says(extra: int, expected: int) -> None:
    values = np.full((16, 24, 4), 100, np.uint16)
    values[..., 3] = 65535 // 2 + 1
    content = tiff(values, extra=extra)
    page = first_page(content)
    assert page is not None

    found = decode_tiff(content, page)  # 1: multiplied with alpha, which is undone

    assert found.shape[2] == (3 if extra == 0 else 4)
    assert abs(int(found[0, 0, 0]) - expected) <= 1


def test_cut_off_16_bit_tiff_is_damaged() -> None:
    content = tiff(RANDOM[..., :3], compression="tiff_lzw")
    page = first_page(content)
    assert page is not None
    offset, length = page.tags[273][0], page.tags[279][0]

    with pytest.raises(BadImage, match="damaged or cut off"):
        decode(content[: offset + 8] + b"\xff" * (length - 8) + content[offset + length :], DEEP)


def test_tiff_of_another_kind_is_not_called_damaged() -> None:
    with pytest.raises(BadImage) as caught:
        decode(tiff(RANDOM[..., :3], bits=64), DEEP)

    assert str(caught.value) == "a TIFF of a kind that is not read: 3 channels of 64-bit unsigned values"


def test_bigtiff_is_read() -> None:
    content = encoded(Image.fromarray(RED_AND_GREEN), "TIFF", big_tiff=True)

    assert content[:4] == b"II+\0"
    assert np.array_equal(decode(content, Form(16, 24)).pixels, RED_AND_GREEN)


@pytest.mark.parametrize("compression", ["raw", "tiff_lzw", "tiff_adobe_deflate", "packbits"])
def test_compressed_tiff_gives_the_same_pixels(compression: str) -> None:
    content = encoded(Image.fromarray(RED_AND_GREEN), "TIFF", compression=compression)

    assert np.array_equal(decode(content, Form(16, 24)).pixels, RED_AND_GREEN)


def test_tiff_with_pages_gives_the_first_and_says_so() -> None:
    first = Image.fromarray(RED_AND_GREEN)
    content = encoded(first, "TIFF", save_all=True, append_images=[Image.new("RGB", (5, 5))])

    decoded = decode(content, Form(16, 24))

    assert np.array_equal(decoded.pixels, RED_AND_GREEN)
    assert decoded.oddities == ("multi-page",)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("deep", [False, True])
def test_tiff_is_turned_as_its_tag_says_unless_that_is_ignored(orientation: int, deep: bool) -> None:
    if deep:
        content = tiff(RED_AND_GREEN.astype(np.uint16) * 257, orientation=orientation)
    else:
        content = encoded(Image.fromarray(RED_AND_GREEN), "TIFF", tiffinfo={274: orientation})
    exif = Image.Exif()
    exif[274] = orientation
    as_png = encoded(Image.fromarray(RED_AND_GREEN), "PNG", exif=exif)

    upright, stored = decode(content, Form(10, 10)), decode(content, Form(16, 24, exif="ignore"))
    expected = decode(as_png, Form(10, 10))

    assert np.array_equal(upright.pixels, expected.pixels)
    assert (upright.width, upright.height) == (expected.width, expected.height)
    assert np.array_equal(stored.pixels, RED_AND_GREEN)
    assert (stored.width, stored.height) == (24, 16)


def test_avif_is_read_turned_and_laid_on_the_background() -> None:
    exif = Image.Exif()
    exif[274] = 6
    see_through = Image.fromarray(
        np.dstack([RED_AND_GREEN, np.repeat([[255] * 12 + [0] * 12], 16, axis=0).astype(np.uint8)])
    )
    content = encoded(see_through, "AVIF", exif=exif, quality=100)

    decoded = decode(content, Form(24, 16, background=(0, 0, 255)))

    assert (decoded.format, decoded.width, decoded.height, decoded.oddities) == (
        "AVIF",
        16,
        24,
        ("transparent", "dark drawing"),
    )
    assert np.abs(decoded.pixels[4, 8] - (250.0, 0, 0)).max() < 8
    assert np.abs(decoded.pixels[20, 8] - (0.0, 0, 255)).max() < 8


def test_cut_off_avif_is_damaged() -> None:
    content = encoded(Image.fromarray(RED_AND_GREEN), "AVIF")

    with pytest.raises(BadImage, match="damaged"):
        decode(content[: len(content) // 2], DEEP)


# HEIC


@pytest.fixture
def without_pillow_heif(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    heic.register_heic.cache_clear()
    yield
    heic.register_heic.cache_clear()


@pytest.mark.usefixtures("without_pillow_heif")
def test_heic_without_its_extra_names_the_command() -> None:
    with pytest.raises(BadImage) as caught:
        decode(b"\0\0\0\x18ftypheic....", DEEP)

    assert str(caught.value) == 'a HEIC image; to read it: pip install "cnncli[heic]"'


@pytest.fixture
def as_heic() -> Callable[..., bytes]:
    pillow_heif = pytest.importorskip("pillow_heif", reason='pip install "cnncli[heic]"')
    pillow_heif.register_heif_opener()
    return lambda image, **options: encoded(image, "HEIF", quality=90, **options)


def test_heic_is_read_with_its_extra(as_heic: Callable[..., bytes]) -> None:
    decoded = decode(as_heic(Image.fromarray(RED_AND_GREEN)), Form(16, 24))

    assert (decoded.format, decoded.width, decoded.height, decoded.oddities) == ("HEIF", 24, 16, ())
    assert np.abs(decoded.pixels[8, 4] - (250.0, 0, 0)).max() < 20


def test_cut_off_heic_is_damaged(as_heic: Callable[..., bytes]) -> None:
    content = as_heic(Image.fromarray(RED_AND_GREEN))

    with pytest.raises(BadImage, match="damaged: it begins like HEIF"):
        decode(content[: len(content) // 2], DEEP)


def test_heic_counts_as_an_image_of_a_folder(tmp_path: Path) -> None:
    for name in ("a/1.HEIC", "b/2.heif"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_bytes(b"\0\0\0\x18ftypheic....")

    assert [file.relative for file in read_tree(str(tmp_path), IMAGE_FILES).files["train"]] == ["a/1.HEIC", "b/2.heif"]
