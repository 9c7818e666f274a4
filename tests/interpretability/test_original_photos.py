"""Image files in their own resolution, and the heat of a network's input laid back on them."""

import numpy as np
import pytest
from PIL import Image

from cnncli.data import images
from cnncli.data.dataset import ImageFiles
from cnncli.data.images import Form
from cnncli.interpretability.original_photos import photos_of, read_photo, share_in_padding


def save(path, pixels, **options):
    Image.fromarray(pixels).save(path, **options)
    return str(path)


def marked(height, width, spot):
    """A dark photo with one bright square of 9 pixels a side around a spot (row, column)."""
    pixels = np.full((height, width, 3), 20, np.uint8)
    pixels[spot[0] - 4 : spot[0] + 5, spot[1] - 4 : spot[1] + 5] = 250
    return pixels


@pytest.mark.parametrize("resize", ["pad", "crop", "stretch"])
@pytest.mark.parametrize(("size", "spot"), [((120, 360), (40, 150)), ((360, 120), (200, 90)), ((333, 500), (100, 300))])
def test_heat_of_what_the_network_sees_lies_on_the_same_thing_in_the_photo(tmp_path, resize, size, spot):
    path = save(tmp_path / "a.png", marked(*size, spot))
    form = Form(96, 96, resize=resize)
    seen = images.decode(images.read(path), form).pixels[..., 0].astype(np.float32)

    photo = read_photo(path, form)
    heat = photo.heat((seen > 0.7 * seen.max()).astype(np.float32))

    assert photo.pixels.shape == (*size, 3)  # its own resolution
    rows, columns = np.nonzero(heat > 0.5)
    found = rows.mean(), columns.mean()
    pixel_of_input = max(size) / 96
    assert np.abs(np.subtract(found, spot)).max() <= pixel_of_input


def test_what_is_cut_off_has_no_heat_and_what_is_padded_falls_away(tmp_path):
    path = save(tmp_path / "wide.png", marked(100, 300, (50, 150)))

    cut = read_photo(path, Form(50, 50, resize="crop"))
    padded = read_photo(path, Form(60, 60, resize="pad"))

    everywhere = cut.heat(np.ones((5, 5)))
    assert (everywhere[:, 100:200] == 1).all()  # 100 of 300 columns are used
    assert not everywhere[:, :100].any()
    assert not everywhere[:, 200:].any()
    assert cut.is_cut
    assert not padded.is_cut
    border = np.ones((60, 60), np.float32)
    border[20:40] = 0  # 300x100 fills the rows 20 to 40 of 60
    assert padded.heat(border)[20:80].max() < 0.01
    assert padded.heat(1 - border)[20:80].min() > 0.99


def test_share_of_the_heat_in_the_padding(tmp_path):
    form = Form(60, 60, resize="pad")
    photo = read_photo(save(tmp_path / "wide.png", marked(100, 300, (50, 150))), form)

    heat = np.zeros((60, 60), np.float32)
    heat[25] = 1  # of the photo
    heat[:3] = 1  # of the border above
    assert share_in_padding(photo, heat, form) == pytest.approx(3 / 4)
    assert share_in_padding(photo, np.zeros((7, 7)), form) == 0
    assert share_in_padding(read_photo(str(tmp_path / "wide.png"), Form(60, 60)), heat, Form(60, 60)) == 0


def test_large_photos_have_a_thousand_pixels_on_their_longer_side(tmp_path):
    path = save(tmp_path / "large.png", np.zeros((1500, 2500, 3), np.uint8))
    assert read_photo(path, Form(32, 32)).pixels.shape == (600, 1000, 3)


def test_photo_is_upright_as_the_network_got_it(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    path = save(tmp_path / "turned.jpg", marked(120, 360, (40, 150)), exif=exif)

    assert read_photo(path, Form(32, 32)).pixels.shape == (360, 120, 3)
    assert read_photo(path, Form(32, 32, exif="ignore")).pixels.shape == (120, 360, 3)


def test_photo_keeps_its_own_colours(tmp_path):
    colour = np.full((30, 40, 3), (200, 100, 50), np.uint8)
    gray_and_inverted = Form(8, 8, color="grayscale", invert=True)
    assert read_photo(save(tmp_path / "a.png", colour), gray_and_inverted).pixels[0, 0].tolist() == [200, 100, 50]

    drawing = np.zeros((30, 40, 4), np.uint8)  # all transparent: the network gets black, the photo was on white
    assert read_photo(save(tmp_path / "b.png", drawing), gray_and_inverted).pixels[0, 0].tolist() == [255] * 3


def test_photos_that_have_gone_are_none(tmp_path):
    path = save(tmp_path / "a.png", marked(20, 20, (10, 10)))
    assert len(photos_of(ImageFiles((path,), Form(8, 8)))) == 1
    assert photos_of(ImageFiles((path, str(tmp_path / "gone.png")), Form(8, 8))) is None
