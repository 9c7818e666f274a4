"""The lines that a decoder gives for scripts say what `predict` says."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cnncli.data.image_geometry import Geometry
from cnncli.data.images import Form
from cnncli.export.predict_script import _image_lines
from cnncli.recipe.targets.detection import CENTRES, SIDES
from cnncli.tasks.decoder import script_file
from cnncli.tasks.detection.decoding import BoxDecoder
from cnncli.tasks.detection.targets import BoxTargets


@pytest.mark.parametrize("resize", ["stretch", "pad", "crop", "keep"])
@pytest.mark.parametrize("size", [(100, 41), (35, 71), (20, 11)])
def test_boxes_of_script_are_those_of_predict(tmp_path, capsys, size, resize):
    form = Form(32, 48, resize)
    Image.new("RGB", size).save(tmp_path / "photo.png")
    random = np.random.default_rng(0)
    maps = {
        CENTRES: random.uniform(0, 1, (8, 12, 2)).astype(np.float32),
        SIDES: random.uniform(0, 2, (8, 12, 4)).astype(np.float32),
    }
    decoder = BoxDecoder(BoxTargets(class_names=("cat", "dog"), threshold=0.9), "maps", 2)
    lines = [*_image_lines(form, "image"), *decoder.script([CENTRES, SIDES], form)]
    about = {"class_names": ["cat", "dog"]}
    names = {"file": str(tmp_path / "photo.png"), "outputs": maps, "about": about, "np": np, "Image": Image}
    exec("\n".join(line for line in lines if "exif" not in line), names)
    printed = re.findall(r"(cat|dog) ([\d.]+)% left (\S+) top (\S+) right (\S+) bottom (\S+)", capsys.readouterr().out)
    found = [(name, *map(float, numbers)) for name, *numbers in printed]
    decoded = decoder.decode(["photo"], {name: values[None] for name, values in maps.items()}, 1)
    [numbers], [values] = decoder.in_originals(*decoded, [Geometry(size[1], size[0], form)])
    wanted = [
        (each["class"], 100 * each["score"], each["left"], each["top"], each["right"], each["bottom"])
        for each in decoder.boxes(numbers, values)
    ]
    assert [name for name, *_ in found] == [name for name, *_ in wanted]
    np.testing.assert_allclose([row[1:] for row in found], [row[1:] for row in wanted], atol=0.11)


def test_file_of_script_lies_in_the_current_folder_and_replaces_none(tmp_path, monkeypatch):
    (tmp_path / "data").mkdir()
    monkeypatch.chdir(tmp_path)
    names = {"file": "data/1.png", "Path": Path, "sys": sys}
    exec("\n".join(script_file("mask.png")), names)
    assert names["found"] == Path("1-mask.png")
    names["found"].touch()
    with pytest.raises(SystemExit, match=r"1-mask\.png exists already"):
        exec("\n".join(script_file("mask.png")), names)
