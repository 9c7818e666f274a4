"""RECIPE on the command line where it may also be a run."""

from __future__ import annotations

import os
from pathlib import Path

from cnncli.errors import OutputError


def run_meant(recipe: str, output: Path) -> Path | None:
    """The folder of the run that RECIPE means; None where it means a recipe, which goes before a run of the same name.

    Args:
        recipe: a file, the name of a shipped recipe, or a run.
        output: the folder of the runs.

    Raises:
        OutputError: it is a folder without a run.
    """
    from cnncli import runs
    from cnncli.recipe import shipped

    path, _ = shipped.locate(recipe)
    if os.path.isfile(path):
        return None
    try:
        return runs.find(output, recipe)
    except OutputError:
        if os.path.isdir(path):
            raise
        return None
