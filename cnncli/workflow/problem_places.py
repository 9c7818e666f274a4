"""Give problems their place in the recipe."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from cnncli.errors import CnncliError
from cnncli.recipe.load import LoadedRecipe


@contextmanager
def placed_in(loaded: LoadedRecipe) -> Iterator[None]:
    """Give the problems of an error their places in the recipe."""
    try:
        yield
    except CnncliError as error:
        raise loaded.located(error) from error
