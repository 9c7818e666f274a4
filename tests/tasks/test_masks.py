"""Segmentation: masks are read, weighed and scored; IoU and Dice equal scikit-learn's; masks move with their images."""

import keras
import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score, jaccard_score

from cnncli.data.samples import drawn_shapes
from cnncli.errors import DataError
from cnncli.recipe.keras_objects.objects import read
from cnncli.recipe.load import load_bytes
from cnncli.recipe.targets.segmentation import MOVING
from cnncli.tasks.segmentation.augmentation import augment
from cnncli.tasks.segmentation.boundaries import boundary_distances
from cnncli.tasks.segmentation.scorer import SegmentationScorer
from cnncli.tasks.segmentation.targets import IGNORED, MaskTargets
from cnncli.training.fit import losses_and_metrics

TARGETS = MaskTargets.numbered(3, (8, 8))


def scored(sizes):
    random = np.random.default_rng(3)
    true = random.integers(0, 3, (10, 8, 8)).astype(np.uint8)
    true[:, 0] = IGNORED
    outputs = random.random((10, 8, 8, 3), dtype=np.float32)
    outputs[..., 0] += true == 0
    scorer = SegmentationScorer(TARGETS)
    for begin in range(0, 10, sizes):
        scorer.update(true[begin : begin + sizes], outputs[begin : begin + sizes])
    found = scorer.result(split="test", loss=0.0, metrics={})
    counts = true != IGNORED
    return found, true[counts], outputs.argmax(axis=-1)[counts]


def test_iou_and_dice_are_those_of_scikit_learn():
    found, true, said = scored(4)
    result = found.result
    assert [row.iou for row in result.per_class] == pytest.approx(jaccard_score(true, said, average=None))
    assert [row.dice for row in result.per_class] == pytest.approx(f1_score(true, said, average=None))
    assert result.mean_iou == pytest.approx(jaccard_score(true, said, average="macro"))
    assert result.pixel_accuracy == pytest.approx(accuracy_score(true, said))


def test_batches_of_any_size_give_the_same():
    assert scored(10)[0].result == scored(3)[0].result


@pytest.mark.parametrize(
    ("true", "said", "expected"),
    [
        ([0, 0, 1, 1, 1, 1], [0, 0, 1, 1, 1, 1], (0.0, 2)),
        ([0, 0, 1, 1, 1, 1], [0, 0, 0, 0, 1, 1], (4.0, 2)),  # behind pixel 1, behind pixel 3
        ([0, 1, 1, 1, 0, 0], [0, 1, 1, 1, 1, 1], (3.0, 3)),  # behind 0 and 3, behind 0: the one at 3 is 3 away
        ([0, 0, 1, 1, 2, 2], [0, 0, 2, 2, 2, 2], (2.0, 3)),
        ([0, 0, IGNORED, 1, 1, 1], [0, 0, 0, 0, 1, 1], (0.0, 0)),  # the true boundary is where nothing counts
        ([1, 1, 1, 1, 1, 1], [0, 0, 0, 0, 1, 1], (0.0, 0)),
    ],
)
def test_distances_between_boundaries_are_those_worked_out_by_hand(true, said, expected):
    assert boundary_distances(np.array([true], np.uint8), np.array([said], np.uint8), ignored=IGNORED) == expected


def test_boundary_error_is_the_mean_over_all_boundaries():
    scorer = SegmentationScorer(TARGETS)
    masks = np.zeros((2, 8, 8), np.uint8)
    masks[:, :, 4:] = 1
    said = masks.copy()
    said[1, :, 4:7] = 0  # 3 pixels to the right
    scorer.update(masks, np.eye(3, dtype=np.float32)[said])
    result = scorer.result(split="test", loss=0.0, metrics={}).result
    assert result.boundary_error == 1.5  # 16 pixels at 0, 16 at 3
    assert result.intervals.boundary_error == (0.0, 3.0)
    assert result.scores["boundary_error"] == 1.5


def test_a_class_that_is_nowhere_has_no_score():
    scorer = SegmentationScorer(TARGETS)
    outputs = np.zeros((1, 8, 8, 3), np.float32)
    outputs[..., 1] = 1
    scorer.update(np.ones((1, 8, 8), np.uint8), outputs)
    result = scorer.result(split="test", loss=0.0, metrics={}).result
    assert [row.iou for row in result.per_class] == [None, 1.0, None]
    assert result.mean_iou == 1.0


@pytest.mark.parametrize(
    ("masks", "says"),
    [
        (np.full((2, 4, 4), 0.5), "y holds 0.5; expected a class number"),
        (np.array([[[0, 255]]], np.uint8), "y holds 0 and 255 alone"),
        (np.array([[[0, 300]]]), "y holds 300; classes are 0 to 254"),
        (np.zeros((3,), np.uint8), "the shape \\(3,\\); expected"),
    ],
)
def test_wrong_masks_are_refused(masks, says):
    with pytest.raises(DataError, match=says):
        MaskTargets.read("y", masks)


def test_one_hot_masks_become_class_numbers():
    masks = np.random.default_rng(0).integers(0, 3, (2, 4, 5))
    assert (MaskTargets.read("y", np.eye(3)[masks]) == masks).all()


def test_pixels_that_do_not_count_weigh_nothing():
    loss, _ = read("sparse_categorical_crossentropy", "losses")
    encoding = TARGETS.encoding(loss, output_shape=(8, 8, 3))
    masks = np.array([[[0, 2, IGNORED]]], np.uint8)
    assert encoding.encode(masks).numpy().tolist() == [[[0, 2, 0]]]
    assert encoding.weights(masks).numpy().tolist() == [[[1, 1, 0]]]
    weighed = TARGETS.weighing(encoding, {0: 0.5, 1: 1.0, 2: 3.0})
    assert weighed.weights(masks).numpy().tolist() == [[[0.5, 3, 0]]]


def test_class_weights_are_for_the_loss_and_not_for_the_metric():
    text = b"""
data: {source: {npz: {path: a.npz}}, targets: masks, classes: 2, class_weight: {"0": 0.6, "1": 2.6}}
model: {layers: [Conv2D: {filters: $classes, kernel_size: 1, activation: softmax}]}
"""
    [metric] = losses_and_metrics(load_bytes(text, "r.yaml").recipe, weighs_places=True)["weighted_metrics"]
    true, said = np.array([[0, 0, 0, 1, 1]]), np.eye(2, dtype=np.float32)[[[0, 0, 1, 1, 0]]]
    metric.update_state(true, said, np.array([[0.6, 0.6, 0.6, 2.6, 0]], np.float32))
    assert float(metric.result()) == pytest.approx((2 / 3 + 1 / 2) / 2)  # the last one does not count


def test_a_map_of_another_size_than_the_masks_is_refused():
    loss, _ = read("sparse_categorical_crossentropy", "losses")
    with pytest.raises(DataError, match="the masks are 8x8, and the network gives a map of 4x4"):
        TARGETS.encoding(loss, output_shape=(4, 4, 3))


ARGUMENTS = {
    "RandomFlip": ({}, 0.97),
    "RandomRotation": ({"factor": 0.1}, 0.9),
    "RandomTranslation": ({"height_factor": 0.1, "width_factor": 0.1}, 0.9),
    "RandomZoom": ({"height_factor": 0.1}, 0.9),
    "RandomShear": ({"x_factor": 0.1, "y_factor": 0.1}, 0.9),
}


class AugmentedAlone:
    """A network of which only the augmentation is asked for."""

    def __init__(self, layer):
        raw = keras.Input((64, 64, 1))
        self.augmentation = keras.Model(raw, layer(raw))


def test_every_moving_layer_is_measured():
    assert set(ARGUMENTS) == MOVING


@pytest.mark.parametrize("fill_mode", ["reflect", "constant"])
@pytest.mark.parametrize("kind", sorted(ARGUMENTS))
def test_masks_move_with_their_images(kind, fill_mode):
    """Images of the brightness of their class: a pixel agrees where it is nearest to the brightness of its mask."""
    arguments, least = ARGUMENTS[kind]
    more = {} if kind == "RandomFlip" else {"fill_mode": fill_mode}
    keras.utils.set_random_seed(1)
    _, masks = drawn_shapes.draw(16, seed=5)
    images = (100.0 * masks[..., None] + 20).astype(np.float32)
    moved, labels = augment(AugmentedAlone(getattr(keras.layers, kind)(**arguments, **more)))(images, masks)
    moved, labels = np.asarray(moved)[..., 0], np.asarray(labels)
    counts = labels != IGNORED
    agree = np.rint((moved - 20) / 100) == labels
    assert agree[counts].mean() >= least
    assert not (labels == masks).all()  # something has moved
    objects = counts & (labels > 0)
    assert agree[objects].mean() >= least
