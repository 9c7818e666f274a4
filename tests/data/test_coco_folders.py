"""COCO's annotations: found in the folders of several tools, and every fault of a file at once."""

import json
import re
from pathlib import Path

import pytest
from PIL import Image

from cnncli.data.load import parse_source
from cnncli.data.sources.coco_file import parse_coco
from cnncli.errors import DataError


def put(annotations, folder, name="1.jpg"):
    """A file of annotations and one of its images."""
    for path in (annotations, Path(folder) / name):
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (8, 8)).save(Path(folder) / name)
    content = {"images": [{"id": 1, "file_name": name, "width": 8, "height": 8}], "annotations": [], "categories": []}
    Path(annotations).write_text(json.dumps(content))


LAYOUTS = {
    "COCO's own": (
        [
            ("annotations/instances_train2017.json", "train2017"),
            ("annotations/instances_val2017.json", "val2017"),
        ],
        {
            "images": "train2017",
            "annotations": "annotations/instances_train2017.json",
            "validation_images": "val2017",
            "validation_annotations": "annotations/instances_val2017.json",
        },
    ),
    "of Roboflow": (
        [(f"{part}/_annotations.coco.json", part) for part in ("train", "valid", "test")],
        {
            "images": "train",
            "annotations": "train/_annotations.coco.json",
            "validation_images": "valid",
            "validation_annotations": "valid/_annotations.coco.json",
            "test_images": "test",
            "test_annotations": "test/_annotations.coco.json",
        },
    ),
    "of CVAT": (
        [("annotations/instances_default.json", "images/default")],
        {"images": "images/default", "annotations": "annotations/instances_default.json"},
    ),
    "beside a folder of images": (
        [("boxes.json", "photos")],
        {"images": "photos", "annotations": "boxes.json"},
    ),
    "among the images": ([("labels.json", ".")], {"images": ".", "annotations": "labels.json"}),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_folder_is_recognized_with_its_parts(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    files, settings = LAYOUTS[name]
    for annotations, folder in files:
        put(Path("set") / annotations, Path("set") / folder)
    source = parse_source("set")
    assert source.word == "coco"
    assert source.settings.paths() == {key: str(Path("set") / value) for key, value in settings.items()}


def test_one_file_is_data_of_one_part(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    put("annotations/instances_val2017.json", "val2017")
    source = parse_source("annotations/instances_val2017.json")
    assert source.settings.paths() == {"images": "val2017", "annotations": "annotations/instances_val2017.json"}


def test_other_json_is_no_data_set(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("a.json").write_text('{"images": 3}')
    with pytest.raises(DataError, match=re.escape("a.json is no data that can be read")):
        parse_source("a.json")


def test_every_fault_of_a_file_is_reported_at_once(tmp_path):
    image = {"id": 1, "file_name": "1.jpg", "width": 8, "height": 8}
    content = {
        "images": [image, image, {"id": 2, "file_name": "2.jpg"}],
        "annotations": [{"id": 5, "image_id": 9}, {"image_id": [1]}, 7, {"id": 6}],
        "categories": [{"id": 1, "name": "cat"}, {"id": 1, "name": "dog"}, {"name": "cow"}],
    }
    file = tmp_path / "boxes.json"
    file.write_text(json.dumps(content))
    with pytest.raises(DataError) as error:
        parse_coco(str(file))
    assert all(str(problem).startswith(f"{file}: ") for problem in error.value.problems)
    assert [problem.message for problem in error.value.problems] == [
        "two categories have the id 1",
        "a category has no `id` and `name`: {'name': 'cow'}",
        "two images have the id 1",
        "an image has no `file_name`, `height` and `width`: {'id': 2, 'file_name': '2.jpg'}",
        "annotation 5 is of the image 9, which is not listed",
        "annotation 1 is of the image [1], which is not listed",
        "annotation 2 is 7, no object of JSON",
        "annotation 6 has no `image_id`",
    ]
