"""Boxes move with their images: after every layer of `augment` that moves them, box and object overlap."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from cnncli.recipe.targets.detection import MOVING, STILL
from cnncli.tasks.detection.augmentation import augment
from cnncli.tasks.detection.matching import overlaps

SIDE, COUNT = 96, 24
FILLED = {"fill_mode": "constant", "fill_value": 0.0}  # mirrored objects would lie beside those with a box
ARGUMENTS = {  # and the least intersection over union, on average
    "RandomFlip": ({"mode": "horizontal_and_vertical"}, 0.97),
    "RandomTranslation": ({"height_factor": 0.2, "width_factor": 0.2, **FILLED}, 0.9),
    "RandomZoom": ({"height_factor": 0.2, "width_factor": 0.2, **FILLED}, 0.9),
    "RandomRotation": ({"factor": 0.1, **FILLED}, 0.9),
    "RandomPerspective": ({"factor": 1.0, "scale": 0.3, "fill_value": 0.0}, 0.9),
}


class AugmentedAlone:
    """A network of which only the augmentation is asked for."""

    def __init__(self, layer):
        raw = keras.Input((SIDE, SIDE, 1))
        self.augmentation = keras.Model(raw, layer(raw))


def rectangles():
    """A white rectangle in each black image, away from the borders, and its box."""
    random = np.random.default_rng(0)
    images, boxes = np.zeros((COUNT, SIDE, SIDE, 1), np.float32), np.full((COUNT, 2, 5), -1, np.float32)
    for image, own in zip(images, boxes, strict=True):
        height, width = random.integers(16, 28, 2)
        top, left = random.integers(30, SIDE - 58, 2)
        image[top : top + height, left : left + width] = 255.0
        own[0] = [top / SIDE, left / SIDE, (top + height) / SIDE, (left + width) / SIDE, 1]
    return images, boxes


def overlaps_of(images, boxes):
    """Intersection over union of each first box with the box around the white pixels."""
    found = []
    for image, own in zip(np.asarray(images), np.asarray(boxes), strict=True):
        rows, columns = np.nonzero(image[..., 0] > 127)
        around = np.array([[rows.min(), columns.min(), rows.max() + 1, columns.max() + 1]]) / SIDE
        found.append(float(overlaps(own[:1, :4], around)[0, 0]))
    return np.array(found)


def test_every_moving_layer_is_measured():
    assert set(ARGUMENTS) == set(MOVING)
    assert not set(MOVING) & set(STILL)


@pytest.mark.parametrize("kind", MOVING)
def test_boxes_move_with_their_objects(kind):
    arguments, least = ARGUMENTS[kind]
    images, boxes = rectangles()
    assert overlaps_of(images, boxes).min() == pytest.approx(1)
    keras.utils.set_random_seed(1)
    augmented = tf.function(augment(AugmentedAlone(getattr(keras.layers, kind)(**arguments))))  # as training calls it
    moved, found = augmented(tf.constant(images), tf.constant(boxes))
    assert overlaps_of(moved, found).mean() >= least
    assert overlaps_of(moved, boxes).mean() < 0.9  # they have moved
    assert (np.asarray(found)[:, 1] == -1).all()  # rows without a box stay so
    assert (np.asarray(found)[:, 0, 4] == 1).all()
