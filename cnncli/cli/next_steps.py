"""Commands that are recommended at the end of another command."""

from __future__ import annotations

import os
import shlex

from cnncli.messages import printable
from cnncli.recipe.schema import Recipe


def train_command(name: str, recipe: Recipe) -> str:
    """The command that trains a recipe. If its data is missing, the command has a placeholder for the path.

    Args:
        name: of the recipe or its file, as the user writes it.
    """
    command = f"cnncli train {shlex.quote(printable(name))}"
    for kind in ("image_folder", "npz", "idx"):
        source = getattr(recipe.data.source, kind)
        if source is not None and not os.path.exists(source.path):
            return f"{command} --set data.source.{kind}.path=YOUR_{'FILE.npz' if kind == 'npz' else 'FOLDER'}"
    return command
