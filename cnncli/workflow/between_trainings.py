"""Forget a training before the next one in the same process: memory does not grow, and nothing has an effect."""

from __future__ import annotations

import gc

import keras

from cnncli import keras_internals


def forget_the_training_before() -> None:
    """Free its memory, and begin again to count default names."""
    keras.utils.clear_session()
    keras_internals.forget_custom_gradients()
    gc.collect()
