"""Suggestions for what was named in place of a recipe: a model, a run, a notebook, an address, a misspelt name."""

from __future__ import annotations

import os
import re
from pathlib import Path

from cnncli.errors import RecipeError
from cnncli.messages import listed, nearest
from cnncli.names import NAME_PATTERN
from cnncli.recipe import shipped
from cnncli.recipe.yaml import recipe_file
from cnncli.recipe.yaml.text import shown

# How a model's file begins: a zip archive, or HDF5.
_MODEL_BEGINNINGS = (b"PK\x03\x04", b"\x89HDF")
_MODEL_SUFFIXES = (".keras", ".h5", ".hdf5")
_RUN_RECIPES = ("resolved.yaml", "recipe.yaml")
_OTHER_BEGINNINGS = {
    b"\x89PNG": "an image",
    b"\xff\xd8\xff": "an image",
    b"GIF8": "an image",
    b"%PDF": "a PDF",
    b"\x93NUMPY": "an array",
    b"\x1f\x8b": "an archive",
}
_OTHER_SUFFIXES = {".py": "a Python program", ".ipynb": "a notebook", ".csv": "a table"}
_HOW_TO_BEGIN = "copy a recipe to start with: cnncli recipes copy mnist"
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_LOOKED_AT = 200  # bytes


def refuse_other_things(path: Path, shown_as: str) -> None:
    """Tell what a RECIPE of the command line is, where it is something else than a recipe.

    Raises:
        RecipeError: with what to do with it.
    """
    name = shown(shown_as, 200)
    if os.path.isdir(path):
        _refuse_folder(path, name)
    elif os.path.isfile(path):
        _refuse_file(path, name)
    elif not os.path.lexists(path):
        _refuse_name(path, shown_as, name)


def _refuse_name(path: Path, shown_as: str, name: str) -> None:
    if _ADDRESS.match(shown_as):
        raise RecipeError(f"a recipe is a file, got the address {name}", hint="download it first, and name the file")
    if shown_as.startswith("~"):
        raise RecipeError(f"recipe not found: {name}", hint="`~` is not expanded here: write the whole path")
    is_name = not path.suffix and path.name == shown_as
    if not is_name and (path.suffix not in recipe_file.RECIPE_SUFFIXES or recipe_file.near(path)):
        return
    if near := nearest(path.stem, shipped.names()):
        raise RecipeError(f"recipe not found: {name}", hint=f"did you mean the shipped recipe `{near}`?")
    if re.fullmatch(NAME_PATTERN, shown_as) and is_name:
        raise RecipeError(f"recipe not found: {name}", hint="`cnncli recipes` lists the shipped recipes")


def _refuse_folder(folder: Path, name: str) -> None:
    recipe = next((folder / file for file in _RUN_RECIPES if os.path.isfile(folder / file)), None)
    if recipe is not None and os.path.isfile(folder / "run.json"):
        hint = f"train its recipe again with: cnncli train {shown(str(recipe), 200)}"
        raise RecipeError(f"{name} is a run's folder, not a recipe", hint=hint)
    inside = recipe_file.recipes_in(folder)
    if inside:
        recipes = listed(str(folder / file) for file in inside)
        raise RecipeError(f"{name} is a folder, not a recipe", hint=f"it holds {recipes}")


def _refuse_file(file: Path, name: str) -> None:
    try:
        with file.open("rb") as content:
            beginning = content.read(_LOOKED_AT)
    except OSError:
        return  # told where it is read
    if beginning.startswith(_MODEL_BEGINNINGS):
        is_model = file.suffix in _MODEL_SUFFIXES
        hint = f"score it with: cnncli evaluate {name}" if file.suffix == ".keras" else ""
        raise RecipeError(f"{name} is {'a trained model' if is_model else 'an archive'}, not a recipe", hint=hint)
    if beginning.lstrip().lower().startswith((b"<!doctype html", b"<html")):
        hint = "download the file itself; where it is shown, the button is often named Raw"
        raise RecipeError(f"{name} is an HTML page, not a recipe", hint=hint)
    kinds = (kind for begins, kind in _OTHER_BEGINNINGS.items() if beginning.startswith(begins))
    kind = next(kinds, None) or _OTHER_SUFFIXES.get(file.suffix.lower())
    if kind:
        raise RecipeError(f"{name} is {kind}, not a recipe", hint=_HOW_TO_BEGIN)
