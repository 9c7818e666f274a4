"""The recipes that come with the package."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cnncli.errors import UsageError
from cnncli.messages import did_you_mean, listed, shortened
from cnncli.recipe.yaml import source
from cnncli.recipe.yaml.nodes import plain

# In an installed package the recipes lie inside it; in a checkout they lie beside it, as everyone expects to find them.
_PLACES = (Path(__file__).parents[1] / "recipes", Path(__file__).parents[2] / "recipes")


@dataclass(frozen=True, slots=True)
class Shipped:
    """A recipe that comes with the package, as a list shows it.

    Attributes:
        params: what it expects the network's parameters to be: a number, an expression such as one of `$classes`, or nothing.
        trainable_params: likewise, those that are trained.
    """

    name: str
    about: str
    params: int | str | None
    trainable_params: int | str | None


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
    if os.path.lexists(path) or recipe not in names():
        return path, recipe
    return folder() / f"{recipe}.yaml", f"{recipe}.yaml"


def read(name: str) -> bytes:
    """The file of a shipped recipe.

    Raises:
        UsageError: none is so named.
    """
    known = names()
    if name not in known:
        hint = did_you_mean(name, known) or f"there are {listed(known, most=40)}"
        raise UsageError(f"no shipped recipe is named `{shortened(name)}`", hint=hint)
    return (folder() / f"{name}.yaml").read_bytes()


def list_all() -> list[Shipped]:
    """Every shipped recipe."""
    return [_described(name) for name in names()]


def _described(name: str) -> Shipped:
    recipe: dict[str, Any] = plain(source.parse(read(name), f"{name}.yaml"))
    expect = recipe.get("expect", {})
    return Shipped(name, recipe.get("about", ""), expect.get("params"), expect.get("trainable_params"))
