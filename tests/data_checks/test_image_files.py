"""The headers of image files: modes, sizes, and features that tell the class."""

import numpy as np
import pytest
from PIL import Image

from cnncli.data_checks.image_files import features_of, read_headers, summarise
from cnncli.data_checks.shortcuts import accuracy_of

MODES = {
    "RGB": "RGB",
    "L": "gray",
    "P": "palette",
    "RGBA": "RGB, transparent",
    "LA": "gray, transparent",
    "1": "1-bit gray",
    "I;16": "16-bit gray",
}


@pytest.mark.parametrize(("mode", "words"), MODES.items(), ids=MODES)
def test_modes_are_told_in_words(tmp_path, mode, words):
    Image.new(mode, (6, 4)).save(tmp_path / "a.PNG")

    [header] = read_headers([str(tmp_path / "a.PNG")])

    assert (header.mode, header.format, header.ending, header.width, header.height) == (words, "PNG", ".png", 6, 4)


def test_cmyk_is_told_and_a_broken_file_is_left_out(tmp_path):
    Image.new("CMYK", (6, 4)).save(tmp_path / "a.jpg")
    (tmp_path / "b.jpg").write_bytes(b"\xff\xd8\xff")
    headers = read_headers([str(tmp_path / "a.jpg"), str(tmp_path / "b.jpg")])

    found = summarise(headers, (8, 8, 3))

    assert found.modes == {"CMYK": 1}
    assert found.size_count == 1


def test_sizes_are_those_before_resizing(tmp_path):
    for number, size in enumerate([(10, 10), (20, 10), (40, 30)]):
        Image.new("RGB", size).save(tmp_path / f"{number}.png")

    found = summarise(read_headers([str(tmp_path / f"{number}.png") for number in range(3)]), (8, 8, 3))

    assert (found.width, found.height, found.aspect_ratio) == ((10, 20, 40), (10, 10, 30), (1.0, 1.333, 2.0))


def test_a_format_that_only_one_class_has_predicts_it(tmp_path):
    classes = np.arange(40) % 2
    for number, label in enumerate(classes):
        Image.new("RGB", (8, 8)).save(tmp_path / f"{number}.{'png' if label else 'jpg'}")
    paths = [str(tmp_path / f"{number}.{'png' if label else 'jpg'}") for number, label in enumerate(classes)]

    features = features_of(read_headers(paths))

    assert {
        name: accuracy_of(values, classes) for name, values in features.items() if accuracy_of(values, classes)
    } == {
        "file format": 1.0,
        "file ending": 1.0,
    }
