"""Compute the feature maps of layers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import tensorflow as tf

from cnncli.data.input_values import InputValues
from cnncli.interpretability.class_scores import as_input, in_batches
from cnncli.network.flatten_submodels import Opened

_BATCH = 32


def feature_maps(network: Opened, layers: Sequence[str], images: InputValues) -> list[np.ndarray]:
    """Compute what each of several layers gives for each example, in one pass.

    Args:
        images: (count, *input shape), as the model takes them; of several inputs by name.

    Returns:
        For each layer float32 (count, *its output shape).
    """
    parts = list(_in_batches(network, layers, images))
    return [np.concatenate([part[number] for part in parts]) for number in range(len(layers))]


def answers(network: Opened, layer: str, images: InputValues) -> tuple[np.ndarray, np.ndarray]:
    """The smallest and the largest number that each filter of a layer gives over all places of all examples.

    Returns:
        float32 (filters,) each.
    """
    ends = [
        (maps.reshape(-1, maps.shape[-1]).min(axis=0), maps.reshape(-1, maps.shape[-1]).max(axis=0))
        for [maps] in _in_batches(network, [layer], images)
    ]
    return np.min([low for low, _ in ends], axis=0), np.max([high for _, high in ends], axis=0)


def _in_batches(network: Opened, layers: Sequence[str], images: InputValues) -> Iterator[list[np.ndarray]]:
    viewer = network.until({name: network.tensors[name] for name in layers})
    for batch in in_batches(images, _BATCH):
        given = viewer(as_input(batch), training=False)
        yield [tf.cast(given[name], tf.float32).numpy() for name in layers]
