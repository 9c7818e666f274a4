from __future__ import annotations

import io
import os
import struct
import subprocess
import sys
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngImageFile

from cnncli.data import images
from cnncli.data.image_header import BadImage, orientation
from cnncli.data.images import Form, decode

SMALL = Form(4, 4)


def encoded(image: Image.Image, format: str = "PNG", **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def grey(rows: list[list[int]], dtype: Any = np.uint8) -> Image.Image:
    return Image.fromarray(np.array(rows, dtype))


def smooth(width: int, height: int) -> Image.Image:
    """A picture without sharp edges, as photos are at a large scale."""
    x, y = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    waves = np.stack([np.sin(5 * x + 2 * y), np.cos(3 * x * y), np.sin(4 * y)], axis=-1)
    return Image.fromarray((127 + 120 * waves).astype(np.uint8))


def reason(content: bytes, form: Form = SMALL) -> str:
    with pytest.raises(BadImage) as caught:
        decode(content, form)
    return str(caught.value)


def told(content: bytes) -> images.Decoded | str:
    """The image, or why there is none; anything else is a bug."""
    try:
        return decode(content, SMALL)
    except BadImage as error:
        return str(error)


# What every image becomes.


def test_image_of_the_wanted_size_keeps_its_pixels() -> None:
    pixels = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)

    decoded = decode(encoded(Image.fromarray(pixels)), SMALL)

    assert decoded.pixels.tolist() == pixels.tolist()
    assert decoded.pixels.dtype == np.uint8
    assert (decoded.format, decoded.width, decoded.height, decoded.oddities) == ("PNG", 4, 4, ())


def test_pad_centres_the_image_between_black_borders() -> None:
    # 4x2 into 4x4: one black row above, one below.
    content = encoded(grey([[10, 20, 30, 40], [50, 60, 70, 80]]))

    decoded = decode(content, Form(4, 4, resize="pad", color="grayscale"))

    assert decoded.pixels[..., 0].tolist() == [[0] * 4, [10, 20, 30, 40], [50, 60, 70, 80], [0] * 4]


def test_crop_covers_the_area_and_cuts_the_middle_out() -> None:
    # 6x2 into 2x2: two columns go on each side.
    content = encoded(grey([[10, 20, 30, 40, 50, 60], [11, 21, 31, 41, 51, 61]]))

    decoded = decode(content, Form(2, 2, resize="crop", color="grayscale"))

    assert decoded.pixels[..., 0].tolist() == [[30, 40], [31, 41]]


def test_crop_of_a_tall_image_cuts_above_and_below() -> None:
    content = encoded(grey([[value, value] for value in (10, 20, 30, 40, 50, 60)]))

    decoded = decode(content, Form(2, 2, resize="crop", color="grayscale"))

    assert decoded.pixels[..., 0].tolist() == [[30, 30], [40, 40]]


def test_stretch_fills_the_whole_area() -> None:
    # Two pixels onto four, bilinear: the outer ones stay, those between are 3:1 mixtures.
    decoded = decode(encoded(grey([[0, 200]])), Form(1, 4, color="grayscale"))

    assert decoded.pixels[..., 0].tolist() == [[0, 50, 150, 200]]


def test_shrinking_averages_instead_of_picking() -> None:
    # One black and one white column in turn: picking every eighth would be all black or all white.
    stripes = np.tile(np.array([0, 255], np.uint8), (64, 32))

    decoded = decode(encoded(Image.fromarray(stripes)), Form(8, 8, color="grayscale"))

    assert np.abs(decoded.pixels.astype(int) - 127).max() <= 2


@pytest.mark.parametrize("resize", ["pad", "crop", "stretch"])
@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1), (499, 333), (333, 499), (7, 5)])
def test_any_size_becomes_the_wanted_one(size: tuple[int, int], resize: Any) -> None:
    decoded = decode(encoded(smooth(*size)), Form(12, 20, resize=resize))

    assert decoded.pixels.shape == (12, 20, 3)


def test_colour_becomes_grey_by_brightness() -> None:
    # ITU-R 601: 0.299 R + 0.587 G + 0.114 B.
    decoded = decode(encoded(Image.new("RGB", (4, 4), (200, 100, 50))), Form(4, 4, color="grayscale"))

    assert decoded.pixels.shape == (4, 4, 1)
    assert set(decoded.pixels.ravel()) == {124}


def test_grey_becomes_three_equal_channels() -> None:
    decoded = decode(encoded(Image.new("L", (4, 4), 77)), SMALL)

    assert set(map(tuple, decoded.pixels.reshape(-1, 3).tolist())) == {(77, 77, 77)}
    assert decoded.oddities == ()


@pytest.mark.parametrize(("resize", "color"), [("pad", "rgb"), ("crop", "rgb"), ("stretch", "grayscale")])
def test_large_jpeg_decoded_small_looks_as_if_decoded_whole(resize: Any, color: Any) -> None:
    jpeg = encoded(smooth(800, 600), "JPEG", quality=95)
    whole = encoded(Image.open(io.BytesIO(jpeg)).convert("RGB"))
    form = Form(30, 40, resize=resize, color=color)

    fast, slow = decode(jpeg, form).pixels, decode(whole, form).pixels

    assert np.abs(fast.astype(int) - slow).mean() < 1
    assert np.abs(fast.astype(int) - slow).max() <= 6


# Orientation.


@pytest.mark.parametrize(
    ("value", "upright"),
    [
        (1, [[1, 2, 3], [4, 5, 6]]),
        (2, [[3, 2, 1], [6, 5, 4]]),
        (3, [[6, 5, 4], [3, 2, 1]]),
        (4, [[4, 5, 6], [1, 2, 3]]),
        (5, [[1, 4], [2, 5], [3, 6]]),
        (6, [[4, 1], [5, 2], [6, 3]]),
        (7, [[6, 3], [5, 2], [4, 1]]),
        (8, [[3, 6], [2, 5], [1, 4]]),
    ],
)
def test_exif_orientation_is_applied(value: int, upright: list[list[int]]) -> None:
    exif = Image.Exif()
    exif[0x0112] = value
    content = encoded(grey([[1, 2, 3], [4, 5, 6]]), exif=exif)

    decoded = decode(content, Form(len(upright), len(upright[0]), color="grayscale"))

    assert decoded.pixels[..., 0].tolist() == upright
    assert (decoded.height, decoded.width) == (len(upright), len(upright[0]))


def test_exif_orientation_of_a_jpeg_is_applied() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    content = encoded(smooth(64, 32), "JPEG", exif=exif)

    decoded = decode(content, Form(64, 32))

    assert (decoded.width, decoded.height) == (32, 64)


def test_exif_orientation_can_be_ignored() -> None:
    exif = Image.Exif()
    exif[0x0112] = 3
    content = encoded(grey([[1, 2, 3]]), exif=exif)

    decoded = decode(content, Form(1, 3, color="grayscale", exif="ignore"))

    assert decoded.pixels[..., 0].tolist() == [[1, 2, 3]]


@pytest.mark.parametrize("order", ["<", ">"])
def test_orientation_is_read_in_both_byte_orders(order: str) -> None:
    mark = b"II*\0" if order == "<" else b"MM\0*"
    entry = struct.pack(order + "HHIHH", 0x0112, 3, 1, 8, 0)

    assert orientation(b"Exif\0\0" + mark + struct.pack(order + "IH", 8, 1) + entry) == 8


@pytest.mark.parametrize("exif", [b"", b"Exif\0\0", b"II*\0", b"MM\0*\xff\xff\xff\xff", b"II*\0\x08\0\0\0\xff\xff"])
def test_broken_exif_means_upright(exif: bytes) -> None:
    assert orientation(exif) == 1


# Other kinds of images.


def test_cmyk_is_converted_and_told() -> None:
    decoded = decode(encoded(Image.new("CMYK", (4, 4), (0, 255, 255, 0)), "JPEG", quality=100), SMALL)

    assert np.abs(decoded.pixels[0, 0].astype(int) - (255, 0, 0)).max() <= 3
    assert decoded.oddities == ("CMYK",)


def test_palette_is_converted_and_told() -> None:
    decoded = decode(encoded(Image.new("RGB", (4, 4), (12, 200, 96)).quantize(4)), SMALL)

    assert decoded.pixels[0, 0].tolist() == [12, 200, 96]
    assert decoded.oddities == ("palette",)


def test_one_bit_becomes_black_and_white_and_is_reported() -> None:
    decoded = decode(encoded(grey([[0, 255]]).convert("1")), Form(1, 2, color="grayscale"))

    assert decoded.pixels[..., 0].tolist() == [[0, 255]]
    assert decoded.oddities == ("1-bit",)


def test_16_bit_is_scaled_from_its_whole_range_and_told() -> None:
    # 257 is 65535 / 255.
    decoded = decode(encoded(grey([[0, 257, 30_000, 65_535]], np.uint16)), Form(1, 4, color="grayscale"))

    assert decoded.pixels[..., 0].tolist() == [[0, 1, 117, 255]]
    assert decoded.oddities == ("16-bit",)


def test_range_spreads_floats_once() -> None:
    pixels = np.array([[0, 0.25, 0.5, 1]], np.float32)

    decoded = decode(encoded(Image.fromarray(pixels), "TIFF"), Form(1, 4, color="grayscale", low=0.0, high=1.0))

    assert decoded.pixels[..., 0].tolist() == [[0, 64, 128, 255]]
    assert decoded.top == 1.0


def deep_png(values: Any) -> bytes:
    """A PNG of 16 bits; (height, width, 2 to 4 channels)."""
    array = np.asarray(values, np.uint16)
    height, width, channels = array.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in array)
    header = struct.pack(">IIBBBBB", width, height, 16, {2: 4, 3: 2, 4: 6}[channels], 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    )


DEEP = Form(1, 2, depth=16)


def test_16_bit_color_keeps_its_levels() -> None:
    decoded = decode(deep_png([[[257, 258, 65535], [0, 1000, 2000]]]), DEEP)

    assert np.allclose(decoded.pixels, [[[1, 258 / 257, 255], [0, 1000 / 257, 2000 / 257]]])
    assert decoded.oddities == ("16-bit color",)
    assert decoded.top == 65535


def test_16_bit_grey_with_alpha_is_laid_on_the_background_at_full_depth() -> None:
    content = deep_png([[[1000, 65535], [1000, 0]]])
    half = deep_png([[[1000, 32768], [1000, 65535]]])

    assert np.allclose(decode(content, replace(DEEP, color="grayscale")).pixels[..., 0], [[1000 / 257, 0]])
    assert np.allclose(decode(content, replace(DEEP, background=(255, 255, 255))).pixels[0, 1], 255)
    assert np.allclose(decode(content, replace(DEEP, background=(255, 10, 0))).pixels[0, 1], (255, 10, 0))
    mixed = 1000 / 257 * 32768 / 65535
    assert np.allclose(decode(half, replace(DEEP, color="grayscale")).pixels[..., 0], [[mixed, 1000 / 257]])
    assert decode(content, DEEP).oddities == ("16-bit", "transparent", "dark drawing")


def test_16_bit_color_with_alpha_becomes_grey_and_inverted_and_8_bits() -> None:
    content = deep_png([[[65535, 0, 0, 65535], [0, 0, 0, 0]]])

    assert np.allclose(decode(content, replace(DEEP, color="grayscale")).pixels[..., 0], [[255 * 0.299, 0]])
    inverted = decode(content, replace(DEEP, invert=True)).pixels
    assert np.allclose(inverted, [[[0, 255, 255], [0, 0, 0]]])
    assert decode(content, Form(1, 2)).pixels.tolist() == [[[255, 0, 0], [0, 0, 0]]]
    assert decode(content, Form(1, 2)).pixels.dtype == np.uint8


def test_16_bit_color_is_padded_with_the_background() -> None:
    form = Form(3, 2, resize="pad", depth=16, background=(255, 10, 0))

    pixels = decode(deep_png([[[0, 0, 0], [65535, 65535, 65535]]]), form).pixels

    assert np.allclose(pixels[0], [(255, 10, 0), (255, 10, 0)])
    assert np.allclose(pixels[1], [(0, 0, 0), (255, 255, 255)])


def test_damaged_16_bit_color_is_a_bad_image() -> None:
    content = deep_png(np.random.default_rng(0).integers(0, 65536, (20, 20, 4)))

    with pytest.raises(BadImage, match="damaged"):
        decode(content[: len(content) // 2], DEEP)


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparent_image_is_laid_on_black_and_told(mode: str) -> None:
    image = Image.new("RGBA", (4, 4), (200, 200, 200, 255))
    image.putpixel((0, 0), (200, 200, 200, 0))
    image.putpixel((1, 0), (200, 200, 200, 128))

    decoded = decode(encoded(image.convert(mode)), SMALL)

    assert decoded.pixels[0, :3, 0].tolist() == [0, 100, 200]
    assert decoded.oddities == ("transparent",)


def test_transparent_colour_of_a_palette_becomes_black() -> None:
    image = Image.new("P", (4, 4), 1)
    image.putpalette([0, 0, 0, 250, 10, 10])
    content = encoded(image, transparency=1)

    decoded = decode(content, SMALL)

    assert decoded.pixels.max() == 0
    assert decoded.oddities == ("palette", "transparent")


def test_image_with_an_opaque_alpha_channel_is_nothing_special() -> None:
    decoded = decode(encoded(Image.new("RGBA", (4, 4), (9, 8, 7, 255))), SMALL)

    assert decoded.pixels[0, 0].tolist() == [9, 8, 7]
    assert decoded.oddities == ()


@pytest.mark.parametrize("format", ["GIF", "PNG", "WEBP"])
def test_animation_gives_its_first_frame_and_is_reported(format: str) -> None:
    first, second = Image.new("RGB", (4, 4), (255, 0, 0)), Image.new("RGB", (4, 4), (0, 0, 255))
    content = encoded(first, format, save_all=True, append_images=[second], lossless=True)

    decoded = decode(content, SMALL)

    assert decoded.pixels[0, 0].tolist() == [255, 0, 0] or np.abs(decoded.pixels[0, 0] - (254, 0, 0)).max() <= 1
    assert "animated" in decoded.oddities


def test_several_photos_in_one_jpeg_give_the_first() -> None:
    first, second = Image.new("RGB", (64, 64), (200, 0, 0)), Image.new("RGB", (64, 64), (0, 0, 200))
    content = encoded(first, "MPO", save_all=True, append_images=[second])

    decoded = decode(content, SMALL)

    assert decoded.pixels[0, 0, 0] > 190
    assert (decoded.format, decoded.oddities) == ("JPEG", ())


@pytest.mark.parametrize(
    ("format", "options"),
    [
        ("JPEG", {}),
        ("JPEG", {"progressive": True}),
        ("PNG", {}),
        ("GIF", {}),
        ("BMP", {}),
        ("WEBP", {}),
        ("WEBP", {"lossless": True}),
        ("WEBP", {"exif": b"Exif\0\0II*\0"}),
    ],
)
def test_decoded_image_tells_format_and_size_of_the_file(format: str, options: dict[str, Any]) -> None:
    decoded = decode(encoded(smooth(301, 107), format, **options), SMALL)

    assert (decoded.format, decoded.width, decoded.height) == (format, 301, 107)


# What cannot be used.


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "empty (0 bytes)"),
        (b"just some notes\n", "text, not an image"),
        ("Ü" * 600, "text, not an image"),
        (b"\n <!DOCTYPE html><html>404</html>", "an HTML page, not an image"),
        (b'<?xml version="1.0"?><svg/>', "XML, not an image"),
        (b"<svg xmlns='x'/>", "an SVG drawing, not an image"),
        (b"%PDF-1.7", "a PDF, not an image"),
        (b"PK\3\4....", "a zip archive, not an image"),
        (b"\0\0\0\x18ftypmp42....", "a video, not an image"),
        (b"II*\0\x08\0\0\0", "damaged: it begins like TIFF but cannot be read"),
        (
            b"\x01\x02\x00\x03",
            "this is not the beginning of an image; JPEG, PNG, BMP, GIF, WebP, TIFF and AVIF are read",
        ),
        (b"BMI of patients\n", "text, not an image"),
        (b"\x89PNG\r\n\x1a\n\0\0", "damaged: it begins like PNG but cannot be read"),
        (b"\xff\xd8\xff\xe0\0\x10", "damaged or cut off: truncated File Read"),
        (b"\xff\xd8\xff\xd9", "damaged: it begins like JPEG but cannot be read"),
        (b"\xff\xd8\xff\xe0\0\x04\0\0abcd", "damaged: it begins like JPEG but cannot be read"),
    ],
)
def test_what_is_no_image_is_named_for_what_it_is(content: bytes | str, expected: str) -> None:
    assert reason(content.encode() if isinstance(content, str) else content) == expected


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_that_says(width: int, height: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", header)
        + png_chunk(b"IDAT", zlib.compress(b""))
        + png_chunk(b"IEND", b"")
    )


def test_image_of_more_than_64_megapixels_is_refused_without_decoding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PngImageFile, "load", lambda _: pytest.fail("it was decoded"))

    assert reason(png_that_says(30_000, 20_000)) == "600 megapixels (30,000x20,000); the limit is 64"


def test_image_of_64_megapixels_is_not_too_large() -> None:
    assert "megapixels" not in reason(png_that_says(8_000, 8_000))
    assert "megapixels" in reason(png_that_says(8_001, 8_000))


def test_image_without_pixels_is_refused() -> None:
    assert reason(png_that_says(0, 5)) == "damaged: it begins like PNG but cannot be read"


def test_jpeg_cut_in_half_is_refused() -> None:
    content = encoded(smooth(200, 200), "JPEG")

    assert reason(content[: len(content) // 2]).startswith("damaged or cut off: image file is truncated")


@pytest.mark.parametrize("format", ["PNG", "GIF", "BMP", "WEBP"])
def test_image_cut_in_half_is_refused(format: str) -> None:
    content = encoded(smooth(200, 200), format)

    assert reason(content[: len(content) // 2]).startswith("damaged or cut off")


def test_png_whose_pixels_do_not_fit_their_checksum_is_refused() -> None:
    content = bytearray(encoded(Image.new("L", (4, 4), 7)))
    at = content.index(b"IDAT") + 4
    length = struct.unpack(">I", content[at - 8 : at - 4])[0]
    content[at + length] ^= 0xFF  # of the checksum, not of the pixels: those alone decode well

    assert reason(bytes(content)) == "damaged: the checksum of its IDAT chunk does not fit"


def test_png_whose_last_comment_does_not_fit_its_checksum_is_fine() -> None:
    whole = encoded(Image.new("L", (4, 4), 7))
    comment = bytearray(png_chunk(b"teXt", b"Comment\0hello"))
    comment[-1] ^= 0xFF

    assert decode(whole[:-12] + bytes(comment) + whole[-12:], SMALL).pixels[0, 0].tolist() == [7, 7, 7]


def test_image_that_pillow_does_not_recognise_is_named_without_its_words() -> None:
    whole = encoded(Image.new("L", (4, 4), 7))
    comment = bytearray(png_chunk(b"teXt", b"Comment\0hello"))
    comment[-1] ^= 0xFF

    damaged = whole[:33] + bytes(comment) + whole[33:]

    assert reason(damaged) == "damaged: it begins like PNG but cannot be read"


SIGNATURES = [
    b"\xff\xd8\xff",
    b"\x89PNG\r\n\x1a\n",
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\4\0\0\0\4",
    b"GIF89a\4\0\4\0",
    b"BM\0\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\4\0\0\0\4\0\0\0",
    b"RIFF\x40\0\0\0WEBPVP8 ",
    b"",
]


@settings(max_examples=150)
@given(st.sampled_from(SIGNATURES), st.binary(max_size=200))
def test_any_bytes_are_an_image_or_a_bad_one(signature: bytes, rest: bytes) -> None:
    outcome = told(signature + rest)

    assert outcome if isinstance(outcome, str) else outcome.pixels.shape == (4, 4, 3)


WHOLE = {format: encoded(smooth(40, 30), format) for format in ("JPEG", "PNG", "GIF", "BMP", "WEBP")}


@settings(max_examples=150)
@given(
    st.sampled_from(sorted(WHOLE)), st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=8)
)
def test_any_damage_gives_an_image_or_a_bad_one(format: str, damage: list[tuple[float, int]]) -> None:
    content = bytearray(WHOLE[format])
    for where, value in damage:
        content[int(where * (len(content) - 1))] = value

    outcome = told(bytes(content))

    assert outcome if isinstance(outcome, str) else outcome.pixels.shape == (4, 4, 3)


def test_nothing_is_written_to_stderr(tmp_path: Path) -> None:
    odd = Image.new("P", (4, 4), 1)
    odd.putpalette([0, 0, 0, 250, 10, 10])
    files = {
        "palette.png": encoded(odd, transparency=bytes([255, 40])),
        "exif.jpg": encoded(smooth(8, 8), "JPEG", exif=b"Exif\0\0II*\0\x08\0\0\0\x05\0\x12\x01\x02\0"),
        "huge.png": png_that_says(12_000, 12_000),
        "cut.jpg": encoded(smooth(64, 64), "JPEG")[:500],
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    program = (
        "import pathlib, sys\n"
        "from cnncli.data import images\n"
        "for path in sorted(pathlib.Path(sys.argv[1]).iterdir()):\n"
        "    try: images.decode(path.read_bytes(), images.Form(4, 4)); print(path.name)\n"
        "    except images.BadImage: print(path.name, 'bad')\n"
    )

    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True)

    assert done.stderr == ""
    assert done.stdout.split("\n")[:-1] == ["cut.jpg bad", "exif.jpg", "huge.png bad", "palette.png"]


# Reading the file.


def test_file_that_is_no_regular_file_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")

    with pytest.raises(BadImage, match=r"^not a regular file$"):
        images.read(str(tmp_path / "pipe.png"))


def test_link_that_leads_nowhere_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.png").symlink_to("gone.png")

    with pytest.raises(BadImage, match=r"^a link that leads nowhere$"):
        images.read(str(tmp_path / "a.png"))


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadImage, match=r"^no such file or directory$"):
        images.read(str(tmp_path / "a.png"))


def test_monstrous_file_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "a.bmp").open("wb") as file:
        file.truncate(600 << 20)  # takes no room on the disk

    with pytest.raises(BadImage, match=r"^600 MB large; the limit for one image file is 512 MB$"):
        images.read(str(tmp_path / "a.bmp"))
