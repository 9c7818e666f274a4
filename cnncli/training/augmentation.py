"""Augmentation of each batch in the train step, in the graph; validation and evaluation never augment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import keras

from cnncli import task_registry
from cnncli.data.encoding import Encoding, encode_batch
from cnncli.data.pipeline import Batches
from cnncli.network.build import Network

# (inputs, targets) of a batch -> the same, augmented; targets are as they are stored, and are encoded afterwards.
Augment = Callable[[Any, Any], tuple[Any, Any]]


def inputs_alone(network: Network) -> Augment:
    """Augment the inputs and leave the targets as they are: a class, or numbers that do not depend on position."""
    return lambda inputs, targets: (network.augmented(inputs), targets)


def of_task(task: str, network: Network) -> Augment | None:
    """How a task whose targets move with the inputs augments both; None where it augments the inputs alone.

    A task with a module `augmentation` has a function `augment(network)` in it.
    """
    if network.augmentation is None or not moves_targets(task):
        return None
    augment: Augment = task_registry.part(task, "augmentation").augment(network)
    return augment


def moves_targets(task: str) -> bool:
    """Whether the augmentation of a task changes inputs and targets together."""
    return task_registry.has(task, "augmentation")


def training_model(network: Network, train: Batches, augment: Augment | None = None) -> tuple[keras.Model, Batches]:
    """What Keras fits: every output of a network, behind its augmentation where it has one; and the batches that it takes.

    Args:
        train: the batches of the training, with encoded targets.
        augment: of a task whose targets move with the inputs; None augments the inputs alone.
    """
    if augment:
        return AugmentingModel(network.full_model, augment, train.encodings), train.with_stored_targets()
    if network.augmentation:
        return AugmentingModel(network.full_model, inputs_alone(network)), train
    return network.full_model, train


class AugmentingModel(keras.Model):
    """A network that is trained on augmented batches; it has the layers and weights of the network.

    Args:
        network: what is trained.
        augment: called in the graph once a step. Its random state must be that of layers of `Network.augmentation`,
            which checkpoints hold.
        encodings: of the targets after it, by output; None: they come encoded.
    """

    def __init__(self, network: keras.Model, augment: Augment, encodings: Mapping[str, Encoding] | None = None) -> None:
        super().__init__(network.input, network.output, name=f"{network.name}_training")
        self.augment = augment
        self._target_encodings = tuple((encodings or {}).items())  # Keras would track a dict

    def train_step(self, data: Any) -> Any:
        inputs, targets, weights = keras.utils.unpack_x_y_sample_weight(data)
        inputs, targets = self.augment(inputs, targets)
        if self._target_encodings:
            targets, weights = encode_batch(dict(self._target_encodings), targets, weights)
        return super().train_step(keras.utils.pack_x_y_sample_weight(inputs, targets, weights))
