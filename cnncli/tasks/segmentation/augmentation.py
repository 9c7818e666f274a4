"""Joint augmentation of images and masks: layers of `augment` that move pixels get both, the others the images alone."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from cnncli.network.build import Network
from cnncli.recipe.targets.segmentation import MOVING
from cnncli.tasks.segmentation.targets import IGNORED
from cnncli.training.augmentation import Augment


def augment(network: Network) -> Augment:
    """Move the masks of a batch as its images are moved.

    Keras moves masks by the nearest pixel and writes 0 where they come from outside of the image. So masks are shifted by 1, and
    0 becomes a pixel that does not count.
    """
    assert network.augmentation is not None
    layers = [layer for layer in network.augmentation.layers if not isinstance(layer, keras.layers.InputLayer)]

    def augmented(inputs: Any, targets: Any) -> tuple[Any, Any]:
        images = tf.cast(inputs, tf.float32)
        masks = (tf.cast(targets, tf.float32) + 1)[..., tf.newaxis]  # (batch, height, width, 1)
        for layer in layers:
            if type(layer).__name__ in MOVING:
                moved = layer({"images": images, "segmentation_masks": masks}, training=True)
                images, masks = moved["images"], moved["segmentation_masks"]
            else:
                images = layer(images, training=True)
        numbers = tf.cast(tf.round(masks[..., 0]), tf.int32) - 1
        return images, tf.cast(tf.where(numbers < 0, IGNORED, numbers), targets.dtype)

    return augmented
