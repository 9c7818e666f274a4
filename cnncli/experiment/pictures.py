"""Whether the pictures that a recipe asks for can be drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import keras

from cnncli.errors import CnncliError, Problem, RecipeError
from cnncli.network.kernels import NO_CONVOLUTION, convolutions, find, find_layer
from cnncli.recipe.schema import Recipe

# What to do where there is no first convolution to take.
_NAME_LAYERS = {"filters": "leave it out", "feature_maps": "name the layers: `feature_maps: {layers: […]}`"}


def check_layers(recipe: Recipe, model: keras.Model) -> None:
    """See, before training, that every layer that `visualize` names is there.

    Raises:
        RecipeError: it is not; its problem names the key.
    """
    for index, picture in enumerate(recipe.visualize):
        if not picture.layers and not picture.grad_cam and not convolutions(model):
            raise RecipeError(Problem(NO_CONVOLUTION, _NAME_LAYERS[picture.kind], path=("visualize", index)))
        search: Callable[[Any, str], Any] = find if picture.filters else find_layer
        for name, path in picture.layers:
            try:
                search(model, name)
            except CnncliError as error:
                where = ("visualize", index, *path)
                raise type(error)([replace(problem, path=where) for problem in error.problems]) from error
