"""Rules for the section `track` of a recipe: each tracker once, addresses that MLflow takes, no passwords."""

from __future__ import annotations

from collections.abc import Iterator

from cnncli.errors import Problem
from cnncli.recipe.rules import GENERAL
from cnncli.recipe.schema import Recipe
from cnncli.recipe.tracker_addresses import fault_of_uri


@GENERAL.error_without_network
def _same_tracker_twice(recipe: Recipe) -> Iterator[Problem]:
    names: set[str] = set()
    for index, item in enumerate(recipe.track):
        if item.name in names:
            yield Problem(f"`{item.name}` is named twice", "leave one out", path=("track", index))
        names.add(item.name)


@GENERAL.error_without_network
def _wrong_uri(recipe: Recipe) -> Iterator[Problem]:
    for index, item in enumerate(recipe.track):
        uri = item.mlflow.uri if item.mlflow else None
        if uri and (fault := fault_of_uri(uri)):
            message, hint = fault
            yield Problem(f"`uri`: {message}", hint, path=("track", index, "mlflow", "uri"))
