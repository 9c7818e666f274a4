"""Images with boxes from YOLO, COCO and Pascal VOC: the same boxes, and every fault with its place."""

import json

import numpy as np
import pytest
from PIL import Image

from cnncli.data.load import load
from cnncli.errors import DataError
from cnncli.recipe.schema_data import Data

NAMES = ["cat", "dog"]
BOX = (8, 16, 40, 32)  # left, top, right, bottom of 80x40 pixels


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Ten images of 80x40, each with a dog, as YOLO, COCO and VOC have them."""
    monkeypatch.chdir(tmp_path)
    for name in ("images", "labels", "JPEGImages", "Annotations"):
        (tmp_path / name).mkdir()
    left, top, right, bottom = BOX
    random = np.random.default_rng(0)
    images, annotations = [], []
    for number in range(10):
        name = f"img{number}"
        picture = Image.fromarray(random.integers(0, 256, (40, 80, 3), np.uint8))
        picture.save(f"images/{name}.png")
        picture.save(f"JPEGImages/{name}.png")
        (tmp_path / f"labels/{name}.txt").write_text("1 0.3 0.6 0.4 0.4\n")
        corners = f"<xmin>{left + 1}</xmin><ymin>{top + 1}</ymin><xmax>{right}</xmax><ymax>{bottom}</ymax>"
        size = "<size><width>80</width><height>40</height></size>"
        cat = f"<object><name>cat</name><difficult>1</difficult><bndbox>{corners}</bndbox></object>"
        dog = f"<object><name>dog</name><bndbox>{corners}</bndbox></object>"
        (tmp_path / f"Annotations/{name}.xml").write_text(f"<annotation>{size}{cat}{dog}</annotation>")
        images.append({"id": number, "file_name": f"{name}.png", "width": 80, "height": 40})
        box = [left, top, right - left, bottom - top]
        annotations.append({"id": number, "image_id": number, "category_id": 7, "bbox": box, "iscrowd": 0})
        annotations.append({"id": 99, "image_id": number, "category_id": 3, "bbox": box, "iscrowd": 1})
    categories = [{"id": 7, "name": "dog"}, {"id": 3, "name": "cat"}]
    found = {"images": images, "annotations": annotations, "categories": categories}
    (tmp_path / "boxes.json").write_text(json.dumps(found))
    (tmp_path / "data.yaml").write_text("train: images\nnames: [cat, dog]\n")
    return tmp_path


SOURCES = {
    "yolo": {"path": "data.yaml"},
    "coco": {"images": "images", "annotations": "boxes.json"},
    "voc": {"path": "."},
}


def read(word, **more):
    source = {word: {**SOURCES[word], "image_size": [40, 40], **more}}
    return load(Data.model_validate({"source": source}))


@pytest.mark.parametrize("word", SOURCES)
@pytest.mark.parametrize(
    ("resize", "expected"),
    [
        ("stretch", [0.4, 0.1, 0.8, 0.5]),
        ("pad", [0.45, 0.1, 0.65, 0.5]),  # 40x20 pixels, 10 from the top
        ("crop", [0.4, 0.0, 0.8, 0.5]),  # columns 20 to 60 of the image
    ],
)
@pytest.mark.usefixtures("folder")
def test_boxes_follow_their_images(word, resize, expected):
    splits = read(word, resize=resize)
    assert splits.targets.task == "detection"
    number = splits.targets.class_names.index("dog")
    assert splits.train.labels[0, 0].tolist() == pytest.approx([*expected, number])


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("1 0.3 1.07 0.4 0.4", "1.07 is not between 0 and 1: pixels?"),
        ("2 0.3 0.6 0.4 0.4", "the class is 2, and data.yaml names 2 (0 to 1)"),
        ("1 0.3 0.6 0 0.4", "the width is 0"),
        ("1 0.3 0.6", "3 numbers, expected 5"),
        ("dog 0.3 0.6 0.4 0.4", "`dog 0.3 0.6 0.4 0.4` are not numbers"),
    ],
)
def test_wrong_line_of_yolo_is_named(folder, line, message):
    (folder / "labels/img7.txt").write_text(f"1 0.3 0.6 0.4 0.4\n{line}\n")
    with pytest.raises(DataError) as error:
        read("yolo")
    assert str(error.value.problems[0]).startswith(f"img7.txt:2: {message}")


def test_images_without_a_labels_file_are_noted(folder):
    for number in range(6):
        (folder / f"labels/img{number}.txt").unlink()
    notes = [note.message for note in read("yolo").notes]
    assert "6 of 10 images have no labels file" in notes


def test_no_labels_file_at_all_is_an_error(folder):
    for file in (folder / "labels").iterdir():
        file.unlink()
    with pytest.raises(DataError, match="10 of 10 images have no labels file"):
        read("yolo")


def test_images_that_are_not_there_are_named(folder):
    (folder / "images/img3.png").unlink()
    with pytest.raises(DataError, match=r"1 of 10 images are not in images\n +img3.png"):
        read("coco")


def test_box_without_width_is_an_error_of_its_image(folder):
    found = json.loads((folder / "boxes.json").read_text())
    found["annotations"][0]["bbox"] = [1, 1, 0, 5]
    (folder / "boxes.json").write_text(json.dumps(found))
    with pytest.raises(DataError, match=r"boxes\.json: annotation 0, of img0\.png: `bbox` is"):
        read("coco")


def test_labels_of_an_image_of_another_size_are_an_error(folder):
    Image.new("RGB", (40, 80)).save(folder / "images/img0.png")
    with pytest.raises(DataError, match="its labels are for 80x40 pixels, and it has 40x80"):
        read("coco")


@pytest.mark.parametrize(
    "names",
    ["names: {0: 'no', 1: dog}", "names:\n  0: no\n  1: dog  # as Ultralytics writes them", "nc: 2\nnames: [no, dog]"],
)
def test_names_of_yolo_may_be_numbered_and_are_texts_as_they_stand(folder, names):
    (folder / "data.yaml").write_text(f"path: .\ntrain: images\nval:  # none\n{names}\n")
    assert read("yolo").targets.class_names == ("no", "dog")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("train: images\nnames: {0: cat, 2: dog}", "data.yaml: `names` are not numbered from 0 to 1"),
        ("train: images\nnames: [cat, {a: b}]", "data.yaml does not name its classes"),
        ("train: images\nnames: [cat, dog", "data.yaml:2: no YAML: expected ',' or ']', but got '<stream end>'"),
        ("- a", "data.yaml is no data.yaml: it has no keys"),
        ("[" * 5000, "data.yaml is no data.yaml: it is nested too deep"),
    ],
)
def test_wrong_data_yaml_is_named_with_its_line(folder, content, message):
    (folder / "data.yaml").write_text(content)
    with pytest.raises(DataError) as caught:
        read("yolo")
    assert message in str(caught.value.problems[0])


def test_outline_without_area_is_an_error_of_its_line(folder):
    (folder / "labels/img0.txt").write_text("1 0.1 0.1 0.1 0.5 0.1 0.9\n")
    with pytest.raises(DataError) as caught:
        read("yolo")
    assert "img0.txt:1: the outline has no area" in str(caught.value.problems[0])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("<width>80</width>", "<width>inf</width>"), "img0.xml: `size` with `width` and `height` is missing"),
        (
            ("<xmin>9</xmin>", "<xmin>90</xmin>"),
            "img0.xml: object 2: ymin 17, xmin 90, ymax 32, xmax 95 lie outside the image of 80x40 pixels",
        ),
    ],
)
def test_wrong_annotations_of_voc_are_named(folder, change, message):
    file = folder / "Annotations/img0.xml"
    file.write_text(file.read_text().replace(*change).replace("<xmax>40</xmax>", "<xmax>95</xmax>"))
    with pytest.raises(DataError) as caught:
        read("voc")
    assert message in str(caught.value.problems[0])


def test_size_of_coco_that_is_no_number_is_named(folder):
    found = json.loads((folder / "boxes.json").read_text())
    found["images"][0]["width"] = float("inf")
    (folder / "boxes.json").write_text(json.dumps(found))
    with pytest.raises(DataError) as caught:
        read("coco")
    assert "an image has no `file_name`, `height` and `width`" in str(caught.value.problems[0])


def lists(folder, **names):
    (folder / "ImageSets/Main").mkdir(parents=True, exist_ok=True)
    for part, stems in names.items():
        (folder / f"ImageSets/Main/{part}.txt").write_text("\r\n".join(stems))


def test_lists_of_voc_say_the_parts(folder):
    stems = sorted(path.stem for path in (folder / "Annotations").iterdir())
    lists(folder, train=stems[:-2], val=[f"{stems[-2]} 1"], test=stems[-1:])  # older lists have 1 or -1 behind the name
    splits = read("voc")
    assert [len(part.examples) for part in splits.parts] == [len(stems) - 2, 1, 1]
    assert splits.test.files == (f"JPEGImages/{stems[-1]}.png",)


def test_lists_of_voc_that_leave_nothing_to_train_are_an_error(folder):
    lists(folder, train=[], test=sorted(path.stem for path in (folder / "Annotations").iterdir()))
    with pytest.raises(DataError) as caught:
        read("voc")
    assert "VOC folder . has no image to train" in str(caught.value.problems[0])
