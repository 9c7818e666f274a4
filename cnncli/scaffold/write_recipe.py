"""Look at data and write the recipe that fits it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from cnncli.data.load import parse_source
from cnncli.errors import DataError, Problem, RecipeError
from cnncli.messages import did_you_mean, printable
from cnncli.names import check_name
from cnncli.recipe.keras_objects import catalogue
from cnncli.recipe.load import LoadedRecipe, load_bytes
from cnncli.scaffold import networks
from cnncli.scaffold.data_summary import DataSummary
from cnncli.scaffold.look import look_at
from cnncli.scaffold.recipe_text import recipe_text


@dataclass(frozen=True)
class Written:
    """A recipe for some data.

    Attributes:
        name: of the recipe.
        text: of it.
        loaded: the same, checked.
        found: what it is based on.
    """

    name: str
    text: str
    loaded: LoadedRecipe
    found: DataSummary


def write_recipe(
    path: str, *, targets: str | None = None, backbone: str | None = None, weights: str | None = None
) -> Written:
    """Write a recipe for the data at a path.

    Args:
        path: a folder, a file, or the name of a built-in data set.
        targets: the word of `data.targets`; None: as the labels suggest.
        backbone: a Keras application, or `none`; None: by the number of photos.
        weights: a file of weights for it.

    Raises:
        DataError: there is no data that can be read.
        RecipeError: there is no such application, or it does not fit the data.
    """
    if backbone is not None and backbone != "none":
        backbone = _application(backbone)
    found = look_at(parse_source(path), path, targets)
    if targets is not None and found.targets != targets:
        message = f"the targets of {printable(path)} are {found.targets}, not {targets}"
        raise DataError(Problem(message, "leave out --task"))
    choice = networks.choose(found, backbone=backbone, weights=weights)
    name = _name(path)
    text = recipe_text(found, choice, name=name, shown=path)
    return Written(name, text, load_bytes(text.encode(), f"{name}.yaml"), found)


def _application(name: str) -> str:
    names = catalogue.names("applications")
    for known in names:
        if known.lower() == name.lower():
            return known
    raise RecipeError(f"no application of Keras is named {name}", hint=did_you_mean(name, [*names, "none"]))


def _name(path: str) -> str:
    """The name of a recipe for a file or folder."""
    stem = Path(path).resolve().name if path in (".", "..") else Path(path).name
    stem = stem.split(".")[0] if Path(path).is_file() else stem
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", stem).strip("-._")[:60] or "data"
    try:
        check_name(name, "recipe")
    except RecipeError:
        return "data"
    return name
