"""Boxes as maps and back: what is encoded is decoded again."""

import numpy as np
import pytest

from cnncli.data.samples.scenes import CLASS_NAMES, draw_scenes
from cnncli.tasks.detection import encode
from cnncli.tasks.detection.decode import decode_boxes
from cnncli.tasks.detection.matching import overlaps

GRID = encode.Grid(16, 16, 3)


def one_box(top, left, bottom, right, number=0):
    return np.array([[[top, left, bottom, right, number]]], np.float32)


def maps(boxes, grid=GRID):
    return [np.asarray(part(boxes, grid)) for part in (encode.centres, encode.sides)]


def test_centre_of_a_box_is_one_cell_in_the_map_of_its_class():
    centres, _ = maps(one_box(0.25, 0.5, 0.5, 0.625, number=2))
    assert np.argwhere(centres[0]).tolist() == [[6, 9, 2]]  # 0.375 * 16 = 6, 0.5625 * 16 = 9


def test_sides_are_distances_from_the_middle_of_the_cell_in_cells():
    _, sides = maps(one_box(0.25, 0.5, 0.5, 0.625))
    assert sides[0, 6, 9].tolist() == [2.5, 1.5, 1.5, 0.5]  # row 6.5, column 9.5; the box goes from 4, 8 to 8, 10
    assert sides[0, 0, 0].tolist() == [0, 0, 0, 0]


def test_cell_of_two_boxes_belongs_to_the_smaller():
    boxes = np.concatenate([one_box(0, 0, 1, 1), one_box(0.4375, 0.4375, 0.5625, 0.5625, 1)], axis=1)
    _, sides = maps(boxes)
    assert sides[0, 8, 8].tolist() == [1.5, 1.5, 0.5, 0.5]
    assert sides[0, 6, 6].tolist() == [6.5, 6.5, 9.5, 9.5]


def test_an_image_without_boxes_has_empty_maps_and_counts_as_background():
    boxes = np.full((1, 2, 5), -1, np.float32)
    centres, sides = maps(boxes)
    assert not centres.any()
    assert not sides.any()
    assert np.asarray(encode.centre_weights(boxes, GRID)).ravel().tolist() == [256.0] * 256
    assert not np.asarray(encode.side_weights(boxes, GRID)).any()


def test_weights_of_sides_have_a_mean_of_one_in_each_image_with_boxes():
    boxes = draw_scenes(20, seed=3).boxes
    means = np.asarray(encode.side_weights(boxes, GRID)).mean(axis=(1, 2))
    assert means == pytest.approx((boxes[..., 4] >= 0).any(axis=1).astype(float))


def test_cells_beside_a_centre_count_less_than_those_far_away():
    weights = np.asarray(encode.centre_weights(one_box(0.25, 0.25, 0.75, 0.75), GRID))[0]
    assert weights[8, 8] == weights[0, 0] == 256
    assert weights[8, 9] < 0.01 * weights[0, 0]


def test_encoded_boxes_are_decoded_again():
    true = draw_scenes(200, seed=4).boxes
    centres, sides = maps(true)
    found = decode_boxes(centres, sides)
    for own, objects in zip(found, true, strict=True):
        own, objects = own[own[:, 4] >= 0], objects[objects[:, 4] >= 0]
        assert len(own) == len(objects)
        if not len(objects):
            continue
        together = overlaps(own, objects)
        best = together.argmax(axis=0)
        assert (own[best, 4] == objects[:, 4]).all()
        assert together.max(axis=0, initial=1.0) == pytest.approx(1.0, abs=1e-5)


def test_of_equal_neighbours_one_is_a_centre():
    centres = np.zeros((1, 4, 4, 1), np.float32)
    centres[0, 1, 1:3] = 0.9
    found = decode_boxes(centres, np.ones((1, 4, 4, 4), np.float32))
    assert (found[0, :, 4] >= 0).sum() == 1


def test_boxes_are_ordered_by_score_and_limited():
    random = np.random.default_rng(0)
    found = decode_boxes(random.random((2, 8, 8, 3)), random.random((2, 8, 8, 4)), most=5)
    assert found.shape == (2, 5, 6)
    assert (np.diff(found[..., 5], axis=1) <= 0).all()


def test_boxes_stay_inside_the_image():
    centres = np.zeros((1, 2, 2, 1), np.float32)
    centres[0, 0, 0] = 1
    assert decode_boxes(centres, np.full((1, 2, 2, 4), 9.0))[0, 0].tolist() == [0, 0, 1, 1, 0, 1]


def test_scenes_depend_on_the_seed_alone():
    first, again, other = draw_scenes(5, seed=1), draw_scenes(5, seed=1), draw_scenes(5, seed=2)
    assert (first.images == again.images).all()
    assert (first.boxes == again.boxes).all()
    assert (first.images != other.images).any()
    longer = draw_scenes(9, seed=1)
    assert (longer.images[:5] == first.images).all()


def test_boxes_of_scenes_fit_their_objects():
    scenes = draw_scenes(100, seed=5)
    numbers = scenes.boxes[..., 4]
    assert set(np.unique(numbers).astype(int)) == {-1, *range(len(CLASS_NAMES))}
    pixels = scenes.boxes[numbers >= 0][:, :4] * 64
    assert pixels == pytest.approx(np.round(pixels), abs=1e-4)
    assert pixels.min() >= 0
    assert pixels.max() <= 64
