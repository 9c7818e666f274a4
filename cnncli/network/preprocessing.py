"""Build the layers of `prepare` and `augment` alone, without the network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from cnncli.data.dataset import InputShape
from cnncli.data.input_values import InputValues, mapped
from cnncli.network.build import augmentation_of, prepared_inputs
from cnncli.network.model_inputs import new_input
from cnncli.recipe.named_inputs import by_name, has_augmentation, inputs_of
from cnncli.recipe.schema import Recipe


class Preprocessing:
    """The layers of a recipe's `prepare` and `augment`.

    Args:
        input_shape: of one raw example; of several inputs by name.

    Raises:
        RecipeError: a layer that Keras refuses, at its place.
    """

    def __init__(self, recipe: Recipe, input_shape: InputShape) -> None:
        shapes: Mapping[str, Sequence[int]] = by_name(input_shape)
        own = inputs_of(recipe.data)
        self._augmentation = augmentation_of(recipe, shapes, {}) if has_augmentation(recipe) else None
        self._prepare: keras.Model | None = None
        if any(each.prepare for each in own):
            inputs = {each.name: new_input(shapes[each.name], each.name) for each in own}
            outputs = prepared_inputs(recipe, inputs)
            self._prepare = keras.Model(_alone(inputs), _alone(outputs), name="prepare")

    @property
    def augments(self) -> bool:
        return self._augmentation is not None

    def augmented(self, examples: InputValues) -> InputValues:
        """Raw examples as training takes them; every call changes them in another way."""
        return (
            examples if self._augmentation is None else _arrays(self._augmentation(_tensors(examples), training=True))
        )

    def prepared(self, examples: InputValues) -> InputValues | None:
        """Raw examples as the first layer of the network takes them; None where nothing is prepared."""
        return None if self._prepare is None else _arrays(self._prepare(_tensors(examples), training=False))


def _alone(tensors: dict[str, Any]) -> Any:
    return tensors if len(tensors) > 1 else next(iter(tensors.values()))


def _tensors(examples: InputValues) -> Any:
    return mapped(tf.convert_to_tensor, examples)


def _arrays(values: Any) -> InputValues:
    if isinstance(values, dict):
        return {name: np.asarray(value) for name, value in values.items()}
    return np.asarray(values)
