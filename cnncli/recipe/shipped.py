"""The recipes that come with the package."""

from __future__ import annotations

from pathlib import Path

# In an installed package the recipes lie inside it; in a checkout they lie beside it, as everyone expects to find them.
_PLACES = (Path(__file__).parents[1] / "recipes", Path(__file__).parents[2] / "recipes")


def folder() -> Path:
    """The folder of the shipped recipes."""
    return next((place for place in _PLACES if place.is_dir()), _PLACES[0])


def names() -> list[str]:
    """Their names, sorted: `lenet5`, `mnist`, …."""
    return sorted(path.stem for path in folder().glob("*.yaml"))


def locate(recipe: str) -> tuple[Path, str]:
    """The file that a RECIPE of the command line means: a file, or the name of a shipped recipe.

    Returns:
        The path, and how messages call it.
    """
    path = Path(recipe)
    if path.exists() or path.is_symlink() or recipe not in names():
        return path, recipe
    return folder() / f"{recipe}.yaml", f"{recipe}.yaml"
