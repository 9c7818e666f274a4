"""Points, boxes and label maps go from an image to the network's input and back."""

import io

import numpy as np
import pytest
from PIL import Image

from cnncli.data import images
from cnncli.data.image_geometry import Geometry, stored, upright

STRETCH = images.Form(10, 20, resize="stretch")
CROP = images.Form(20, 20, resize="crop")
KEEP = images.Form(20, 20, resize="keep")
PAD = images.Form(20, 20, resize="pad")


def test_stretched_points_are_scaled_by_each_axis():
    assert Geometry(20, 80, STRETCH).forward(np.array([[10.0, 40.0], [20.0, 0.0]])).tolist() == [[5, 10], [10, 0]]


def test_cropped_points_lose_what_is_cut_off():
    # 40 high, 80 wide -> the middle 40x40, from x 20 on, at half the size.
    assert Geometry(40, 80, CROP).forward(np.array([[40.0, 20.0], [0.0, 70.0]])).tolist() == [[20, 0], [0, 25]]


def test_kept_points_are_moved_alone():
    smaller = Geometry(10, 30, KEEP)  # 10 rows lie in the middle of 20, the middle 20 of 30 columns are taken
    np.testing.assert_array_equal(smaller.forward(np.array([[0.0, 5.0], [10.0, 30.0]])), [[5, 0], [15, 25]])
    np.testing.assert_array_equal(smaller.back(np.array([[5.0, 0.0], [15.0, 25.0]])), [[0, 5], [10, 30]])


def test_kept_pixels_are_those_of_the_file():
    pixels = np.random.default_rng(0).integers(0, 256, (10, 30, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    found = images.decode(file.getvalue(), KEEP).pixels
    np.testing.assert_array_equal(found[5:15], pixels[:, 5:25])
    assert not found[:5].any()
    assert not found[15:].any()


def test_padded_points_are_moved_by_the_border():
    # 40 high, 80 wide -> 10 high, 20 wide, with 5 rows above.
    assert Geometry(40, 80, PAD).forward(np.array([[0.0, 0.0], [40.0, 80.0]])).tolist() == [[5, 0], [15, 20]]


@pytest.mark.parametrize("form", [STRETCH, CROP, PAD], ids=lambda form: form.resize)
def test_boxes_come_back(form):
    boxes = np.random.default_rng(0).uniform(0, 40, (7, 4))
    geometry = Geometry(33, 57, form)
    assert np.allclose(geometry.back_boxes(geometry.forward_boxes(boxes)), boxes)


@pytest.mark.parametrize("form", [STRETCH, CROP, PAD], ids=lambda form: form.resize)
def test_labels_lie_where_the_pixels_lie(form):
    """A picture of two halves, resized by the image reader, agrees with its own label map."""
    labels = np.zeros((60, 90), np.uint8)
    labels[:, 45:] = 1
    labels[24:] += 2
    content = io.BytesIO()
    Image.fromarray(np.repeat(labels[..., None] * 80, 3, axis=2)).save(content, "PNG")
    pixels = images.decode(content.getvalue(), form).pixels[..., 0]
    moved = Geometry(60, 90, form).forward_labels(labels, outside=255)
    inside = moved != 255
    assert np.mean(np.abs(pixels[inside].astype(int) - moved[inside] * 80.0) < 41) > 0.9
    assert (pixels[~inside] == 0).all()


@pytest.mark.parametrize("form", [images.Form(60, 90), images.Form(30, 45, resize="pad")], ids=["same", "half"])
def test_labels_come_back(form):
    labels = np.repeat(np.repeat(np.random.default_rng(0).integers(0, 5, (30, 45)).astype(np.uint8), 2, 0), 2, 1)
    geometry = Geometry(60, 90, form)
    assert (geometry.back_labels(geometry.forward_labels(labels, outside=255), outside=255) == labels).all()


def test_what_the_network_did_not_get_has_the_value_of_outside():
    back = Geometry(4, 8, images.Form(2, 2, resize="crop")).back_labels(np.ones((2, 2), np.uint8), outside=9)
    assert back.tolist() == [[9, 9, 1, 1, 1, 1, 9, 9]] * 4


@pytest.mark.parametrize("orientation", range(1, 9))
def test_upright_is_what_pillow_makes_of_the_orientation(orientation):
    from PIL import ImageOps

    pixels = np.arange(6, dtype=np.uint8).reshape(2, 3)
    image = Image.fromarray(pixels)
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = io.BytesIO()
    image.save(content, "PNG", exif=exif)
    expected = np.asarray(ImageOps.exif_transpose(Image.open(content)))
    assert upright(pixels, orientation).tolist() == expected.tolist()
    assert stored(expected, orientation).tolist() == pixels.tolist()
