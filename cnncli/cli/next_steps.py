"""Commands that are recommended at the end of another command."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence

from cnncli.messages import printable
from cnncli.recipe.schema import Recipe


def with_settings(command: str, name: str, settings: Sequence[str]) -> str:
    """`cnncli train NAME --set KEY=VALUE …`, as a shell takes it."""
    return shlex.join(
        ["cnncli", command, printable(name), *(part for each in settings for part in ("--set", printable(each)))]
    )


def train_command(name: str, recipe: Recipe, settings: Sequence[str] = ()) -> str:
    """The command that trains a recipe. If its data is missing, the command has a placeholder for the path.

    Args:
        name: of the recipe or its file, as the user writes it.
        settings: those of `--set`, which the recipe has already.
    """
    command = with_settings("train", name, settings)
    source = recipe.data.source
    for key, path in source.settings.paths().items():
        if not os.path.exists(path):
            return f"{command} --set data.source.{source.word}.{key}={source.settings.PLACEHOLDER}"
    return command
