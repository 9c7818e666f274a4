"""Masks from the outlines of COCO: polygons, run lengths, crowds and overlaps, and every fault by the id of its annotation."""

import json

import numpy as np
import pytest
from PIL import Image

from cnncli.data.load import load, load_for_model
from cnncli.data.sources.coco_outlines import Outline, encoded_outline, mask_of
from cnncli.errors import DataError
from cnncli.recipe.schema_data import Data, Source

SQUARE = [2, 1, 6, 1, 6, 4, 2, 4]  # x from 2 to 6, y from 1 to 4: 12 pixels
SQUARE_RUNS = [17, 3, 5, 3, 5, 3, 5, 3, 36]  # the same, column by column, of 8 rows and 10 columns
CATEGORIES = [{"id": 7, "name": "dog"}, {"id": 3, "name": "cat"}]


def mask(*outlines, height=8, width=10):
    """The mask of outlines, each a number and a segmentation; categories are classes 1, 2, …"""
    found = [Outline(number, encoded_outline(given, height, width)) for number, given in outlines]
    return mask_of(found, height, width, [1, 2], background=0, ignored=255)


def rectangle(top, left, bottom, right, value=1):
    expected = np.zeros((8, 10), np.uint8)
    expected[top:bottom, left:right] = value
    return expected


def test_polygon_and_run_lengths_are_the_same_mask():
    from faster_coco_eval.core import mask as library

    compressed = library.encode(np.asfortranarray(rectangle(1, 2, 4, 6)))
    counts = compressed["counts"]
    counts = counts.decode() if isinstance(counts, bytes) else counts
    for given in (
        [SQUARE],
        {"size": [8, 10], "counts": SQUARE_RUNS},
        {"size": [8, 10], "counts": counts},
    ):
        np.testing.assert_array_equal(mask((0, given)), rectangle(1, 2, 4, 6))


def test_polygons_of_one_object_are_joined():
    found = mask((1, [[0, 0, 2, 0, 2, 2, 0, 2], SQUARE]))
    np.testing.assert_array_equal(found, rectangle(0, 0, 2, 2, 2) + rectangle(1, 2, 4, 6, 2))


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_smaller_object_covers_the_larger(order):
    objects = [(0, [[0, 0, 10, 0, 10, 8, 0, 8]]), (1, [SQUARE])]
    expected = np.ones((8, 10), np.uint8) + rectangle(1, 2, 4, 6)
    np.testing.assert_array_equal(mask(*(objects[place] for place in order)), expected)


def test_later_of_two_objects_of_one_size_covers_the_other():
    assert mask((0, [SQUARE]), (1, [SQUARE])).max() == 2
    assert mask((1, [SQUARE]), (0, [SQUARE])).max() == 1


def test_crowd_does_not_count_but_where_an_object_is():
    found = mask((0, [SQUARE]), (None, {"size": [8, 10], "counts": [0, 80]}))
    expected = np.where(rectangle(1, 2, 4, 6) == 1, 1, 255)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (None, "`segmentation` is missing"),
        ([], "`segmentation` is empty"),
        ([[1, 1, 2, 2]], "a polygon has 2 points"),
        ([[1, 1, 2, 2, 3, 3, 4]], "a polygon has 7 numbers"),
        ([[1, 1, 2, "a", 3, 3]], "a polygon is [1, 1, 2, 'a', 3, 3]"),
        ([[1, 1, 2, 1, 1e9, 3]], "a polygon has the x 1e+09, and its image has 10x8 pixels"),
        ([[1, 1, 2, 1, 3, -9]], "a polygon has the y -9, and its image has 10x8 pixels"),
        ({"counts": [80]}, "`segmentation` has no `size` and `counts`"),
        ({"size": [10, 8], "counts": [80]}, "`size` of `segmentation` is [10, 8], and its image is [8, 10]"),
        ({"size": [8, 10], "counts": [4, 4]}, "`counts` are of 8 pixels, and its image has 80"),
        ({"size": [8, 10], "counts": [90, -10]}, "`counts` are [90, -10], expected integers from 0"),
        ({"size": [8, 10], "counts": "93"}, "`counts` are no run lengths of 10x8 pixels"),
        ({"size": [8, 10], "counts": 5}, "`counts` are 5, expected a list of integers or a text"),
    ],
)
def test_wrong_outline_says_what_is_wrong(given, message):
    with pytest.raises(ValueError, match=r".") as error:
        encoded_outline(given, 8, 10)
    assert str(error.value).startswith(message)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Ten images of 10x8, each with a cat on a dog that fills it."""
    monkeypatch.chdir(tmp_path)
    write(tmp_path, annotations_of(range(10)))
    return tmp_path


def annotations_of(numbers):
    for number in numbers:
        yield {"id": 2 * number, "image_id": number, "category_id": 7, "segmentation": [[0, 0, 10, 0, 10, 8, 0, 8]]}
        yield {"id": 2 * number + 1, "image_id": number, "category_id": 3, "segmentation": [SQUARE], "iscrowd": 0}


def write(folder, annotations, categories=CATEGORIES):
    (folder / "images").mkdir(exist_ok=True)
    random = np.random.default_rng(0)
    images = []
    for number in range(10):
        Image.fromarray(random.integers(0, 256, (8, 10, 3), np.uint8)).save(folder / f"images/{number}.png")
        images.append({"id": number, "file_name": f"{number}.png", "width": 10, "height": 8})
    content = {"images": images, "annotations": list(annotations), "categories": categories}
    (folder / "all.json").write_text(json.dumps(content))


def read(**more):
    source = {"coco": {"images": "images", "annotations": "all.json", "image_size": [8, 10]}}
    return load(Data.model_validate({"source": source, "targets": "masks", **more}))


@pytest.mark.usefixtures("folder")
def test_categories_are_classes_behind_the_background():
    splits = read()
    assert splits.targets.task == "segmentation"
    assert splits.targets.class_names == ("background", "cat", "dog")  # by their ids, 3 and 7
    np.testing.assert_array_equal(splits.train.labels[0], np.where(rectangle(1, 2, 4, 6) == 1, 1, 2))


def test_category_called_background_is_class_0(folder):
    write(folder, annotations_of(range(10)), [{"id": 7, "name": "Background"}, {"id": 3, "name": "cat"}])
    splits = read()
    assert splits.targets.class_names == ("background", "cat")
    np.testing.assert_array_equal(splits.train.labels[0], rectangle(1, 2, 4, 6))


def test_faults_are_told_together_by_the_ids_of_annotations(folder):
    wrong = [
        {"id": 71, "image_id": 4, "category_id": 7, "segmentation": [[1, 1]]},
        {"id": 72, "image_id": 5, "category_id": 9, "segmentation": [SQUARE]},
    ]
    write(folder, [*annotations_of(range(10)), *wrong])
    with pytest.raises(DataError) as error:
        read()
    first, second, last = map(str, error.value.problems)
    assert first.startswith("all.json: annotation 71, of 4.png: a polygon has 1 point")
    assert second.startswith("all.json: annotation 72, of 5.png: `category_id` is 9, and no category has this id")
    assert last.startswith("the labels of 2 images cannot be used")
    splits = read(on_bad_image="skip")
    assert sum(map(len, (splits.train, splits.validation, splits.test))) == 8


def test_outlines_for_another_size_are_told(folder):
    Image.fromarray(np.zeros((16, 20, 3), np.uint8)).save(folder / "images/3.png")
    with pytest.raises(DataError, match=r"3\.png: its labels are for 10x8 pixels, and it has 20x16"):
        read()


def test_classes_of_a_model_are_matched_by_name(folder):
    model = read().targets
    write(folder, annotations_of(range(10)), [{"id": 3, "name": "dog"}, {"id": 7, "name": "cat"}])
    source = Source.model_validate({"coco": {"images": "images", "annotations": "all.json"}})
    examples, _, _ = load_for_model(source, input_shape=(8, 10, 3), targets=model)
    np.testing.assert_array_equal(examples.labels[0], np.where(rectangle(1, 2, 4, 6) == 1, 2, 1))
