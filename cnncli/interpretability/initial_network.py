"""The network of a run before its first training step."""

from __future__ import annotations

import keras

from cnncli.errors import RecipeError
from cnncli.network.build import build
from cnncli.recipe.named_inputs import shapes_of
from cnncli.recipe.schema import Recipe


def initial_model(recipe: Recipe) -> keras.Model:
    """Build the network of a run again, as the run did: the same seed gives the same first weights.

    Args:
        recipe: the run's resolved recipe, with its seed and input.

    Returns:
        Raw examples -> every output. Weights are float32 in every precision.

    Raises:
        RecipeError: it has no seed or input.
        ModelFileError, NetworkError: the weights that an application began with cannot be had.
    """
    shape = shapes_of(recipe.model)
    if recipe.train.seed is None or shape is None:
        raise RecipeError("the recipe is not resolved: it has no seed or no input", hint="use the run's resolved.yaml")
    keras.utils.set_random_seed(recipe.train.seed)
    return build(recipe, input_shape=shape).full_model
