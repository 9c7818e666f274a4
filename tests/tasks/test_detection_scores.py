"""Scores of boxes: as faster-coco-eval computes them, and mistakes worked out by hand."""

import json

import numpy as np
import pytest

from cnncli.tasks.detection.average_precision import Detections, coco_json, coco_scores
from cnncli.tasks.detection.matching import matches, mistakes_of, overlaps
from cnncli.tasks.detection.scores import best_of, bootstrap, by_threshold, curves, mean_precision, per_class


def made_up(images=60, classes=3, seed=0):
    """Objects, and boxes near some of them, of some wrong classes, and elsewhere."""
    random = np.random.default_rng(seed)
    found, true = [], []
    for _ in range(images):
        objects = random.integers(0, 4)
        corners = random.random((objects, 2)) * 0.6
        boxes = np.concatenate([corners, corners + 0.1 + 0.3 * random.random((objects, 2))], axis=1)
        numbers = random.integers(0, classes, (objects, 1))
        true.append(np.concatenate([boxes, numbers], axis=1))
        moved = np.repeat(boxes, 2, axis=0) + random.normal(0, 0.02, (2 * objects, 4))
        said = np.where(random.random((2 * objects, 1)) < 0.8, np.repeat(numbers, 2, axis=0), 0)
        corners = random.random((3, 2)) * 0.7
        elsewhere = np.concatenate([corners, corners + 0.2, random.integers(0, classes, (3, 1))], axis=1)
        every = np.concatenate([np.concatenate([moved, said], axis=1), elsewhere])
        scores = np.round(random.random((len(every), 1)), 2)
        every = np.concatenate([every, scores], axis=1)
        found.append(every[np.argsort(-scores[:, 0], kind="stable")])
    return found, true


@pytest.mark.parametrize("seed", range(5))
def test_own_average_precision_is_that_of_faster_coco_eval(seed):
    found, true = made_up(seed=seed)
    scores = coco_scores(*coco_json(found, true, ["a", "b", "c"]))
    map50, map50_95 = Detections(found, true, 3).mean_average_precisions()
    assert map50 == pytest.approx(mean_precision(scores, 0), abs=1e-9)
    assert map50_95 == pytest.approx(mean_precision(scores), abs=1e-9)


def test_scores_do_not_depend_on_the_size_in_pixels():
    found, true = made_up()
    in_shares = coco_scores(*coco_json(found, true, ["a", "b", "c"]))
    sizes = [(480, 640 + number) for number in range(len(true))]
    in_pixels = coco_scores(*coco_json(found, true, ["a", "b", "c"], sizes))
    assert in_pixels.precision == pytest.approx(in_shares.precision)


def test_weights_count_images_several_times():
    found, true = made_up(images=10)
    weights = np.array([2.0, 0, 1, 1, 1, 1, 1, 1, 1, 1])
    twice = [0, 0, *range(2, 10)]
    expected = Detections([found[n] for n in twice], [true[n] for n in twice], 3).mean_average_precisions()
    assert Detections(found, true, 3).mean_average_precisions(weights) == pytest.approx(expected)


def test_a_perfect_detector_has_one_everywhere():
    _, true = made_up()
    found = [np.concatenate([own, np.ones((len(own), 1))], axis=1) for own in true]
    scores = coco_scores(*coco_json(found, true, ["a", "b", "c"]))
    assert mean_precision(scores) == pytest.approx(1.0)
    assert [row.ap50 for row in per_class(scores, true, ["a", "b", "c"])] == pytest.approx([1.0] * 3)
    best = best_of(by_threshold(Detections(found, true, 3), sum(map(len, true))))
    assert (best.precision, best.recall, best.f1) == (1.0, 1.0, 1.0)


def test_nothing_found_scores_zero():
    _, true = made_up()
    found = [np.empty((0, 6))] * len(true)
    scores = coco_scores(*coco_json(found, true, ["a", "b", "c"]))
    assert mean_precision(scores) == 0
    intervals = bootstrap(Detections(found, true, 3), len(true))
    assert intervals.map50 == (0, 0)


def test_a_class_without_objects_has_no_score():
    found, true = made_up()
    scores = coco_scores(*coco_json(found, true, ["a", "b", "c", "d"]))
    rows = per_class(scores, true, ["a", "b", "c", "d"])
    assert rows[3].ap50 is None
    assert rows[3].objects == 0
    assert [curve.name for curve in curves(scores, ["a", "b", "c", "d"])] == ["all", "a", "b", "c"]


def test_interval_holds_the_score_and_narrows_with_more_images():
    widths = []
    for images in (30, 300):
        found, true = made_up(images=images)
        detections = Detections(found, true, 3)
        (low, high), value = bootstrap(detections, images).map50, detections.mean_average_precisions()[0]
        assert low < value < high
        widths.append(high - low)
    assert widths[1] < widths[0] / 2


def test_overlap_by_hand():
    first, second = np.array([[0, 0, 2, 2]]), np.array([[1, 1, 3, 3], [4, 4, 5, 5], [0, 0, 2, 2]])
    assert overlaps(first, second)[0].tolist() == pytest.approx([1 / 7, 0, 1])


def test_each_object_is_found_once():
    true = np.array([[0, 0, 0.5, 0.5, 1]])
    found = np.array([[0, 0, 0.5, 0.5, 1, 0.9], [0, 0, 0.5, 0.5, 1, 0.8], [0, 0, 0.5, 0.5, 0, 0.7]])
    assert matches(found, true, np.array([0.5])).tolist() == [[True, False, False]]


@pytest.mark.parametrize(
    ("box", "kind"),
    [
        ([0, 0, 0.5, 0.5, 0, 0.9], "class"),
        ([0, 0, 0.2, 0.5, 1, 0.9], "place"),
        ([0.8, 0.8, 0.9, 0.9, 1, 0.9], "background"),
    ],
)
def test_kind_of_a_mistake(box, kind):
    mistakes, found = mistakes_of(np.array([box]), np.array([[0, 0, 0.5, 0.5, 1]]), 0.5)
    assert [each.kind for each in mistakes] == [kind, "missed"]
    assert found == 0


def test_second_box_of_an_object_is_a_double():
    true = np.array([[0, 0, 0.5, 0.5, 1]])
    boxes = np.array([[0, 0, 0.5, 0.5, 1, 0.9], [0, 0, 0.45, 0.5, 1, 0.8]])
    mistakes, found = mistakes_of(boxes, true, 0.5)
    assert [(each.kind, each.cost) for each in mistakes] == [("double", 0.8)]
    assert found == 1


def test_missed_object_costs_less_where_a_box_was_nearly_sure():
    true = np.array([[0, 0, 0.5, 0.5, 1]])
    [missed], _ = mistakes_of(np.array([[0, 0, 0.5, 0.5, 1, 0.3]]), true, 0.5)
    assert (missed.kind, missed.cost) == ("missed", pytest.approx(0.7))


def test_json_is_that_of_coco():
    data_set, results = coco_json(
        [np.array([[0.1, 0.2, 0.5, 0.4, 1, 0.9]])], [np.array([[0, 0, 1, 0.5, 0]])], ["a", "b"], [(100, 200)]
    )
    assert json.loads(json.dumps(results)) == [
        {"image_id": 0, "category_id": 2, "bbox": pytest.approx([40, 10, 40, 40]), "score": 0.9}
    ]
    assert data_set["annotations"] == [
        {"id": 1, "image_id": 0, "category_id": 1, "bbox": [0, 0, 100, 100], "area": 10000, "iscrowd": 0}
    ]
