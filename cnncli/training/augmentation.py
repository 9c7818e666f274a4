"""Augmentation of each batch in the train step, in the graph; validation and evaluation never augment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

from cnncli import task_registry
from cnncli.network.build import Network

# (inputs, targets, weights) of a batch -> the same, augmented; targets are a dict by name where there are several outputs.
Augment = Callable[[Any, Any, Any], tuple[Any, Any, Any]]


def inputs_alone(network: Network) -> Augment:
    """Augment the inputs and leave the targets as they are: a class, or numbers that do not depend on position."""
    return lambda inputs, targets, weights: (network.augmented(inputs), targets, weights)


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


def training_model(network: Network, augment: Augment | None = None) -> keras.Model:
    """What Keras fits: every output of a network, behind its augmentation where it has one.

    Args:
        augment: of a task whose targets move with the inputs; None augments the inputs alone.
    """
    if augment or network.augmentation:
        return AugmentingModel(network.full_model, augment or inputs_alone(network))
    return network.full_model


class AugmentingModel(keras.Model):
    """A network that is trained on augmented batches; it has the layers and weights of the network.

    Args:
        network: what is trained.
        augment: called in the graph once a step. Its random state must be that of layers of `Network.augmentation`,
            which checkpoints hold.
    """

    def __init__(self, network: keras.Model, augment: Augment) -> None:
        super().__init__(network.input, network.output, name=f"{network.name}_training")
        self.augment = augment

    def train_step(self, data: Any) -> Any:
        batch = self.augment(*keras.utils.unpack_x_y_sample_weight(data))
        return super().train_step(keras.utils.pack_x_y_sample_weight(*batch))
