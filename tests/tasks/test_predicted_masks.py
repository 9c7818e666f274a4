"""Predicted masks: shares of the image alone, and files in the size of the original."""

import io
import json

import numpy as np
import pytest
from PIL import Image

from cnncli.data import images
from cnncli.data.image_geometry import Geometry
from cnncli.tasks.decoder import Original
from cnncli.tasks.segmentation.decoding import MaskDecoder
from cnncli.tasks.segmentation.prediction_files import MaskFiles
from cnncli.tasks.segmentation.targets import IGNORED, MaskTargets

SIDE = 8
DECODER = MaskDecoder(MaskTargets(class_names=("ground", "disc"), mask_shape=(SIDE, SIDE)), "probabilities", 2)


def outputs_of(mask):
    return np.eye(2, dtype=np.float32)[mask][None]


def padded():
    """Class 1 in the left half of an image of 40x80, of which 2 rows above and below are padding of class 1."""
    mask = np.ones((SIDE, SIDE), np.uint8)
    mask[2:6, 4:] = 0
    return mask, Geometry(40, 80, images.Form(SIDE, SIDE, resize="pad"))


def test_shares_leave_padding_out():
    mask, geometry = padded()
    outputs = outputs_of(mask)
    found, values = DECODER.in_originals(*DECODER.decode(["x"], outputs, 3), [geometry], outputs)

    assert DECODER.item(found[0].tolist(), values[0].tolist()) == {"shares": {"ground": 0.5, "disc": 0.5}}


def test_files_are_an_indexed_mask_and_an_overlay_in_the_size_of_the_original():
    mask, geometry = padded()
    files = MaskFiles(DECODER)
    original = Original("photo", "photo.jpg", geometry, lambda: np.full((40, 80, 3), 100, np.uint8))
    found = dict(files.of([original], outputs_of(mask)))

    assert list(found) == ["photo_mask.png", "photo_overlay.png"]
    image = Image.open(io.BytesIO(found["photo_mask.png"]))
    assert (image.mode, image.size) == ("P", (80, 40))
    numbers = np.asarray(image)
    assert (numbers[:, :40] == 1).all()
    assert (numbers[:, 40:] == 0).all()
    over = np.asarray(Image.open(io.BytesIO(found["photo_overlay.png"])))
    assert over.shape == (40, 80, 3)
    assert over[0, 79].tolist() == [100, 100, 100]  # ground has no colour
    assert over[0, 0].tolist() == [172, 132, 45]  # 0.45 * 100 + 0.55 * [230, 159, 0]
    assert over[0, 39].tolist() == [230, 159, 0]  # a line of full colour inside the border, a black one outside
    assert over[0, 40].tolist() == [0, 0, 0]

    [(name, content)] = files.end()
    assert name == "classes.json"
    assert json.loads(content)["classes"][1] == {"number": 1, "name": "disc", "color": [230, 159, 0]}


def test_pixels_that_were_cut_off_are_255():
    geometry = Geometry(40, 80, images.Form(SIDE, SIDE, resize="crop"))
    original = Original("photo", "photo.jpg", geometry, lambda: np.zeros((40, 80, 3), np.uint8))
    [(_, content), _] = MaskFiles(DECODER).of([original], outputs_of(np.ones((SIDE, SIDE), np.uint8)))
    numbers = np.asarray(Image.open(io.BytesIO(content)))

    assert (numbers[:, 20:60] == 1).all()
    assert (numbers[:, :20] == IGNORED).all()


def test_masks_of_volumes_are_arrays():
    targets = MaskTargets(class_names=("ground", "disc"), mask_shape=(4, SIDE, SIDE))
    decoder = MaskDecoder(targets, "probabilities", 2)
    mask = np.ones((4, SIDE, SIDE), np.uint8)
    original = Original("scan-00000", "scan.npy", None, lambda: pytest.fail("a volume has no picture"))
    [(name, content)] = MaskFiles(decoder).of([original], outputs_of(mask))

    assert name == "scan-00000_mask.npy"
    assert np.load(io.BytesIO(content)).tolist() == mask.tolist()
