"""Boxes in NumPy archives: padded, one after the other, in each of Keras' formats; and what is refused."""

import numpy as np
import pytest

from cnncli.data.load import read_source
from cnncli.errors import DataError
from cnncli.recipe.schema_data import Data

IMAGES = np.zeros((3, 20, 40, 3), np.uint8)  # three images, 20 high and 40 wide
PADDED = {
    "boxes": np.array([[[4, 5, 20, 15], [0, 0, 40, 20]], [[10, 2, 12, 4], [0, 0, 0, 0]], [[0] * 4] * 2], float),
    "classes": np.array([[0, 1], [1, -1], [-1, -1]]),
}


def targets_of(tmp_path, monkeypatch, *, box_format="xyxy", **arrays):
    monkeypatch.chdir(tmp_path)
    np.savez("data.npz", **{"x": IMAGES, **arrays})
    source = {"npz": {"path": "data.npz", "box_format": box_format}}
    return read_source(Data.model_validate({"source": source, "targets": "boxes"}))


def refusal(tmp_path, monkeypatch, **arrays):
    with pytest.raises(DataError) as caught:
        targets_of(tmp_path, monkeypatch, **arrays)
    return "\n".join(f"{each.message}; {each.hint}" for each in caught.value.problems)


def test_boxes_become_shares_of_their_image(tmp_path, monkeypatch):
    found = targets_of(tmp_path, monkeypatch, **PADDED).parts["train"].targets

    none = [-1.0] * 5
    expected = [  # top, left, bottom, right by 20 and 40
        [[0.25, 0.1, 0.75, 0.5, 0], [0, 0, 1, 1, 1]],
        [[0.1, 0.25, 0.2, 0.3, 1], none],
        [none, none],
    ]
    np.testing.assert_allclose(found, np.array(expected, np.float32))


def test_boxes_one_after_the_other_are_the_same(tmp_path, monkeypatch):
    padded = targets_of(tmp_path, monkeypatch, **PADDED)
    flat = PADDED["boxes"].reshape(-1, 4)[[0, 1, 2]]
    ragged = targets_of(tmp_path, monkeypatch, boxes=flat, classes=np.array([0, 1, 1]), box_counts=np.array([2, 1, 0]))

    np.testing.assert_array_equal(padded.parts["train"].targets, ragged.parts["train"].targets)
    assert padded.fingerprint == ragged.fingerprint


@pytest.mark.parametrize(
    ("box_format", "box"),  # each the box from 4, 5 to 20, 15 in 40 x 20 pixels
    [
        ("yxyx", [5, 4, 15, 20]),
        ("xywh", [4, 5, 16, 10]),
        ("center_xywh", [12, 10, 16, 10]),
        ("rel_xyxy", [0.1, 0.25, 0.5, 0.75]),
        ("rel_yxyx", [0.25, 0.1, 0.75, 0.5]),
        ("rel_xywh", [0.1, 0.25, 0.4, 0.5]),
        ("rel_center_xywh", [0.3, 0.5, 0.4, 0.5]),
    ],
)
def test_every_format_gives_the_same_box(box_format, box, tmp_path, monkeypatch):
    boxes, classes = np.array([box], float), np.array([0])
    found = targets_of(
        tmp_path, monkeypatch, box_format=box_format, boxes=boxes, classes=classes, box_counts=np.array([0, 1, 0])
    )

    np.testing.assert_allclose(found.parts["train"].targets[1, 0], [0.25, 0.1, 0.75, 0.5, 0], rtol=1e-6)


def test_classes_have_the_names_of_the_archive(tmp_path, monkeypatch):
    found = targets_of(tmp_path, monkeypatch, class_names=np.array(["cat", "dog", "owl"]), **PADDED)

    assert found.targets.class_names == ("cat", "dog", "owl")


def test_a_box_beyond_its_image_is_cut_with_a_note(tmp_path, monkeypatch):
    boxes = PADDED["boxes"].copy()
    boxes[0, 0] = [-4, 5, 20, 15]
    found = targets_of(tmp_path, monkeypatch, boxes=boxes, classes=PADDED["classes"])

    np.testing.assert_allclose(found.parts["train"].targets[0, 0, :4], [0.25, 0, 0.75, 0.5])
    assert [each.message for each in found.notes] == ["1 box of boxes reach beyond the image"]


@pytest.mark.parametrize(
    ("box", "number", "expected"),
    [
        ([np.nan, 5, 20, 15], 0, "boxes[0, 0], nan, 5, 20, 15, is not finite; give rows without a box the class -1"),
        ([4, 5, 4, 15], 0, "boxes[0, 0], 4, 5, 4, 15, has no area as xyxy"),
        ([50, 5, 60, 15], 0, "boxes[0, 0], 50, 5, 60, 15, lies outside its image of 40x20 pixels"),
        ([4, 5, 20, 15], 0.5, "classes[0, 0] is 0.5; classes are integers from 0"),
        ([4, 5, 20, 15], -2, "classes[0, 0] is -2; classes are integers from 0"),
        ([4, 5, 20, 15], 2, "classes[0, 0] is 2, and class_names has 2 (0 to 1); classes count from 0"),
    ],
)
def test_what_is_no_box_is_named_with_its_place(box, number, expected, tmp_path, monkeypatch):
    boxes, classes = PADDED["boxes"].copy(), PADDED["classes"].astype(float)
    boxes[0, 0], classes[0, 0] = box, number
    said = refusal(tmp_path, monkeypatch, boxes=boxes, classes=classes, class_names=np.array(["a", "b"]))

    assert expected in said


def test_shares_that_are_taken_for_pixels_are_refused(tmp_path, monkeypatch):
    said = refusal(tmp_path, monkeypatch, boxes=PADDED["boxes"] / 40, classes=PADDED["classes"])

    assert "boxes of boxes lie within one pixel: shares of the image?" in said
    assert "`box_format: rel_xyxy` reads them" in said


def test_pixels_that_are_taken_for_shares_are_refused(tmp_path, monkeypatch):
    said = refusal(tmp_path, monkeypatch, box_format="rel_xywh", **PADDED)

    assert "are not between 0 and 1: pixels?; `box_format` is rel_xywh; `box_format: xywh` reads them" in said


@pytest.mark.parametrize(
    ("arrays", "expected"),
    [
        ({"boxes": np.zeros((3, 4))}, "data.npz has no classes"),
        ({"boxes": np.zeros((3, 4)), "classes": np.zeros(3)}, "boxes has the shape (3, 4) and classes (3,)"),
        ({"boxes": np.ones((2, 1, 4)), "classes": np.zeros((2, 1))}, "boxes has boxes of 2 images, and there are 3"),
        (
            {"boxes": np.ones((4, 4)), "classes": np.zeros(4), "box_counts": np.array([1, 1, 1])},
            "box_counts counts 3 boxes, and boxes has 4",
        ),
        (
            {"boxes": np.ones((4, 4)), "classes": np.zeros(4), "box_counts": np.array([4])},
            "box_counts has the shape (1,), and there are 3 images",
        ),
        ({"boxes": np.array([["a"]]), "classes": np.zeros(1)}, "boxes holds the type <U1; expected numbers"),
        ({**PADDED, "class_names": np.array(["a", "a"])}, "class_names holds 'a' twice"),
        ({**PADDED, "x": np.zeros((3, 5))}, "x has the shape (3, 5); boxes need images"),
    ],
)
def test_arrays_that_do_not_fit_each_other(arrays, expected, tmp_path, monkeypatch):
    assert expected in refusal(tmp_path, monkeypatch, **arrays)


def test_boxes_that_are_read_as_classes_name_the_key(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.savez("data.npz", x=IMAGES, **PADDED)
    with pytest.raises(DataError) as caught:
        read_source(Data.model_validate({"source": {"npz": {"path": "data.npz"}}}))

    assert "boxes are read with `targets: boxes` in `data`" in caught.value.problems[0].hint
