"""Predicted boxes: brought back to the original image, shown, and written as files."""

import io
import json

import numpy as np
import pytest
from PIL import Image

from cnncli.data import images
from cnncli.data.image_geometry import Geometry, unchanged
from cnncli.data.sources.boxed_images import in_form
from cnncli.tasks.decoder import Original
from cnncli.tasks.detection.decoding import BoxDecoder
from cnncli.tasks.detection.prediction_files import BoxFiles
from cnncli.tasks.detection.targets import BoxTargets

WIDTH, HEIGHT = 80, 40  # of an upright image
BOX = (10, 24, 20, 56)  # top, left, bottom, right of an object in the middle of it, in pixels
DECODER = BoxDecoder(BoxTargets(class_names=("cat", "dog")), "maps", 2)


def maps_of(boxes, size=16):
    """Centres and sides (1, size, size, …) in which exactly these boxes are found: (sides in [0, 1], class, score) each."""
    centres, sides = np.zeros((1, size, size, 2), np.float32), np.zeros((1, size, size, 4), np.float32)
    for (top, left, bottom, right), number, score in boxes:
        row, column = int((top + bottom) / 2 * size), int((left + right) / 2 * size)
        centres[0, row, column, number] = score
        middle = np.array([row + 0.5, column + 0.5])
        corners = np.array([top, left, bottom, right]) * size
        sides[0, row, column] = [*(middle - corners[:2]), *(corners[2:] - middle)]
    return {"centres": centres, "sides": sides}


def geometry_of(path, **form):
    wanted = images.Form(32, 32, **form)
    decoded = images.decode(images.read(path), wanted)
    return Geometry(decoded.height, decoded.width, wanted)


def in_input(geometry):
    shares = np.array([BOX]) / [HEIGHT, WIDTH, HEIGHT, WIDTH]
    return in_form(shares, geometry)[0][0].tolist()


@pytest.mark.parametrize("orientation", [1, 6])
@pytest.mark.parametrize("resize", ["stretch", "pad", "crop"])
def test_boxes_come_in_pixels_of_the_upright_original(tmp_path, resize, orientation):
    picture, exif = Image.new("RGB", (WIDTH, HEIGHT)), Image.Exif()
    exif[0x0112] = orientation
    stored = picture.transpose(Image.Transpose.ROTATE_90) if orientation == 6 else picture
    stored.save(tmp_path / "photo.png", exif=exif)
    geometry = geometry_of(str(tmp_path / "photo.png"), resize=resize)
    found, values = DECODER.decode(["photo.png"], maps_of([(in_input(geometry), 1, 0.75)]), 3)
    found, values = DECODER.in_originals(found, values, [geometry])
    top, left, bottom, right = BOX
    sides = {"left": left, "top": top, "right": right, "bottom": bottom}
    [box] = DECODER.item(found[0].tolist(), values[0].tolist())["boxes"]
    assert {key: pytest.approx(value, abs=0.01) for key, value in box.items() if key in sides} == sides
    assert (box["class"], box["score"]) == ("dog", 0.75)


def test_boxes_are_cut_at_the_borders_of_the_original_and_those_in_padding_are_left_out():
    geometry = Geometry(HEIGHT, WIDTH, images.Form(32, 32, resize="pad"))  # 8 rows of padding above and below
    maps = maps_of([((0.125, 0.25, 0.5, 0.75), 0, 0.9), ((0.0, 0.0, 0.2, 0.2), 1, 0.8)])
    found, values = DECODER.in_originals(*DECODER.decode(["photo.png"], maps, 3), [geometry])
    assert DECODER.rows(found[0].tolist(), values[0].tolist()) == [["cat", "0.9", "20", "0", "60", "20"]]


def test_each_box_has_a_row_of_the_table_and_an_image_without_boxes_an_empty_one():
    maps = maps_of([((0.125, 0.25, 0.5, 0.75), 0, 0.9), ((0.5, 0.5, 1.0, 1.0), 1, 0.5)])
    found, values = DECODER.in_originals(*DECODER.decode(["x"], maps, 3), [unchanged(32, 32)])
    assert DECODER.columns(3) == ["class", "score", "left", "top", "right", "bottom"]
    assert DECODER.rows(found[0].tolist(), values[0].tolist()) == [
        ["cat", "0.9", "8", "4", "24", "16"],
        ["dog", "0.5", "16", "16", "32", "32"],
    ]
    assert DECODER.row(found[0].tolist(), values[0].tolist()) == ("cat 8,4 16x12", "90.0%", "dog 16,16 16x16")
    nothing = DECODER.decode(["x"], maps_of([]), 3)
    assert DECODER.rows(nothing[0][0].tolist(), nothing[1][0].tolist()) == [[""] * 6]


def test_files_are_a_picture_in_the_size_of_the_original_and_cocos_json_of_all_boxes():
    files = BoxFiles(DECODER)
    geometry = Geometry(400, 800, images.Form(32, 32))
    original = Original("photo", "scans/photo.jpg", geometry, lambda: np.full((400, 800, 3), 200, np.uint8))
    maps = maps_of([((0.25, 0.25, 0.5, 0.75), 1, 0.9), ((0.5, 0.5, 1.0, 1.0), 0, 0.0625)])
    [(name, content)] = files.of([original], maps)
    picture = np.asarray(Image.open(io.BytesIO(content)))
    assert (name, picture.shape) == ("photo.png", (400, 800, 3))
    assert (picture[300, 500] == 200).all()  # inside of the box that is too uncertain to be shown
    assert (picture[199, 300:500] != 200).any(axis=-1).all()  # the bottom line of the other
    [(name, content)] = files.end()
    document = json.loads(content)
    assert name == "boxes.json"
    assert document["images"] == [{"id": 1, "file_name": "scans/photo.jpg", "width": 800, "height": 400}]
    assert document["categories"] == [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}]
    assert [(each["category_id"], each["score"], each["bbox"]) for each in document["annotations"]] == [
        (2, pytest.approx(0.9), pytest.approx([200, 100, 400, 100])),
        (1, 0.0625, pytest.approx([400, 200, 400, 200])),
    ]
