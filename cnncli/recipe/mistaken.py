"""What people name in the place of a recipe: a trained model, a run's folder, a shipped recipe misspelt."""

from __future__ import annotations

import os
from pathlib import Path

from cnncli.errors import RecipeError
from cnncli.recipe import shipped
from cnncli.recipe.text import shown
from cnncli.wording import nearest

# How a model's file begins: a zip archive, or HDF5.
_MODEL_BEGINNINGS = (b"PK\x03\x04", b"\x89HDF")
_MODEL_SUFFIXES = (".keras", ".h5", ".hdf5")
_RUN_RECIPES = ("resolved.yaml", "recipe.yaml")


def refuse_other_things(path: Path, shown_as: str) -> None:
    """Tell what a RECIPE of the command line is, where it is something else that cnncli knows.

    Raises:
        RecipeError: with what to do with it.
    """
    name = shown(shown_as, 200)
    if os.path.isdir(path):
        _refuse_run(path, name)
    elif os.path.isfile(path):
        _refuse_model(path, name)
    elif not path.suffix and path.name == shown_as and (near := nearest(shown_as, shipped.names())):
        raise RecipeError(f"recipe not found: {name}", hint=f"did you mean the shipped recipe `{near}`?")


def _refuse_run(folder: Path, name: str) -> None:
    recipe = next((folder / file for file in _RUN_RECIPES if os.path.isfile(folder / file)), None)
    if recipe is not None and os.path.isfile(folder / "run.json"):
        hint = f"train its recipe again with: cnncli train {shown(str(recipe), 200)}"
        raise RecipeError(f"{name} is a run's folder, not a recipe", hint=hint)


def _refuse_model(file: Path, name: str) -> None:
    try:
        with file.open("rb") as content:
            beginning = content.read(4)
    except OSError:
        return  # told where it is read
    if beginning in _MODEL_BEGINNINGS:
        is_model = file.suffix in _MODEL_SUFFIXES
        hint = f"score it with: cnncli evaluate {name}" if file.suffix == ".keras" else ""
        raise RecipeError(f"{name} is {'a trained model' if is_model else 'an archive'}, not a recipe", hint=hint)
