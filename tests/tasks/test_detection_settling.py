"""The score from which on boxes count: chosen on the validation examples, used by scores, predictions and pictures."""

import numpy as np
import pytest
import tensorflow as tf

from cnncli.data.dataset import INPUT, Examples
from cnncli.data.encoding import Encoding
from cnncli.data.pipeline import Batches
from cnncli.tasks.detection.average_precision import Detections
from cnncli.tasks.detection.decoding import BoxDecoder
from cnncli.tasks.detection.scorer import DetectionScorer
from cnncli.tasks.detection.scores import at_threshold, by_threshold, costly_mistakes
from cnncli.tasks.detection.settling import settled
from cnncli.tasks.detection.targets import LEAST_SCORE, BoxTargets

TARGETS = BoxTargets(class_names=("cat",))
SIZE = 8  # cells along a side
SAID = [(2, 0.9), (4, 0.6), (3, 0.5), (1, 0.3)]  # of each image: the cell on the diagonal, and its score
IS_THERE = [True, True, False, True]  # whether an object is there


def model(inputs, training=False):
    """Inputs are the centres; every side is a cell and a half from the middle of its cell."""
    return {"centres": inputs, "sides": tf.fill([tf.shape(inputs)[0], SIZE, SIZE, 4], 1.5)}


def batches(is_there=IS_THERE):
    centres, targets = np.zeros((4, SIZE, SIZE, 1), np.float32), np.full((4, 1, 5), -1, np.float32)
    for image, ((cell, score), there) in enumerate(zip(SAID, is_there, strict=True)):
        centres[image, cell, cell] = score
        if there:
            targets[image, 0] = [(cell - 1) / SIZE, (cell - 1) / SIZE, (cell + 2) / SIZE, (cell + 2) / SIZE, 0]
    examples = Examples({INPUT: centres}, targets)
    return Batches(examples, batch_size=3, encodings={"centres": Encoding("boxes", "boxes", lambda targets: targets)})


def test_threshold_is_that_of_the_best_f1():
    # All four boxes: 3 of them right, 3 objects, F1 6/7. Without the last: 4/6; the first two: 4/5. So any from 0.01 to 0.30
    # is as good, and the middle of these is taken.
    assert settled(TARGETS, model, batches()).threshold == 0.16


def test_without_objects_in_the_validation_there_is_none():
    found = settled(TARGETS, model, batches([False] * 4))
    assert (found.threshold, found.least_score) == (None, LEAST_SCORE)


def test_outputs_that_are_no_numbers_are_left_to_the_evaluation():
    def broken(inputs, training=False):
        return {name: each * np.nan for name, each in model(inputs).items()}

    assert settled(TARGETS, broken, batches()) is TARGETS


@pytest.mark.parametrize(("threshold", "expected"), [(0.55, 2), (None, 3)])  # 0.3 without one
def test_predictions_show_boxes_from_the_threshold_on(threshold, expected):
    targets = TARGETS.model_copy(update={"threshold": threshold})
    centres = np.zeros((1, SIZE, SIZE, 1), np.float32)
    centres[0, [1, 3, 6], [1, 3, 6], 0] = 0.9, 0.6, 0.4
    maps = {name: np.asarray(each) for name, each in model(centres).items()}
    found, _ = BoxDecoder(targets, "maps", 1).decode(["a"], maps, 1)
    assert (found >= 0).sum() == expected


def scored(threshold):
    scorer = DetectionScorer(TARGETS.model_copy(update={"threshold": threshold}))
    for inputs, targets, *_ in batches().dataset():
        scorer.update(targets.numpy(), {name: each.numpy() for name, each in model(inputs).items()})
    about = {"loss": 0.0, "metrics": {}, "split": "test", "examples_sha256": "0" * 64}
    return scorer.result(**about).result


def test_scores_and_mistakes_are_those_of_the_threshold():
    found = scored(0.55)
    assert (found.threshold, found.is_chosen_on_validation) == (0.55, True)
    assert (found.precision, found.recall, found.f1) == (1.0, pytest.approx(2 / 3), pytest.approx(4 / 5))
    assert found.mistakes == {"missed": 1, "background": 0, "class": 0, "place": 0, "double": 0}
    assert (scored(None).threshold, scored(None).is_chosen_on_validation) == (0.16, False)


def test_scores_at_any_threshold_are_those_of_the_table():
    found = [np.array([[0, 0, 1, 1, 0, 0.9], [0, 0, 0.2, 0.2, 0, 0.4]]), np.array([[0, 0, 1, 1, 0, 0.5]])]
    true = [np.array([[0, 0, 1, 1, 0.0]]), np.array([[0.5, 0.5, 1, 1, 0.0]])]
    detections = Detections(found, true, 1)
    for point in by_threshold(detections, 2):
        assert at_threshold(detections, 2, point.threshold) == point


def test_of_equally_certain_mistakes_the_larger_box_comes_first():
    """Objects that were not seen at all cost 1 each."""
    sides = [0.1, 0.4, 0.2]
    true = [np.array([[0, 0, side, side, 0.0]]) for side in sides]
    found = [np.empty((0, 6)), np.empty((0, 6)), np.array([[0.5, 0.5, 1, 1, 0, 0.95]])]
    _, costly, _ = costly_mistakes(found, true, 0.3, ["cat"], None)
    assert [(each.kind, each.index, each.cost) for each in costly] == [
        ("missed", 1, 1.0),
        ("missed", 2, 1.0),
        ("missed", 0, 1.0),
        ("background", 2, 0.95),
    ]
