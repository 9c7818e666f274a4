"""The lines of predict.py that read a photo or a volume give the values that the training sees."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from PIL import Image, ImageOps

from cnncli.data.images import Form, decode
from cnncli.data.volume_file import Volume
from cnncli.data.volume_form import VolumeForm
from cnncli.export.predict_script import _image_lines, _volume_lines

GREEN = (10, 200, 30)
FORMS = [
    Form(24, 32, resize, color, depth=depth, background=GREEN)
    for resize, color, depth in itertools.product(("stretch", "pad", "crop", "keep"), ("rgb", "grayscale"), (8, 16))
]
FORMS += [
    Form(24, 32, color=color, depth=depth, low=100, high=4000) for color in ("rgb", "grayscale") for depth in (8, 16)
]
FORMS += [Form(24, 32, color="rgb", low=50, high=150), Form(24, 32, exif="ignore")]


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Files of every sort: turned, large, transparent, gray of 16 bits, with a palette, of four colours."""
    made = tmp_path_factory.mktemp("photos")
    rows, columns = np.mgrid[:40, :52]
    photo = Image.fromarray(np.stack([rows * 6, columns * 4, (rows * columns) % 256], axis=2).astype(np.uint8))
    turned = Image.Exif()
    turned[274] = 6
    photo.resize((600, 350)).save(made / "large.jpg")
    photo.resize((600, 350)).save(made / "turned.jpg", exif=turned)
    photo.save(made / "turned.png", exif=turned)
    photo.convert("CMYK").save(made / "cmyk.jpg")
    photo.quantize(16).save(made / "palette.png", transparency=3)
    photo.convert("1").save(made / "one.png")
    glass = photo.copy()
    glass.putalpha(Image.fromarray((columns * 4).astype(np.uint8)))
    glass.save(made / "glass.png")
    glass.convert("LA").save(made / "glass-gray.png")
    photo.resize((10, 8)).save(made / "small.png")
    photo.resize((51, 19)).save(made / "odd.png")
    deep = Image.fromarray((columns * 90 + rows * 7).astype(np.uint16))
    deep.save(made / "deep.png")
    deep.save(made / "deep.tif")
    return sorted(made.iterdir())


@pytest.mark.parametrize("form", FORMS, ids=repr)
def test_photo_becomes_what_the_training_sees(photos, form):
    lines = "\n".join(_image_lines(form, "image"))
    for photo in photos:
        names = {"file": str(photo), "np": np, "Image": Image, "ImageOps": ImageOps}
        exec(lines, names)
        found, wanted = names["inputs"]["image"], decode(photo.read_bytes(), form).pixels
        assert (found.dtype, found.shape) == (np.float32, wanted.shape), photo.name
        np.testing.assert_allclose(found, wanted, atol=0.01, err_msg=photo.name)


def test_volume_gets_the_window_of_the_training(tmp_path):
    form = VolumeForm((4, 5, 6), spacing=(2.0, 1.0, 1.0), window=(-160.0, 240.0))
    values = np.random.default_rng(0).normal(0, 300, form.shape)
    np.save(tmp_path / "scan.npy", values)
    names = {"file": tmp_path / "scan.npy", "np": np}
    exec("\n".join(_volume_lines(form, "volume")), names)
    np.testing.assert_allclose(
        names["inputs"]["volume"][..., 0], form.values(Volume(values, (2.0, 1.0, 1.0))), rtol=1e-5
    )
