"""A recipe as a Python module that depends on Keras and NumPy alone."""

from __future__ import annotations

import textwrap

from cnncli.conversion.network_code import network_code
from cnncli.conversion.python_layout import laid_out
from cnncli.recipe.load import LoadedRecipe


def to_python(loaded: LoadedRecipe, *, network_only: bool = False) -> str:
    """Write a recipe as Keras code.

    Args:
        loaded: the recipe.
        network_only: without data and training.

    Raises:
        RecipeError: it cannot be written without the number of classes.
    """
    code = network_code(loaded)
    imports = [*(["import math", ""] if code.imports_math else []), "import keras", "from keras import layers"]
    about = textwrap.wrap(loaded.recipe.about or loaded.recipe.name, 80)
    return laid_out([f'"""{about[0]}"""', "", *imports, *code.lines])
