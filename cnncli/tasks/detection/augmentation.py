"""Augment images together with their boxes, by Keras' layers, in the graph."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from cnncli.network.build import Network
from cnncli.training.augmentation import Augment

_FORMAT = "xyxy"  # left, top, right, bottom in pixels
_LEAST_LEFT = 0.1  # share of a box's area that must be left of it


def augment(network: Network) -> Augment:
    """The layers of `data.augment`, for images and boxes; those without boxes of their own change the images alone."""
    assert network.augmentation is not None
    layers = [layer for layer in network.augmentation.layers if not _is_input(layer)]
    for layer in layers:
        if _moves(layer):
            layer.bounding_box_format = _FORMAT

    def augmented(images: Any, targets: Any) -> tuple[Any, Any]:
        images = tf.cast(images, tf.float32)
        height, width = images.shape[1:3]
        size = tf.constant([width, height, width, height], tf.float32)
        is_box = targets[..., 4] >= 0
        boxes = tf.where(is_box[..., None], tf.gather(targets, [1, 0, 3, 2], axis=-1) * size, 0.0)
        labels = targets[..., 4]
        for layer in layers:
            if _moves(layer):
                moved = layer({"images": images, "bounding_boxes": {"boxes": boxes, "labels": labels}}, training=True)
                images, boxes = moved["images"], tf.reshape(moved["bounding_boxes"]["boxes"], tf.shape(boxes))
            else:
                images = layer(images, training=True)
        boxes = tf.clip_by_value(boxes / size, 0.0, 1.0)
        is_left = is_box & (_areas(boxes) >= _LEAST_LEFT * _areas(tf.gather(targets, [1, 0, 3, 2], axis=-1)))
        found = tf.concat([tf.gather(boxes, [1, 0, 3, 2], axis=-1), targets[..., 4:]], axis=-1)
        return images, tf.where(is_left[..., None], found, -1.0)

    return augmented


def _is_input(layer: Any) -> bool:
    return type(layer).__name__ == "InputLayer"


def _moves(layer: Any) -> bool:
    """Whether a layer takes boxes beside images."""
    return hasattr(layer, "transform_bounding_boxes")


def _areas(boxes: Any) -> Any:
    return (boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1])
