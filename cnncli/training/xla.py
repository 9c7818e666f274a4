"""Decide whether XLA compiles the training step: on a GPU, as Keras does by default, where XLA implements all layers."""

from __future__ import annotations

import os
from typing import Any

import keras
import tensorflow as tf

from cnncli import keras_internals
from cnncli.errors import Place, Problem, UsageError
from cnncli.messages import shortened

OF_CNNCLI = "CNNCLI_XLA"
# XLA lacks these interpolations and layers, although Keras says that it compiles them; it lacks `antialias`, too.
_INTERPOLATIONS = ("bicubic", "lanczos3", "lanczos5")
_WITHOUT = ("RandomElasticTransform",)


def compiles(model: keras.Model, augmentation: keras.Model | None = None) -> bool:
    """Whether XLA is to compile the training step of a model.

    On a processor XLA is slower than without, up to four times on small networks. On several devices Keras leaves it out too.
    `CNNCLI_XLA` turns it on or off wherever XLA can compile.

    Args:
        augmentation: what the step augments its batches with; None: it does not.

    Raises:
        UsageError: as `setting`.
    """
    found = setting()
    wanted = bool(tf.config.get_visible_devices("GPU")) if found is None else found
    if not wanted or tf.distribute.has_strategy():
        return False
    return can_compile(model) and (augmentation is None or can_compile(augmentation))


def setting() -> bool | None:
    """What `CNNCLI_XLA` says; None where it is not set.

    Raises:
        UsageError: it is neither 0 nor 1.
    """
    given = os.environ.get(OF_CNNCLI)
    if not given:
        return None
    if given not in ("0", "1"):
        raise UsageError(Problem(f"expected 0 or 1, got {shortened(given, 20)}", place=Place(OF_CNNCLI)))
    return given == "1"


def can_compile(model: keras.Model) -> bool:
    """Whether XLA implements all layers of a model; `python -m benchmarks.xla_layers` compares it with what XLA does."""
    return all(map(_is_implemented, keras_internals.all_layers(model)))


def _is_implemented(layer: Any) -> bool:
    resizes_otherwise = getattr(layer, "interpolation", "") in _INTERPOLATIONS or getattr(layer, "antialias", False)
    return bool(layer.supports_jit) and not resizes_otherwise and type(layer).__name__ not in _WITHOUT
